// SPDX-License-Identifier: MIT
#include "load/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace wscluster::load {
namespace {

TEST(Schedule, spaces_messages_evenly_over_the_connections) {
  Schedule schedule(100, 4, 1, 0);
  for (std::uint32_t k = 0; k < 40; ++k) {
    EXPECT_EQ(schedule.next().connection, k % 4);
    EXPECT_EQ(schedule.next().at, std::chrono::milliseconds(10) * k);
    schedule.advance();
  }
}

TEST(Schedule, the_threads_together_plan_each_message_once) {
  for (const unsigned threads : {1U, 2U, 3U, 4U}) {
    for (const std::uint64_t connections : {4U, 5U, 7U, 9U}) {
      std::vector<Clock::duration> times;
      for (unsigned thread = 0; thread < threads; ++thread) {
        Schedule schedule(1000, connections, threads, thread);
        for (; schedule.next().at < std::chrono::milliseconds(200); schedule.advance()) {
          ASSERT_EQ(schedule.next().connection % threads, thread);
          times.push_back(schedule.next().at);
        }
      }
      std::ranges::sort(times);
      ASSERT_EQ(times.size(), 200U) << threads << " threads, " << connections << " connections";
      for (std::size_t k = 0; k < times.size(); ++k)
        ASSERT_EQ(times[k], std::chrono::milliseconds(k));
    }
  }
}

TEST(Schedule, does_not_drift) {
  Schedule schedule(3, 1, 1, 0);
  for (int k = 0; k < 300'000; ++k)
    schedule.advance();
  EXPECT_LT(std::chrono::abs(schedule.next().at - std::chrono::seconds(100'000)), std::chrono::microseconds(1));
}

TEST(Schedule, plans_nothing_without_a_rate_or_a_connection) {
  EXPECT_EQ(Schedule(0, 10, 1, 0).next().at, Clock::duration::max());
  Schedule idle(10, 2, 4, 3);
  EXPECT_EQ(idle.next().at, Clock::duration::max());
  idle.advance();
  EXPECT_EQ(idle.next().at, Clock::duration::max());
}

}  // namespace
}  // namespace wscluster::load
