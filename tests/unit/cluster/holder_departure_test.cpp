// SPDX-License-Identifier: MIT
// Losing users: frozen, sent, released, or thawed.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;
using wire::RefuseReason;

/// Node a loses a user to b (epoch 1: a, c; epoch 2: a, b, c). Messages come from c.
struct Losing : testing::Test {
  explicit Losing(ServiceOptions options = {}) : bench(std::move(options)) {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
    bench.adopt(first);
  }
  void message(std::uint64_t counter, std::string_view payload, std::uint64_t after = 0) {
    bench.message(uid, counter, payload, after, 1, wire::Wait::delivered, path_c);
  }
  /// So many users that the change will move.
  void fill(std::uint64_t count) {
    const ServiceView& before = *first->service("chat");
    const ServiceView& after = *second->service("chat");
    std::uint64_t users = 0;
    for (unsigned i = 0; users < count; ++i) {
      const std::string user = "user" + std::to_string(i);
      const std::uint64_t hash = before.hash_of(user);
      if (before.ring.owner_of(hash)->name != "a" || after.ring.owner_of(hash)->name != "b") continue;
      bench.message(user, ++users, "keeps it known", 0, 1, wire::Wait::delivered, path_c);
    }
  }
  /// The change begins, and it is the user's turn.
  wire::Snapshot freeze() {
    bench.adopt(second);
    bench.pass(10ms);
    return bench.network.one<wire::Snapshot>(link_b);
  }
  void installed(const wire::Snapshot& snapshot, std::uint64_t incarnation = 2) {
    bench.holder->on_prepared(bench.now, {"chat", snapshot.uid, snapshot.handover, incarnation, snapshot.total, true});
  }
  void declined(std::uint64_t handover) { bench.holder->on_declined(bench.now, {"chat", uid, handover, 2}); }
  void ask(std::uint64_t epoch) { bench.holder->on_ask(bench.now, path_b, {"chat", uid, epoch}); }
  [[nodiscard]] DonorCount count() const { return bench.holder->donated().at(2); }

  HolderBench bench;
  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
};

/// What clients say comes back to them.
struct LosingEcho : Losing {
  static ServiceOptions echo() {
    ServiceOptions options;
    options.raw = RawMode::echo;
    return options;
  }
  LosingEcho() : Losing(echo()) {}
};

TEST_F(Losing, P0_09_sends_the_owner_all_that_it_knows_and_touches_no_other) {
  const std::string staying = user_of({first, second}, "aa");
  const auto attached = bench.attach(uid, 1);
  bench.attach(staying, 2);
  message(1, "written");
  message(2, "not written", 1);
  bench.holder->on_progress(bench.now, {attached.holder, 2, 1});
  bench.adopt(second);
  EXPECT_EQ(bench.holder->misplaced(), 1U);
  EXPECT_EQ(bench.holder->moves_pending(), 1U);
  EXPECT_EQ(count().planned, 1U);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 0U);
  bench.pass(10ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);
  EXPECT_EQ(snapshot.uid, uid);
  EXPECT_EQ(snapshot.epoch, 2U);
  EXPECT_EQ(snapshot.node, "a");
  EXPECT_EQ(snapshot.incarnation, 1U);
  EXPECT_EQ(snapshot.offset, 0U);
  EXPECT_EQ(snapshot.total, snapshot.bytes.size());
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
  EXPECT_EQ(state.schema, wire::user_state_schema);
  EXPECT_EQ(state.life, attached.life);
  ASSERT_EQ(state.sessions.size(), 1U);
  EXPECT_EQ(state.sessions[0].id, HolderBench::id_of(1));
  EXPECT_EQ(state.sessions[0].covered, 1U);
  EXPECT_EQ(state.sessions[0].sent, 2U);
  ASSERT_EQ(state.sessions[0].frames.size(), 1U);
  EXPECT_EQ(unpacked(state.sessions[0].frames[0].payload), "not written");
  ASSERT_EQ(state.executed.size(), 2U);
  EXPECT_TRUE(state.executed[0].is_answered);
  EXPECT_EQ(state.executed[1].pending, 1U);
  ASSERT_EQ(state.origins.size(), 1U);
  EXPECT_EQ(state.origins[0].counter, 2U);
  bench.pass(1s);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 0U) << "once";
  EXPECT_EQ(bench.network.count<wire::Moved>(edge_link), 0U) << "nothing has gone yet";
  EXPECT_EQ(bench.holder->sessions(), 2U);
}

