// SPDX-License-Identifier: MIT
// Links that break and nodes that die in the middle of a move.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;

constexpr LinkId other_link = 7;
constexpr PathId other_path = make_path(other_link, wire::this_core);

/// Node a hands a user over to b (epoch 1: a, c; epoch 2: a, b, c).
struct FaultsOfDeparture : testing::Test {
  FaultsOfDeparture() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
    bench.adopt(first);
    bench.attach(uid);
    bench.adopt(second);
    bench.pass(10ms);
    snapshot = bench.network.one<wire::Snapshot>(link_b);
  }
  void installed() { bench.holder->on_prepared(bench.now, {"chat", uid, snapshot.handover, 2, snapshot.total, true}); }

  HolderBench bench;
  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
  wire::Snapshot snapshot;
};

/// Node a takes a user over from b (epoch 1: b, c; epoch 2: a, b, c). Messages come from c.
struct FaultsOfArrival : testing::Test {
  FaultsOfArrival() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ba");
    state.schema = wire::user_state_schema;
    state.life = 4711;
    wire::SessionState session;
    session.id = session_id;
    session.accepted = 3;
    state.sessions = {session};
    bench.adopt(first);
    bench.adopt(second);
  }
  void message(std::uint64_t counter, std::string_view payload, std::uint64_t epoch = 1) {
    bench.message(uid, counter, payload, 0, epoch, wire::Wait::delivered, path_c);
  }
  void knock(PathId path, std::uint64_t number, std::uint64_t life, std::uint64_t received = 0) {
    auto request = HolderBench::request(uid, 1, session_id);
    request.number = number;
    request.life = life;
    request.answered = 3;
    request.received = received;
    request.written = received;
    bench.holder->on_attach(bench.now, path, request);
  }
  void part(std::string_view bytes, std::uint64_t offset, std::uint64_t total, std::uint64_t epoch) {
    bench.holder->on_snapshot(bench.now, path_b, {"chat", uid, 1, epoch, "b", 2, 0, offset, total, bytes});
  }
  void install() {
    const std::string bytes = wire::encode(state);
    part(bytes, 0, bytes.size(), 2);
    EXPECT_TRUE(bench.network.one<wire::Prepared>(link_b).is_installed);
  }
  void release() { bench.holder->on_release(bench.now, {"chat", uid, 1, 2}); }

  HolderBench bench;
  Epochs epochs{"bc"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
  std::string session_id = HolderBench::id_of(1);
  wire::UserState state;
};

TEST_F(FaultsOfDeparture, the_release_is_not_lost_when_the_owner_is_faster_on_a_new_link) {
  bench.holder->on_link_down(bench.now, link_b);
  bench.network.nodes["b"] = other_link;
  installed();  // before our next tick
  EXPECT_EQ(bench.network.count<wire::Release>(other_link), 1U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(FaultsOfArrival, asks_for_a_release_again_that_was_lost_with_another_link_than_ours) {
  install();
  bench.pass(900ms);
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b), 0U);
  bench.pass(200ms);
  EXPECT_TRUE(bench.network.one<wire::Prepared>(link_b).is_installed);
  release();
  bench.pass(2s);
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b), 0U);
}

TEST_F(FaultsOfArrival, what_a_dead_owner_may_have_executed_is_unknown_also_when_we_were_already_asking) {
  message(1, "sent before");
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
  epochs.next("ac");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::unknown);
  message(2, "sent after", 3);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 0U) << "its reader comes back";
  bench.attach(uid, 2);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "sent after");
}

TEST_F(FaultsOfArrival, what_a_dead_owner_may_have_executed_is_unknown_also_when_a_part_of_its_state_had_come) {
  message(1, "sent before");
  part("part", 0, 100, 2);
  epochs.next("ac");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::unknown);
}

