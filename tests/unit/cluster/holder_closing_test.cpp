// SPDX-License-Identifier: MIT
// Sessions that a change closes, and the return of their clients.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;

/// alice at the one node; edges ask for closes of the change to epoch 2.
struct Closing : testing::Test {
  explicit Closing(ServiceOptions options = {}) : bench(std::move(options)) {
    bench.adopt(Epochs("a").view());
    alice = bench.attach("alice");
  }
  void message(std::uint64_t counter, std::string_view payload, wire::Wait wait = wire::Wait::delivered) {
    bench.message("alice", counter, payload, 0, 1, wait, path_c);
  }
  void evict() { bench.holder->on_evict(bench.now, {alice.holder, 2, 1012, "epoch=2 after=5ms"}); }
  void detach(std::uint64_t written = 0) {
    bench.holder->on_detach(bench.now, edge_path, {alice.holder, 1012, written, written});
  }
  std::string delivered(std::uint64_t edge) {
    std::string seen;
    for (const auto& down : bench.network.take<wire::Down>(edge_link))
      seen += down.edge == edge ? std::string(down.payload) + " " : "";
    return seen;
  }
  std::vector<ReceiptStatus> receipts() {
    std::vector<ReceiptStatus> seen;
    for (const auto& receipt : bench.network.take<wire::Receipt>(link_c))
      seen.push_back(receipt.status);
    return seen;
  }

  HolderBench bench;
  wire::Attached alice;
};

TEST_F(Closing, closes_when_the_edge_asks_for_it_and_once) {
  evict();
  evict();
  const auto close = bench.network.one<wire::Close>(edge_link);
  EXPECT_EQ(close.edge, 1U);
  EXPECT_EQ(close.code, 1012U);
  EXPECT_EQ(close.text, "epoch=2 after=5ms");
  EXPECT_EQ(bench.holder->counters().closed_for_change, 1U);
  bench.holder->on_evict(bench.now, {alice.holder + 1, 2, 1012, "x"});
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
}

TEST_F(Closing, messages_wait_for_the_return_behind_what_the_old_socket_did_not_write) {
  message(1, "written");
  message(2, "unwritten");
  evict();
  message(3, "since the close");
  EXPECT_EQ(delivered(1), "written unwritten ");
  bench.now += 30ms;
  detach(1);
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::delivered});
  message(4, "while it is away");
  bench.now += 40ms;
  alice = bench.attach("alice", 2);
  EXPECT_EQ(delivered(2), "unwritten since the close while it is away ") << "in order";
  bench.holder->on_progress(bench.now, {alice.holder, 3, 3});
  EXPECT_EQ(receipts(), std::vector(3, ReceiptStatus::delivered));
  const ReceiverCount& count = bench.holder->received().at(2);
  EXPECT_EQ(count.returned, 1U);
  EXPECT_EQ(count.gaps, std::vector<Duration>{40ms});
}

TEST_F(Closing, a_client_that_is_back_before_its_old_socket_is_gone_gets_everything_in_order) {
  message(1, "unwritten");
  evict();
  message(2, "since the close");
  const auto back = bench.attach("alice", 2);
  message(3, "since it is back");
  EXPECT_EQ(delivered(2), "");
  detach();
  EXPECT_EQ(delivered(2), "unwritten since the close since it is back ");
  EXPECT_EQ(bench.holder->received().at(2).returned, 1U);
  message(4, "at once");
  EXPECT_EQ(delivered(2), "at once ");
  bench.holder->on_progress(bench.now, {back.holder, 4, 4});
  EXPECT_EQ(receipts(), std::vector(4, ReceiptStatus::delivered));
}

TEST_F(Closing, other_sessions_of_the_user_stay_and_wait_for_the_old_socket) {
  const auto other = bench.attach("alice", 2);
  message(1, "to both");
  evict();
  EXPECT_EQ(bench.network.one<wire::Close>(edge_link).edge, 1U);
  message(2, "held");
  EXPECT_EQ(delivered(2), "to both ");
  bench.holder->on_progress(bench.now, {other.holder, 1, 1});
  detach();
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::delivered}) << "one session has it";
  EXPECT_EQ(delivered(2), "held ");
}

TEST_F(Closing, keeps_a_message_that_was_answered_as_queued_and_settled) {
  evict();
  detach();
  message(1, "promised", wire::Wait::queued);
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::queued});
  bench.holder->on_settled(bench.now, {"chat", 77, 2});
  bench.pass(2s);
  bench.attach("alice", 2);
  EXPECT_EQ(delivered(2), "promised ");
}

