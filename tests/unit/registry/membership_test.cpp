// SPDX-License-Identifier: MIT
#include "registry/membership.hpp"

#include <gtest/gtest.h>

namespace wscluster::registry {
namespace {

constexpr Duration lease_time{3'000};
const TimePoint start{Duration(1'000'000)};

class NextStep : public testing::Test {
 protected:
  NextStep() {
    self.name = "a";
    self.incarnation = 1;
    self.weight = 2;
    facts.is_current = true;
    facts.is_linked = true;
    facts.nobody_since = start;
    facts.may_change_from = start;
  }

  void hold(std::vector<ring::Member> members) {
    document = *ring::first_document("chat", 1, 9, std::move(members));
    facts.held = &document;
    facts.done_through = 1;
  }
  [[nodiscard]] Step step(TimePoint now = start) const { return next_step(facts, self, lease_time, now); }

  Registration self;
  ServiceFacts facts;
  ring::Document document;
  const ring::Member other{"b", 2, 1, ring::MemberState::up};
};

TEST_F(NextStep, the_first_document_waits_two_leases) {
  EXPECT_EQ(step(start + 2 * lease_time - Duration(1)), Step::nothing);
  EXPECT_EQ(step(start + 2 * lease_time), Step::first_document);
  facts.nobody_since = TimePoint::max();
  EXPECT_EQ(step(start + 2 * lease_time), Step::nothing) << "somebody has adopted a document that Redis has lost";
  facts.nobody_since = start;
  facts.is_linked = false;
  EXPECT_EQ(step(start + 2 * lease_time), Step::nothing);
  facts.is_linked = true;
  self.is_standby = true;
  EXPECT_EQ(step(start + 2 * lease_time), Step::nothing);
}

TEST_F(NextStep, enters_when_linked_unless_standby_leaving_or_once_removed) {
  hold({other});
  EXPECT_EQ(step(), Step::enter);
  facts.is_linked = false;
  EXPECT_EQ(step(), Step::nothing);
  facts.is_linked = true;
  facts.is_leaving = true;
  EXPECT_EQ(step(), Step::nothing);
  facts.is_leaving = false;
  facts.was_member = true;
  EXPECT_EQ(step(), Step::nothing);
  facts.was_member = false;
  self.is_standby = true;
  EXPECT_EQ(step(), Step::nothing);
  self.is_standby = false;
  self.role = Role::gateway;
  EXPECT_EQ(step(), Step::nothing);
}

TEST_F(NextStep, nothing_is_changed_on_a_redis_that_may_be_stale) {
  hold({other});
  facts.may_change_from = start + lease_time;
  EXPECT_EQ(step(), Step::nothing);
  facts.may_change_from = start;
  facts.is_current = false;
  EXPECT_EQ(step(), Step::nothing);
  facts.is_current = true;
  facts.newest_adopted = 2;
  EXPECT_EQ(step(), Step::nothing) << "somebody has seen a later epoch";
}

TEST_F(NextStep, a_new_life_of_the_name_is_a_new_epoch_also_for_a_standby) {
  hold({{"a", 7, 3, ring::MemberState::up}, other});
  self.is_standby = true;
  EXPECT_EQ(step(), Step::renew);
  const auto members = apply(Step::renew, document.members, self);
  EXPECT_EQ(members[0].incarnation, 1U);
  EXPECT_EQ(members[0].weight, 3) << "what the operator has set stays";
}

TEST_F(NextStep, who_was_leaving_and_is_started_again_comes_back) {
  hold({{"a", 7, 0, ring::MemberState::draining}, other});
  EXPECT_EQ(apply(Step::renew, document.members, self)[0].weight, 2);
  self.is_standby = true;
  EXPECT_EQ(apply(Step::renew, document.members, self)[0].weight, 0);
}

TEST_F(NextStep, leaves_in_two_steps_and_only_when_somebody_else_can_own) {
  hold({{"a", 1, 1, ring::MemberState::up}, other});
  EXPECT_EQ(step(), Step::nothing);
  facts.is_leaving = true;
  EXPECT_EQ(step(), Step::drain);
  EXPECT_EQ(apply(Step::drain, document.members, self)[0].weight, 0);
  hold({{"a", 1, 0, ring::MemberState::draining}, other});
  facts.is_leaving = false;
  EXPECT_EQ(step(), Step::go);
  EXPECT_EQ(apply(Step::go, document.members, self), std::vector<ring::Member>{other});
  facts.done_through = 0;
  EXPECT_EQ(step(), Step::nothing) << "its users are still on the way";
  hold({{"a", 1, 1, ring::MemberState::up}});
  facts.is_leaving = true;
  EXPECT_EQ(step(), Step::nothing);
}

TEST_F(NextStep, who_was_drained_stays_also_in_a_new_life_and_goes_when_it_ends) {
  const ring::Member drained{"a", 1, 0, ring::MemberState::drained, 3};
  hold({drained, other});
  EXPECT_EQ(step(), Step::nothing) << "an operator wants it to stay";
  facts.is_leaving = true;
  EXPECT_EQ(step(), Step::go);
  facts.is_leaving = false;
  hold({{"a", 7, 0, ring::MemberState::drained, 3}, other});
  EXPECT_EQ(step(), Step::renew);
  EXPECT_EQ(apply(Step::renew, document.members, self)[0], drained);
}

TEST(Sightings, a_life_is_due_when_seen_again_a_heartbeat_later) {
  Sightings sightings;
  const std::set<Life> gone{{"a", 1}};
  sightings.see(start, gone);
  EXPECT_TRUE(sightings.due(start, Duration(1'000)).empty());
  EXPECT_EQ(sightings.next_due(Duration(1'000)), start + Duration(1'000));
  sightings.see(start + Duration(1'000), gone);
  EXPECT_EQ(sightings.due(start + Duration(1'000), Duration(1'000)), gone);
  sightings.see(start + Duration(1'500), {});
  sightings.see(start + Duration(2'000), gone);
  EXPECT_TRUE(sightings.due(start + Duration(2'000), Duration(1'000)).empty()) << "it was back in between";
}

}  // namespace
}  // namespace wscluster::registry
