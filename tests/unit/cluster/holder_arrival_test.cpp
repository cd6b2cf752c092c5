// SPDX-License-Identifier: MIT
// Gaining users: asked for, installed passive, active on the release.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;
using wire::RefuseReason;

/// Node a gains a user from b (epoch 1: b, c; epoch 2: a, b, c). Messages come from c.
struct Gaining : testing::Test {
  Gaining() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ba");
    state.schema = wire::user_state_schema;
    state.life = 4711;
    bench.adopt(first);
    bench.adopt(second);
  }
  void message(std::uint64_t counter, std::string_view payload, std::uint64_t after = 0) {
    bench.message(uid, counter, payload, after, 1, wire::Wait::delivered, path_c);
  }
  void knock(std::uint64_t edge = 1, std::uint64_t life = 0, std::uint64_t written = 0) {
    const std::string id = HolderBench::id_of(edge);
    auto request = HolderBench::request(uid, edge, id);
    request.life = life;
    request.received = written;
    request.written = written;
    bench.holder->on_attach(bench.now, edge_path, request);
  }
  void none(std::uint64_t epoch = 2) { bench.holder->on_none(bench.now, path_b, {"chat", uid, epoch}); }
  /// Of session 1, with one frame that was sent and not written.
  void add_session() {
    wire::SessionState session;
    session.id = session_id;
    session.accepted = 3;
    session.covered = 4;
    session.sent = 5;
    static const std::string unwritten = packed("unwritten");
    session.frames = {{false, 77, 1, unwritten, false, 0, true}};
    state.sessions = {session};
    state.executed = {{77, 1, wire::Wait::delivered, 1, 0, false, false, false, ReceiptStatus::unknown, 0}};
    state.origins = {{77, 1, 1}};
  }
  void part(std::string_view bytes, std::uint64_t offset, std::uint64_t total, std::uint64_t handover = 1,
            std::uint64_t epoch = 2, PathId path = path_b) {
    bench.holder->on_snapshot(bench.now, path, {"chat", uid, handover, epoch, "b", 2, 0, offset, total, bytes});
  }
  void snapshot(std::uint64_t handover = 1, std::uint64_t epoch = 2) {
    const std::string bytes = wire::encode(state);
    part(bytes, 0, bytes.size(), handover, epoch);
  }
  void release(std::uint64_t handover = 1, std::uint64_t incarnation = 2) {
    bench.holder->on_release(bench.now, {"chat", uid, handover, incarnation});
  }
  void take_over() {
    snapshot();
    release();
    bench.network.take<wire::Prepared>(link_b);
  }
  std::string delivered() {
    std::string seen;
    for (const auto& down : bench.network.take<wire::Down>(edge_link))
      seen += std::string(down.payload) + " ";
    return seen;
  }

  HolderBench bench;
  Epochs epochs{"bc"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
  std::string session_id = HolderBench::id_of(1);
  wire::UserState state;
};

TEST_F(Gaining, P0_13_asks_the_earlier_owner_before_it_delivers_or_attaches) {
  message(1, "first");
  const auto ask = bench.network.one<wire::Ask>(link_b);
  EXPECT_EQ(ask.uid, uid);
  EXPECT_EQ(ask.epoch, 2U);
  knock();
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 0U) << "once";
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 0U);
  none();
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 1U);
  EXPECT_EQ(delivered(), "first ");
  EXPECT_TRUE(bench.holder->is_active(uid));
}

TEST_F(Gaining, takes_no_none_of_another_epoch_or_from_another_node) {
  message(1, "first");
  none(1);
  none(3);
  bench.holder->on_none(bench.now, path_c, {"chat", uid, 2});
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 0U);
  none();
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::offline);
}

TEST_F(Gaining, asks_again_after_a_broken_link) {
  message(1, "first");
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
  bench.holder->on_link_down(bench.now, link_b);
  bench.pass(20ms);
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
}

TEST_F(Gaining, asks_again_under_a_newer_epoch) {
  message(1, "first");
  bench.network.take<wire::Ask>(link_b);
  epochs.next("abcd");
  epochs.peers = "abcd";
  const auto third = epochs.view();
  uid = user_of({first, second, third}, "baa");
  message(2, "second");
  bench.network.take<wire::Ask>(link_b);
  bench.adopt(third);
  none(2);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 0U);
  none(3);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).counter, 2U);
}

TEST_F(Gaining, asks_nobody_who_has_left_the_document) {
  epochs.next("ac");
  bench.adopt(epochs.view());
  message(1, "first");
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 0U);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 1U);
}