TEST_F(Closing, stops_holding_when_the_message_or_the_hold_is_over) {
  evict();
  detach();
  message(1, "expires");
  bench.pass(5100ms);
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::expired});
  message(2, "nobody came");
  bench.pass(4950ms);
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::offline});
  message(3, "late");
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::offline});
  bench.holder->on_settled(bench.now, {"chat", 77, 4});
  bench.pass(3s);
  EXPECT_EQ(bench.holder->users(), 0U);
}

struct ClosingSmall : Closing {
  static ServiceOptions small() {
    ServiceOptions options;
    options.inbox_messages = 2;
    options.window_messages = 1;
    return options;
  }
  ClosingSmall() : Closing(small()) {}
};

TEST_F(ClosingSmall, holds_no_more_than_its_limits) {
  evict();
  detach();
  message(1, "1");
  message(2, "2");
  EXPECT_EQ(receipts().size(), 0U);
  message(3, "3");
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::offline});
}

TEST_F(ClosingSmall, does_not_wait_for_ever_for_a_socket_that_takes_nothing) {
  message(1, "at the edge");
  message(2, "behind the window");
  evict();
  bench.pass(900ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U) << "it has a second to take what is there";
  bench.pass(200ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
  bench.pass(8s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  EXPECT_EQ(receipts(), std::vector{ReceiptStatus::unknown}) << "nobody knows whether the edge wrote it";
  bench.attach("alice", 2);
  EXPECT_EQ(delivered(2), "behind the window ");
}

TEST_F(Closing, waits_with_the_close_for_the_own_sends_of_the_session) {
  bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, R"({"to":"bob","data":1})"});
  const auto sent = bench.network.one<wire::Message>(link_a);
  evict();
  bench.pass(500ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  bench.sender.on_receipt(bench.now, path_a, {sent.counter, ReceiptStatus::offline, 0, 1});
  EXPECT_NE(bench.network.one<wire::Down>(edge_link).payload.find("offline"), std::string_view::npos);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
}

TEST_F(Closing, but_not_for_ever) {
  bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, R"({"to":"bob","data":1})"});
  evict();
  bench.pass(1100ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
}

TEST_F(Closing, says_the_close_again_to_an_edge_that_attaches_anew) {
  evict();
  bench.network.take<wire::Close>(edge_link);
  bench.holder->on_link_down(bench.now, edge_link);
  const std::string id = HolderBench::id_of(1);
  auto again = HolderBench::request("alice", 1, id);
  again.number = 2;
  again.life = alice.life;
  bench.holder->on_attach(bench.now, make_path(10, wire::this_core), again);
  EXPECT_EQ(bench.network.one<wire::Close>(10).text, "epoch=2 after=5ms");
}

/// The change to epoch 2 takes users from node a to b (epoch 1: a, c; epoch 2: a, b, c).
struct Change : testing::Test {
  Change() {
    first = epochs.view();
    epochs.next("abc");
    leaver = user_of({first, epochs.view()}, "ab");
    stayer = user_of({first, epochs.view()}, "aa");
    bench.adopt(first);
  }
  void adopt_next() { bench.adopt(epochs.view()); }
  wire::Snapshot hand_over(PathId path = path_b) {
    const auto snapshot = bench.network.one<wire::Snapshot>(link_of(path));
    bench.holder->on_prepared(bench.now, {"chat", snapshot.uid, snapshot.handover, 2, snapshot.total, true});
    return snapshot;
  }
  [[nodiscard]] DonorCount count() const { return bench.holder->donated().at(2); }

  HolderBench bench;
  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::string leaver;
  std::string stayer;
};

TEST_F(Change, leaves_the_close_of_a_direct_client_that_has_moved_to_its_edge) {
  bench.attach(leaver, 1, local_path);
  bench.attach(stayer, 2, local_path);
  adopt_next();
  bench.pass(10ms);
  hand_over();
  const auto moved = bench.network.one<wire::Moved>(local_link);
  EXPECT_EQ(moved.edge, 1U);
  EXPECT_EQ(moved.epoch, 2U);
  EXPECT_EQ(moved.closes, 2U);
  EXPECT_GT(moved.share, 0U);
  EXPECT_LT(moved.share, 1'000'000U) << "c gives as well";
  EXPECT_EQ(count().planned, 1U);
  EXPECT_EQ(count().moved + count().closed + count().gone, 0U) << "the edge counts it";
  bench.pass(2s);
  EXPECT_EQ(bench.network.count<wire::Close>(local_link), 0U);
  EXPECT_TRUE(count().is_done);
}

