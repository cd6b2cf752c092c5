// SPDX-License-Identifier: MIT
// Store::put_back: what the script decides and what it restores.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "redis_server.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {
namespace {

class PutBack : public testing::Test {
 protected:
  PutBack() : options(fresh_options()), store(options) {
    EXPECT_TRUE(store.connection().open());
    one = write_first(store, {a, b});
    two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
    EXPECT_TRUE(commit(one, two));
  }
  bool commit(const ring::Document& from, const ring::Document& to) {
    const auto outcome = store.commit(&from, to, describe_change(&from, to, Action::add, "c", policy, "test"));
    return outcome && outcome->is_written();
  }
  /// As a process knows it that has just read everything.
  Heritage known(const ring::Document& document) {
    Heritage heritage;
    heritage.history = *store.load_history_entries("chat", 1, document.epoch);
    heritage.done_through = store.load()->done["chat"];
    heritage.running = *store.load_running("chat");
    heritage.read_through = document.epoch;
    return heritage;
  }
  void flush() {
    for (const std::string& key : keys_here())
      ASSERT_TRUE(store.connection().command({"DEL", key}));
  }
  std::vector<std::string> keys_here() {
    std::vector<std::string> keys;
    const auto found = store.connection().command({"KEYS", "*" + options.cluster + "*"});
    for (const Reply& key : found->list)
      keys.push_back(key.text);
    return keys;
  }
  /// As an older snapshot or a stale replica would have it.
  void roll_back() {
    ASSERT_TRUE(store.connection().pipeline(
        {{"SET", store.keys().ring("chat"), ring::to_json(one)},
         {"HSET", store.keys().epochs(), "chat", "1 " + one.digest + " " + to_hex(one.lineage)},
         {"HDEL", store.keys().history("chat"), "2"},
         {"DEL", store.keys().change("chat", 2)},
         {"SREM", store.keys().running("chat"), "2"},
         {"LREM", store.keys().changes("chat"), "0", "2"}}));
  }
  PutBackOutcome put(const ring::Document& document, const Heritage& heritage) {
    const auto outcome = store.put_back(document, heritage);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : PutBackOutcome{};
  }
  std::string head() { return store.connection().command({"HGET", store.keys().epochs(), "chat"})->text; }

  Options options;
  Store store;
  Registration a = node_named("a");
  Registration b = node_named("b");
  Registration c = node_named("c");
  ChangePolicy policy;
  ring::Document one;
  ring::Document two;
};

TEST_F(PutBack, after_a_flush_everything_that_belongs_to_the_document_comes_back) {
  ASSERT_TRUE(store.progress("chat", {{2, "donor:a", to_json(DonorProgress{9, 0, 4, 0, 0, false, 1})}}));
  const Heritage heritage = known(two);
  const auto generation = store.connection().command({"GET", store.keys().prefix() + "generation"})->number();
  ASSERT_EQ(heritage.running.size(), 1U);
  flush();
  const auto outcome = put(two, heritage);
  EXPECT_EQ(outcome.kind, PutBackOutcome::Kind::restored);
  EXPECT_EQ(outcome.epoch, 0U);
  EXPECT_EQ(*store.load_document("chat"), two);
  EXPECT_EQ(*store.load_history_entries("chat", 1, 2), heritage.history);
  auto running = *store.load_running("chat");
  ASSERT_EQ(running.size(), 1U);
  running[0].started_at = heritage.running[0].started_at;
  EXPECT_EQ(running, heritage.running) << "with its policy, donors and counters";
  EXPECT_EQ(store.load()->done["chat"], 1U);
  EXPECT_GT(store.connection().command({"GET", store.keys().prefix() + "generation"})->number(), generation);
  EXPECT_EQ(store.connection().command({"LRANGE", store.keys().changes("chat"), "0", "-1"})->at(0).text, "2");
  // And the change goes on: both donors done, nobody was closed who has not returned.
  for (const char* donor : {"donor:a", "donor:b"})
    ASSERT_TRUE(store.progress("chat", {{2, donor, to_json(DonorProgress{9, 0, 0, 9, 0, true, 1})}}));
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::done);
  EXPECT_EQ(store.load()->done["chat"], 2U);
  EXPECT_TRUE(commit(two, next_of(two, {up_member(a), up_member(b)}, 2))) << "and the next epoch follows it";
}

TEST_F(PutBack, members_get_a_lease_because_theirs_was_lost_and_they_still_count_on_it) {
  const Heritage heritage = known(two);
  flush();
  ASSERT_TRUE(store.heartbeat(b, to_json(b), {}, 0));
  put(two, heritage);
  auto lives = store.load()->lives;
  EXPECT_EQ(lives["a"], a.incarnation);
  EXPECT_EQ(lives["b"], b.incarnation);
  const auto next = next_of(two, {up_member(b), up_member(c)}, 1);
  EXPECT_EQ(store.remove_dead(two, next, describe_change(&two, next, Action::dead, "a", {}, "b"))->kind,
            CommitOutcome::Kind::alive);
}

