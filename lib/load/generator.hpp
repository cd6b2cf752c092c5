// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "load/options.hpp"
#include "load/run_result.hpp"

namespace wscluster::load {

/// What the live line shows.
struct Progress {
  enum class Stage : std::uint8_t { connecting, warmup, running, settling, closing };

  Stage stage = Stage::connecting;
  double elapsed_seconds = 0;  ///< of the traffic, warm-up included; of connecting before it
  double total_seconds = 0;    ///< planned, of the traffic
  std::uint64_t connected = 0;
  std::uint64_t connections = 0;
  std::uint64_t sent = 0;
  double sent_rate = 0;  ///< per second, since the progress before
  double asked_rate = 0;
  double p50 = 0;  ///< latency since the start, in seconds, rough
  double p99 = 0;
  double max = 0;
  double lag_p99 = 0;
  std::uint64_t errors = 0;
  std::uint64_t closed = 0;
  std::uint64_t away = 0;  ///< closed, and about to come back
};

struct Callbacks {
  /// ring_change: changes the ring and returns when that is done. On a thread of its own, at change_at. May be empty.
  std::function<ChangeOutcome()> change;
  /// On the thread of run(), asked all the time: true is request_stop(). May be empty.
  std::function<bool()> should_stop;
  /// On the thread of run(), once per Options::interval. May be empty.
  std::function<void(const Progress&)> progress;
};

class Worker;
struct Setup;

/// Opens the connections of one run, sends on schedule, keeps the books. One use.
class Generator {
 public:
  /// Prepares the host and looks the server up. Throws Failure: usage (URL, source address), no_input (key or CA file),
  /// unavailable (name), os_error (descriptors, ports).
  explicit Generator(const Options& options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Blocks until the run is over: by itself, or soon after request_stop(). Throws Failure(unavailable) when no
  /// connection could be opened.
  [[nodiscard]] RunResult run(const Callbacks& callbacks);

  /// Any thread, also from a signal handler.
  void request_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

 private:
  void connect(const Callbacks& callbacks);
  void drive_traffic(const Callbacks& callbacks);
  void settle(const Callbacks& callbacks);
  void close_all(const Callbacks& callbacks);
  void stop_cores();
  [[nodiscard]] RunResult collect();
  [[nodiscard]] bool is_settled() const;
  void show(const Callbacks& callbacks, Progress::Stage stage);
  void pause(const Callbacks& callbacks, Progress::Stage stage);

  std::unique_ptr<Setup> setup_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> stop_ = false;
  std::optional<ChangeOutcome> change_;
  Clock::duration change_end_{};  ///< since the start of the traffic
  TimePoint start_{};             ///< of connecting, then of the traffic
  Clock::duration end_{};
  double measured_seconds_ = 0;
  TimePoint shown_at_{};
  std::uint64_t shown_sent_ = 0;
};

}  // namespace wscluster::load
