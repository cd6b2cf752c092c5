// SPDX-License-Identifier: MIT
#include "topology/view_maker.hpp"

#include <gtest/gtest.h>

namespace wscluster::topology {
namespace {

ring::Member member(const std::string& name, std::uint64_t incarnation) {
  return {name, incarnation, 1, ring::MemberState::up};
}

registry::Snapshot snapshot_of(const ring::Document& document) {
  registry::Snapshot snapshot;
  snapshot.services["chat"].document = std::make_shared<const ring::Document>(document);
  for (const auto& m : document.members) {
    registry::MemberRecord record;
    record.registration.name = m.name;
    record.registration.incarnation = m.incarnation;
    record.registration.shards = 2;
    record.registration.link_address = "127.0.0.1:1";
    record.is_alive = true;
    snapshot.members.push_back(record);
  }
  return snapshot;
}

ring::Document first() {
  return *ring::first_document("chat", 7, 1, {member("a", 1), member("b", 2)});
}
ring::Document second(std::uint64_t done_through = 1) {
  return *ring::next_document(first(), {member("a", 1), member("b", 2), member("c", 3)}, "test", "add c", "",
                              done_through);
}

TEST(ViewMaker, peers_and_rings_come_from_the_snapshot) {
  ViewMaker maker;
  const auto view = maker.make(snapshot_of(second()));
  ASSERT_NE(view->service("chat"), nullptr);
  EXPECT_EQ(view->service("chat")->epoch(), 2U);
  EXPECT_NE(view->peer("c", 3), nullptr);
  EXPECT_EQ(view->peer("c", 4), nullptr);
  EXPECT_EQ(view->peer("a")->shards, 2U);
  EXPECT_EQ(view->service("game"), nullptr);
}

TEST(ViewMaker, P0_03_P0_07_a_ring_that_did_not_change_is_not_made_again) {
  ViewMaker maker;
  const auto before = maker.make(snapshot_of(second()));
  auto snapshot = snapshot_of(second());
  snapshot.members.pop_back();
  const auto after = maker.make(snapshot);
  EXPECT_EQ(before->service("chat"), after->service("chat"));
  EXPECT_EQ(after->peer("c"), nullptr);
}

TEST(ViewMaker, earlier_owners_are_asked_until_the_change_is_done_and_its_policy_stays_while_it_settles) {
  ViewMaker maker;
  auto snapshot = snapshot_of(second());
  registry::Change change;
  change.to_epoch = 2;
  change.policy.rate = 50;
  auto& service = snapshot.services["chat"];
  service.done_through = 1;
  service.running = {change};
  const auto moving = maker.make(snapshot);
  ASSERT_EQ(moving->service("chat")->open.size(), 1U);
  EXPECT_EQ(moving->service("chat")->open.front().epoch, 1U);
  service.done_through = 2;
  service.running.front().state = registry::ChangeState::settling;
  const auto settling = maker.make(snapshot);
  EXPECT_TRUE(settling->service("chat")->open.empty());
  ASSERT_NE(settling->service("chat")->policy_of(2), nullptr);
  EXPECT_EQ(settling->service("chat")->policy_of(2)->rate, 50);
  service.running.clear();
  EXPECT_EQ(maker.make(snapshot)->service("chat")->policy_of(2), nullptr);
}

TEST(ViewMaker, holders_see_once_from_whom_they_inherit_also_when_the_change_is_done_already) {
  ViewMaker maker;
  static_cast<void>(maker.make(snapshot_of(second())));
  const auto third = *ring::next_document(second(), {member("a", 1), member("b", 2)}, "test", "c is dead", "", 2);
  auto snapshot = snapshot_of(third);
  snapshot.services["chat"].done_through = 3;
  const auto seen = maker.make(snapshot);
  ASSERT_EQ(seen->service("chat")->open.size(), 1U);
  EXPECT_EQ(seen->service("chat")->open[0].epoch, 2U);
  EXPECT_TRUE(maker.make(snapshot)->service("chat")->open.empty());
}

TEST(ViewMaker, with_broadcast_a_node_has_itself_alone_on_the_ring) {
  ViewMaker gateway({"chat"}, std::nullopt);
  ViewMaker node({"chat"}, member("b", 2));
  const auto of_gateway = gateway.make(snapshot_of(second()));
  const auto of_node = node.make(snapshot_of(second()));
  EXPECT_EQ(of_gateway->service("chat")->ring.members().size(), 3U);
  ASSERT_EQ(of_node->service("chat")->ring.members().size(), 1U);
  EXPECT_EQ(of_node->service("chat")->ring.members()[0].name, "b");
  EXPECT_TRUE(of_node->service("chat")->has_member("c", 3)) << "the others are members all the same";
  EXPECT_TRUE(of_node->service("chat")->open.empty());
  EXPECT_EQ(node.make(snapshot_of(second()))->service("chat"), of_node->service("chat"));
}

}  // namespace
}  // namespace wscluster::topology