TEST(FaultsOfOwners, what_a_dead_owner_may_have_executed_is_unknown_also_when_it_was_not_its_first_epoch) {
  HolderBench bench;
  Epochs epochs("abc");
  const auto first = epochs.view();
  epochs.next("abC");
  const auto second = epochs.view();
  epochs.next("aC");
  const auto third = epochs.view();
  const std::string uid = user_of({first, second, third}, "cba");
  bench.adopt(first);
  bench.adopt(second);
  bench.adopt(third);
  bench.message(uid, 1, "sent before", 0, 1, wire::Wait::delivered, path_c);
  bench.holder->on_none(bench.now, path_c, {"chat", uid, 3});
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::unknown);
}

TEST_F(FaultsOfArrival, a_part_without_those_before_it_leaves_nothing_behind) {
  // The first parts were declined: our document was older then.
  part("second", 5, 100, 2);
  EXPECT_EQ(bench.network.count<wire::Prepared>(link_b), 0U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(FaultsOfArrival, who_waits_for_a_release_that_does_not_come_is_told_at_the_deadline) {
  install();
  message(1, "waits");
  knock(edge_path, 1, 4711);
  bench.holder->on_link_down(bench.now, link_b);
  bench.network.nodes.erase("b");
  bench.pass(4900ms);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c) + bench.network.count<wire::Refused>(edge_link), 0U);
  bench.pass(200ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::unknown);
  EXPECT_EQ(bench.network.count<wire::Refused>(edge_link), 1U);
  EXPECT_EQ(bench.holder->users(), 1U);
  release();
  EXPECT_EQ(bench.holder->sessions_of(uid), 1U);
}

TEST_F(FaultsOfArrival, a_client_that_was_back_before_its_user_moved_is_counted) {
  // The end of its old socket was on its way.
  wire::SessionState old;
  const std::string old_id = HolderBench::id_of(2);
  old.id = old_id;
  old.close_code = 1012;
  old.evicted = 2;
  state.sessions.push_back(old);
  state.early_returns = 1;
  state.hold_ms = 9000;
  state.executed = {{77, 1, wire::Wait::delivered, 0, 0, false, true, false, ReceiptStatus::unknown, 0}};
  state.origins = {{77, 1, 1}};
  const std::string held = packed("held");
  state.held = {{77, 1, 5000, 9000, held}};
  install();
  release();
  auto request = HolderBench::request(uid, 2, old_id);
  request.life = 4711;
  request.ended = 1012;
  bench.holder->on_attach(bench.now, edge_path, request);
  EXPECT_EQ(bench.holder->received().at(2).returned, 1U);
  knock(edge_path, 1, 4711);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "held");
  bench.holder->on_detach(bench.now, edge_path, {bench.network.one<wire::Attached>(edge_link).holder, 1000, 1, 1});
  message(2, "to nobody", 2);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::offline) << "nobody is on the way back";
}

/// The session has an open send from b, so that what the client says waits.
struct FaultsOfArrivalSender : FaultsOfArrival {
  FaultsOfArrivalSender() {
    state.sessions[0].sends = {{2, 12, "carol", R"("x")"}};
    install();
    release();
    knock(edge_path, 1, 4711);
    alice = bench.network.one<wire::Attached>(edge_link);
  }
  void up(std::uint64_t holder) { bench.holder->on_up(bench.now, {holder, false, false, 0, 0, "{"}); }
  void outcome() {
    bench.holder->on_outcome(bench.now, {"chat", 2, 12, ReceiptStatus::delivered, 1, "c", 2, 1500, {}});
  }
  wire::Attached alice;
};

TEST_F(FaultsOfArrivalSender, what_waits_is_executed_once_when_the_edge_says_it_again) {
  up(alice.holder);
  bench.holder->on_link_down(bench.now, edge_link);
  knock(other_path, 2, 4711);
  const auto again = bench.network.one<wire::Attached>(other_link);
  EXPECT_EQ(again.accepted, 3U);
  up(again.holder);  // it was not accepted
  outcome();
  EXPECT_EQ(bench.network.count<wire::Down>(other_link), 2U) << "the receipt and one error";
}

