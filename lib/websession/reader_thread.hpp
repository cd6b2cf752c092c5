// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/connection.hpp"
#include "websession/lookup.hpp"
#include "websession/options.hpp"
#include "websession/reading.hpp"

namespace wscluster::websession {

/// The thread that asks Redis: whatever waits meanwhile is asked together. While Redis is away every question is
/// answered with an error, soon.
class ReaderThread {
 public:
  struct Question {
    Candidates ids;
    TimePoint deadline;                                  ///< nobody waits longer: then it may be left without an answer
    std::function<void(const Result<Reading>&)> answer;  ///< called on this thread
  };

  /// The options outlive it.
  ReaderThread(const Options& options, const registry::Options& redis);
  ~ReaderThread();
  ReaderThread(const ReaderThread&) = delete;
  ReaderThread& operator=(const ReaderThread&) = delete;

  void start();
  /// Waits for its end; what was not asked yet has no answer.
  void stop();
  /// Any thread.
  void ask(Question question);

 private:
  void run();
  [[nodiscard]] std::vector<Question> take();
  void work_off(std::vector<Question>& batch);
  [[nodiscard]] Result<std::vector<Reading>> read(const std::vector<Candidates>& requests);
  void tell_state(const Result<>& state);
  void tell_unreadable(const Reading& reading);

  const Options& options_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::vector<Question> questions_;  ///< under the mutex
  bool is_stopping_ = false;         ///< under the mutex
  std::thread thread_;

  // The thread only
  registry::Connection redis_;
  bool is_down_ = false;
  Error reason_;        ///< while it is down
  TimePoint retry_at_;  ///< not before
  TimePoint next_complaint_;
};

}  // namespace wscluster::websession
