// SPDX-License-Identifier: MIT
#include "cluster/memberships.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

struct MembershipsTest : testing::Test, MembershipSink {
  MembershipsTest() {
    network.nodes = {{"a", link_a}};
    memberships.adopt(now, epochs.view());
  }
  void on_joined(TimePoint, std::uint64_t member, std::string_view) override {
    events += "joined" + std::to_string(member) + " ";
  }
  void on_missed(TimePoint, std::uint64_t member, std::string_view) override {
    events += "missed" + std::to_string(member) + " ";
  }
  std::size_t on_copy(TimePoint, const std::vector<std::uint64_t>& members, const wire::Copy& copy) override {
    for (const std::uint64_t member : members)
      events += std::string(copy.payload) + ">" + std::to_string(member) + " ";
    return members.size();
  }
  std::string seen() { return std::exchange(events, {}); }
  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;)
      memberships.tick(now += 10ms);
  }
  wire::Subscribe asked() { return network.one<wire::Subscribe>(link_a); }
  void answer(const wire::Subscribe& subscribe, std::uint64_t start, std::uint64_t term = 7, bool is_broken = false,
              std::uint64_t newest = 0) {
    memberships.on_subscribed(now, path_a,
                              {"chat", group, subscribe.number, term, start, is_broken, std::max(start, newest)});
  }
  /// The sequencer dies, and the next one knows nothing of what was published.
  void begin_new_term() {
    memberships.on_link_down(now, link_a);
    pass(20ms);
    answer(asked(), 0, 8);
  }
  void copy(std::uint64_t sequence, std::uint64_t term = 7) {
    const std::string payload = std::to_string(sequence);
    memberships.on_copy(now, path_a, {"chat", group, term, sequence, payload, {}, {}});
  }
  void join_first() {
    EXPECT_FALSE(memberships.join(now, 1, group));
    answer(asked(), 10);
    EXPECT_EQ(seen(), "joined1 ");
  }

  const std::string group = "\1group:g";
  Epochs epochs{"a"};
  FakeNetwork network;
  TimePoint now{1h};
  std::string events;
  Memberships memberships{network, "chat", 1, 0, *this, {}};
};

TEST_F(MembershipsTest, the_first_member_subscribes_and_further_ones_are_members_at_once) {
  join_first();
  EXPECT_TRUE(memberships.join(now, 2, group));
  copy(11);
  EXPECT_EQ(seen(), "11>1 11>2 ");
  const auto taken = network.one<wire::CopyTaken>(link_a);
  EXPECT_EQ(std::pair(taken.sequence, taken.sessions), std::pair(std::uint64_t{11}, std::uint64_t{2}));
  EXPECT_TRUE(memberships.is_member(2, group));
  EXPECT_EQ(memberships.groups_of(2), 1U);
}

TEST_F(MembershipsTest, copies_count_only_in_sequence_and_of_the_term) {
  join_first();
  copy(12);
  copy(11, 8);
  EXPECT_EQ(seen(), "");
  EXPECT_EQ(network.count<wire::CopyTaken>(link_a), 0U) << "what was not taken is not said to be";
  copy(11), copy(11), copy(12);
  EXPECT_EQ(seen(), "11>1 12>1 ");
}

TEST_F(MembershipsTest, who_comes_from_another_holder_gets_what_it_lacks_and_nobody_gets_it_twice) {
  join_first();
  copy(11), copy(12);
  seen();
  EXPECT_TRUE(memberships.join(now, 2, group, {7, 10}));
  const auto again = asked();
  EXPECT_EQ(std::pair(again.term, again.from), std::pair(std::uint64_t{7}, std::uint64_t{10}));
  answer(again, 10);
  copy(11), copy(12), copy(13);
  EXPECT_EQ(seen(), "11>2 12>2 13>1 13>2 ");
}

TEST_F(MembershipsTest, who_is_ahead_of_the_shard_waits_for_its_next_one) {
  join_first();
  EXPECT_TRUE(memberships.join(now, 2, group, {7, 12}));
  answer(asked(), 10);
  copy(11), copy(12), copy(13);
  EXPECT_EQ(seen(), "11>1 12>1 13>1 13>2 ");
}

TEST_F(MembershipsTest, a_held_member_is_passed_by_and_catches_up_when_it_stays) {
  join_first();
  memberships.hold(1);
  copy(11);
  EXPECT_EQ(seen(), "");
  const auto positions = memberships.positions(1);
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(std::pair(positions[0].second.term, positions[0].second.last),
            std::pair(std::uint64_t{7}, std::uint64_t{10}));
  memberships.resume(now, 1);
  const auto again = asked();
  EXPECT_EQ(again.from, 10U);
  answer(again, 10);
  copy(11), copy(12);
  EXPECT_EQ(seen(), "11>1 12>1 ");
}

TEST_F(MembershipsTest, who_came_and_has_not_caught_up_when_the_sequencer_dies_has_missed_something) {
  EXPECT_TRUE(memberships.join(now, 1, group, {7, 10}));
  answer(asked(), 10, 7, false, 12);
  copy(11);
  begin_new_term();
  EXPECT_EQ(seen(), "11>1 missed1 ");
}

TEST_F(MembershipsTest, who_came_and_has_caught_up_goes_on_when_the_sequencer_dies) {
  EXPECT_TRUE(memberships.join(now, 1, group, {7, 10}));
  answer(asked(), 10, 7, false, 12);
  copy(11), copy(12);
  begin_new_term();
  copy(1, 8);
  EXPECT_EQ(seen(), "11>1 12>1 1>1 ");
}

TEST_F(MembershipsTest, what_cannot_be_had_any_more_is_told) {
  join_first();
  memberships.on_link_down(now, link_a);
  pass(20ms);
  const auto again = asked();
  EXPECT_EQ(again.from, 10U);
  answer(again, 15, 7, true);
  EXPECT_EQ(seen(), "missed1 ");
  EXPECT_TRUE(memberships.join(now, 2, group, {7, 12}));
  answer(asked(), 15, 7, true);
  EXPECT_EQ(seen(), "missed2 ") << "15 is as far back as it goes";
}

TEST_F(MembershipsTest, a_sequencer_made_anew_goes_on_with_those_that_were_level) {
  join_first();
  EXPECT_TRUE(memberships.join(now, 2, group, {7, 9}));
  answer(asked(), 9);
  memberships.on_link_down(now, link_a);
  pass(20ms);
  const auto again = asked();
  EXPECT_EQ(again.term, 7U);
  answer(again, 0, 8);
  EXPECT_EQ(seen(), "missed2 ") << "nobody knows what the old one had published for it";
  copy(1, 8);
  EXPECT_EQ(seen(), "1>1 ");
}

TEST_F(MembershipsTest, asks_again_after_a_refusal_and_says_so_when_nobody_is_left) {
  EXPECT_FALSE(memberships.join(now, 1, group));
  const auto first = asked();
  memberships.on_refused(now, {"chat", group, first.number, 1});
  pass(20ms);
  answer(asked(), 3);
  EXPECT_EQ(seen(), "joined1 ");
  memberships.leave_all(now, 1);
  EXPECT_FALSE(memberships.is_member(1, group));
  pass(3s);
  EXPECT_EQ(network.count<wire::Unsubscribe>(link_a), 1U);
  memberships.on_ask_interest(now, {"chat", group, 1, 1});
  EXPECT_EQ(network.count<wire::Unsubscribe>(link_a), 1U) << "who is asked answers";
}

}  // namespace
}  // namespace wscluster::cluster