TEST_F(LosingEcho, does_nothing_while_it_is_frozen_and_works_everything_off_in_order_when_it_is_declined) {
  const auto attached = bench.attach(uid);
  const auto other = bench.attach(uid, 2);
  const auto snapshot = freeze();
  const std::string id = HolderBench::id_of(3);
  bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, "up1"});
  message(1, "message");
  bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, "up2"});
  bench.holder->on_progress(bench.now, {attached.holder, 2, 2});
  bench.holder->on_detach(bench.now, edge_path, {other.holder, 1000, 1, 1});
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 3, id));
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c) + bench.network.count<wire::Refusal>(link_c), 0U);
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link) + bench.network.count<wire::Refused>(edge_link), 0U);
  EXPECT_EQ(bench.holder->sessions(), 2U);
  declined(snapshot.handover + 1);
  EXPECT_EQ(bench.holder->counters().thaws, 0U) << "that is another hand-over";
  declined(snapshot.handover);
  std::string seen;
  for (const auto& down : bench.network.take<wire::Down>(edge_link))
    seen += down.edge == 1 ? std::string(down.payload) + " " : "";
  EXPECT_EQ(seen, "up1 message up2 ");
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).sessions, 2U);
  EXPECT_EQ(bench.network.count<wire::Refused>(edge_link), 1U) << "new sessions begin at the owner";
  EXPECT_EQ(bench.holder->sessions(), 1U);
  EXPECT_EQ(bench.holder->counters().thaws, 1U);
}

TEST_F(Losing, tries_again_after_it_was_declined) {
  bench.attach(uid);
  std::uint64_t handover = freeze().handover;
  std::size_t sent = 1;
  for (int i = 0; i < 200; ++i) {
    declined(handover);
    bench.pass(10ms);
    for (const auto& again : bench.network.take<wire::Snapshot>(link_b)) {
      EXPECT_GT(again.handover, handover);
      handover = again.handover;
      ++sent;
    }
  }
  EXPECT_GT(sent, 4U);
  EXPECT_LT(sent, 20U) << "less and less often";
  EXPECT_EQ(bench.holder->moves_pending(), 1U);
  EXPECT_EQ(count().planned, 1U);
}

TEST_F(Losing, releases_what_is_installed_after_its_edges_and_refuses_what_it_owes) {
  const auto attached = bench.attach(uid);
  message(1, "not written");
  const auto snapshot = freeze();
  ask(2);
  message(2, "parked", 1);
  const std::string id = HolderBench::id_of(2);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 2, id));
  EXPECT_EQ(bench.network.count<wire::None>(link_b), 0U);
  bench.network.order.clear();
  installed(snapshot);
  ASSERT_GE(bench.network.order.size(), 2U);
  EXPECT_EQ(bench.network.order[0], edge_link);
  EXPECT_EQ(bench.network.order[1], link_b);
  const auto moved = bench.network.one<wire::Moved>(edge_link);
  EXPECT_EQ(moved.edge, 1U);
  EXPECT_EQ(moved.number, 1U);
  EXPECT_EQ(moved.epoch, 2U);
  EXPECT_EQ(moved.closes, 0U) << "a gateway's client";
  const auto release = bench.network.one<wire::Release>(link_b);
  EXPECT_EQ(release.uid, uid);
  EXPECT_EQ(release.handover, snapshot.handover);
  EXPECT_EQ(release.incarnation, 1U);
  const auto refusals = bench.network.take<wire::Refusal>(link_c);
  ASSERT_EQ(refusals.size(), 2U);
  EXPECT_EQ(refusals[0].counter + refusals[1].counter, 3U);
  EXPECT_EQ(refusals[0].epoch, 2U);
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).edge, 2U);
  EXPECT_EQ(bench.network.one<wire::None>(link_b).epoch, 2U);
  EXPECT_EQ(bench.holder->users(), 0U);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  EXPECT_EQ(bench.holder->misplaced(), 0U);
  bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, "late"});
  bench.pass(10ms);
  EXPECT_EQ(count().moved, 1U);
  EXPECT_TRUE(count().is_done);
  EXPECT_EQ(bench.holder->counters().moved, 1U);
}