TEST_F(Change, that_closes_nobody_leaves_direct_clients_as_edges) {
  epochs.evict = Evict::none;
  bench.attach(leaver, 1, local_path);
  adopt_next();
  bench.pass(10ms);
  hand_over();
  EXPECT_EQ(bench.network.one<wire::Moved>(local_link).closes, 0U);
  EXPECT_EQ(count().moved, 1U);
  EXPECT_EQ(count().closed, 0U);
}

TEST_F(Change, does_a_close_that_an_edge_asked_for_while_the_user_was_frozen_after_a_thaw) {
  const auto attached = bench.attach(leaver);
  adopt_next();
  bench.pass(10ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);
  bench.holder->on_evict(bench.now, {attached.holder, 2, 1012, "x"});
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  bench.holder->on_declined(bench.now, {"chat", leaver, snapshot.handover, 2});
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
}

TEST_F(Change, who_is_closed_and_not_back_travels_with_the_user) {
  const auto attached = bench.attach(leaver);
  bench.message(leaver, 1, "unwritten", 0, 1, wire::Wait::delivered, path_c);
  bench.holder->on_evict(bench.now, {attached.holder, 2, 1012, "x"});
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1012, 0, 0});
  bench.now += 200ms;
  adopt_next();
  bench.pass(10ms);
  const auto snapshot = hand_over();
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
  ASSERT_EQ(state.expected.size(), 1U);
  EXPECT_EQ(state.expected[0].epoch, 2U);
  EXPECT_EQ(state.expected[0].closed_ms_ago, 210U);
  EXPECT_EQ(state.hold_ms, 9790U);
  ASSERT_EQ(state.held.size(), 1U);
  EXPECT_EQ(unpacked(state.held[0].payload), "unwritten");
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_c), 1U) << "the owner answers it";
}

/// The change closes every session of the nodes that give.
struct ClosingAll : Change {
  ClosingAll() { epochs.evict = Evict::all; }
};

TEST_F(ClosingAll, closes_those_that_stay_and_lets_the_owner_close_those_that_go) {
  bench.attach(leaver, 1);
  const auto stays = bench.attach(stayer, 2);
  adopt_next();
  EXPECT_EQ(count().planned, 2U);
  bench.pass(10ms);
  const auto close = bench.network.one<wire::Close>(edge_link);
  EXPECT_EQ(close.edge, 2U);
  EXPECT_EQ(close.code, 1012U);
  EXPECT_TRUE(close.text.starts_with("epoch=2 after=")) << close.text;
  const auto snapshot = hand_over();
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
  EXPECT_EQ(state.sessions.at(0).closes, 2U);
  EXPECT_TRUE(state.sessions.at(0).is_uncounted);
  EXPECT_EQ(bench.network.one<wire::Moved>(edge_link).closes, 0U);
  bench.holder->on_detach(bench.now, edge_path, {stays.holder, 1012, 0, 0});
  bench.pass(10ms);
  EXPECT_EQ(count().closed, 1U);
  EXPECT_EQ(count().handed_on, 1U) << "whoever closes it counts it";
  EXPECT_EQ(count().moved + count().gone, 0U);
  EXPECT_TRUE(count().is_done);
}

TEST_F(ClosingAll, closes_nobody_on_a_node_that_only_gains) {
  Epochs removal("abc");
  removal.evict = Evict::all;
  HolderBench gains;
  const auto before = removal.view();
  removal.next("ab");
  const auto after = removal.view();
  gains.adopt(before);
  gains.attach(user_of({before, after}, "aa"));
  gains.adopt(after);
  gains.pass(1s);
  EXPECT_EQ(gains.network.count<wire::Close>(edge_link), 0U);
  EXPECT_EQ(gains.holder->donated().at(2).planned, 0U);
  EXPECT_TRUE(gains.holder->donated().at(2).is_done);
}

TEST_F(ClosingAll, closes_at_its_share_of_the_rate) {
  epochs.rate = 30;
  for (std::uint64_t edge = 1; edge <= 9; ++edge)
    bench.attach(stayer, edge);
  adopt_next();
  bench.pass(50ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  bench.pass(450ms);
  const std::size_t half = bench.network.count<wire::Close>(edge_link);
  EXPECT_GE(half, 4U) << "three nodes share thirty a second";
  EXPECT_LE(half, 5U);
  bench.pass(1s);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 9U - half);
  EXPECT_EQ(count().forced, 0U);
}

