// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/core.hpp"
#include "net/poller.hpp"
#include "net/stream.hpp"
#include "proxy/pool.hpp"

namespace wscluster::proxy {

/// Above it the other side is not read any more, until half of it is left.
inline constexpr std::size_t most_unsent_bytes = 256U << 10U;

/// One connection to an application server: connects, reads when somebody wants, writes at the end of the turn. Knows
/// no HTTP. Lives on its core; whoever uses it owns it and gives it back to the pool or drops it with discard().
class Connection final : public net::Watcher {
 public:
  /// Called from the connection's own events only, never from inside a call to it.
  class User {
   public:
    virtual void on_connected() = 0;
    virtual void on_bytes(std::span<char> bytes) = 0;
    /// Failed to connect, or ended. Nothing further comes.
    virtual void on_ended(std::string_view why) = 0;
    /// What was written has left, as far as the kernel is concerned.
    virtual void on_flushed() = 0;

   protected:
    ~User() = default;
  };

  Connection(Pool& pool, std::string target) : pool_(pool), target_(std::move(target)) {}
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Who hears from it; null: nobody, then any event means that it is of no further use.
  void use(User* user) noexcept { user_ = user; }
  void connect(const net::SocketAddress& address);
  void write(std::string_view bytes);
  void pause(bool is_paused);

  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  [[nodiscard]] bool is_broken() const noexcept { return is_broken_; }
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent_.size() - sent_; }
  /// Nothing has come, also no end: what is kept may be used.
  [[nodiscard]] bool is_quiet() const noexcept;
  /// It has served somebody before: the server may have given it up without our knowing.
  [[nodiscard]] bool was_used() const noexcept { return was_used_; }
  void mark_used() noexcept { was_used_ = true; }

  /// Ends it now. The object may outlive the pool after that, until the end of the turn.
  void retire();
  /// At the end of the turn, by the pool.
  void flush();
  void on_ready(bool readable, bool writable) override;

 private:
  void read();
  void fail(std::string_view why);
  void wait_for(bool readable, bool writable);

  Pool& pool_;
  std::string target_;
  net::Stream stream_;
  User* user_ = nullptr;
  std::string unsent_;
  std::size_t sent_ = 0;
  bool is_connected_ = false;
  bool is_broken_ = false;
  bool is_registered_ = false;
  bool is_paused_ = false;
  bool is_dirty_ = false;
  bool waits_readable_ = false;
  bool waits_writable_ = false;
  bool was_used_ = false;
};

}  // namespace wscluster::proxy
