// SPDX-License-Identifier: MIT
// Agents beside a Redis that was emptied or went back: the ring stays, and comes back.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

class AgentPutBack : public testing::Test {
 protected:
  AgentPutBack() : options(fresh_options()) { options.url = server.url(); }

  void flush() {
    Connection connection(options);
    ASSERT_TRUE(connection.open());
    ASSERT_TRUE(connection.command({"FLUSHALL"}));
  }
  bool redis_has(const ring::Document& document) {
    const auto snapshot = Directory(options).load();
    if (!snapshot || !snapshot->services.contains("chat")) return false;
    const auto held = snapshot->services.at("chat").document;
    return held && *held == document;
  }
  /// What a failover to a replica that was behind, or a start from an older snapshot, leaves.
  void roll_back_to(const ring::Document& document) {
    Store store(options);
    ASSERT_TRUE(store.connection().open());
    ASSERT_TRUE(store.connection().pipeline(
        {{"SET", store.keys().ring("chat"), ring::to_json(document)},
         {"HSET", store.keys().epochs(), "chat",
          std::to_string(document.epoch) + " " + document.digest + " " + to_hex(document.lineage)}}));
  }

  RedisServer server;
  Options options;
};

TEST_F(AgentPutBack, a_redis_that_lost_its_data_gets_the_ring_back) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const auto held = *a.document();
  server.kill();
  ASSERT_TRUE(eventually([&] { return !a.last()->redis_up; }));
  EXPECT_EQ(*a.document(), held) << "the last good one is kept";
  server.start();
  ASSERT_TRUE(eventually([&] { return redis_has(held); }));
  ASSERT_TRUE(eventually([&] { return a.last()->redis_up && a.last()->alarms.empty(); }));
  EXPECT_TRUE(eventually([&] { return a.last()->put_backs + b.last()->put_backs >= 1; })) << "whoever it was tells it";
  let_pass(3 * options.lease);
  EXPECT_EQ(*a.document(), held) << "nobody was removed, nothing was changed";
  EXPECT_TRUE(a.never_went_back());
  EXPECT_TRUE(b.never_went_back());
}

TEST_F(AgentPutBack, a_flush_and_a_newcomer_at_once_do_not_make_a_second_lineage) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const auto held = *a.document();
  flush();  // on the connections that are up
  Observed c(options, node_named("c"));
  c.start_linked();
  ASSERT_TRUE(wait_for_owners(c, "a b c"));
  EXPECT_EQ(c.document()->lineage, held.lineage);
  EXPECT_EQ(c.document()->epoch, held.epoch + 1);
  ASSERT_TRUE(wait_for_owners(a, "a b c"));
}

TEST_F(AgentPutBack, a_flush_while_only_a_gateway_holds_the_ring) {
  Registration gateway = node_named("g");
  gateway.role = Role::gateway;
  Observed g(options, gateway);
  std::uint64_t lineage = 0;
  {
    Observed a(options, node_named("a"));
    a.start_linked();
    ASSERT_TRUE(wait_for_owners(a, "a"));
    g.start_linked();
    ASSERT_TRUE(wait_for_owners(g, "a"));
    lineage = a.document()->lineage;
    a.agent.abandon();
  }
  flush();
  Observed c(options, node_named("c"));
  c.start_linked();
  ASSERT_TRUE(wait_for_owners(c, "a c")) << "it enters the ring that the gateway put back";
  EXPECT_EQ(c.document()->lineage, lineage);
}

TEST_F(AgentPutBack, P0_02_an_older_epoch_is_replaced_by_the_newer_one_that_is_held) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  const auto one = *a.document();
  const auto two = next_of(one, {up_member(a.self, 2)}, 1);
  ASSERT_TRUE(Directory(options).commit(&one, two, Action::weight, "a", {}, "test"));
  ASSERT_TRUE(eventually([&] { return a.document()->epoch == 2; }));
  roll_back_to(one);
  ASSERT_TRUE(eventually([&] { return redis_has(two); }));
  EXPECT_TRUE(a.never_went_back());
  EXPECT_TRUE(eventually([&] { return a.last()->alarms.empty(); }));
}