TEST_F(Losing, P0_12_counts_how_long_a_session_was_misplaced_until_it_moved_ended_or_stayed) {
  const metrics::Histogram& times = bench.holder->misplaced_times();
  bench.attach(uid);
  const auto snapshot = freeze();
  const TimePoint adopted = bench.now;
  bench.pass(40ms);
  EXPECT_EQ(times.count(), 0U);
  installed(snapshot);
  EXPECT_EQ(times.count(), 1U);
  EXPECT_GE(times.sum(), 0.04);
  EXPECT_LE(times.sum(), std::chrono::duration<double>(bench.now - adopted + 1s).count());
}

TEST_F(Losing, leaves_the_end_of_a_socket_to_the_next_holder) {
  const auto attached = bench.attach(uid);
  const auto snapshot = freeze();
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1001, 1, 1, 1, 1});
  installed(snapshot);
  EXPECT_EQ(bench.network.count<wire::Moved>(edge_link), 1U) << "the edge says it there";
  EXPECT_EQ(bench.network.count<wire::Detached>(edge_link), 0U);
}

TEST_F(Losing, takes_no_yes_from_another_life_of_the_owner) {
  bench.attach(uid);
  const auto snapshot = freeze();
  installed(snapshot, 22);
  EXPECT_EQ(bench.network.count<wire::Release>(link_b), 0U);
  EXPECT_EQ(bench.network.count<wire::Moved>(edge_link), 0U);
}

TEST_F(Losing, thaws_when_the_owner_has_left_the_document) {
  bench.attach(uid);
  freeze();
  message(1, "parked");
  epochs.next("ac");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "parked");
  EXPECT_EQ(bench.holder->misplaced(), 0U);
  EXPECT_EQ(bench.holder->misplaced_times().count(), 1U);
  EXPECT_EQ(count().gone, 1U);
  bench.pass(1s);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 0U);
  EXPECT_TRUE(count().is_done);
}

TEST_F(Losing, stays_frozen_when_the_link_breaks_and_sends_the_snapshot_again) {
  bench.attach(uid);
  const auto snapshot = freeze();
  bench.network.nodes.erase("b");
  bench.holder->on_link_down(bench.now, link_b);
  message(1, "parked");
  bench.pass(2s);
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
  bench.network.nodes["b"] = 7;
  bench.pass(10ms);
  const auto again = bench.network.one<wire::Snapshot>(7);
  EXPECT_EQ(again.handover, snapshot.handover);
  EXPECT_EQ(again.bytes, snapshot.bytes);
  installed(again);
  EXPECT_EQ(bench.network.count<wire::Release>(7), 1U);
}

TEST_F(Losing, answers_a_yes_to_what_it_has_released_before_but_only_to_a_member) {
  bench.adopt(second);
  bench.holder->on_prepared(bench.now, {"chat", uid, 3, 2, 100, false});
  bench.holder->on_prepared(bench.now, {"chat", uid, 3, 22, 100, true});
  EXPECT_EQ(bench.network.count<wire::Release>(link_b), 0U);
  bench.holder->on_prepared(bench.now, {"chat", uid, 3, 2, 100, true});
  const auto release = bench.network.one<wire::Release>(link_b);
  EXPECT_EQ(release.handover, 3U);
  EXPECT_EQ(release.incarnation, 1U);
}

