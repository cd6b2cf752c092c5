// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace wscluster::simulation {

/// What happens next, by time; of equal times, what was entered first. Time jumps from one entry to the next.
class Agenda {
 public:
  using Task = std::function<void()>;

  [[nodiscard]] TimePoint now() const noexcept { return now_; }

  void at(TimePoint when, Task task) {
    entries_.push_back({std::max(when, now_), ++order_, std::move(task)});
    std::push_heap(entries_.begin(), entries_.end(), is_later);
  }
  void in(Clock::duration delay, Task task) { at(now_ + delay, std::move(task)); }

  void run_until(TimePoint end) {
    while (!entries_.empty() && entries_.front().when <= end) {
      std::pop_heap(entries_.begin(), entries_.end(), is_later);
      const Entry entry = std::move(entries_.back());
      entries_.pop_back();
      now_ = entry.when;
      entry.task();
    }
    now_ = end;
  }

 private:
  struct Entry {
    TimePoint when;
    std::uint64_t order = 0;
    Task task;
  };
  static bool is_later(const Entry& a, const Entry& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t order_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace wscluster::simulation
