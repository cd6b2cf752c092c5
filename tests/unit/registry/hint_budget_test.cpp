// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "registry/hint_budget.hpp"

namespace wscluster::registry {
namespace {

constexpr TimePoint begin = TimePoint(std::chrono::hours(1));
constexpr Duration interval{50};

TEST(HintBudget, P0_03_two_are_free_and_then_one_in_each_interval) {
  HintBudget budget(interval);
  EXPECT_EQ(budget.reserve(begin), begin);
  EXPECT_EQ(budget.reserve(begin), begin);
  EXPECT_EQ(budget.reserve(begin), begin + interval);
  EXPECT_EQ(budget.reserve(begin + interval), begin + 2 * interval);
}

TEST(HintBudget, P0_03_a_second_of_flapping_is_as_many_readings_as_intervals_fit_into_it) {
  HintBudget budget(interval);
  TimePoint now = begin;
  int readings = 0;
  for (; now < begin + std::chrono::seconds(1); ++readings)
    now = std::max(now + Duration(1), budget.reserve(now));
  EXPECT_LE(readings, 22);
}

TEST(HintBudget, quiet_fills_it_up_and_not_beyond_two) {
  HintBudget budget(interval);
  for (int i = 0; i < 5; ++i)
    (void)budget.reserve(begin);
  const TimePoint later = begin + 100 * interval;
  EXPECT_EQ(budget.reserve(later), later);
  EXPECT_EQ(budget.reserve(later), later);
  EXPECT_GT(budget.reserve(later), later);
}

}  // namespace
}  // namespace wscluster::registry