TEST_F(ClosingAll, closes_the_rest_at_the_deadline) {
  epochs.rate = 0.1;
  epochs.deadline = 500ms;
  bench.attach(stayer);
  adopt_next();
  bench.pass(480ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  EXPECT_FALSE(count().is_done);
  bench.pass(50ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
  EXPECT_EQ(count().closed, 1U);
  EXPECT_EQ(count().forced, 1U);
}

TEST_F(ClosingAll, a_session_that_ends_before_its_turn_is_gone_and_a_new_one_is_left_alone) {
  epochs.rate = 0.1;
  const auto attached = bench.attach(stayer);
  adopt_next();
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1000, 0, 0});
  EXPECT_EQ(count().gone, 1U);
  bench.attach(stayer, 2);
  bench.pass(20ms);
  EXPECT_EQ(count().planned, 1U);
  EXPECT_TRUE(count().is_done);
  bench.pass(20s);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
}

/// Node b leaves a ring of a, b and c, and every session of it is closed where it arrives.
struct ClosingArrivals : testing::Test {
  ClosingArrivals() {
    epochs.evict = Evict::all;
    epochs.rate = 100;
    before = epochs.view();
    epochs.next("aBc");
    uid = user_of({before, epochs.view()}, "ba");
    bench.adopt(before);
    bench.adopt(epochs.view());
  }
  /// With `sessions` sessions; `handover` counts up.
  void arrive(const std::string& user, std::uint64_t sessions, std::uint64_t handover, bool is_uncounted = true) {
    std::vector<std::string> ids;
    for (std::uint64_t edge = 1; edge <= sessions; ++edge)
      ids.push_back(HolderBench::id_of(edge));
    wire::UserState state;
    state.schema = wire::user_state_schema;
    state.life = 4711;
    for (const std::string& id : ids) {
      state.sessions.emplace_back().id = id;
      state.sessions.back().closes = 2;
      state.sessions.back().is_uncounted = is_uncounted;
    }
    const std::string bytes = wire::encode(state);
    bench.holder->on_snapshot(bench.now, path_b, {"chat", user, handover, 2, "b", 2, 0, 0, bytes.size(), bytes});
    bench.holder->on_release(bench.now, {"chat", user, handover, 2});
  }
  [[nodiscard]] std::uint64_t closed() const { return bench.holder->counters().closed_for_change; }

  HolderBench bench;
  Epochs epochs{"abc"};
  std::shared_ptr<const View> before;
  std::string uid;
};

TEST_F(ClosingArrivals, are_paced_by_what_this_node_gets_of_those_that_give) {
  arrive(uid, 9, 1);
  bench.pass(100ms);
  EXPECT_GE(closed(), 4U) << "a and c share a hundred a second; b keeps nobody";
  EXPECT_LE(closed(), 6U);
}

TEST_F(ClosingArrivals, keep_the_change_open_here_until_the_last_one_is_closed) {
  const auto& here = bench.holder->donated();
  bench.pass(20ms);
  EXPECT_TRUE(here.at(2).is_done) << "this node gives nothing";
  arrive(uid, 9, 1);
  bench.pass(100ms);
  EXPECT_FALSE(here.at(2).is_done);
  bench.pass(200ms);
  EXPECT_EQ(closed(), 9U);
  EXPECT_TRUE(here.at(2).is_done);
}

TEST_F(ClosingArrivals, are_counted_where_they_are_closed_and_not_before) {
  const DonorCount& here = bench.holder->donated().at(2);
  arrive(uid, 3, 1);
  bench.pass(10ms);
  EXPECT_EQ(here.taken_on, 3U);
  EXPECT_EQ(here.closing, 3U - closed());
  EXPECT_LT(closed(), 3U);
  bench.pass(300ms);
  EXPECT_EQ(here.closed, 3U);
  EXPECT_EQ(here.closing, 0U);
  EXPECT_EQ(here.planned, 0U) << "their donor has planned them";
}

TEST_F(ClosingArrivals, are_counted_by_nobody_again_when_their_donor_has) {
  const DonorCount& here = bench.holder->donated().at(2);
  arrive(uid, 3, 1, false);
  bench.pass(300ms);
  EXPECT_EQ(closed(), 3U);
  EXPECT_EQ(here.taken_on + here.closed, 0U);
}

