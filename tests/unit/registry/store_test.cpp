// SPDX-License-Identifier: MIT
#include "registry/store.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "redis_server.hpp"

namespace wscluster::registry {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() : options(fresh_options()), store(options) {}
  void SetUp() override {
    const auto opened = store.connection().open();
    ASSERT_TRUE(opened) << opened.error().message;
  }

  Beat beat(const Registration& node, std::uint64_t adopted = 0) {
    MemberStats stats;
    stats.services["chat"].adopted = adopted;
    const auto result = store.heartbeat(node, to_json(node), stats, 0);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Beat();
  }
  // As if its last heartbeat had been so long before the end of the lease.
  void end_lease(const Registration& node, Duration ago) {
    const auto time = store.connection().command({"TIME"});
    const auto ms = time->at(0).number() * 1000 + time->at(1).number() / 1000 - static_cast<std::uint64_t>(ago.count());
    ASSERT_TRUE(store.connection().command({"ZADD", store.keys().leases(), std::to_string(ms), node.name}));
  }
  CommitOutcome commit(const ring::Document* from, const ring::Document& to, ChangePolicy policy = {},
                       const std::string& joiner = {}) {
    const auto outcome =
        store.commit(from, to, describe_change(from, to, Action::add, "x", std::move(policy), "test"), joiner);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : CommitOutcome{CommitOutcome::Kind::wrong, {}, "error"};
  }
  CommitOutcome remove(const ring::Document& from, const ring::Document& to) {
    const auto outcome = store.remove_dead(from, to, describe_change(&from, to, Action::dead, "x", {}, "test"));
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : CommitOutcome{CommitOutcome::Kind::wrong, {}, "error"};
  }
  std::uint64_t report(std::uint64_t epoch, const std::string& name, const DonorProgress& progress) {
    return store.progress("chat", {{epoch, "donor:" + name, to_json(progress)}}).value();
  }

  Options options;
  Store store;
  Registration a = node_named("a");
  Registration b = node_named("b");
  Registration c = node_named("c");
};

TEST_F(StoreTest, a_heartbeat_answers_time_generation_epochs_and_ended_leases) {
  const Beat first = beat(a);
  EXPECT_EQ(first.outcome, Beat::Outcome::renewed);
  EXPECT_GT(first.redis_ms, 1'600'000'000'000U);
  EXPECT_GT(first.generation, 0U);
  EXPECT_TRUE(beat(a).shows_same_as(first)) << "an ordinary renewal is no news";
  EXPECT_GT(beat(b).generation, first.generation);
  write_first(store, {a, b});
  end_lease(b, Duration(1));
  const Beat later = beat(a);
  EXPECT_EQ(later.heads.at("chat").epoch, 1U);
  EXPECT_EQ(later.done.at("chat"), 1U);
  EXPECT_EQ(later.expired, std::vector<std::string>{"b"});
}

TEST_F(StoreTest, a_live_name_is_refused_to_another_life_until_its_lease_ends) {
  beat(a);
  const Registration impostor = node_named("a");
  const Beat refused = beat(impostor);
  EXPECT_EQ(refused.outcome, Beat::Outcome::conflict);
  EXPECT_EQ(refused.holder, to_hex(a.incarnation));
  EXPECT_GT(refused.holder_left, Duration(0));
  EXPECT_LE(refused.holder_left, options.lease);
  end_lease(a, Duration(1));
  EXPECT_EQ(beat(impostor).outcome, Beat::Outcome::renewed);
  EXPECT_EQ(beat(a).outcome, Beat::Outcome::conflict) << "and now the other way round";
}

