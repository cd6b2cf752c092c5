// SPDX-License-Identifier: MIT
#include "load/text.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

TEST(Text, shows_three_digits_of_a_time) {
  EXPECT_EQ(format_ms(0.00081), "0.81");
  EXPECT_EQ(format_ms(0.0119), "11.9");
  EXPECT_EQ(format_ms(0.00999), "9.99");
  EXPECT_EQ(format_ms(0.009999), "10.0");
  EXPECT_EQ(format_ms(2.4), "2400");
  EXPECT_EQ(format_time(0.048), "48.0ms");
  EXPECT_EQ(format_time(2.4), "2.40s");
  EXPECT_EQ(format_time(0.9999), "1.00s");
}

TEST(Text, shows_shares_without_needless_zeros) {
  EXPECT_EQ(format_percent(0), "0%");
  EXPECT_EQ(format_percent(1), "100%");
  EXPECT_EQ(format_percent(0.9999), "99.99%");
  EXPECT_EQ(format_percent(0.001), "0.1%");
  EXPECT_EQ(format_percent(0.000012), "0.0012%");
}

TEST(Text, shows_rates_and_minutes) {
  EXPECT_EQ(format_per_second(19997.94), "19,997.9");
  EXPECT_EQ(format_per_second(20000), "20,000");
  EXPECT_EQ(format_minutes(34.9), "0:34");
  EXPECT_EQ(format_minutes(3661), "61:01");
  EXPECT_EQ(format_number(99.9), "99.9");
}

}  // namespace
}  // namespace wscluster::load
