// SPDX-License-Identifier: MIT
#include "load/run_result.hpp"

#include <gtest/gtest.h>

namespace wscluster::load {
namespace {

using std::chrono::microseconds;

RunResult good() {
  RunResult result;
  result.options.rate = 1000;
  result.achieved_rate = 999;
  result.busiest_thread = 0.6;
  result.latency.record(microseconds(20'000));
  result.lag.record(microseconds(100));
  return result;
}

TEST(RunResult, is_valid_when_the_generator_kept_up) {
  EXPECT_TRUE(doubts(good()).empty());
}

TEST(RunResult, is_doubted_when_sends_were_late) {
  auto result = good();
  result.lag.record(microseconds(3'000));
  ASSERT_EQ(doubts(result).size(), 1U);
  EXPECT_NE(doubts(result).front().find("10% of latency p50"), std::string::npos) << doubts(result).front();
  result.lag.record(microseconds(6'000));
  EXPECT_NE(doubts(result).front().find("more than 5ms"), std::string::npos) << doubts(result).front();
}

TEST(RunResult, is_doubted_when_the_rate_was_not_reached_or_a_thread_was_full) {
  auto result = good();
  result.achieved_rate = 900;
  EXPECT_EQ(doubts(result).size(), 1U);
  result.busiest_thread = 0.97;
  EXPECT_EQ(doubts(result).size(), 2U);
}

TEST(RunResult, asks_no_rate_of_a_run_that_holds) {
  RunResult result;
  result.options.scenario = Scenario::hold;
  EXPECT_TRUE(doubts(result).empty());
}

TEST(RunResult, counts_what_went_wrong_of_what_was_tried) {
  auto result = good();
  result.connected = 90;
  result.connect_failed = 10;
  result.errors["connect: refused"] = 10;
  result.planned = 900;
  result.messages.lost = 5;
  result.messages.receipts[static_cast<std::size_t>(ReceiptStatus::offline)] = 5;
  EXPECT_EQ(result.error_count(), 20U);
  EXPECT_DOUBLE_EQ(result.error_ratio(), 0.02);
}

}  // namespace
}  // namespace wscluster::load
