// SPDX-License-Identifier: MIT
#include "load/schedule.hpp"

namespace wscluster::load {

Schedule::Schedule(double rate, std::uint64_t connections, unsigned threads, unsigned thread)
    : rate_(rate), connections_(connections), threads_(threads), thread_(thread) {
  if (rate_ <= 0 || thread_ >= connections_) {
    next_.at = Clock::duration::max();
    return;
  }
  settle();
}

void Schedule::advance() {
  if (next_.at == Clock::duration::max()) return;
  ++number_;
  settle();
}

void Schedule::settle() {
  const auto in_round = number_ % connections_;
  const auto ahead = (thread_ + threads_ - in_round % threads_) % threads_;
  // The rest of this round may have no connection of this thread: then its first one in the next round.
  number_ += in_round + ahead < connections_ ? ahead : connections_ - in_round + thread_;
  next_.connection = static_cast<std::uint32_t>(number_ % connections_);
  next_.at =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(number_) / rate_));
}

}  // namespace wscluster::load
