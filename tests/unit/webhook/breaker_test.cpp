// SPDX-License-Identifier: MIT
#include "webhook/breaker.hpp"

#include <gtest/gtest.h>

namespace wscluster::webhook {
namespace {

constexpr TimePoint start{std::chrono::hours(1)};

void fail_often(Breaker& breaker, TimePoint now) {
  for (unsigned n = 0; n < Breaker::failures_in_a_row; ++n)
    breaker.failed(now);
}

TEST(Breaker, opens_after_failures_in_a_row_only) {
  Breaker breaker;
  for (unsigned n = 1; n < Breaker::failures_in_a_row; ++n)
    breaker.failed(start);
  breaker.succeeded();
  breaker.failed(start);
  EXPECT_TRUE(breaker.allows(start));
  EXPECT_FALSE(breaker.is_open());
  fail_often(breaker, start);
  EXPECT_FALSE(breaker.allows(start));
}

TEST(Breaker, lets_one_try_after_a_pause_and_closes_when_that_succeeds) {
  Breaker breaker;
  fail_often(breaker, start);
  const TimePoint later = start + Breaker::first_pause;
  EXPECT_FALSE(breaker.allows(later - Duration(1)));
  EXPECT_TRUE(breaker.allows(later));
  EXPECT_FALSE(breaker.allows(later)) << "one at a time";
  breaker.succeeded();
  EXPECT_TRUE(breaker.allows(later));
  EXPECT_TRUE(breaker.allows(later));
}

TEST(Breaker, doubles_its_pause_up_to_a_limit) {
  Breaker breaker;
  fail_often(breaker, start);
  TimePoint now = start;
  Duration pause = Breaker::first_pause;
  for (int n = 0; n < 8; ++n) {
    EXPECT_FALSE(breaker.allows(now + pause - Duration(1)));
    now += pause;
    ASSERT_TRUE(breaker.allows(now));
    breaker.failed(now);
    pause = std::min(2 * pause, Breaker::longest_pause);
  }
  EXPECT_EQ(pause, Breaker::longest_pause);
}

TEST(Breaker, calls_that_were_under_way_when_it_opened_do_not_count) {
  Breaker breaker;
  fail_often(breaker, start);
  breaker.failed(start);
  EXPECT_TRUE(breaker.allows(start + Breaker::first_pause));
}

}  // namespace
}  // namespace wscluster::webhook