TEST_F(Losing, waits_with_a_user_until_there_is_a_way_to_its_owner) {
  bench.attach(uid);
  bench.network.nodes.erase("b");
  bench.adopt(second);
  bench.pass(1s);
  message(1, "here still");
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 1U);
  bench.network.nodes["b"] = link_b;
  bench.pass(500ms);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 1U);
}

TEST_F(Losing, keeps_a_user_that_a_later_epoch_gives_back) {
  bench.attach(uid);
  bench.attach(user_of({first, second}, "ab", 1), 2);
  bench.adopt(second);
  epochs.next("aBc");
  bench.adopt(epochs.view());
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 0U);
  EXPECT_EQ(bench.holder->misplaced(), 0U);
  EXPECT_EQ(count().planned, 2U);
  EXPECT_EQ(count().gone, 2U);
  EXPECT_TRUE(count().is_done);
  message(1, "hello");
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "hello") << "nobody is asked";
}

TEST_F(Losing, touches_nobody_when_it_skips_a_change_and_its_undoing) {
  bench.attach(uid);
  epochs.next("aBc");
  bench.adopt(epochs.view());
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Snapshot>(link_b), 0U);
  EXPECT_EQ(bench.holder->sessions_of(uid), 1U);
}

TEST_F(Losing, is_done_with_a_change_that_it_sees_together_with_one_that_moves_nobody) {
  bench.attach(uid);
  epochs.next("abcD");
  bench.adopt(epochs.view());
  bench.pass(10ms);
  EXPECT_EQ(count().planned, 1U);
  EXPECT_FALSE(count().is_done);
  installed(bench.network.one<wire::Snapshot>(link_b));
  bench.pass(10ms);
  EXPECT_EQ(count().moved, 1U);
  EXPECT_TRUE(count().is_done);
  EXPECT_TRUE(bench.holder->donated().at(3).is_done);
}

TEST_F(Losing, counts_a_session_that_ends_before_its_turn_as_gone) {
  const auto attached = bench.attach(uid);
  bench.attach(user_of({first, second}, "ab", 1), 2);
  bench.adopt(second);
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1000, 0, 0});
  EXPECT_EQ(count().gone, 1U);
  EXPECT_EQ(count().planned, 2U);
  EXPECT_EQ(bench.holder->misplaced(), 1U);
}

TEST_F(Losing, hands_over_at_once_when_it_is_asked_and_says_none_afterwards) {
  bench.attach(uid);
  ask(2);
  EXPECT_EQ(bench.network.count<wire::None>(link_b) + bench.network.count<wire::Snapshot>(link_b), 0U)
      << "that epoch is not known here yet";
  bench.adopt(second);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);
  EXPECT_EQ(bench.network.count<wire::None>(link_b), 0U);
  installed(snapshot);
  EXPECT_EQ(bench.network.one<wire::None>(link_b).uid, uid);
  ask(2);
  EXPECT_EQ(bench.network.count<wire::None>(link_b), 1U) << "and from then on";
}

TEST_F(Losing, leaves_questions_of_an_older_epoch_open) {
  bench.attach(uid);
  bench.adopt(second);
  ask(1);
  EXPECT_EQ(bench.network.count<wire::None>(link_b) + bench.network.count<wire::Snapshot>(link_b), 0U);
  bench.holder->on_ask(bench.now, path_b, {"chat", "nobody", 1});
  EXPECT_EQ(bench.network.one<wire::None>(link_b).epoch, 2U) << "what it does not hold it says";
}

