// SPDX-License-Identifier: MIT
#include "registry/agent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

ExitCode exit_of_start(Agent& agent) {
  try {
    agent.start();
  } catch (const Failure& failure) {
    EXPECT_STRNE(failure.what(), "");
    return failure.exit();
  }
  return ExitCode::ok;
}

/// Does what donors of a cluster do, so that changes become done.
void finish_changes(const Options& options) {
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  const auto running = store.load_running("chat");
  ASSERT_TRUE(running);
  for (const Change& change : *running) {
    for (const Donor& donor : change.donors_expected) {
      DonorProgress progress;
      progress.done = true;
      ASSERT_TRUE(store.progress("chat", {{change.to_epoch, "donor:" + donor.name, to_json(progress)}}));
    }
  }
}

TEST(Agent, three_that_start_together_end_in_one_ring) {
  const Options options = fresh_options();
  std::vector<std::unique_ptr<Observed>> nodes;
  for (const char* name : {"a", "b", "c"}) {
    nodes.push_back(std::make_unique<Observed>(options, node_named(name)));
    nodes.back()->start_linked();
  }
  for (auto& node : nodes)
    ASSERT_TRUE(wait_for_owners(*node, "a b c"));
  EXPECT_TRUE(eventually([&] {
    return nodes[0]->document()->digest == nodes[1]->document()->digest &&
           nodes[1]->document()->digest == nodes[2]->document()->digest;
  }));
  EXPECT_EQ(nodes[0]->document()->lineage, nodes[2]->document()->lineage);
  EXPECT_EQ(nodes[0]->document()->epoch, 3U);
  EXPECT_EQ(nodes[0]->last()->members.size(), 3U);
  EXPECT_TRUE(nodes[0]->last()->alarms.empty());
  EXPECT_FALSE(nodes[0]->agent.is_suspended(Clock::now()));
}

TEST(Agent, enters_the_ring_only_when_linked_and_a_standby_or_gateway_not_at_all) {
  const Options options = fresh_options();
  Observed first(options, node_named("a"));
  first.start_linked();
  ASSERT_TRUE(wait_for_owners(first, "a"));
  Registration standby = node_named("s");
  standby.is_standby = true;
  Registration gateway = node_named("g");
  gateway.role = Role::gateway;
  Observed waiting(options, standby);
  Observed edge(options, gateway);
  Observed unlinked(options, node_named("u"));
  waiting.start_linked();
  edge.start_linked();
  unlinked.agent.start();
  ASSERT_TRUE(eventually([&] { return first.last()->members.size() == 4; }));
  Observed second(options, node_named("b"));
  second.start_linked();
  ASSERT_TRUE(wait_for_owners(edge, "a b"));
  unlinked.agent.set_linked(true);
  ASSERT_TRUE(wait_for_owners(edge, "a b u"));
}

TEST(Agent, one_that_dies_is_removed_within_the_printed_bound) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  Observed c(options, node_named("c"));
  for (Observed* node : {&a, &b, &c})
    node->start_linked();
  for (Observed* node : {&a, &b, &c})
    ASSERT_TRUE(wait_for_owners(*node, "a b c"));
  const auto before = a.document()->epoch;
  ASSERT_TRUE(eventually([&] { return have_stored_newest_epoch(options); }));
  c.agent.abandon();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  EXPECT_EQ(a.document()->epoch, before + 1) << "one removal, by whoever was first";
  const auto change = Directory(options).load_change("chat", before + 1);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->action, Action::dead);
  EXPECT_EQ(change->node, "c");
}

