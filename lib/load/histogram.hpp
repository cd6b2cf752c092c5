// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::load {

/// Durations from 1 µs to 1 h with three significant digits (the layout of HdrHistogram: 2048 linear steps, then 1024
/// per power of two). Values outside are clamped to the range. Memory grows with the largest value, to at most 180 KiB.
/// Not for several threads: one per thread, merged at the end.
class Histogram {
 public:
  static constexpr std::uint64_t largest_us = 3'600'000'000;

  void record(Clock::duration value);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Seconds; 0 when empty. `percent` from 0 to 100. Never above max().
  [[nodiscard]] double percentile(double percent) const;
  /// Exact (not rounded to a bucket), in seconds.
  [[nodiscard]] double max() const noexcept;
  [[nodiscard]] double mean() const noexcept;

  /// HdrHistogram's percentile distribution in milliseconds, which its plotters read.
  [[nodiscard]] std::string to_hgrm() const;

 private:
  [[nodiscard]] double deviation() const;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_us_ = 0;
  double sum_us_ = 0;
};

}  // namespace wscluster::load