TEST_F(Gaining, ends_visits_as_unknown_when_nobody_can_say_who_holds_the_user) {
  message(1, "first");
  bench.pass(4s);
  knock();
  bench.pass(1100ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::unknown);
  EXPECT_EQ(bench.network.count<wire::Refused>(edge_link), 0U);
  bench.pass(4s);
  EXPECT_EQ(bench.network.count<wire::Refused>(edge_link), 1U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, sends_everybody_away_when_the_user_goes_elsewhere_before_the_answer) {
  message(1, "first");
  knock();
  epochs.next("Abc");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.network.one<wire::Refusal>(link_c).epoch, 3U);
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).epoch, 3U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, a_snapshot_is_passive_until_the_release) {
  add_session();
  message(2, "early", 1);
  snapshot();
  const auto prepared = bench.network.one<wire::Prepared>(link_b);
  EXPECT_EQ(prepared.uid, uid);
  EXPECT_EQ(prepared.handover, 1U);
  EXPECT_EQ(prepared.incarnation, 1U);
  EXPECT_TRUE(prepared.is_installed);
  knock(1, 4711);
  message(3, "late", 2);
  message(1, "unwritten");
  none();
  bench.pass(500ms);
  EXPECT_FALSE(bench.holder->is_active(uid));
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 0U);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c) + bench.network.count<wire::Refusal>(link_c), 0U);
  EXPECT_EQ(delivered(), "");
  release(2);
  release(1, 22);
  EXPECT_FALSE(bench.holder->is_active(uid)) << "those were others";
  release();
  EXPECT_TRUE(bench.holder->is_active(uid));
  const auto attached = bench.network.one<wire::Attached>(edge_link);
  EXPECT_EQ(attached.life, 4711U);
  EXPECT_EQ(attached.accepted, 3U);
  EXPECT_EQ(delivered(), "unwritten early late ") << "the repeat is recognised";
  bench.holder->on_progress(bench.now, {attached.holder, 7, 7});
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 3U);
  EXPECT_EQ(bench.holder->counters().installed, 1U);
}

TEST_F(Gaining, takes_a_user_that_nobody_needs_yet) {
  add_session();
  take_over();
  EXPECT_TRUE(bench.holder->is_active(uid));
  EXPECT_EQ(bench.holder->sessions_of(uid), 1U);
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 0U);
}

TEST_F(Gaining, declines_under_another_epoch_and_what_it_does_not_own) {
  add_session();
  snapshot(1, 1);
  EXPECT_EQ(bench.network.one<wire::Declined>(link_b).epoch, 2U);
  snapshot(2, 3);
  EXPECT_EQ(bench.network.one<wire::Declined>(link_b).handover, 2U);
  uid = user_of({first, second}, "bb");
  snapshot(3);
  EXPECT_EQ(bench.network.one<wire::Declined>(link_b).uid, uid);
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b), 0U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, declines_what_it_cannot_read_and_counts_it) {
  add_session();
  const std::string bytes = wire::encode(state);
  const std::string broken = bytes.substr(0, bytes.size() - 1);
  part(broken, 0, broken.size());
  EXPECT_EQ(bench.network.count<wire::Declined>(link_b), 1U);
  state.schema = wire::user_state_schema + 1;
  snapshot(2);
  EXPECT_EQ(bench.network.count<wire::Declined>(link_b), 1U);
  EXPECT_EQ(bench.holder->counters().unreadable_snapshots, 2U);
  EXPECT_EQ(bench.holder->counters().installed, 0U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, drops_a_snapshot_of_a_user_it_holds) {
  add_session();
  take_over();
  snapshot(2);
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b) + bench.network.count<wire::Declined>(link_b), 0U);
  EXPECT_EQ(bench.holder->sessions_of(uid), 1U);
}

TEST_F(Gaining, puts_parts_together_and_tells_how_far_it_is) {
  add_session();
  message(2, "waits", 1);
  const std::string bytes = wire::encode(state);
  const std::string_view view = bytes;
  part(view.substr(0, 10), 0, bytes.size());
  const auto prepared = bench.network.one<wire::Prepared>(link_b);
  EXPECT_EQ(prepared.taken, 10U);
  EXPECT_FALSE(prepared.is_installed);
  part(view.substr(20), 20, bytes.size());
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b), 0U) << "a part is missing";
  none();
  EXPECT_FALSE(bench.holder->is_active(uid)) << "its state is on the way";
  part(view.substr(10), 10, bytes.size());
  EXPECT_TRUE(bench.network.one<wire::Prepared>(link_b).is_installed);
}