/// It goes on from here with its send open, and is frozen.
struct FaultsOfSecondMove : FaultsOfArrivalSender {
  FaultsOfSecondMove() {
    epochs.next("Abc");
    bench.adopt(epochs.view());
    bench.pass(10ms);
    onwards = bench.network.take<wire::Snapshot>(link);
    if (onwards.empty()) onwards = bench.network.take<wire::Snapshot>(link = link_c);
  }
  ReceiptStatus passed_on() {
    bench.holder->on_prepared(
        bench.now, {"chat", uid, onwards.at(0).handover, link == link_b ? 2U : 3U, onwards.at(0).total, true});
    return bench.network.one<wire::Outcome>(link).status;
  }
  LinkId link = link_b;
  std::vector<wire::Snapshot> onwards;
};

TEST_F(FaultsOfSecondMove, an_answer_is_passed_on_although_the_deadline_came_after_it) {
  outcome();
  bench.pass(7s);
  EXPECT_EQ(passed_on(), ReceiptStatus::delivered);
}

TEST_F(FaultsOfSecondMove, an_answer_is_passed_on_although_the_deadline_came_before_it) {
  bench.pass(7s);
  outcome();
  EXPECT_EQ(passed_on(), ReceiptStatus::delivered);
}

TEST_F(FaultsOfArrival, a_session_keeps_a_life_of_its_own_when_it_moves) {
  wire::SessionState& session = state.sessions[0];
  session.life = 815;
  session.covered = 1;
  session.sent = 3;
  session.frames = {{false, 0, 0, "received"}, {false, 0, 0, "lost with the link"}};
  install();
  release();
  knock(edge_path, 1, 815, 2);
  EXPECT_EQ(bench.network.one<wire::Attached>(edge_link).life, 815U);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "lost with the link");
  epochs.next("Abc");
  bench.adopt(epochs.view());
  bench.pass(10ms);
  auto onwards = bench.network.take<wire::Snapshot>(link_b);
  if (onwards.empty()) onwards = bench.network.take<wire::Snapshot>(link_c);
  ASSERT_EQ(onwards.size(), 1U);
  wire::UserState sent;
  ASSERT_TRUE(wire::decode_into(onwards[0].bytes, sent));
  EXPECT_EQ(sent.life, 4711U);
  EXPECT_EQ(sent.sessions.at(0).life, 815U);
}

TEST(FaultsOfEdges, who_comes_back_after_its_session_has_ended_begins_a_new_count) {
  // The user outlives the session, because it has another one.
  ServiceOptions options;
  options.raw = RawMode::echo;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  const auto first = bench.attach("alice", 1);
  bench.holder->on_up(bench.now, {first.holder, false, false, 0, 0, "executed, and the edge was not told"});
  bench.holder->on_link_down(bench.now, edge_link);
  const std::string other_id = HolderBench::id_of(2);
  bench.holder->on_attach(bench.now, other_path, HolderBench::request("alice", 2, other_id));
  bench.pass(11s);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  bench.network.take<wire::Down>(edge_link);

  const std::string id = HolderBench::id_of(1);
  auto again = HolderBench::request("alice", 1, id);
  again.number = 2;
  again.life = first.life;
  again.received = 1;
  again.written = 1;
  bench.holder->on_attach(bench.now, edge_path, again);
  const auto attached = bench.network.one<wire::Attached>(edge_link);
  EXPECT_NE(attached.life, first.life) << "else the edge goes on counting, and says again what was executed";
  bench.message("alice", 1, "new");
  bench.holder->on_detach(bench.now, edge_path, {bench.network.one<wire::Attached>(other_link).holder, 1000, 0, 0});
  bench.holder->on_progress(bench.now, {attached.holder, 1, 1});
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::delivered);
  again.number = 3;
  again.life = attached.life;
  bench.holder->on_attach(bench.now, edge_path, again);
  EXPECT_EQ(bench.network.one<wire::Attached>(edge_link).life, attached.life) << "it is the same session now";
}

}  // namespace
}  // namespace wscluster::cluster