TEST(Agent, who_comes_back_from_a_long_sleep_learns_that_it_was_removed) {
  const Options options = fresh_options();
  Registration slow = node_named("c");
  slow.cores = 1;
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  Observed c(options, slow);
  a.start_linked();
  b.start_linked();
  c.start_linked();
  // Its core ticks until the ring is complete, then hangs, so that the lease is not renewed.
  ASSERT_TRUE(eventually([&] {
    c.agent.core_ticked(0);
    return a.owners() == "a b c" && c.owners() == "a b c" && have_stored_newest_epoch(options);
  }));
  ASSERT_TRUE(eventually([&] { return c.agent.is_suspended(Clock::now()); }));
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(eventually([&] { return c.left() == "chat dead"; }));
  EXPECT_TRUE(c.agent.is_suspended(Clock::now())) << "its cores hold users until the process ends";
  EXPECT_TRUE(wait_for_owners(c, "a b")) << "and it does not join again under the same incarnation";
}

TEST(Agent, nobody_is_removed_while_more_than_half_are_gone) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  auto b = std::make_unique<Observed>(options, node_named("b"));
  auto c = std::make_unique<Observed>(options, node_named("c"));
  a.start_linked();
  b->start_linked();
  c->start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b c"));
  ASSERT_TRUE(wait_for_owners(*b, "a b c"));
  ASSERT_TRUE(wait_for_owners(*c, "a b c"));
  const auto epoch = a.document()->epoch;
  b->agent.abandon();
  c->agent.abandon();
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  // Both leases have ended for longer than detection takes.
  ASSERT_TRUE(eventually([&] {
    const auto contents = store.load();
    return contents && contents->lives.size() == 1 && contents->members[1].silence > worst_case_detection(options);
  }));
  EXPECT_EQ(a.document()->epoch, epoch);
  // What comes back does so in a new life; nobody had to be removed for it.
  Observed b2(options, node_named("b"));
  Observed c2(options, node_named("c"));
  b2.start_linked();
  c2.start_linked();
  EXPECT_TRUE(eventually([&] {
    const auto held = a.document();
    return held->members.size() == 3 && held->members[1].incarnation == b2.self.incarnation &&
           held->members[2].incarnation == c2.self.incarnation;
  }));
}

TEST(Agent, a_restart_is_a_new_epoch_with_the_new_incarnation) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  a.start_linked();
  auto b = std::make_unique<Observed>(options, node_named("b"));
  b->start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  b->agent.abandon();
  Observed reborn(options, node_named("b"));
  reborn.start_linked();
  EXPECT_TRUE(eventually([&] {
    const auto held = a.document();
    return held->members.size() == 2 && held->members[1].incarnation == reborn.self.incarnation;
  }));
}

TEST(Agent, a_second_holder_of_a_live_name_is_refused) {
  const Options options = fresh_options();
  Observed first(options, node_named("a"));
  first.agent.start();
  Observed second(options, node_named("a"));
  EXPECT_EQ(exit_of_start(second.agent), ExitCode::temp_fail);
}

TEST(Agent, starting_without_redis_ends_as_unavailable_and_a_late_redis_is_waited_for) {
  RedisServer server;
  Options options = fresh_options();
  options.url = server.url();
  server.kill();
  Observed refused(options, node_named("a"));
  EXPECT_EQ(exit_of_start(refused.agent), ExitCode::unavailable);
  options.wait_at_start = Duration(10'000);
  Observed waiting(options, node_named("a"));
  // The server belongs to the thread that starts it.
  ExitCode exit = ExitCode::software;
  std::thread starting([&] { exit = exit_of_start(waiting.agent); });
  server.start();
  starting.join();
  EXPECT_EQ(exit, ExitCode::ok);
}

TEST(Agent, contradictory_options_and_wrong_passwords_are_told_at_start) {
  Options options = fresh_options();
  options.lease = options.heartbeat;
  Observed contradictory(options, node_named("a"));
  EXPECT_EQ(exit_of_start(contradictory.agent), ExitCode::config);
  options = fresh_options();
  options.password = "wrong";
  Observed stranger(options, node_named("a"));
  EXPECT_EQ(exit_of_start(stranger.agent), ExitCode::no_permission);
}

TEST(Agent, leaves_with_weight_0_first_and_goes_when_the_donors_are_done) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  finish_changes(options);
  ChangePolicy policy;
  policy.rate = 250;
  b.agent.leave(policy);
  ASSERT_TRUE(wait_for_owners(a, "a"));
  EXPECT_EQ(a.document()->members.size(), 2U) << "it stays in the document until it is empty";
  ASSERT_TRUE(eventually([&] {
    const std::vector<Change> running = a.state().running;
    return !running.empty() && running.back().action == Action::leave && running.back().policy == policy;
  }));
  DonorProgress progress;
  progress.planned = progress.moved = 3;
  progress.done = true;
  b.agent.report_donor("chat", a.document()->epoch, progress);
  EXPECT_TRUE(eventually([&] { return a.document()->members.size() == 1; }));
  EXPECT_TRUE(eventually([&] { return b.left() == "chat planned"; }));
  b.agent.stop();
  EXPECT_TRUE(eventually([&] { return a.last()->members.size() == 1; })) << "the lease was given back";
}

