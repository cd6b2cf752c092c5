// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "base/time.hpp"
#include "core.hpp"

namespace wscluster::cluster {

/// A device of a user and its socket at an edge: reads, writes, answers closes and comes back after a 1012.
class Client {
 public:
  enum class Reading : std::uint8_t { fast, slow, never };

  /// `options` must outlive it. Connects at once.
  Client(World& world, std::uint64_t number, const ServiceOptions& options, std::string uid);

  void tick(TimePoint now);
  /// Only when is_open(). To a relay service: a message to that user, followed by the checker. To an echo service: a
  /// message to itself.
  void say(TimePoint now, const std::string& to);
  /// Closes the socket and stays away.
  void leave(TimePoint now);

  void on_attached() { is_attached_ = true; }
  void on_refused(Sockets::Refusal reason);
  void on_frame(std::string_view payload) { arrived_.emplace_back(payload); }
  void on_close(std::uint16_t code);
  void on_pause(bool is_paused) { is_paused_ = is_paused; }

  [[nodiscard]] bool is_open() const noexcept { return core_ != nullptr && is_attached_ && close_code_ == 0; }
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
  [[nodiscard]] bool is_away() const noexcept { return is_away_; }
  [[nodiscard]] bool has_open_sends() const noexcept { return !open_sends_.empty(); }
  [[nodiscard]] const std::string& uid() const noexcept { return uid_; }
  [[nodiscard]] const ServiceOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }
  [[nodiscard]] Core* core() const noexcept { return core_; }

  Reading reading = Reading::fast;

 private:
  void connect(TimePoint now);
  void read_some();
  void take(const std::string& frame);
  void end(TimePoint now, std::uint16_t code);

  World& world_;
  const std::uint64_t number_;
  const ServiceOptions& options_;
  const std::string uid_;
  Core* core_ = nullptr;  ///< null: no socket
  Attachments::Ref ref_ = 0;
  std::uint64_t socket_ = 0;
  std::uint64_t sender_ = 0;  ///< the checker's name of this session
  bool is_attached_ = false;
  bool is_paused_ = false;
  bool is_away_ = false;
  std::uint16_t close_code_ = 0;
  TimePoint closing_since_;
  TimePoint connect_at_;
  std::deque<std::string> arrived_;  ///< at the edge, not yet taken by the kernel
  std::uint64_t written_ = 0;
  std::set<std::uint64_t> open_sends_;
  std::uint64_t evictions_ = 0;
};

}  // namespace wscluster::cluster