TEST_F(ClosingArrivals, are_counted_by_no_passive_state) {
  wire::UserState state;
  const std::string id = HolderBench::id_of(1);
  state.schema = wire::user_state_schema;
  state.life = 4711;
  state.sessions.emplace_back().id = id;
  state.sessions.back().closes = 2;
  state.sessions.back().is_uncounted = true;
  const std::string bytes = wire::encode(state);
  bench.holder->on_snapshot(bench.now, path_b, {"chat", uid, 1, 2, "b", 2, 0, 0, bytes.size(), bytes});
  bench.pass(300ms);
  EXPECT_EQ(bench.holder->donated().at(2).taken_on, 0U);
  EXPECT_EQ(bench.holder->donated().at(2).closing, 1U);
  bench.holder->on_release(bench.now, {"chat", uid, 1, 2});
  EXPECT_EQ(bench.holder->donated().at(2).taken_on, 1U);
}

TEST_F(ClosingArrivals, are_counted_here_also_when_the_client_goes_first) {
  epochs.rate = 0.1;
  bench.adopt(epochs.view());
  arrive(uid, 1, 1);
  const auto attached = bench.attach(uid, 1);
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1000, 0, 0});
  bench.pass(20ms);
  const DonorCount& here = bench.holder->donated().at(2);
  EXPECT_EQ(here.taken_on, 1U);
  EXPECT_EQ(here.gone, 1U);
  EXPECT_EQ(here.closed + here.closing, 0U);
  EXPECT_TRUE(here.is_done);
}

TEST_F(ClosingArrivals, are_handed_on_uncounted_once_more) {
  epochs.rate = 0.1;
  bench.adopt(epochs.view());
  arrive(uid, 2, 1);
  epochs.next("ABc");
  bench.adopt(epochs.view());
  bench.pass(20ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_c);
  wire::UserState state;
  ASSERT_TRUE(wire::decode_into(snapshot.bytes, state));
  ASSERT_EQ(state.sessions.size(), 2U);
  EXPECT_TRUE(state.sessions[0].is_uncounted && state.sessions[1].is_uncounted);
  bench.holder->on_prepared(bench.now, {"chat", uid, snapshot.handover, 3, snapshot.bytes.size(), true});
  bench.pass(20ms);
  const DonorCount& here = bench.holder->donated().at(2);
  EXPECT_EQ(here.taken_on, 2U);
  EXPECT_EQ(here.handed_on, 2U);
  EXPECT_EQ(here.closed, 0U);
}

TEST_F(ClosingArrivals, keep_the_pace_when_they_come_one_by_one) {
  for (std::uint64_t i = 1; i <= 40; ++i) {
    arrive(user_of({before, epochs.view()}, "ba", static_cast<unsigned>(i)), 1, i);
    bench.pass(10ms);
  }
  EXPECT_GE(closed(), 16U);
  EXPECT_LE(closed(), 24U);
}

TEST_F(ClosingArrivals, keep_the_pace_when_the_change_is_done_before_they_are_closed) {
  arrive(uid, 9, 1);
  epochs.done = 2;
  bench.adopt(epochs.view());
  bench.pass(100ms);
  EXPECT_GE(closed(), 4U);
  EXPECT_LE(closed(), 6U);
}

TEST_F(ClosingArrivals, are_forced_where_they_came_to) {
  epochs.rate = 0.1;
  epochs.deadline = 300ms;
  bench.adopt(epochs.view());
  arrive(uid, 9, 1);
  bench.pass(200ms);
  EXPECT_EQ(closed(), 0U);
  bench.pass(200ms);
  EXPECT_EQ(closed(), 9U);
  EXPECT_EQ(bench.holder->donated().at(2).forced, 9U);
}

TEST(PartOfAllCloses, is_what_a_node_keeps_and_gets_of_the_keys_of_those_that_give) {
  const auto part_of = [](const std::string& from, const std::string& to, const std::string& node) {
    Epochs epochs(from);
    const auto before = epochs.view();
    epochs.next(to);
    const auto after = epochs.view();
    const ring::HashRing& ring = before->service("chat")->ring;
    return part_of_all_closes(ring, ring::plan(ring, after->service("chat")->ring), node);
  };
  for (const char* node : {"a", "b", "c", "d"})
    EXPECT_NEAR(part_of("abc", "abcd", node), 0.25, 0.05) << node;
  EXPECT_NEAR(part_of("abc", "aBc", "a"), 0.5, 0.1);
  EXPECT_NEAR(part_of("abc", "aBc", "a") + part_of("abc", "aBc", "c"), 1, 1e-9);
  EXPECT_NEAR(part_of("abc", "aBc", "b"), 0, 1e-9);
  EXPECT_NEAR(part_of("ab", "aB", "a"), 1, 1e-9) << "all that b had";
  EXPECT_EQ(part_of("abc", "abc", "a"), 0) << "nobody gives";
}

}  // namespace
}  // namespace wscluster::cluster
