// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace wscluster::load {

/// When one message is to be sent, whether or not earlier ones were answered (open model): a slow server does not slow
/// the questions down, so its slowness is measured.
struct Planned {
  Clock::duration at{};          ///< since the start of the traffic; max() when there is nothing to send
  std::uint32_t connection = 0;  ///< over all threads
};

/// The share of one thread in a constant total rate: message k is planned at k / rate and belongs to connection k mod
/// connections, whose thread is connection mod threads. Needs no communication between threads.
class Schedule {
 public:
  Schedule(double rate, std::uint64_t connections, unsigned threads, unsigned thread);

  [[nodiscard]] const Planned& next() const noexcept { return next_; }
  void advance();

 private:
  void settle();

  double rate_;
  std::uint64_t connections_;
  unsigned threads_;
  unsigned thread_;
  std::uint64_t number_ = 0;
  Planned next_;
};

}  // namespace wscluster::load