TEST_F(StoreTest, a_renewal_that_was_delivered_too_late_has_no_effect) {
  const Beat first = beat(a);
  const auto late = store.heartbeat(a, to_json(a), {}, first.redis_ms - 1);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->outcome, Beat::Outcome::late);
  EXPECT_GE(late->redis_ms, first.redis_ms);
  EXPECT_EQ(store.heartbeat(a, to_json(a), {}, first.redis_ms + 60'000)->outcome, Beat::Outcome::renewed);
}

TEST_F(StoreTest, leaving_forgets_everything_about_the_process) {
  beat(a);
  const Beat before = beat(b);
  Registration impostor = node_named("a");
  ASSERT_TRUE(store.leave(impostor));
  EXPECT_EQ(store.load()->members.size(), 2U) << "another life cannot give our lease back";
  ASSERT_TRUE(store.leave(a));
  EXPECT_EQ(store.load()->members.size(), 1U);
  EXPECT_GT(beat(b).generation, before.generation);
}

TEST_F(StoreTest, load_shows_processes_with_their_condition) {
  beat(a, 3);
  beat(b);
  end_lease(b, Duration(5'000));
  ASSERT_TRUE(store.connection().command({"HSET", store.keys().members(), "broken", "{"}));
  const auto contents = store.load();
  ASSERT_TRUE(contents);
  ASSERT_EQ(contents->members.size(), 2U);
  EXPECT_EQ(contents->members[0].registration, a);
  EXPECT_EQ(contents->members[0].stats.services.at("chat").adopted, 3U);
  EXPECT_TRUE(contents->members[0].is_alive);
  EXPECT_FALSE(contents->members[1].is_alive);
  EXPECT_GE(contents->members[1].silence, Duration(5'000));
  EXPECT_EQ(contents->lives, (std::map<std::string, std::uint64_t>{{"a", a.incarnation}}));
  EXPECT_EQ(contents->unreadable.size(), 1U);
}

TEST_F(StoreTest, documents_change_only_by_compare_and_set) {
  const auto one = write_first(store, {a});
  const auto two = next_of(one, {up_member(a), up_member(b)}, 1);
  const auto other_two = next_of(one, {up_member(a), up_member(c)}, 1);
  EXPECT_EQ(commit(nullptr, one).kind, CommitOutcome::Kind::conflict) << "there is a document already";
  EXPECT_TRUE(commit(&one, two).is_written());
  EXPECT_EQ(commit(&one, other_two).kind, CommitOutcome::Kind::conflict);
  EXPECT_EQ(commit(&other_two, next_of(other_two, {up_member(a)}, 1)).kind, CommitOutcome::Kind::conflict)
      << "same epoch, other digest";
  EXPECT_EQ(*store.load_document("chat"), two);
  EXPECT_EQ(store.load()->heads.at("chat").digest, two.digest);
}

TEST_F(StoreTest, a_foreign_document_is_not_written) {
  const auto one = write_first(store, {a});
  auto foreign = next_of(one, {up_member(a), up_member(b)}, 1);
  foreign.lineage ^= 1;
  EXPECT_EQ(commit(&one, foreign).kind, CommitOutcome::Kind::lineage);
  auto skipped = next_of(next_of(one, {up_member(a)}, 1), {up_member(a)}, 1);
  EXPECT_EQ(commit(&one, skipped).kind, CommitOutcome::Kind::wrong);
}

TEST_F(StoreTest, too_many_open_changes_are_refused_and_a_dead_donor_can_still_be_removed) {
  auto last = write_first(store, {a, b, c});
  for (const auto& node : {a, b, c})
    beat(node, 1);
  for (std::size_t i = 0; i < max_planned_open; ++i) {
    const auto next = next_of(last, {up_member(a, i % 2 == 0 ? 2 : 1), up_member(b), up_member(c)}, 1);
    ASSERT_TRUE(commit(&last, next).is_written()) << i;
    last = next;
  }
  const auto one_more = next_of(last, {up_member(a, 3), up_member(b), up_member(c)}, 1);
  EXPECT_EQ(commit(&last, one_more).kind, CommitOutcome::Kind::limit);
  end_lease(c, Duration(60'000));
  EXPECT_TRUE(remove(last, next_of(last, {up_member(a), up_member(b)}, 1)).is_written());
}

TEST_F(StoreTest, a_change_goes_from_evicting_over_settling_to_done) {
  const auto one = write_first(store, {a, b});
  const auto two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  EXPECT_EQ(store.load_running("chat")->size(), 1U);
  EXPECT_EQ(report(2, "a", {10, 0, 4, 1, 0, false, 0}), 1U);
  EXPECT_EQ(report(2, "b", {5, 0, 5, 0, 0, true, 1}), 1U);
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::evicting);
  EXPECT_EQ(report(2, "a", {10, 0, 9, 1, 0, true, 2}), 2U) << "nobody needs epoch 1 any more";
  auto change = store.load_change("chat", 2);
  EXPECT_EQ(change->state, ChangeState::settling);
  EXPECT_EQ(change->donor_total().closed, 14U);
  ReceiverProgress returned;
  returned.returned = 14;
  ASSERT_TRUE(store.progress("chat", {{2, "receiver:c", to_json(returned)}}));
  change = store.load_change("chat", 2);
  EXPECT_EQ(change->state, ChangeState::done);
  EXPECT_FALSE(change->finished_at.empty());
  EXPECT_TRUE(store.load_running("chat")->empty());
  EXPECT_EQ(store.progress("chat", {}).value(), 2U) << "and again changes nothing";
}

TEST_F(StoreTest, the_settle_time_ends_the_waiting_for_clients_that_do_not_return) {
  const auto one = write_first(store, {a, b});
  ChangePolicy policy;
  policy.settle = Duration(50);
  ASSERT_TRUE(commit(&one, next_of(one, {up_member(a), up_member(b), up_member(c)}, 1), policy).is_written());
  report(2, "a", {1, 0, 1, 0, 0, true, 0});
  report(2, "b", {1, 0, 1, 0, 0, true, 0});
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::settling);
  EXPECT_TRUE(eventually(
      [&] { return store.progress("chat", {}) && store.load_change("chat", 2)->state == ChangeState::done; }));
}

TEST_F(StoreTest, a_change_that_closes_everybody_is_not_done_before_those_that_were_handed_on_are_closed) {
  const auto one = write_first(store, {a, b, c});
  ChangePolicy policy;
  policy.evict = Evict::all;
  policy.settle = Duration(0);
  ASSERT_TRUE(commit(&one, next_of(one, {up_member(a, 0), up_member(b), up_member(c)}, 1), policy).is_written());
  DonorProgress donor{.planned = 3, .done = true, .incarnation = a.incarnation};
  DonorProgress closer{.closing = 3, .incarnation = b.incarnation};
  ASSERT_TRUE(store.progress("chat", {{2, "donor:b", to_json(closer)}, {2, "donor:a", to_json(donor)}}));
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::settling) << "nobody needs epoch 1 any more";
  closer.closing = 1;
  closer.closed = 2;
  ASSERT_TRUE(store.progress("chat", {{2, "donor:b", to_json(closer)}}));
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::settling) << "the settle time has not begun";
  closer.closing = 0;
  closer.closed = 3;
  ASSERT_TRUE(store.progress("chat", {{2, "donor:b", to_json(closer)}}));
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::done);
}

TEST_F(StoreTest, closes_that_nobody_tells_of_are_awaited_for_the_settle_time) {
  const auto one = write_first(store, {a, b, c});
  ChangePolicy policy;
  policy.evict = Evict::all;
  policy.settle = Duration(50);
  ASSERT_TRUE(commit(&one, next_of(one, {up_member(a, 0), up_member(b), up_member(c)}, 1), policy).is_written());
  const DonorProgress donor{.planned = 3, .done = true, .incarnation = a.incarnation};
  const DonorProgress earlier_life{.closing = 3, .incarnation = b.incarnation ^ 1};
  ASSERT_TRUE(store.progress("chat", {{2, "donor:a", to_json(donor)}}));
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::settling);
  ASSERT_TRUE(store.progress("chat", {{2, "donor:b", to_json(earlier_life)}}));
  EXPECT_TRUE(eventually(
      [&] { return store.progress("chat", {}) && store.load_change("chat", 2)->state == ChangeState::done; }));
}

TEST_F(StoreTest, done_follows_without_a_gap) {
  const auto one = write_first(store, {a, b});
  const auto two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  const auto three = next_of(two, {up_member(a), up_member(b), up_member(c, 2)}, 1);
  ASSERT_TRUE(commit(&two, three).is_written());
  report(3, "a", {0, 0, 0, 0, 0, true, 0});
  EXPECT_EQ(report(3, "b", {0, 0, 0, 0, 0, true, 0}), 1U) << "epoch 2 is still open";
  EXPECT_EQ(store.load_change("chat", 3)->state, ChangeState::done);
  report(2, "a", {0, 0, 0, 0, 0, true, 0});
  EXPECT_EQ(report(2, "b", {0, 0, 0, 0, 0, true, 0}), 3U);
}

TEST_F(StoreTest, an_aborted_change_is_told_so_and_holds_back_done_until_its_donors_are) {
  const auto one = write_first(store, {a, b});
  const auto two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  const auto three = next_of(two, {up_member(a), up_member(b), up_member(c, 0)}, 1);
  Change abort = describe_change(&two, three, Action::abort, "c", {}, "test");
  abort.aborts = 2;
  ASSERT_TRUE(store.commit(&two, three, abort)->is_written());
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::aborted);
  EXPECT_EQ(store.load_change("chat", 2)->aborted_by, 3U);
  EXPECT_EQ(store.load_change("chat", 3)->aborts, 2U);
  EXPECT_EQ(report(3, "c", {0, 0, 0, 0, 0, true, 0}), 1U) << "whoever lost keys in epoch 2 may still hold their users";
  EXPECT_EQ(store.load_running("chat")->size(), 1U);
  report(2, "a", {9, 2, 0, 0, 0, true, 0});
  EXPECT_EQ(report(2, "b", {9, 2, 0, 0, 0, true, 0}), 3U);
  EXPECT_EQ(store.load_change("chat", 2)->state, ChangeState::aborted) << "for good";
  EXPECT_TRUE(store.load_running("chat")->empty());
}