TEST_F(Gaining, begins_again_with_the_parts_after_a_broken_link) {
  add_session();
  const std::string bytes = wire::encode(state);
  const std::string_view view = bytes;
  part(view.substr(0, 10), 0, bytes.size());
  bench.holder->on_link_down(bench.now, link_b);
  EXPECT_EQ(bench.holder->users(), 0U);
  part(view.substr(10), 10, bytes.size(), 1, 2, make_path(7, wire::this_core));
  EXPECT_EQ(bench.holder->counters().installed, 0U);
  part(view, 0, bytes.size(), 1, 2, make_path(7, wire::this_core));
  EXPECT_TRUE(bench.network.one<wire::Prepared>(7).is_installed);
}

TEST_F(Gaining, drops_parts_but_keeps_what_is_installed_under_a_newer_epoch) {
  add_session();
  snapshot();
  bench.network.take<wire::Prepared>(link_b);
  const std::string whole = uid;
  uid = user_of({first, second}, "ba", 1);
  part("part", 0, 100);
  bench.network.take<wire::Prepared>(link_b);
  EXPECT_EQ(bench.holder->users(), 2U);
  epochs.next("Abc");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.holder->users(), 1U);
  part("next", 4, 100);
  EXPECT_EQ(bench.network.one<wire::Declined>(link_b).epoch, 3U);
  uid = whole;
  snapshot();
  EXPECT_TRUE(bench.network.one<wire::Prepared>(link_b).is_installed) << "that one is finished";
  release();
  EXPECT_TRUE(bench.holder->is_active(uid));
  bench.pass(10ms);
  const auto onwards =
      bench.network.take<wire::Snapshot>(link_b).size() + bench.network.take<wire::Snapshot>(link_c).size();
  EXPECT_EQ(onwards, 1U) << "and goes on to the next owner";
}

/// Else the change would never be done: taken_on has no other end for them.
TEST_F(Gaining, counts_as_its_own_who_goes_on_before_the_release_has_come) {
  add_session();
  snapshot();
  epochs.next("Abc");
  bench.adopt(epochs.view());
  release();
  const DonorCount& count = bench.holder->donated().at(3);
  EXPECT_EQ(count.planned, 1U);
  EXPECT_EQ(count.taken_on, 0U);
}

TEST_F(Gaining, says_that_it_is_prepared_again_after_a_broken_link) {
  add_session();
  snapshot();
  bench.network.take<wire::Prepared>(link_b);
  bench.holder->on_link_down(bench.now, link_b);
  bench.network.nodes["b"] = 7;
  bench.pass(10ms);
  const auto prepared = bench.network.one<wire::Prepared>(7);
  EXPECT_TRUE(prepared.is_installed);
  EXPECT_EQ(prepared.handover, 1U);
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Prepared>(7), 0U) << "once a link";
  EXPECT_FALSE(bench.holder->is_active(uid));
}

TEST_F(Gaining, is_active_when_the_sender_has_left_the_document) {
  add_session();
  snapshot();
  knock(1, 4711);
  bench.holder->on_link_down(bench.now, link_b);
  bench.pass(1s);
  EXPECT_FALSE(bench.holder->is_active(uid)) << "a broken link says nothing";
  epochs.next("ac");
  bench.adopt(epochs.view());
  EXPECT_TRUE(bench.holder->is_active(uid));
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 1U);
  EXPECT_EQ(delivered(), "unwritten ");
}

TEST_F(Gaining, answers_a_repeat_from_what_the_last_holder_knew) {
  state.executed = {{77, 5, wire::Wait::delivered, 0, 2, false, false, true, ReceiptStatus::delivered, 2}};
  state.origins = {{77, 5, 4}};
  take_over();
  message(5, "again");
  const auto receipt = bench.network.one<wire::Receipt>(link_c);
  EXPECT_EQ(receipt.status, ReceiptStatus::delivered);
  EXPECT_EQ(receipt.sessions, 2U);
  message(6, "next", 5);
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_c), 0U) << "the one before is known";
  message(8, "next but one", 7);
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_c), 1U);
}

TEST_F(Gaining, delivers_what_waited_for_the_return_and_counts_it) {
  state.hold_ms = 9000;
  state.expected = {{2, 150}};
  state.executed = {{77, 1, wire::Wait::delivered, 0, 0, false, true, false, ReceiptStatus::unknown, 0}};
  state.origins = {{77, 1, 1}};
  const std::string held = packed("held");
  state.held = {{77, 1, 5000, 9000, held}};
  take_over();
  message(1, "held");  // where the receipt goes
  message(2, "later", 1);
  bench.now += 50ms;
  const auto attached = bench.attach(uid);
  EXPECT_EQ(delivered(), "held later ");
  bench.holder->on_progress(bench.now, {attached.holder, 2, 2});
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 2U);
  const ReceiverCount& count = bench.holder->received().at(2);
  EXPECT_EQ(count.returned, 1U);
  EXPECT_EQ(count.gaps, std::vector<Duration>{200ms});
}

