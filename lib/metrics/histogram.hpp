// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace wscluster::metrics {

/// Seconds, from 100 µs to 10 s: fits deliveries, handshakes and Redis commands.
inline constexpr std::array<double, 16> duration_bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                        0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

/// Seconds, from 10 ms to 10 minutes: fits what happens at the pace of a ring change.
inline constexpr std::array<double, 14> change_bounds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                      2.5,  5,     10,   30,  60,   180, 600};

/// How often a quantity fell below each of some fixed bounds. Lives on one core like Counter; observing allocates
/// nothing.
class Histogram {
 public:
  /// `bounds` ascend strictly, are finite and outlive the histogram (constants).
  explicit Histogram(std::span<const double> bounds = duration_bounds);

  void observe(double value) noexcept;
  void observe(std::chrono::steady_clock::duration elapsed) noexcept {
    observe(std::chrono::duration<double>(elapsed).count());
  }
  /// Both must have the same bounds.
  void merge(const Histogram& other) noexcept;

  [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
  /// Values above bounds()[i - 1] and not above bounds()[i]; the last index, bounds().size(), counts those above all.
  [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const noexcept { return counts_[bucket]; }
  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] double sum() const noexcept { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

}  // namespace wscluster::metrics
