// SPDX-License-Identifier: MIT
#include "load/live.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wscluster::load {

void LiveHistogram::record(Clock::duration value) noexcept {
  const auto us = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(value).count(), 1, 0xFFFFFFFF));
  const auto power = static_cast<unsigned>(std::bit_width(us)) - 1;
  const auto step = power >= 3 ? us >> (power - 3) & 7U : (us << (3 - power)) & 7U;
  auto& count = counts_[power * std::size_t{8} + step];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void LiveHistogram::add_to(Counts& counts) const noexcept {
  for (std::size_t i = 0; i < buckets; ++i)
    counts[i] += counts_[i].load(std::memory_order_relaxed);
}

double LiveHistogram::percentile(const Counts& counts, double percent) noexcept {
  std::uint64_t total = 0;
  for (const auto count : counts)
    total += count;
  const auto wanted = std::max(1.0, std::ceil(percent / 100 * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts[i];
    if (static_cast<double>(seen) >= wanted)
      return std::ldexp(8.0 + static_cast<double>(i % 8) + 1, static_cast<int>(i / 8) - 3) / 1e6;
  }
  return 0;
}

}  // namespace wscluster::load
