// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "cluster/network.hpp"
#include "link/options.hpp"
#include "net/core.hpp"
#include "net/stream.hpp"
#include "wire/codec.hpp"

namespace wscluster::link {

/// The other end, as its hello says.
struct Remote {
  std::string name;
  std::uint64_t incarnation = 0;
  bool is_gateway = false;
  unsigned cores = 1;
  unsigned shards = 0;
  unsigned link = 0;  ///< number of this link among those of the pair
  unsigned links = 1;
};

class Link;

/// Who owns links: the Hub of their core.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  /// The text of our hello on that link.
  virtual void append_hello(std::string& out, unsigned link, unsigned links) = 0;
  /// Both hellos are exchanged. Non-empty: refused, with this reason for the other side.
  virtual std::string on_hello(Link& link, const wire::Hello& hello) = 0;
  virtual void on_frame(Link& link, const wire::Raw& raw) = 0;
  /// The link is broken, or never came up; destroy it later. The last call.
  virtual void on_broken(Link& link, std::string_view why) = 0;
};

/// One connection to another process: connects or accepts, TLS 1.3 with the cluster's key, hello, then frames both
/// ways. Reading never waits for writing. Lives on one core; an accepted one may move to another core before its hello
/// is answered.
class Link final : public net::Watcher {
 public:
  /// Dialled: `descriptor` is connecting.
  Link(net::Core& core, LinkOwner& owner, const Options& options, cluster::LinkId id, net::Stream stream,
       bool is_dialled, unsigned link, unsigned links);
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void on_ready(bool readable, bool writable) override;
  /// Deadlines and heartbeat; about every 100 ms.
  void tick(TimePoint now);
  /// Writes what has been collected. Called once per turn.
  void flush();
  /// Tells the other side why, then breaks.
  void leave(std::string_view reason);

  [[nodiscard]] cluster::LinkId id() const noexcept { return id_; }
  [[nodiscard]] bool is_up() const noexcept { return phase_ == Phase::up; }
  /// The other side said goodbye: nothing is wrong.
  [[nodiscard]] bool has_said_goodbye() const noexcept { return has_said_goodbye_; }
  [[nodiscard]] bool is_dialled() const noexcept { return is_dialled_; }
  [[nodiscard]] const Remote& remote() const noexcept { return remote_; }
  [[nodiscard]] std::string& output() noexcept { return out_; }
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return out_.size() - sent_; }

  /// Rings of the other side, as far as it told.
  std::map<std::string, std::uint64_t, std::less<>> epochs;

  /// What moves an accepted link to its core: the stream and the bytes read behind the hello; this object is then dead.
  struct Parts {
    net::Stream stream;
    std::string hello;  ///< whole frame
    std::string rest;
  };
  [[nodiscard]] Parts take_parts();
  /// On the new core: as if the bytes had been read here.
  void resume(const Parts& parts);

 private:
  enum class Phase : std::uint8_t { connecting, securing, greeting, up, broken };

  void handle_readiness(bool readable, bool writable);
  void advance();
  void read();
  bool consume(std::string_view bytes);
  bool handle(const wire::Raw& raw, std::string_view frame);
  void watch();
  void fail(std::string_view why);

  net::Core& core_;
  LinkOwner& owner_;
  const Options& options_;
  cluster::LinkId id_;
  net::Stream stream_;
  Remote remote_;
  Phase phase_ = Phase::connecting;
  bool is_dialled_;
  bool watches_write_ = true;
  bool is_watched_ = false;
  bool was_moved_ = false;
  bool has_said_goodbye_ = false;
  TimePoint deadline_;
  TimePoint heard_;
  TimePoint spoke_;
  std::string in_;  ///< a partial frame
  std::string out_;
  std::size_t sent_ = 0;
  std::string hello_;  ///< the other side's, kept until the link is up
};

}  // namespace wscluster::link