TEST_F(Losing, moves_no_more_users_at_a_time_than_its_window_except_those_asked_for) {
  fill(300);
  bench.adopt(second);
  bench.pass(1s);
  const auto snapshots = bench.network.take<wire::Snapshot>(link_b);
  EXPECT_EQ(snapshots.size(), 256U);
  EXPECT_EQ(bench.holder->moves_pending(), 300U);
  installed(snapshots[7]);
  bench.pass(10ms);
  std::set<std::string_view> sent{bench.network.one<wire::Snapshot>(link_b).uid};
  for (const auto& snapshot : snapshots)
    sent.insert(snapshot.uid);
  for (unsigned skip = 0; sent.contains(uid); ++skip)
    uid = user_of({first, second}, "ab", skip);
  ask(2);
  EXPECT_EQ(bench.network.one<wire::Snapshot>(link_b).uid, uid);
}

TEST_F(Losing, begins_one_after_the_other_so_that_others_need_not_wait) {
  fill(300);
  bench.adopt(second);
  const auto begun = [&] { return bench.network.take<wire::Snapshot>(link_b).size(); };
  EXPECT_FALSE(bench.holder->continue_moves(bench.now)) << "the owner has not adopted it yet";
  bench.pass(10ms);
  EXPECT_EQ(begun(), 1U);
  EXPECT_FALSE(bench.holder->continue_moves(bench.now + 2ms));
  EXPECT_EQ(begun(), 0U);
  EXPECT_TRUE(bench.holder->continue_moves(bench.now + 3ms));
  EXPECT_FALSE(bench.holder->continue_moves(bench.now + 3ms));
  EXPECT_EQ(begun(), 1U);
  bench.pass(10ms);
  EXPECT_EQ(begun(), 3U) << "the others of that tick";
}

TEST_F(Losing, catches_up_for_no_more_than_one_tick) {
  fill(300);
  bench.adopt(second);
  bench.pass(10ms);
  bench.network.take<wire::Snapshot>(link_b);
  bench.now += 1s;
  bench.pass(10ms);
  EXPECT_EQ(bench.network.take<wire::Snapshot>(link_b).size(), 5U);
}

TEST_F(Losing, begins_sooner_when_so_many_move_that_it_would_take_long) {
  fill(20'000);
  bench.adopt(second);
  bench.pass(10ms);
  bench.network.take<wire::Snapshot>(link_b);
  bench.pass(10ms);
  EXPECT_EQ(bench.network.take<wire::Snapshot>(link_b).size(), 10U);
}

TEST_F(Losing, plans_everybody_whom_the_change_takes_and_keeps_whom_the_next_one_gives_back) {
  std::size_t lost = 0;
  for (unsigned i = 0; i < 4'000; ++i) {
    const std::string user = "user" + std::to_string(i);
    const auto owner = [&](const View& view) {
      const ServiceView& service = *view.service("chat");
      return service.ring.owner_of(service.hash_of(user))->name;
    };
    if (owner(*first) != "a") continue;
    bench.attach(user);
    lost += owner(*second) == "a" ? 0 : 1;
  }
  ASSERT_GT(lost, 100U);
  bench.adopt(second);
  EXPECT_EQ(bench.holder->misplaced(), lost);
  epochs.next("ac");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.holder->misplaced(), 0U);
}

TEST_F(Losing, sends_a_large_state_in_parts_not_too_far_ahead_of_the_owner) {
  ServiceOptions options;
  options.outbox_bytes = 64U << 20U;
  HolderBench large(options);
  large.adopt(first);
  large.attach(uid);
  const std::string payload(900U << 10U, 'x');
  for (std::uint64_t i = 1; i <= 6; ++i)
    large.message(uid, i, payload);
  large.adopt(second);
  large.pass(10ms);
  std::string bytes;
  std::uint64_t total = 0;
  const auto collect = [&] {
    for (const auto& part : large.network.take<wire::Snapshot>(link_b)) {
      EXPECT_EQ(part.offset, bytes.size());
      bytes += part.bytes;
      total = part.total;
    }
  };
  collect();
  EXPECT_EQ(bytes.size(), 4U << 20U);
  large.holder->on_prepared(large.now, {"chat", uid, 1, 2, 1U << 20U, false});
  collect();
  EXPECT_EQ(bytes.size(), 5U << 20U);
  large.holder->on_prepared(large.now, {"chat", uid, 1, 2, 4U << 20U, false});
  collect();
  EXPECT_EQ(bytes.size(), total);
  EXPECT_EQ(large.holder->counters().snapshot_bytes, total);
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(bytes, state));
  EXPECT_EQ(state.sessions[0].frames.size(), 6U);
  EXPECT_EQ(large.network.count<wire::Release>(link_b), 0U);
}