TEST_F(PutBack, an_older_epoch_is_replaced_and_changes_that_were_final_do_not_run_again) {
  for (const char* donor : {"donor:a", "donor:b"})
    ASSERT_TRUE(store.progress("chat", {{2, donor, to_json(DonorProgress{0, 0, 0, 0, 0, true, 1})}}));
  const auto three = next_of(two, {up_member(a), up_member(b), up_member(c, 0)}, 2);
  ASSERT_TRUE(commit(two, three));
  const Heritage heritage = known(three);
  ASSERT_EQ(heritage.running.size(), 1U) << "only 2 -> 3";
  // Back to where 1 -> 2 was running.
  ASSERT_TRUE(store.connection().pipeline(
      {{"SET", store.keys().ring("chat"), ring::to_json(two)},
       {"HSET", store.keys().epochs(), "chat", "2 " + two.digest + " " + to_hex(two.lineage)},
       {"HDEL", store.keys().history("chat"), "3"},
       {"HSET", store.keys().done(), "chat", "1"},
       {"DEL", store.keys().change("chat", 3)},
       {"SREM", store.keys().running("chat"), "3"},
       {"SADD", store.keys().running("chat"), "2"},
       {"HSET", store.keys().change("chat", 2), "state", "evicting"}}));
  const auto outcome = put(three, heritage);
  EXPECT_EQ(outcome.kind, PutBackOutcome::Kind::restored);
  EXPECT_EQ(outcome.epoch, 2U);
  EXPECT_EQ(*store.load_document("chat"), three);
  const auto running = *store.load_running("chat");
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running[0].to_epoch, 3U);
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::done);
  EXPECT_EQ(store.load()->done["chat"], 2U);
}

TEST_F(PutBack, twice_is_once_and_an_older_one_is_never_put_over_a_newer) {
  const Heritage heritage = known(two);
  EXPECT_EQ(put(two, heritage).kind, PutBackOutcome::Kind::same);
  EXPECT_EQ(put(one, heritage).kind, PutBackOutcome::Kind::newer);
  EXPECT_EQ(*store.load_document("chat"), two);
}

TEST_F(PutBack, never_over_a_fork) {
  const Heritage heritage = known(two);
  const auto three = next_of(two, {up_member(a), up_member(b), up_member(c)}, 1);
  roll_back();
  const auto other_two = next_of(one, {up_member(a)}, 1);
  ASSERT_TRUE(commit(one, other_two));
  EXPECT_EQ(put(two, heritage).kind, PutBackOutcome::Kind::fork) << "the same epoch";
  EXPECT_EQ(put(three, heritage).kind, PutBackOutcome::Kind::fork) << "an older one that is not its ancestor";
  EXPECT_EQ(head(), "2 " + other_two.digest + " " + to_hex(one.lineage));
}

TEST_F(PutBack, never_over_another_lineage) {
  const Heritage heritage = known(two);
  flush();
  const auto foreign = write_first(store, {c});
  EXPECT_EQ(put(two, heritage).kind, PutBackOutcome::Kind::lineage);
  EXPECT_EQ(*store.load_document("chat"), foreign);
}

TEST_F(PutBack, a_repaired_document_is_put_back_over_what_it_replaced) {
  flush();
  const auto foreign = write_first(store, {c});
  const auto repaired = *ring::repaired_document(two, &foreign, 3, "test", "", "");
  Heritage heritage;
  heritage.history[3] = history_entry(repaired);
  EXPECT_EQ(put(repaired, heritage).kind, PutBackOutcome::Kind::restored);
  EXPECT_EQ(*store.load_document("chat"), repaired);
}

TEST_F(PutBack, nobody_writes_an_epoch_while_a_living_process_has_adopted_a_newer_one) {
  MemberStats stats;
  stats.services["chat"].adopted = 2;
  ASSERT_TRUE(store.heartbeat(b, to_json(b), stats, 0));
  roll_back();
  const auto other_two = next_of(one, {up_member(a)}, 1);
  const auto change = describe_change(&one, other_two, Action::remove, "b", {}, "test");
  auto outcome = store.commit(&one, other_two, change);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, CommitOutcome::Kind::behind);
  EXPECT_NE(outcome->text.find("b has adopted epoch 2"), std::string::npos) << outcome->text;
  // Nor a ring of another origin on an empty Redis.
  flush();
  ASSERT_TRUE(store.heartbeat(b, to_json(b), stats, 0));
  const auto foreign = *ring::first_document("chat", 1, 77, {up_member(c)});
  outcome = store.commit(nullptr, foreign, describe_change(nullptr, foreign, Action::join, "c", {}, "c"), "c");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, CommitOutcome::Kind::behind);
}

}  // namespace
}  // namespace wscluster::registry
