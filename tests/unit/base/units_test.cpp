// SPDX-License-Identifier: MIT
#include "base/units.hpp"

#include <gtest/gtest.h>

namespace wscluster {
namespace {

TEST(Units, durations_are_read_and_written_back) {
  for (const char* text : {"250ms", "5s", "2m", "1h30m", "1d", "1.5s", "0s"}) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(format_duration(*parsed), text);
  }
  EXPECT_EQ(*parse_duration("0"), Duration{0});
}

TEST(Units, a_duration_without_a_unit_says_what_to_write) {
  const auto parsed = parse_duration("5");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "'5' has no unit: write 5s or 5ms");
}

TEST(Units, wrong_durations_are_refused) {
  for (const char* text : {"", "s", "5 sec", "5x", "-5s", "1s1h", "1s1s", "1..5s", "99999999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Units, sizes) {
  EXPECT_EQ(*parse_size("64KiB"), 65536U);
  EXPECT_EQ(*parse_size("1MB"), 1'000'000U);
  EXPECT_EQ(format_size(65536), "64KiB");
  EXPECT_EQ(format_size(1000), "1000B");
  for (const char* text : {"", "64", "KiB", "1TiBs", "-1B"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Units, rates_ratios_and_counts) {
  EXPECT_DOUBLE_EQ(*parse_rate("500/s"), 500);
  EXPECT_DOUBLE_EQ(*parse_rate("30/m"), 0.5);
  EXPECT_DOUBLE_EQ(*parse_rate("2k/s"), 2000);
  EXPECT_FALSE(parse_rate("500"));
  EXPECT_FALSE(parse_rate("500/x"));
  EXPECT_DOUBLE_EQ(*parse_ratio("1%"), 0.01);
  EXPECT_DOUBLE_EQ(*parse_ratio("0.5"), 0.5);
  EXPECT_FALSE(parse_ratio("2"));
  EXPECT_EQ(*parse_count("10k"), 10'000U);
  EXPECT_FALSE(parse_count("1.5"));
  EXPECT_EQ(format_count(12543), "12,543");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000000), "1,000,000");
}

}  // namespace
}  // namespace wscluster
