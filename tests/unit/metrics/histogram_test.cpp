// SPDX-License-Identifier: MIT
#include "metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "metrics/counter.hpp"

namespace wscluster::metrics {
namespace {

constexpr std::array<double, 3> bounds{0.001, 0.01, 1};

TEST(Histogram, a_value_on_a_bound_belongs_to_it) {
  Histogram histogram(bounds);
  for (const double value : {0.0, 0.001, 0.0011, 0.01, 1.0, 1.5, std::numeric_limits<double>::infinity()}) {
    histogram.observe(value);
  }
  EXPECT_EQ(histogram.count_in(0), 2U);
  EXPECT_EQ(histogram.count_in(1), 2U);
  EXPECT_EQ(histogram.count_in(2), 1U);
  EXPECT_EQ(histogram.count_in(3), 2U);
  EXPECT_EQ(histogram.count(), 7U);
}

TEST(Histogram, durations_count_in_seconds) {
  Histogram histogram(bounds);
  histogram.observe(std::chrono::milliseconds(5));
  EXPECT_EQ(histogram.count_in(1), 1U);
  EXPECT_DOUBLE_EQ(histogram.sum(), 0.005);
}

TEST(Histogram, not_a_number_is_not_counted) {
  Histogram histogram(bounds);
  histogram.observe(std::nan(""));
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.sum(), 0);
}

TEST(Histogram, merging_is_observing_on_one_core) {
  Histogram a(bounds);
  Histogram b(bounds);
  Histogram all(bounds);
  for (int i = 0; i < 1000; ++i) {
    const double value = i * 0.0025;
    (i % 3 == 0 ? a : b).observe(value);
    all.observe(value);
  }
  a.merge(b);
  for (std::size_t i = 0; i <= bounds.size(); ++i)
    EXPECT_EQ(a.count_in(i), all.count_in(i));
  EXPECT_NEAR(a.sum(), all.sum(), 1e-9);
}

TEST(Counter, counters_and_gauges_merge_by_sum) {
  Counter a;
  Counter b;
  a.add();
  b.add(41);
  a.merge(b);
  EXPECT_EQ(a.value(), 42U);
  Gauge c;
  Gauge d;
  c.set(5);
  c.subtract(7);
  d.add(3);
  c.merge(d);
  EXPECT_EQ(c.value(), 1);
}

}  // namespace
}  // namespace wscluster::metrics