TEST_F(StoreTest, the_last_changes_and_memberships_can_be_read) {
  const auto one = write_first(store, {a, b});
  const auto two = next_of(one, {up_member(a, 0.125), up_member(b), up_member(c, 2)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  const auto changes = store.load_changes("chat", 20);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 2U);
  EXPECT_EQ(changes->front().to_epoch, 2U) << "newest first";
  EXPECT_EQ(store.load_changes("chat", 1)->size(), 1U);
  EXPECT_TRUE(store.load_changes("chat", 0)->empty());
  const auto history = store.load_history("chat");
  ASSERT_TRUE(history);
  EXPECT_EQ(history->at(1), one.members);
  EXPECT_EQ(history->at(2), two.members);
  EXPECT_TRUE(store.load_history("other")->empty());
}

TEST_F(StoreTest, the_clock_of_the_server_is_ours_here) {
  const auto facts = store.measure();
  ASSERT_TRUE(facts);
  EXPECT_GT(facts->latency_seconds, 0);
  EXPECT_LT(std::abs(facts->clock_ahead_seconds), 0.5 + facts->latency_seconds) << "one machine has one clock";
}

TEST_F(StoreTest, a_donor_whose_lease_ended_is_waited_for_until_its_life_leaves_the_document) {
  const auto one = write_first(store, {a, b});
  const auto two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  for (const auto& node : {a, b, c})
    beat(node, 2);
  report(2, "b", {0, 0, 0, 0, 0, true, 0});
  end_lease(a, Duration(60'000));
  EXPECT_EQ(store.progress("chat", {}).value(), 1U);
  ASSERT_TRUE(remove(two, next_of(two, {up_member(b), up_member(c)}, 1)).is_written());
  EXPECT_EQ(store.progress("chat", {}).value(), 3U);
}

TEST_F(StoreTest, only_those_without_a_lease_for_a_heartbeat_are_removed) {
  const auto one = write_first(store, {a, b, c});
  for (const auto& node : {a, b, c})
    beat(node, 1);
  const auto two = next_of(one, {up_member(a), up_member(b)}, 1);
  EXPECT_EQ(remove(one, two).kind, CommitOutcome::Kind::alive);
  end_lease(c, options.heartbeat / 2);
  EXPECT_EQ(remove(one, two).kind, CommitOutcome::Kind::alive) << "ended, but only just";
  end_lease(c, options.heartbeat);
  EXPECT_TRUE(remove(one, two).is_written());
  EXPECT_EQ(remove(one, two).kind, CommitOutcome::Kind::conflict) << "another observer did it";
}

TEST_F(StoreTest, a_name_whose_new_life_is_running_counts_as_gone_in_its_old_one) {
  const auto one = write_first(store, {a, b, c});
  for (const auto& node : {a, b, c})
    beat(node, 1);
  end_lease(c, Duration(60'000));
  const Registration reborn = node_named("c");
  ASSERT_EQ(beat(reborn).outcome, Beat::Outcome::renewed);
  EXPECT_TRUE(remove(one, next_of(one, {up_member(a), up_member(b)}, 1)).is_written());
}

TEST_F(StoreTest, nobody_is_removed_while_more_than_half_of_the_leases_are_gone) {
  const auto one = write_first(store, {a, b, c});
  for (const auto& node : {a, b, c})
    beat(node, 1);
  end_lease(b, Duration(60'000));
  end_lease(c, Duration(60'000));
  const auto refused = remove(one, next_of(one, {up_member(a)}, 1));
  EXPECT_EQ(refused.kind, CommitOutcome::Kind::majority);
  EXPECT_NE(refused.text.find("2 of 3"), std::string::npos) << refused.text;
  beat(b, 1);
  EXPECT_TRUE(remove(one, next_of(one, {up_member(a), up_member(b)}, 1)).is_written());
}

TEST_F(StoreTest, v18_the_majority_must_hold_in_every_epoch_since_the_oldest_one_stored) {
  const auto one = write_first(store, {a});
  beat(a, 1);
  const auto two = next_of(one, {up_member(a), up_member(b)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  beat(b, 2);
  end_lease(a, Duration(60'000));
  const auto refused = remove(two, next_of(two, {up_member(b)}, 1));
  EXPECT_EQ(refused.kind, CommitOutcome::Kind::majority) << "in epoch 1 that a has seen last, it is everybody";
  EXPECT_NE(refused.text.find("epoch 1"), std::string::npos) << refused.text;
  beat(a, 2);
  end_lease(a, Duration(60'000));
  EXPECT_TRUE(remove(two, next_of(two, {up_member(b)}, 1)).is_written());
}

TEST_F(StoreTest, without_the_history_that_is_needed_nobody_is_removed) {
  const auto one = write_first(store, {a, b, c});
  for (const auto& node : {a, b, c})
    beat(node, 1);
  const auto two = next_of(one, {up_member(a), up_member(b), up_member(c)}, 1);
  ASSERT_TRUE(commit(&one, two).is_written());
  end_lease(c, Duration(60'000));
  ASSERT_TRUE(store.connection().command({"HDEL", store.keys().prefix() + "history:chat", "1"}));
  EXPECT_EQ(remove(two, next_of(two, {up_member(a), up_member(b)}, 2)).kind, CommitOutcome::Kind::history);
}

TEST_F(StoreTest, a_removal_cannot_add_anybody) {
  const auto one = write_first(store, {a, b});
  beat(a, 1);
  EXPECT_EQ(remove(one, next_of(one, {up_member(a), up_member(c)}, 1)).kind, CommitOutcome::Kind::wrong);
  EXPECT_EQ(remove(one, next_of(one, {up_member(a), up_member(b)}, 1)).kind, CommitOutcome::Kind::wrong);
}

TEST_F(StoreTest, who_joins_too_often_is_held_down_and_a_graceful_stop_forgives) {
  auto last = write_first(store, {a});
  const auto join = [&] {
    b.incarnation = random_id();
    beat(b);
    const auto next = next_of(last, {up_member(a), up_member(b)}, last.epoch);
    const auto outcome = commit(&last, next, {}, "b");
    if (outcome.is_written()) {
      last = next;
      for (const char* donor : {"a", "b"})
        report(last.epoch, donor, {0, 0, 0, 0, 0, true, 0});
    }
    end_lease(b, Duration(1));
    return outcome;
  };
  for (unsigned i = 0; i < options.flap_limit; ++i)
    EXPECT_TRUE(join().is_written()) << i;
  const auto held = join();
  EXPECT_EQ(held.kind, CommitOutcome::Kind::held);
  EXPECT_GT(held.wait, Duration(0));
  EXPECT_LE(held.wait, options.flap_window);
  beat(b);
  ASSERT_TRUE(store.leave(b));
  EXPECT_TRUE(join().is_written());
}

TEST_F(StoreTest, only_the_last_64_changes_are_kept) {
  auto last = write_first(store, {a});
  for (int i = 0; i < 70; ++i) {
    const auto next = next_of(last, {up_member(a)}, last.epoch);
    ASSERT_TRUE(commit(&last, next).is_written());
    last = next;
  }
  EXPECT_EQ(store.load()->done.at("chat"), 71U) << "nothing moved, so each was done at once";
  EXPECT_EQ(store.load_change("chat", 7).error().code, Errc::not_found);
  EXPECT_TRUE(store.load_change("chat", 8));
  EXPECT_EQ(store.connection().command({"HLEN", store.keys().prefix() + "history:chat"})->integer, 64);
}

TEST_F(StoreTest, a_key_of_a_foreign_type_is_a_clear_error) {
  ASSERT_TRUE(store.connection().command({"SET", store.keys().leases(), "mine"}));
  const auto beat = store.heartbeat(a, to_json(a), {}, 0);
  ASSERT_FALSE(beat);
  EXPECT_EQ(beat.error().code, Errc::invalid) << beat.error().message;
  EXPECT_NE(beat.error().message.find("choose another redis.cluster"), std::string::npos) << beat.error().message;
}

TEST_F(StoreTest, a_server_that_evicts_is_refused) {
  EXPECT_TRUE(store.check_server());
  RedisServer evicting({"--maxmemory-policy", "allkeys-lru"});
  Options other = options;
  other.url = evicting.url();
  Store refused(other);
  ASSERT_TRUE(refused.connection().open());
  EXPECT_EQ(refused.check_server().error().code, Errc::invalid);
}

TEST_F(StoreTest, the_documented_acl_user_is_enough) {
  std::string rule = "on >pw resetkeys ~wscluster:{" + options.cluster + "}:* resetchannels &" + store.keys().events() +
                     " -@all +auth +ping +select +info +time +eval +evalsha +subscribe +publish +get +set +del +exists "
                     "+incr +pexpire +hget +hset +hdel +hgetall +zadd +zrem +zscore +zrange +zrangebyscore +sadd +srem "
                     "+smembers +sismember +lpush +lrange +lindex +ltrim";
  Connection::Command acl{"ACL", "SETUSER", "minimal"};
  for (const auto word : split(rule, ' '))
    acl.emplace_back(word);
  ASSERT_TRUE(store.connection().command(acl));
  Options limited = options;
  limited.username = "minimal";
  limited.password = "pw";
  Store minimal(limited);
  ASSERT_TRUE(minimal.connection().open());
  EXPECT_TRUE(minimal.check_server());
  for (const auto& node : {a, b, c}) {
    const auto beat = minimal.heartbeat(node, to_json(node), {}, 0);
    ASSERT_TRUE(beat) << beat.error().message;
  }
  const auto one = write_first(minimal, {a, b, c});
  end_lease(c, Duration(60'000));
  const auto two = next_of(one, {up_member(a), up_member(b)}, 1);
  const auto removed = minimal.remove_dead(one, two, describe_change(&one, two, Action::dead, "c", {}, "test"));
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(removed->is_written());
  const auto three = next_of(two, {up_member(a), up_member(b), up_member(c)}, 2);
  const auto joined = minimal.commit(&two, three, describe_change(&two, three, Action::join, "c", {}, "c"), "c");
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_TRUE(minimal.progress("chat", {{3, "donor:a", to_json(DonorProgress())}}));
  EXPECT_TRUE(minimal.load());
  EXPECT_TRUE(minimal.load_document("chat"));
  EXPECT_TRUE(minimal.load_running("chat"));
  EXPECT_TRUE(minimal.load_names());
  EXPECT_TRUE(minimal.leave(a));
  Connection hints(limited);
  ASSERT_TRUE(hints.open());
  EXPECT_TRUE(hints.subscribe(store.keys().events()));
  EXPECT_EQ(minimal.connection().command({"GET", "foreign"}).error().code, Errc::permission);
}

}  // namespace
}  // namespace wscluster::registry
