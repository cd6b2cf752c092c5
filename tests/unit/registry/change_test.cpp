// SPDX-License-Identifier: MIT
#include "registry/change.hpp"

#include <gtest/gtest.h>

namespace wscluster::registry {
namespace {

ring::Member member(const std::string& name, std::uint64_t incarnation, double weight = 1) {
  return {name, incarnation, weight, ring::MemberState::up};
}

Change sample() {
  Change change;
  change.service = "chat";
  change.from_epoch = 42;
  change.to_epoch = 43;
  change.action = Action::remove;
  change.node = "node-1";
  change.policy = {Evict::all, 120.5, 4000, "maintenance \"now\"", Duration(5'000), Duration(100), Duration(2'000)};
  change.by = "ring remove";
  change.aborts = 41;
  change.donors_expected = {{"node-1", 0xfedcba9876543210}};
  change.receivers_expected = {"node-2", "node-3"};
  return change;
}

TEST(Change, survives_json) {
  Change change = sample();
  change.state = ChangeState::settling;
  change.started_at = "2026-11-22T10:05:00.004Z";
  change.aborted_by = 44;
  change.took = Duration(1'500);
  change.donors["node-1"] = {100, 1, 90, 9, 3, true, 2.5, 4, 0xfedcba9876543210};
  change.receivers["node-2"].returned = 2;
  change.receivers["node-2"].gaps.add(0.4);
  change.receivers["node-2"].gaps.add(2.1);
  const auto read = parse_change(to_json(change));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, change);
}

TEST(Change, is_read_from_the_fields_that_redis_keeps) {
  const auto read = change_from_fields({{"record", record_to_json(sample())},
                                        {"state", "done"},
                                        {"started", "1795341900004"},
                                        {"finished", "1795341901004"},
                                        {"donor:node-1", to_json(DonorProgress{7, 0, 6, 1, 0, true, 1})},
                                        {"receiver:node-2", to_json(ReceiverProgress{6, {}})}});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, ChangeState::done);
  EXPECT_EQ(read->policy, sample().policy);
  EXPECT_EQ(read->started_at, "2026-11-22T10:05:00.004Z");
  EXPECT_EQ(read->took, Duration(1'000));
  EXPECT_EQ(read->donor_total().closed, 6U);
  EXPECT_EQ(read->receiver_total().returned, 6U);
}

TEST(Change, one_that_was_taken_back_is_aborted_whatever_its_donors_still_do) {
  const auto read =
      change_from_fields({{"record", record_to_json(sample())}, {"state", "evicting"}, {"aborted", "44"}});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, ChangeState::aborted);
  EXPECT_EQ(read->aborted_by, 44U);
}

TEST(Change, every_word_of_an_action_is_read_again) {
  for (int i = 0; i <= static_cast<int>(Action::undrain); ++i) {
    Change change = sample();
    change.action = static_cast<Action>(i);
    EXPECT_EQ(parse_record(record_to_json(change))->action, change.action) << to_string(change.action);
  }
}

TEST(Change, damaged_entries_are_errors_and_unknown_fields_are_skipped) {
  EXPECT_FALSE(change_from_fields({{"state", "done"}}));
  EXPECT_FALSE(change_from_fields({{"record", "[]"}}));
  EXPECT_FALSE(change_from_fields({{"record", record_to_json(sample())}, {"donor:x", "nonsense"}}));
  const auto read = parse_record(R"({"service":"chat","to_epoch":3,"new":{},"rate":"fast"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_epoch, 3U);
  EXPECT_EQ(read->policy.rate, ChangePolicy().rate);
}

TEST(Change, waits_for_those_who_lose_keys_and_are_still_there_in_the_same_life) {
  const auto one = *ring::first_document("chat", 1, 9, {member("a", 1), member("b", 2)});
  const auto added = *ring::next_document(one, {member("a", 1), member("b", 2), member("c", 3)}, "", "", "", 1);
  const Change add = describe_change(&one, added, Action::add, "c", {}, "test");
  EXPECT_EQ(add.donors_expected, (std::vector<Donor>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(add.receivers_expected, std::vector<std::string>{"c"});

  const auto leaving = *ring::next_document(added, {member("a", 1, 0), member("b", 2), member("c", 3)}, "", "", "", 2);
  EXPECT_EQ(describe_change(&added, leaving, Action::remove, "a", {}, "").donors_expected,
            (std::vector<Donor>{{"a", 1}}));

  const auto dead = *ring::next_document(added, {member("b", 2), member("c", 3)}, "", "", "", 2);
  EXPECT_TRUE(describe_change(&added, dead, Action::dead, "a", {}, "").donors_expected.empty());

  const auto restarted = *ring::next_document(added, {member("a", 7), member("b", 2), member("c", 3)}, "", "", "", 2);
  const Change again = describe_change(&added, restarted, Action::join, "a", {}, "");
  EXPECT_TRUE(again.donors_expected.empty());
  EXPECT_TRUE(again.receivers_expected.empty());
  EXPECT_TRUE(describe_change(nullptr, one, Action::add, "", {}, "").donors_expected.empty());
}

TEST(GapHistogram, quantiles_are_within_a_bucket) {
  GapHistogram gaps;
  EXPECT_EQ(gaps.quantile(0.5), 0);
  for (int i = 1; i <= 100; ++i)
    gaps.add(i * 0.01);
  EXPECT_EQ(gaps.total(), 100U);
  EXPECT_GE(gaps.quantile(0.5), 0.5);
  EXPECT_LE(gaps.quantile(0.5), 0.5 * 1.42);
  EXPECT_EQ(gaps.quantile(1), 1.0);
  GapHistogram more;
  more.add(100'000);
  more.add(0);
  gaps.add(more);
  EXPECT_EQ(gaps.total(), 102U);
  EXPECT_EQ(gaps.quantile(1), 100'000);
}

}  // namespace
}  // namespace wscluster::registry
