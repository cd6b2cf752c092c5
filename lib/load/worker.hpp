// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "load/client.hpp"
#include "load/ledger.hpp"
#include "load/live.hpp"
#include "load/move_log.hpp"
#include "load/run_result.hpp"
#include "load/schedule.hpp"
#include "load/setup.hpp"
#include "net/core.hpp"

namespace wscluster::load {

/// One thread of the generator with its share of the connections: number i belongs to thread i mod threads. Made and
/// destroyed by the generator's thread while the core does not run; everything else on the core, except live().
class Worker {
 public:
  Worker(Setup& setup, unsigned index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] net::Core& core() noexcept { return core_; }
  [[nodiscard]] const Live& live() const noexcept { return live_; }

  void start_connecting(TimePoint start);
  void start_traffic(TimePoint start);
  /// Marks the beginning and the end of the time whose share the thread has worked is measured.
  void start_measuring();
  void stop_measuring();
  void finish();

  /// When the core has ended: what this thread found, without the audit of the messages.
  struct Findings {
    RunResult counts;
    std::uint64_t sent_in_time = 0;  ///< after the warm-up and before the end
    double busy = 0;
  };
  [[nodiscard]] Findings take_findings();
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }

  /// The node and epoch of the last receipt for each user.
  struct Holder {
    std::uint64_t epoch = 0;
    std::string node;
  };
  [[nodiscard]] const std::vector<Holder>& holders() const noexcept { return holders_; }
  /// Null unless shows_moves().
  [[nodiscard]] const MoveLog* moves() const noexcept { return moves_ ? &*moves_ : nullptr; }

 private:
  friend class Client;
  class Pacer;

  struct Wake {
    TimePoint at;
    std::uint32_t client;  ///< index within this worker
    std::uint32_t ticket;
    friend bool operator>(const Wake& a, const Wake& b) { return a.at > b.at; }
  };

  void on_tick(TimePoint now);
  void publish();
  void send_due();
  void drop_due(TimePoint now);
  void acknowledge_some();
  [[nodiscard]] bool is_sending() const;
  void note_sent(Clock::duration planned, TimePoint sent, bool was_in_time);
  /// A receipt or ack says that what was sent will arrive, wherever it was sent to.
  void note_promise();
  void note_latency(std::uint32_t receiver, Clock::duration planned, Clock::duration sent);
  void note_holder(std::uint32_t recipient, std::string_view node, std::uint64_t epoch, Clock::duration planned);
  void count_error(const std::string& what) { ++found_.errors[what], ++error_count_; }
  /// Calls on_wake(ticket) of the client then.
  void wake_later(std::uint32_t connection, TimePoint at, std::uint32_t ticket);
  void note_return(TimePoint closed_at);
  [[nodiscard]] net::TlsClient* tls() { return setup_.tls.empty() ? nullptr : setup_.tls[index_].get(); }
  [[nodiscard]] double random_share() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  [[nodiscard]] bool is_measured(Clock::duration planned) const { return planned >= setup_.options.warmup; }

  Setup& setup_;
  unsigned index_;
  net::Core core_;
  Live live_;
  Ledger ledger_;
  Schedule schedule_;
  Schedule drops_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
  std::unique_ptr<Pacer> pacer_;
  std::vector<char> read_buffer_;
  std::string frame_;  ///< scratch of the message that is being written
  std::string text_;

  TimePoint connect_start_{};
  std::size_t next_connect_ = 0;
  std::size_t next_acknowledge_ = 0;
  bool is_connecting_ = false;
  TimePoint traffic_start_{};
  bool is_finishing_ = false;

  RunResult found_;
  std::vector<Holder> holders_;
  std::optional<MoveLog> moves_;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_in_time_ = 0;
  std::uint64_t open_ = 0;
  std::uint64_t away_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t attempted_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t promised_ = 0;
  std::uint64_t outstanding_ = 0;
  std::uint64_t error_count_ = 0;
  double busy_since_ = 0;  ///< CPU seconds of the thread when measuring began
  TimePoint measured_since_{};
  double busy_ = 0;
};

}  // namespace wscluster::load
