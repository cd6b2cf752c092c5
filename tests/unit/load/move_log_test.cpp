// SPDX-License-Identifier: MIT
#include "load/move_log.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace wscluster::load {
namespace {

using namespace std::chrono_literals;

/// Users 0 and 1 are at home before the change at 10 s; then 1 has moved. 2 is seen only afterwards, 3 only before.
MoveLog change_at_ten_seconds() {
  MoveLog log(4);
  for (const std::uint32_t user : {0U, 1U, 3U})
    log.record_owner(user, "node-1", 42, 1s);
  log.record_owner(0, "node-1", 43, 10s);
  log.record_owner(1, "node-4", 43, 10s);
  log.record_owner(2, "node-4", 43, 10s);
  return log;
}

ChangeLatency split(const std::vector<const MoveLog*>& threads, Clock::duration change_end = {}) {
  return MoveLog::split(threads, change_end);
}

TEST(MoveLog, tells_who_moved_from_who_stayed) {
  const MoveLog log = change_at_ten_seconds();
  const auto found = split({&log});
  EXPECT_EQ(found.unmoved_users, 1U);
  EXPECT_EQ(found.moved_users, 1U);
  EXPECT_EQ(found.unknown_users, 2U);
}

TEST(MoveLog, puts_a_message_where_its_user_and_its_time_belong) {
  MoveLog log = change_at_ten_seconds();
  log.record_latency(0, 5s, 1ms);
  log.record_latency(1, 5s, 2ms);
  log.record_latency(2, 5s, 4ms);
  log.record_latency(0, 10s, 10ms);
  log.record_latency(1, 10s, 20ms);
  log.record_latency(2, 10s, 40ms);
  log.record_latency(3, 10s, 80ms);
  const auto found = split({&log});
  EXPECT_EQ(found.quiet.count(), 3U) << "before the change everybody counts";
  EXPECT_DOUBLE_EQ(found.quiet.max(), 0.004);
  EXPECT_EQ(found.unmoved.count(), 1U);
  EXPECT_DOUBLE_EQ(found.unmoved.max(), 0.010);
  EXPECT_EQ(found.moved.count(), 1U);
  EXPECT_DOUBLE_EQ(found.moved.max(), 0.020);
}

TEST(MoveLog, the_change_begins_before_its_first_receipt_and_lasts_a_second_or_until_it_is_done) {
  MoveLog log = change_at_ten_seconds();
  for (const auto planned : {9'800ms, 9'899ms, 9'900ms, 10'999ms, 11'000ms, 12'999ms, 13'000ms})
    log.record_latency(0, planned, 1ms);
  EXPECT_EQ(split({&log}).quiet.count(), 2U);
  EXPECT_EQ(split({&log}).unmoved.count(), 2U);
  EXPECT_EQ(split({&log}, 13s).unmoved.count(), 4U);
}

TEST(MoveLog, a_user_that_went_and_came_back_has_moved) {
  MoveLog log = change_at_ten_seconds();
  log.record_owner(1, "node-1", 44, 12s);
  log.record_latency(1, 12'500ms, 1ms);
  const auto found = split({&log});
  EXPECT_EQ(found.moved_users, 1U);
  EXPECT_EQ(found.moved.count(), 1U) << "the last epoch counts too";
}

TEST(MoveLog, joins_what_threads_have_seen) {
  MoveLog senders(2);
  MoveLog others(2);
  senders.record_owner(0, "node-1", 42, 1s);
  others.record_owner(0, "node-2", 43, 11s);
  others.record_owner(1, "node-1", 42, 1s);
  senders.record_owner(1, "node-1", 43, 10s);
  others.record_latency(0, 9'950ms, 3ms);
  const auto found = split({&senders, &others});
  EXPECT_EQ(found.moved_users, 1U);
  EXPECT_EQ(found.unmoved_users, 1U);
  EXPECT_EQ(found.moved.count(), 1U) << "the earliest receipt of any thread is the beginning";
}

TEST(MoveLog, finds_nothing_where_the_epoch_stays) {
  MoveLog log(1);
  log.record_owner(0, "node-1", 42, 1s);
  log.record_latency(0, 1s, 1ms);
  const auto found = split({&log});
  EXPECT_TRUE(found.quiet.empty());
  EXPECT_EQ(found.unknown_users, 0U);
  EXPECT_FALSE(found.unmoved_factor());
}

TEST(ChangeLatency, compares_p99_only_where_there_are_samples) {
  ChangeLatency latency;
  latency.unmoved.record(6ms);
  EXPECT_FALSE(latency.unmoved_factor());
  latency.quiet.record(4ms);
  EXPECT_DOUBLE_EQ(latency.unmoved_factor().value(), 1.5);
}

}  // namespace
}  // namespace wscluster::load
