// SPDX-License-Identifier: MIT
#include "metrics/histogram.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

namespace wscluster::metrics {

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {
  assert(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end());
}

void Histogram::observe(double value) noexcept {
  // One NaN would spoil the sum for good.
  if (std::isnan(value)) return;
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
  sum_ += value;
}

void Histogram::merge(const Histogram& other) noexcept {
  assert(std::equal(bounds_.begin(), bounds_.end(), other.bounds_.begin(), other.bounds_.end()));
  for (std::size_t i = 0; i < counts_.size(); ++i)
    counts_[i] += other.counts_[i];
  sum_ += other.sum_;
}

std::uint64_t Histogram::count() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace wscluster::metrics
