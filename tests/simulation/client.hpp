// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core.hpp"
#include "random.hpp"
#include "reliable.hpp"
#include "story.hpp"

namespace wscluster::simulation {

/// A device of a user and its socket at an edge: reads, writes, answers closes and comes back after one.
class Client {
 public:
  Client(World& world, std::uint64_t number, const Device& device, const cluster::ServiceOptions& options);

  void connect();
  /// To a relay service: a message to that user, followed by the checker. To an echo service: a message to itself.
  void say(const std::string& to);
  // For reliable ones; others do not know groups.
  void publish(const std::string& group);
  void join(const std::string& group);
  void leave(const std::string& group);
  /// Closes the socket and stays away.
  void vanish();
  /// The process at the other end is dead.
  void on_broken();

  // from the edge
  void on_attached();
  void on_refused(cluster::Sockets::Refusal reason);
  void on_frame(std::string_view payload);
  void on_close(std::uint16_t code, std::string_view text = {});
  void on_pause(bool is_paused) { is_paused_ = is_paused; }

  [[nodiscard]] bool is_open() const noexcept { return core_ != nullptr && is_attached_ && close_code_ == 0; }
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
  /// Before its arrival, or after it has left for good.
  [[nodiscard]] bool is_away() const noexcept { return is_away_; }
  /// Something was sent and has no answer, or something has come and is not read.
  [[nodiscard]] bool is_busy() const noexcept;
  /// Now or after a SIGCONT of the edge, if the socket is open then.
  void when_open(const std::function<void()>& task);
  void send_up(const std::string& frame);
  [[nodiscard]] const std::string& uid() const noexcept { return device_.uid; }
  [[nodiscard]] const Device& device() const noexcept { return device_; }
  [[nodiscard]] Core* core() const noexcept { return core_; }
  [[nodiscard]] std::uint64_t closes() const noexcept { return closes_; }
  /// Closed without having asked for it, since the last connect().
  [[nodiscard]] TimePoint away_since() const noexcept { return away_since_; }

 private:
  [[nodiscard]] bool speaks_of_groups() const noexcept;
  void read_later();
  void read_some();
  void take(const std::string& frame);
  void end(std::uint16_t code);
  void forget_socket(bool is_lost = false);
  void connect_in(Clock::duration delay);

  World& world_;
  const std::uint64_t number_;
  const Device device_;
  const cluster::ServiceOptions& options_;
  Random random_;
  Core* core_ = nullptr;  ///< null: no socket
  cluster::Attachments::Ref ref_ = 0;
  std::uint64_t socket_ = 0;  ///< its number; what was planned for an earlier one is void
  std::uint64_t sender_ = 0;  ///< the checker's name of this session
  bool is_attached_ = false;
  bool is_paused_ = false;
  bool is_away_ = true;
  bool is_reading_ = false;
  std::uint16_t close_code_ = 0;
  std::deque<std::string> arrived_;  ///< at the edge, not yet taken by the kernel
  std::uint64_t written_ = 0;
  std::unique_ptr<Reliable> reliable_;  ///< null: a client without a subprotocol
  std::set<std::uint64_t> open_sends_;
  std::set<std::uint64_t> doubtful_sends_;  ///< echoes, which a lost state may swallow
  std::uint64_t closes_ = 0;
  TimePoint away_since_;
};

}  // namespace wscluster::simulation
