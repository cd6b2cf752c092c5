// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace wscluster::registry {

/// When everything may be read again because of a hint: twice at once, then once in each interval, so that an operator
/// or an instance that goes up and down all the time costs a bounded number of readings. A hint that waits is not lost:
/// the reading after it sees what it told of.
class HintBudget {
 public:
  explicit HintBudget(Duration interval) : interval_(interval) {}

  /// The moment from which a reading for a hint that came at `now` may be; it counts as done.
  [[nodiscard]] TimePoint reserve(TimePoint now) {
    full_at_ = std::max(now, full_at_) + interval_;
    return std::max(now, full_at_ - 2 * interval_);
  }

 private:
  Duration interval_;
  TimePoint full_at_{};  ///< when both are there again
};

}  // namespace wscluster::registry