TEST(Agent, the_last_one_stays_in_the_ring) {
  const Options options = fresh_options();
  auto a = std::make_unique<Observed>(options, node_named("a"));
  a->start_linked();
  ASSERT_TRUE(wait_for_owners(*a, "a"));
  a->agent.leave({});
  a.reset();
  Observed again(options, node_named("a"));
  again.start_linked();
  EXPECT_TRUE(eventually([&] {
    const auto held = again.document();
    return held && held->epoch == 2 && held->members[0].incarnation == again.self.incarnation;
  }));
}

TEST(Agent, counters_reach_the_change_and_everybody_sees_it_done) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  ASSERT_TRUE(start_in_turn(a, b));
  DonorProgress donor;
  donor.planned = donor.closed = 5;
  donor.done = true;
  a.agent.report_donor("chat", 2, donor);
  ReceiverProgress receiver;
  receiver.returned = 5;
  receiver.gaps.add(0.2);
  b.agent.report_receiver("chat", 2, receiver);
  EXPECT_TRUE(eventually([&] {
    const ServiceState state = b.state();
    return state.done_through == 2 && state.running.empty();
  }));
  const auto change = Directory(options).load_change("chat", 2);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->state, ChangeState::done);
  EXPECT_EQ(change->donors.at("a"), donor);
  EXPECT_EQ(change->receivers.at("b"), receiver);
}

TEST(Agent, what_cores_count_that_forget_a_final_change_is_not_written) {
  const Options options = fresh_options();
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  ASSERT_TRUE(start_in_turn(a, b));
  DonorProgress all;
  all.planned = all.moved = 5;
  all.done = true;
  a.agent.report_donor("chat", 2, all);
  ASSERT_TRUE(eventually([&] { return a.state().done_through == 2 && a.state().running.empty(); }));
  DonorProgress rest;
  rest.planned = rest.moved = 2;
  a.agent.report_donor("chat", 2, rest);
  // Reports are written in their order, so this one comes behind it.
  ReceiverProgress receiver;
  receiver.returned = 1;
  a.agent.report_receiver("chat", 2, receiver);
  Directory directory(options);
  ASSERT_TRUE(eventually([&] { return directory.load_change("chat", 2)->receivers.contains("a"); }));
  EXPECT_EQ(directory.load_change("chat", 2)->donors.at("a"), all);
}

TEST(Agent, two_services_are_two_rings) {
  const Options options = fresh_options();
  Registration both = node_named("a");
  both.services = {"chat", "news"};
  Observed a(options, both);
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  ASSERT_TRUE(eventually([&] { return b.last()->services.contains("news"); }));
  const auto news = b.last()->services.at("news").document;
  EXPECT_EQ(news->members.size(), 1U);
  EXPECT_NE(news->lineage, b.document()->lineage);
}

}  // namespace
}  // namespace wscluster::registry
