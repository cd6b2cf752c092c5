// SPDX-License-Identifier: MIT
#include "load/histogram.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

namespace wscluster::load {
namespace {

constexpr unsigned half_bits = 10;  // 1024 steps per power of two: an error below 1/1024, so three digits
constexpr std::uint64_t half_steps = 1U << half_bits;
constexpr std::uint64_t linear_mask = 2 * half_steps - 1;
constexpr unsigned ticks_per_half_distance = 5;

std::size_t bucket_of(std::uint64_t us) {
  const auto shift = static_cast<unsigned>(std::bit_width(us | linear_mask)) - (half_bits + 1);
  return (std::size_t{shift + 1} << half_bits) + (us >> shift) - half_steps;
}

std::uint64_t highest_in(std::size_t bucket) {
  if (bucket < 2 * half_steps) return bucket;
  const auto shift = (bucket >> half_bits) - 1;
  const auto step = (bucket & (half_steps - 1)) + half_steps;
  return ((step + 1) << shift) - 1;
}

std::uint64_t middle_of(std::size_t bucket) {
  if (bucket < 2 * half_steps) return bucket;
  return highest_in(bucket) - ((std::uint64_t{1} << ((bucket >> half_bits) - 1)) >> 1U);
}

}  // namespace

void Histogram::record(Clock::duration value) {
  const auto signed_us = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
  const auto us = static_cast<std::uint64_t>(std::clamp<std::int64_t>(signed_us, 1, largest_us));
  const auto bucket = bucket_of(us);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  sum_us_ += static_cast<double>(us);
  max_us_ = std::max(max_us_, us);
}

void Histogram::merge(const Histogram& other) {
  buckets_.resize(std::max(buckets_.size(), other.buckets_.size()));
  for (std::size_t i = 0; i < other.buckets_.size(); ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  max_us_ = std::max(max_us_, other.max_us_);
}

double Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  // 99.9 % of 1000 is 999.0000000000001 in binary: without the correction the answer would be the next sample.
  const auto exact = std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(count_);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(exact - 1e-6)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return static_cast<double>(std::min(highest_in(i), max_us_)) / 1e6;
  }
  return max();
}

double Histogram::max() const noexcept {
  return static_cast<double>(max_us_) / 1e6;
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : sum_us_ / static_cast<double>(count_) / 1e6;
}

double Histogram::deviation() const {
  if (count_ == 0) return 0;
  const double mean_us = sum_us_ / static_cast<double>(count_);
  double sum = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const double distance = static_cast<double>(middle_of(i)) - mean_us;
    sum += distance * distance * static_cast<double>(buckets_[i]);
  }
  return std::sqrt(sum / static_cast<double>(count_)) / 1e6;
}

std::string Histogram::to_hgrm() const {
  std::string out = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  std::array<char, 160> line{};
  const auto append = [&](int length) { out.append(line.data(), static_cast<std::size_t>(length)); };
  std::uint64_t seen = 0;
  double next_percent = 0;
  for (std::size_t i = 0; i < buckets_.size() && seen < count_; ++i) {
    if (buckets_[i] == 0) continue;
    seen += buckets_[i];
    const double reached = 100.0 * static_cast<double>(seen) / static_cast<double>(count_);
    const double value_ms = static_cast<double>(std::min(highest_in(i), max_us_)) / 1e3;
    // Each line halves the rest to 100 % in five steps; one bucket may cover several lines.
    while (next_percent <= reached && next_percent < 100) {
      append(std::snprintf(line.data(), line.size(), "%12.3f %2.12f %10llu %14.2f\n", value_ms, next_percent / 100,
                           static_cast<unsigned long long>(seen), 1 / (1 - next_percent / 100)));
      const double halvings = std::floor(std::log2(100 / (100 - next_percent))) + 1;
      next_percent += 100 / (ticks_per_half_distance * std::pow(2, halvings));
      if (seen == count_) break;
    }
  }
  if (count_ != 0) {
    append(std::snprintf(line.data(), line.size(), "%12.3f %2.12f %10llu\n", max() * 1e3, 1.0,
                         static_cast<unsigned long long>(count_)));
  }
  append(std::snprintf(line.data(), line.size(), "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean() * 1e3,
                       deviation() * 1e3));
  append(std::snprintf(line.data(), line.size(), "#[Max     = %12.3f, Total count    = %12llu]\n", max() * 1e3,
                       static_cast<unsigned long long>(count_)));
  append(std::snprintf(line.data(), line.size(), "#[Buckets = %12d, SubBuckets     = %12d]\n", 22, 2048));
  return out;
}

}  // namespace wscluster::load