TEST_F(AgentPutBack, for_two_leases_after_a_flush_nobody_changes_the_ring_by_itself) {
  options.lease = Duration(1'000);
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  Observed b(options, node_named("b"));
  b.agent.start();  // not linked: waits
  ASSERT_TRUE(eventually([&] { return b.document() != nullptr; }));
  const TimePoint from = Clock::now();
  flush();
  ASSERT_TRUE(eventually([&] { return a.last()->put_backs + b.last()->put_backs > 0; }));
  b.agent.set_linked(true);
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  EXPECT_GE(Clock::now() - from, 2 * options.lease);
}

TEST_F(AgentPutBack, who_did_not_see_the_flush_waits_as_well) {
  options.lease = Duration(1'000);
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  const TimePoint from = Clock::now();
  flush();
  ASSERT_TRUE(eventually([&] { return a.last()->put_backs > 0; }));
  Observed b(options, node_named("b"));
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  EXPECT_GE(Clock::now() - from, 2 * options.lease);
}

TEST_F(AgentPutBack, counters_that_redis_lost_are_written_again) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  ASSERT_TRUE(start_in_turn(a, b));
  const std::uint64_t epoch = a.document()->epoch;
  const DonorProgress progress{7, 0, 5, 1, 0, false, 0.25};
  a.agent.report_donor("chat", epoch, progress);
  const auto closed = [&] {
    const auto change = Directory(options).load_change("chat", epoch);
    return change ? change->donor_total().closed : 0;
  };
  ASSERT_TRUE(eventually([&] { return closed() == 5; }));
  // Put back by somebody who knows nothing of them.
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  ASSERT_TRUE(store.connection().pipeline(
      {{"HDEL", store.keys().change("chat", epoch), "donor:a"}, {"INCR", store.keys().prefix() + "generation"}}));
  EXPECT_TRUE(eventually([&] { return closed() == 5; }));
}

TEST_F(AgentPutBack, a_change_that_was_done_is_told_as_done_again) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  ASSERT_TRUE(start_in_turn(a, b));
  DonorProgress progress;
  progress.done = true;
  a.agent.report_donor("chat", 2, progress);
  const auto is_final = [&] { return a.state().done_through == 2 && a.state().running.empty(); };
  ASSERT_TRUE(eventually(is_final));
  // Put back by somebody who had the document from a peer and has read nothing of the change.
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  const std::string change = store.keys().change("chat", 2);
  ASSERT_TRUE(store.connection().pipeline({{"HDEL", change, "donor:a", "finished", "settling"},
                                           {"HSET", change, "state", "evicting"},
                                           {"SADD", store.keys().prefix() + "running:chat", "2"},
                                           {"HSET", store.keys().prefix() + "done", "chat", "1"},
                                           {"INCR", store.keys().prefix() + "generation"}}));
  ASSERT_TRUE(eventually([&] { return !is_final(); }));
  EXPECT_TRUE(eventually(is_final));
}

TEST_F(AgentPutBack, P0_02_a_fork_freezes_on_the_last_good_one_with_an_alarm_that_others_can_read) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  const auto held = *a.document();
  auto other = *ring::next_document(*a.document(), {up_member(a.self)}, "test", "fork", "", 0);
  other.epoch = held.epoch;
  other.predecessor = held.predecessor;
  other.open.clear();
  other.digest = ring::digest_of(other);
  roll_back_to(other);
  ASSERT_TRUE(eventually([&] { return !a.last()->alarms.empty() && !b.last()->alarms.empty(); }));
  EXPECT_EQ(a.last()->alarm_counts[static_cast<std::size_t>(AlarmKind::fork)], 1U) << a.last()->alarms[0];
  EXPECT_NE(a.last()->alarms[0].find("ring repair"), std::string::npos);
  EXPECT_TRUE(eventually([&] {
    const auto snapshot = Directory(options).load();
    return snapshot && !snapshot->members.at(0).stats.alarms.empty();
  }));
  let_pass(3 * options.lease);
  EXPECT_EQ(*a.document(), held);
  EXPECT_TRUE(redis_has(other));
}

TEST_F(AgentPutBack, P0_02_a_ring_of_another_origin_is_not_adopted) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  const auto held = *a.document();
  roll_back_to(*ring::first_document("chat", 1, 77, {up_member(node_named("x"))}));
  ASSERT_TRUE(eventually([&] { return a.last()->alarm_counts[static_cast<std::size_t>(AlarmKind::lineage)] == 1; }));
  EXPECT_EQ(*a.document(), held);
  EXPECT_EQ(a.left(), "");
}

}  // namespace
}  // namespace wscluster::registry
