// SPDX-License-Identifier: MIT
// The scenarios of the subprotocol, against a server that does it right or wrong.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "load/generator.hpp"
#include "test_server.hpp"

namespace wscluster::load {
namespace {

constexpr std::uint64_t clients = 12;
// With several, messages that change places are often of different senders and not out of order.
constexpr std::uint64_t publishers = 1;

RunResult run_groups_against(const Faults& faults, Scenario scenario, Speaks speaks = Speaks::groups) {
  const TestServer server(speaks, faults);
  Options options;
  options.url = server.url();
  options.scenario = scenario;
  options.connections = clients;
  options.publishers = publishers;
  options.connect_rate = 5'000;
  options.rate = 600;
  options.drop_rate = 200;
  options.warmup = Duration{50};
  options.duration = Duration{350};
  options.settle = Duration{1'000};
  options.threads = 2;
  options.interval = Duration{100};
  return Generator(options).run({});
}

void expect_nothing_wrong(const RunResult& result) {
  EXPECT_EQ(result.messages.lost, 0U);
  EXPECT_EQ(result.messages.duplicated, 0U);
  EXPECT_EQ(result.messages.out_of_order, 0U);
  EXPECT_EQ(result.messages.misdelivered, 0U);
  EXPECT_EQ(result.messages.unreceipted, 0U);
  EXPECT_EQ(result.messages.unanswered_at_close, 0U);
  EXPECT_EQ(result.messages.answered, result.messages.sent);
  EXPECT_EQ(result.not_sent, 0U);
  EXPECT_TRUE(result.errors.empty()) << result.errors.begin()->first;
}

TEST(GeneratorGroups, group_counts_a_publication_at_each_member) {
  const auto result = run_groups_against({}, Scenario::group);
  expect_nothing_wrong(result);
  EXPECT_GT(result.messages.sent, 100U);
  EXPECT_EQ(result.messages.arrived, result.messages.sent * (clients - publishers));
  EXPECT_GT(result.delivery_rate(), 0);
}

TEST(GeneratorGroups, group_sees_what_one_member_did_not_get) {
  const auto result = run_groups_against({.lose = 7}, Scenario::group);
  EXPECT_GT(result.messages.lost_promised, 0U);
  EXPECT_EQ(result.messages.lost + result.messages.arrived, result.messages.sent * (clients - publishers));
}

TEST(GeneratorGroups, group_sees_repeats_and_a_wrong_order) {
  EXPECT_GT(run_groups_against({.duplicate = 7}, Scenario::group).messages.duplicated, 0U);
  EXPECT_GT(run_groups_against({.swap = 7}, Scenario::group).messages.out_of_order, 0U);
}

TEST(GeneratorGroups, ack_holds_acks_against_arrivals) {
  const auto result = run_groups_against({}, Scenario::ack);
  expect_nothing_wrong(result);
  EXPECT_EQ(result.messages.arrived, result.messages.sent);
  EXPECT_GT(result.receipt.count(), 100U);
  EXPECT_GT(run_groups_against({.keep_receipt = 7}, Scenario::ack).messages.unreceipted, 0U);
  EXPECT_GT(run_groups_against({.lose = 7}, Scenario::ack).messages.lost_promised, 0U);
  EXPECT_GT(run_groups_against({.ignore = 7}, Scenario::ack).messages.lost, 0U);
}

TEST(GeneratorGroups, sees_a_gap_in_the_sequence_ids) {
  EXPECT_GT(run_groups_against({.skip_sequence = 7}, Scenario::ack).errors.at("sequence ids with a gap"), 0U);
}

TEST(GeneratorGroups, recovery_comes_back_to_the_session_and_misses_nothing) {
  const auto result = run_groups_against({}, Scenario::recovery);
  expect_nothing_wrong(result);
  EXPECT_GT(result.closes.dropped, 20U);
  EXPECT_EQ(result.closes.recovered, result.closes.dropped);
  EXPECT_EQ(result.closes.returned, result.closes.dropped);
  EXPECT_EQ(result.closes.sessions_lost, 0U);
  EXPECT_EQ(result.closes.unplanned, 0U);
  EXPECT_EQ(result.gap.count(), result.closes.dropped);
}

TEST(GeneratorGroups, sends_again_with_the_same_ack_id_what_was_not_acknowledged) {
  const auto result = run_groups_against({.cut_before_ack = 17}, Scenario::recovery);
  expect_nothing_wrong(result);
  EXPECT_GT(result.messages.resent, 0U);
  EXPECT_GT(run_groups_against({.cut_before_ack = 17, .executes_twice = true}, Scenario::recovery).messages.duplicated,
            0U);
}

TEST(GeneratorGroups, sees_that_nothing_was_replayed) {
  const auto result = run_groups_against({.loses_unacknowledged = true}, Scenario::recovery);
  EXPECT_GT(result.messages.lost_promised, 0U);
  EXPECT_GT(result.errors.at("sequence ids with a gap"), 0U);
}

TEST(GeneratorGroups, begins_a_new_session_where_the_old_one_is_gone) {
  const auto result = run_groups_against({.forget_session = 5}, Scenario::recovery);
  EXPECT_GT(result.closes.sessions_lost, 0U);
  EXPECT_EQ(result.closes.recovered + result.closes.sessions_lost, result.closes.dropped);
  EXPECT_EQ(result.closes.returned, result.closes.dropped);
  EXPECT_EQ(result.closes.not_returned, 0U);
}

TEST(GeneratorGroups, fails_where_the_subprotocol_is_not_spoken) {
  try {
    static_cast<void>(run_groups_against({}, Scenario::ack, Speaks::echo));
    FAIL() << "went on without the subprotocol";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), ExitCode::unavailable);
    EXPECT_NE(std::string(failure.what()).find("json.reliable.webpubsub.azure.v1"), std::string::npos);
  }
}

}  // namespace
}  // namespace wscluster::load
