// SPDX-License-Identifier: MIT
#include "load/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace wscluster::load {
namespace {

using std::chrono::microseconds;

TEST(Histogram, answers_zero_when_empty) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.percentile(99), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(Histogram, is_exact_for_small_values) {
  Histogram histogram;
  for (int us = 1; us <= 1000; ++us)
    histogram.record(microseconds(us));
  EXPECT_DOUBLE_EQ(histogram.percentile(50), 500e-6);
  EXPECT_DOUBLE_EQ(histogram.percentile(99.9), 999e-6);
  EXPECT_DOUBLE_EQ(histogram.percentile(100), 1000e-6);
  EXPECT_DOUBLE_EQ(histogram.percentile(0), 1e-6);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5e-6);
}

TEST(Histogram, keeps_three_digits_over_the_whole_range) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const auto power = std::uniform_real_distribution<double>(0, std::log(3.6e9))(random);
    const auto us = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::exp(power)));
    Histogram histogram;
    histogram.record(microseconds(us));
    histogram.record(microseconds(Histogram::largest_us));
    const double found = histogram.percentile(50) * 1e6;
    ASSERT_GE(found, static_cast<double>(us) - 1e-6) << us;
    ASSERT_LE(found, static_cast<double>(us) * 1.001 + 1) << us;
  }
}

TEST(Histogram, agrees_with_sorting) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> latency(7, 1.2);
  Histogram histogram;
  std::vector<double> sorted;
  for (int i = 0; i < 50'000; ++i) {
    const auto us = std::max<std::int64_t>(1, static_cast<std::int64_t>(latency(random)));
    histogram.record(microseconds(us));
    sorted.push_back(static_cast<double>(us));
  }
  std::ranges::sort(sorted);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto at = static_cast<std::size_t>(std::ceil(percent / 100 * 50'000 - 1e-6)) - 1;
    EXPECT_NEAR(histogram.percentile(percent) * 1e6, sorted[at], sorted[at] * 0.001 + 1e-6) << percent;
  }
  EXPECT_DOUBLE_EQ(histogram.max() * 1e6, sorted.back());
}

TEST(Histogram, clamps_to_its_range) {
  Histogram histogram;
  histogram.record(std::chrono::nanoseconds(-5));
  EXPECT_DOUBLE_EQ(histogram.max(), 1e-6);
  histogram.record(std::chrono::hours(50));
  EXPECT_DOUBLE_EQ(histogram.max(), 3600);
  EXPECT_DOUBLE_EQ(histogram.percentile(100), 3600);
}

TEST(Histogram, merged_equals_recorded_together) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (int us = 1; us < 90'000; us += 37) {
    (us % 2 == 0 ? a : b).record(microseconds(us));
    both.record(microseconds(us));
  }
  a.merge(b);
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.to_hgrm(), both.to_hgrm());
}

TEST(Histogram, writes_the_text_form_of_hdrhistogram) {
  Histogram histogram;
  for (int us = 1; us <= 1000; ++us)
    histogram.record(microseconds(us));
  const std::string text = histogram.to_hgrm();
  EXPECT_TRUE(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
  EXPECT_NE(text.find("       0.500 0.500000000000        500           2.00\n"), std::string::npos) << text;
  EXPECT_NE(text.find("       1.000 1.000000000000       1000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("#[Max     =        1.000, Total count    =         1000]\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("#[Buckets =           22, SubBuckets     =         2048]\n"));
}

}  // namespace
}  // namespace wscluster::load