TEST_F(Gaining, stops_holding_when_the_time_that_was_left_is_over) {
  state.hold_ms = 2000;
  state.executed = {{77, 1, wire::Wait::delivered, 0, 0, false, true, false, ReceiptStatus::unknown, 0},
                    {77, 2, wire::Wait::delivered, 0, 0, false, true, false, ReceiptStatus::unknown, 0}};
  state.origins = {{77, 2, 1}};
  const std::string expires = packed("expires");
  const std::string alone = packed("nobody came");
  state.held = {{77, 1, 1000, 2000, expires}, {77, 2, 5000, 2000, alone}};
  take_over();
  message(1, "expires");
  message(2, "nobody came");
  bench.pass(1100ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::expired);
  bench.pass(1s);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::offline);
  message(3, "late", 2);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::offline);
}

TEST_F(Gaining, ends_the_sessions_whose_sockets_went_away_meanwhile) {
  add_session();
  message(1, "unwritten");
  take_over();
  auto request = HolderBench::request(uid, 1, session_id);
  request.life = state.life;
  request.written = 5;
  request.ended = 1001;
  bench.holder->on_attach(bench.now, edge_path, request);
  EXPECT_EQ(bench.network.count<wire::Detached>(edge_link), 1U);
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 0U);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::delivered)
      << "it was written, says its end";
}

TEST_F(Gaining, ends_a_session_whose_edge_does_not_come) {
  add_session();
  take_over();
  bench.pass(9s);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  bench.pass(2s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
}

/// The session has sent something from b, and its receipt is not there yet.
struct GainingSender : Gaining {
  GainingSender() {
    add_session();
    state.sessions[0].frames.clear();
    state.sessions[0].covered = 5;
    state.executed.clear();
    state.sessions[0].sends = {{2, 12, "carol", R"("x")"}};
    take_over();
    knock(1, 4711, 5);
    alice = bench.network.one<wire::Attached>(edge_link);
  }
  void up(std::string_view text) { bench.holder->on_up(bench.now, {alice.holder, false, false, 5, 5, text}); }
  void outcome(std::uint64_t begun_by, std::uint64_t number) {
    bench.holder->on_outcome(bench.now, {"chat", begun_by, number, ReceiptStatus::delivered, 1, "c", 2, 1500, {}});
  }
  wire::Attached alice;
};

TEST_F(GainingSender, the_session_is_told_what_became_of_it_before_it_goes_on) {
  up("{");
  outcome(2, 13);
  outcome(3, 12);
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
  outcome(2, 12);
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_NE(downs[0].payload.find(R"("id":"x","to":"carol","status":"delivered")"), std::string_view::npos)
      << downs[0].payload;
  EXPECT_NE(downs[1].payload.find("invalid"), std::string_view::npos) << "what it said meanwhile";
  up("{");
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 1U) << "from now on at once";
  outcome(2, 12);
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
}

TEST_F(GainingSender, answers_unknown_when_the_earlier_holder_says_nothing) {
  up("{");
  bench.pass(5500ms);
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 0U);
  bench.pass(700ms);
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_NE(downs[0].payload.find("unknown"), std::string_view::npos);
}

TEST_F(GainingSender, its_outcome_goes_on_after_it_when_it_moves_again) {
  epochs.next("Abc");
  bench.adopt(epochs.view());
  bench.pass(10ms);
  LinkId link = link_b;
  auto sent = bench.network.take<wire::Snapshot>(link_b);
  if (sent.empty()) sent = bench.network.take<wire::Snapshot>(link = link_c);
  ASSERT_EQ(sent.size(), 1U);
  wire::UserState onwards;
  ASSERT_TRUE(wire::decode_into(sent[0].bytes, onwards));
  ASSERT_EQ(onwards.sessions[0].sends.size(), 1U);
  EXPECT_EQ(onwards.sessions[0].sends[0].begun_by, 2U);
  EXPECT_EQ(onwards.sessions[0].sends[0].number, 12U);
  bench.holder->on_prepared(bench.now, {"chat", uid, sent[0].handover, link == link_b ? 2U : 3U, sent[0].total, true});
  outcome(2, 12);
  const auto passed_on = bench.network.one<wire::Outcome>(link);
  EXPECT_EQ(passed_on.begun_by, 2U);
  EXPECT_EQ(passed_on.number, 12U);
  EXPECT_EQ(passed_on.latency_us, 1500U);
}

}  // namespace
}  // namespace wscluster::cluster
