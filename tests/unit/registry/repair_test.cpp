// SPDX-License-Identifier: MIT
// A repair: everybody follows the document that one process holds.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

class Repair : public testing::Test {
 protected:
  void put_into_redis(const ring::Document& document) {
    Store store(options);
    ASSERT_TRUE(store.connection().open());
    ASSERT_TRUE(store.connection().pipeline(
        {{"SET", store.keys().ring("chat"), ring::to_json(document)},
         {"HSET", store.keys().epochs(), "chat",
          std::to_string(document.epoch) + " " + document.digest + " " + to_hex(document.lineage)}}));
  }
  /// Epoch 2 as somebody else wrote it.
  static ring::Document fork_of(const ring::Document& one, std::vector<ring::Member> members) {
    return *ring::next_document(one, std::move(members), "test", "fork", "", 1);
  }
  RepairRequest request_for(Observed& from) {
    const auto held = from.document();
    return {"chat", from.self.name, from.self.incarnation, held->epoch, held->digest, "alice@here", 0, ""};
  }
  std::shared_ptr<const ring::Document> in_redis() {
    const auto snapshot = Directory(options).load();
    return snapshot ? snapshot->services.at("chat").document : nullptr;
  }

  Options options = fresh_options();
};

TEST_F(Repair, request_survives_json) {
  const RepairRequest request{"chat", "a", 0xfedcba9876543210, 7, "abc", "alice@here", 5, "no"};
  EXPECT_EQ(*parse_repair(to_json(request)), request);
  EXPECT_FALSE(parse_repair("[]"));
}

TEST_F(Repair, everybody_follows_the_document_of_the_one_that_was_named) {
  Observed a(options, node_named("a"));
  Registration gateway = node_named("g");
  gateway.role = Role::gateway;
  Observed g(options, gateway);
  a.start_linked();
  g.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  ASSERT_TRUE(wait_for_owners(g, "a"));
  const auto one = *a.document();
  // Redis went back and somebody wrote on: a holds one epoch 2, Redis and a late gateway another.
  const auto ours = fork_of(one, {up_member(a.self, 2)});
  const auto theirs = fork_of(one, {up_member(a.self), up_member(node_named("x"))});
  put_into_redis(theirs);
  ASSERT_TRUE(wait_for_owners(g, "a x"));
  ASSERT_TRUE(eventually([&] { return a.document()->epoch == 2; }));
  Registration late = node_named("b");
  late.is_standby = true;
  Observed b(options, late);
  put_into_redis(ours);
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(b, "a"));
  ASSERT_TRUE(eventually([&] { return !g.last()->alarms.empty() && !a.last()->alarms.empty(); })) << "frozen";
  EXPECT_EQ(*g.document(), theirs);

  Directory directory(options);
  ASSERT_TRUE(directory.ask_repair(request_for(g)));
  for (Observed* each : {&a, &b, &g})
    ASSERT_TRUE(eventually([&] { return each->document()->epoch == 3; }));
  EXPECT_EQ(b.owners(), "a x");
  const auto repaired = *a.document();
  EXPECT_EQ(repaired.epoch, 3U);
  EXPECT_EQ(repaired.repaired, 3U);
  EXPECT_EQ(repaired.changed_by, "alice@here");
  ASSERT_FALSE(repaired.open.empty());
  EXPECT_EQ(repaired.open.back().members, ours.members) << "who was there may still hold users";
  EXPECT_TRUE(
      eventually([&] { return a.last()->alarms.empty() && b.last()->alarms.empty() && g.last()->alarms.empty(); }));
  EXPECT_FALSE(directory.load_repair("chat")->has_value());
  EXPECT_EQ(directory.load_change("chat", 3)->action, Action::repair);
  EXPECT_EQ(a.left(), "");
}

TEST_F(Repair, who_followed_a_ring_of_another_origin_drops_everything) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  const auto ours = *a.document();
  Registration gateway = node_named("g");
  gateway.role = Role::gateway;
  Observed g(options, gateway);
  auto foreign = *ring::first_document("chat", 1, 77, {up_member(node_named("x"))});
  for (int i = 0; i < 4; ++i)
    foreign = next_of(foreign, foreign.members, foreign.epoch);
  put_into_redis(foreign);
  g.start_linked();
  ASSERT_TRUE(wait_for_owners(g, "x"));
  ASSERT_TRUE(eventually([&] { return !a.last()->alarms.empty(); }));
  ASSERT_TRUE(Directory(options).ask_repair(request_for(a)));
  ASSERT_TRUE(wait_for_owners(g, "a"));
  EXPECT_EQ(g.document()->epoch, 6U) << "above all that anybody has";
  EXPECT_EQ(g.document()->lineage, ours.lineage);
  EXPECT_EQ(g.left(), "chat dead") << "its seed was another one";
  EXPECT_TRUE(eventually([&] { return a.document()->epoch == 6 && a.last()->alarms.empty(); }));
  EXPECT_EQ(a.left(), "");
}

TEST_F(Repair, is_refused_when_the_process_holds_something_else_by_now) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  Directory directory(options);
  RepairRequest request = request_for(a);
  request.epoch = 9;
  ASSERT_TRUE(directory.ask_repair(request));
  ASSERT_TRUE(eventually([&] {
    const auto answer = directory.load_repair("chat");
    return answer && *answer && !(*answer)->answer.empty();
  }));
  EXPECT_EQ((*directory.load_repair("chat"))->answer, "a holds another document by now, epoch 1");
  EXPECT_EQ(in_redis()->epoch, 1U);
}

TEST_F(Repair, a_request_for_another_life_or_an_old_one_is_not_carried_out) {
  Observed a(options, node_named("a"));
  a.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a"));
  Directory directory(options);
  RepairRequest other = request_for(a);
  ++other.incarnation;
  ASSERT_TRUE(directory.ask_repair(other));
  let_pass(3 * options.heartbeat);
  RepairRequest old = request_for(a);
  old.asked_ms = 1;
  Store store(options);
  ASSERT_TRUE(store.connection().open());
  ASSERT_TRUE(store.answer_repair(old));
  ASSERT_TRUE(store.connection().command({"INCR", store.keys().generation()}));
  let_pass(3 * options.heartbeat);
  EXPECT_EQ(in_redis()->epoch, 1U);
  EXPECT_TRUE(directory.withdraw_repair("chat"));
  EXPECT_FALSE(directory.load_repair("chat")->has_value());
}

}  // namespace
}  // namespace wscluster::registry