/// alice, who leaves, has sent something to a user of c.
struct LosingSender : Losing {
  LosingSender() {
    const std::string to = user_of({first, second}, "cc");
    alice = bench.attach(uid);
    const std::string request = R"({"to":")" + to + R"(","data":1,"id":"x"})";
    bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, request});
    sent = bench.network.one<wire::Message>(link_c);
  }
  void receipt() { bench.sender.on_receipt(bench.now, path_c, {sent.counter, ReceiptStatus::delivered, 1, 2}); }
  void expect_outcome(const wire::Snapshot& snapshot) {
    wire::UserState state;
    ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
    ASSERT_EQ(state.sessions[0].sends.size(), 1U);
    const auto outcome = bench.network.one<wire::Outcome>(link_b);
    EXPECT_EQ(outcome.begun_by, 1U);
    EXPECT_EQ(outcome.begun_by, state.sessions[0].sends[0].begun_by);
    EXPECT_EQ(outcome.number, state.sessions[0].sends[0].number);
    EXPECT_EQ(outcome.status, ReceiptStatus::delivered);
    EXPECT_EQ(outcome.node, "c");
    EXPECT_EQ(outcome.sessions, 1U);
  }
  wire::Attached alice;
  wire::Message sent;
};

TEST_F(LosingSender, tells_the_owner_what_became_of_a_message_after_the_release) {
  const auto snapshot = freeze();
  installed(snapshot);
  EXPECT_EQ(bench.network.count<wire::Outcome>(link_b), 0U);
  receipt();
  expect_outcome(snapshot);
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
}

TEST_F(LosingSender, tells_the_owner_again_when_its_link_breaks) {
  const auto snapshot = freeze();
  installed(snapshot);
  receipt();
  expect_outcome(snapshot);
  bench.holder->on_link_down(bench.now, link_b);
  bench.network.nodes["b"] = 7;
  bench.pass(1s);
  EXPECT_EQ(bench.network.count<wire::Outcome>(7), 1U) << "once for each link";
}

TEST_F(LosingSender, tells_the_owner_as_soon_as_there_is_a_way) {
  const auto snapshot = freeze();
  installed(snapshot);
  bench.network.nodes.erase("b");
  receipt();
  bench.pass(100ms);
  bench.network.nodes["b"] = link_b;
  bench.pass(20ms);
  expect_outcome(snapshot);
}

TEST_F(LosingSender, an_answer_while_it_is_frozen_goes_after_the_session) {
  const auto snapshot = freeze();
  receipt();
  EXPECT_EQ(bench.network.count<wire::Outcome>(link_b) + bench.network.count<wire::Down>(edge_link), 0U);
  bench.network.order.clear();
  installed(snapshot);
  const auto release = std::find(bench.network.order.begin(), bench.network.order.end(), link_b);
  EXPECT_EQ(std::count(release, bench.network.order.end(), link_b), 2) << "the release and the outcome";
  expect_outcome(snapshot);
}

TEST_F(LosingSender, an_answer_while_it_is_frozen_is_told_here_after_a_thaw) {
  const auto snapshot = freeze();
  receipt();
  declined(snapshot.handover);
  EXPECT_NE(bench.network.one<wire::Down>(edge_link).payload.find(R"("id":"x")"), std::string_view::npos);
  bench.pass(100ms);
  installed(bench.network.one<wire::Snapshot>(link_b));
  EXPECT_EQ(bench.network.count<wire::Outcome>(link_b), 0U);
}

}  // namespace
}  // namespace wscluster::cluster
