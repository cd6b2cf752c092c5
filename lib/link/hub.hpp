// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/network.hpp"
#include "cluster/view.hpp"
#include "link/link.hpp"
#include "net/connect.hpp"
#include "net/core.hpp"
#include "net/tls.hpp"

namespace wscluster::link {

/// This process as it introduces itself.
struct Identity {
  std::string cluster;
  std::string name;
  std::uint64_t incarnation = 0;
  bool is_gateway = false;
  unsigned cores = 1;
  unsigned shards = 0;
  std::string software;
};

/// What the machines of one core hear.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// `path` is the way back.
  virtual void on_frame(cluster::PathId path, const wire::Raw& raw) = 0;
  virtual void on_link_down(cluster::LinkId link) = 0;
};

/// What concerns the whole process; called on core 0 only.
class PeerListener {
 public:
  virtual ~PeerListener() = default;
  virtual void on_peer_document(const Remote& peer, std::string_view service, std::uint64_t epoch,
                                std::string_view json) = 0;
  /// Asked for our word that Redis is away: true to give it.
  virtual bool on_word_asked(const Remote& peer) = 0;
  /// `question` as given to ask_for_words().
  virtual void on_word_given(const Remote& peer, std::uint64_t question) = 0;
  /// First link of the pair came up: the epochs it knows.
  virtual void on_peer_up(const Remote& peer, const std::map<std::string, std::uint64_t, std::less<>>& epochs) = 0;
};

/// All ways of one core: its links, the mailboxes to the other cores of this process, and back to itself. Frames of a
/// turn are collected per way and leave together. Link numbers of a pair are spread over the cores (number % cores), on
/// both sides.
class Hub final : public cluster::Network, public LinkOwner {
 public:
  /// `hubs` is filled with the hubs of all cores before any core starts; index = core.
  Hub(net::Core& core, const Options& options, Identity identity, Receiver& receiver, const std::vector<Hub*>& hubs);
  ~Hub() override;

  /// Null keys: plain links. Before the core starts.
  void use_tls(net::TlsServer* server, net::TlsClient* client) { tls_server_ = server, tls_client_ = client; }
  void set_peer_listener(PeerListener& listener) { listener_ = &listener; }
  /// Call once, after everything else that flushes was made: sends what the turn has produced.
  void start_flushing();

  /// An accepted link; finds its core by its hello.
  void adopt_accepted(int descriptor);
  /// Peers to be linked with, and what our hello says of epochs. Core only.
  void adopt(std::shared_ptr<const cluster::View> view);
  /// Sends the document to peers that have an older one. Core 0.
  void share_document(const ring::Document& document);
  /// Asks all linked nodes for their word. Core 0.
  void ask_for_words(std::uint64_t question);
  /// Breaks a link, also one of another core, soon.
  void cut(cluster::LinkId link, std::string_view why);
  /// Says goodbye on every link.
  void leave(std::string_view reason);

  /// Links of this core that should be up and are not.
  [[nodiscard]] std::size_t missing_links() const;
  [[nodiscard]] std::size_t links_up() const;

  // cluster::Network
  [[nodiscard]] cluster::PathId path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) override;
  [[nodiscard]] std::string* output(cluster::PathId path) override;
  [[nodiscard]] bool is_local(cluster::PathId path) const override {
    const cluster::LinkId link = cluster::link_of(path);
    return link != 0 && link == local_link(core_of(link));
  }

 private:
  struct Target;  ///< one link that we dial
  struct Parcel {
    cluster::PathId path = 0;
    std::string frames;
  };

  // LinkOwner
  void append_hello(std::string& out, unsigned link, unsigned links) override;
  std::string on_hello(Link& link, const wire::Hello& hello) override;
  void on_frame(Link& link, const wire::Raw& raw) override;
  void on_broken(Link& link, std::string_view why) override;

  [[nodiscard]] cluster::LinkId next_link_id();
  [[nodiscard]] static unsigned core_of(cluster::LinkId link) noexcept { return static_cast<unsigned>(link >> 48U); }
  [[nodiscard]] cluster::LinkId local_link(unsigned core) const noexcept {
    return static_cast<cluster::LinkId>(core) << 48U | 1U;
  }
  std::string& parcel_for(unsigned core, cluster::PathId path);
  void dispatch(cluster::PathId reply, std::string_view frames);
  void receive(unsigned from, std::vector<Parcel> parcels);
  /// `why` is a literal.
  void leave_later(cluster::LinkId id, std::string_view why);
  void end_predecessor(const Link& link, std::uint64_t incarnation);
  void resume_here(Link::Parts parts, bool is_dialled);
  void handle_control(Link& link, const wire::Raw& raw);
  /// True when there was something.
  bool drain_loopback();
  void post_parcels(unsigned core);
  void flush();
  void tick(TimePoint now);
  void dial(TimePoint now, Target& target);
  void start_link(Target& target, const net::SocketAddress& address);
  [[nodiscard]] bool dials(const cluster::Peer& peer) const;

  net::Core& core_;
  const Options& options_;
  Identity identity_;
  Receiver& receiver_;
  const std::vector<Hub*>& hubs_;
  PeerListener* listener_ = nullptr;
  net::TlsServer* tls_server_ = nullptr;
  net::TlsClient* tls_client_ = nullptr;
  std::shared_ptr<const cluster::View> view_;

  std::unordered_map<cluster::LinkId, std::unique_ptr<Link>> links_;
  std::unordered_map<std::uint64_t, std::vector<Link*>> by_incarnation_;  ///< links that are up, by number
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::vector<Parcel>> parcels_;  ///< by core
  std::string loopback_;
  std::uint64_t next_serial_ = 2;  ///< 1 is the local way
  TimePoint next_tick_;
};

}  // namespace wscluster::link
