// SPDX-License-Identifier: MIT
// Gaining and losing users.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;
using wire::RefuseReason;

/// Node a loses a user to b (epoch 1: a, c; epoch 2: a, b, c).
struct Losing : testing::Test {
  Losing() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
    bench.adopt(first);
  }
  HolderBench bench;
  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
};

/// Node a gains a user from b.
struct Gaining : testing::Test {
  Gaining() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ba");
    bench.adopt(first);
    bench.adopt(second);
  }
  wire::Answer none(std::uint64_t evicted = 0, std::uint64_t epoch = 2) const {
    return {"chat", uid, epoch, false, evicted, evicted == 0 ? 0U : 2U, 100};
  }
  HolderBench bench;
  Epochs epochs{"bc"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
};

TEST_F(Losing, closes_the_session_counts_it_and_touches_no_other) {
  const std::string staying = user_of({first, second}, "aa");
  const auto leaves = bench.attach(uid, 1);
  bench.attach(staying, 2);
  bench.adopt(second);
  EXPECT_EQ(bench.holder->misplaced(), 1U);
  EXPECT_EQ(bench.holder->eviction_pending(), 1U);
  bench.pass(50ms);
  const auto close = bench.network.one<wire::Close>(edge_link);
  EXPECT_EQ(close.edge, 1U);
  EXPECT_EQ(close.code, 1012U);
  EXPECT_TRUE(close.text.starts_with("epoch=2 after="));
  bench.holder->on_detach(bench.now, {leaves.holder, 1012, 0, 0});
  bench.pass(50ms);
  const DonorCount count = bench.holder->donated().at(2);
  EXPECT_EQ(count.planned, 1U);
  EXPECT_EQ(count.closed, 1U);
  EXPECT_EQ(count.forced, 0U);
  EXPECT_TRUE(count.is_done);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  EXPECT_EQ(bench.holder->sessions_of(uid), 0U);
}

TEST_F(Losing, evicts_at_its_share_of_the_rate) {
  epochs.rate = 20;
  second = epochs.view();
  std::vector<wire::Attached> sessions;
  for (unsigned i = 0; i < 9; ++i)
    sessions.push_back(bench.attach(user_of({first, second}, "ab", i), i + 1));
  bench.adopt(second);
  bench.pass(10ms);
  EXPECT_LE(bench.network.count<wire::Close>(edge_link), 1U);
  bench.pass(490ms);
  const std::size_t half = bench.network.count<wire::Close>(edge_link);
  EXPECT_GE(half, 3U) << "a and c share twenty a second";
  EXPECT_LE(half, 7U);
  bench.pass(2s);
  EXPECT_LE(bench.network.count<wire::Close>(edge_link), 9U - half);
}

TEST_F(Losing, counts_a_session_that_ends_before_its_turn_as_gone) {
  epochs.rate = 0.1;
  const auto leaves = bench.attach(uid);
  bench.attach(user_of({first, second}, "ab", 1), 2);
  bench.adopt(epochs.view());
  bench.holder->on_detach(bench.now, {leaves.holder, 1000, 0, 0});
  EXPECT_EQ(bench.holder->donated().at(2).gone, 1U);
  EXPECT_EQ(bench.holder->donated().at(2).planned, 2U);
}

TEST_F(Losing, refuses_messages_from_the_close_on_and_what_nobody_wrote) {
  const auto leaves = bench.attach(uid);
  bench.message(uid, 1, "written");
  bench.message(uid, 2, "not written");
  bench.adopt(second);
  bench.message(uid, 3, "held still", 2);
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_b), 0U) << "until its turn it is here";
  bench.pass(10ms);
  bench.message(uid, 4, "too late", 3);
  EXPECT_EQ(bench.network.one<wire::Refusal>(link_b).counter, 4U);
  bench.holder->on_detach(bench.now, {leaves.holder, 1012, 3, 1});
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).counter, 1U);
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_b), 2U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Losing, sends_after_an_evicted_user_what_was_promised_as_queued) {
  const auto leaves = bench.attach(uid);
  bench.message(uid, 1, "promised", 0, 1, wire::Wait::queued);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::queued);
  bench.adopt(second);
  bench.pass(10ms);
  bench.holder->on_detach(bench.now, {leaves.holder, 1012, 1, 0});
  EXPECT_EQ(bench.network.one<wire::Message>(link_b).payload, "promised");
}

TEST_F(Losing, waits_with_the_close_for_the_own_sends_of_the_session) {
  const auto leaves = bench.attach(uid);
  bench.holder->on_up(bench.now, {leaves.holder, false, false, 0, 0, R"({"to":"bob","data":1})"});
  bench.adopt(second);
  bench.pass(500ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  bench.pass(700ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U) << "but not for ever";
}

TEST_F(Losing, forces_a_socket_that_does_not_answer_and_tells_its_edge) {
  ServiceOptions options;
  options.window_messages = 1;
  HolderBench slow(options);
  slow.adopt(first);
  slow.attach(uid);
  for (std::uint64_t i = 1; i <= 3; ++i)
    slow.message(uid, i, "unread");
  slow.adopt(second);
  slow.pass(1500ms);
  EXPECT_EQ(slow.network.count<wire::Close>(edge_link), 1U) << "outside of the window";
  slow.pass(8s);
  EXPECT_EQ(slow.holder->sessions(), 0U);
  EXPECT_EQ(slow.holder->donated().at(2).forced, 1U);
  const auto receipts = slow.network.take<wire::Receipt>(link_b);
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].status, ReceiptStatus::unknown) << "it is at the edge, nobody knows more";
  EXPECT_EQ(slow.network.count<wire::Refusal>(link_b), 2U);
}

TEST_F(Losing, answers_an_ask_of_a_newer_epoch_after_it_has_adopted_that) {
  bench.attach(uid);
  bench.holder->on_ask(bench.now, path_b, {"chat", uid, 2, false});
  EXPECT_EQ(bench.network.count<wire::Answer>(link_b), 0U);
  epochs.rate = 0.001;
  bench.attach(user_of({first, second}, "ab", 1), 2);
  bench.adopt(epochs.view());
  const auto answer = bench.network.one<wire::Answer>(link_b);
  EXPECT_TRUE(answer.is_held);
  EXPECT_EQ(answer.epoch, 2U);
}

TEST_F(Losing, gives_a_pulled_user_up_ahead_of_its_turn_and_says_none_then) {
  epochs.rate = 0.001;
  const auto leaves = bench.attach(uid);
  bench.adopt(epochs.view());
  bench.holder->on_ask(bench.now, path_b, {"chat", uid, 2, true});
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 1U);
  EXPECT_EQ(bench.network.count<wire::Answer>(link_b), 0U);
  bench.now += 30ms;
  bench.holder->on_detach(bench.now, {leaves.holder, 1012, 0, 0});
  const auto answer = bench.network.one<wire::Answer>(link_b);
  EXPECT_FALSE(answer.is_held);
  EXPECT_EQ(answer.evicted, 1U);
  EXPECT_EQ(answer.evicted_epoch, 2U);
}

TEST_F(Losing, keeps_a_user_that_an_aborted_change_gives_back) {
  epochs.rate = 0.001;
  bench.attach(uid);
  bench.attach(user_of({first, second}, "ab", 1), 2);
  bench.adopt(epochs.view());
  epochs.next("aBc");
  bench.adopt(epochs.view());
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  EXPECT_EQ(bench.holder->misplaced(), 0U);
  const DonorCount count = bench.holder->donated().at(2);
  EXPECT_EQ(count.planned, 2U);
  EXPECT_EQ(count.gone, 2U);
  EXPECT_TRUE(count.is_done);
  bench.message(uid, 1, "hello");
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "hello") << "nobody is asked";
}

TEST_F(Losing, touches_nobody_when_it_skips_a_change_and_its_undoing) {
  bench.attach(uid);
  epochs.next("aBc");
  bench.adopt(epochs.view());
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  EXPECT_EQ(bench.holder->sessions_of(uid), 1U);
}

TEST_F(Losing, holds_messages_for_a_user_that_it_evicted_and_then_got_back) {
  const auto leaves = bench.attach(uid);
  bench.adopt(second);
  bench.pass(10ms);
  bench.holder->on_detach(bench.now, {leaves.holder, 1012, 0, 0});
  epochs.next("aBc");
  bench.adopt(epochs.view());
  bench.message(uid, 1, "for the return", 0, 3);
  EXPECT_EQ(bench.network.one<wire::Ask>(link_b).epoch, 3U);
  bench.holder->on_answer(bench.now, path_b, {"chat", uid, 3, false, 0, 0, 0});
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b), 0U);
  bench.attach(uid, 2);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "for the return");
}

TEST_F(Gaining, asks_the_earlier_owner_before_it_delivers_or_attaches) {
  bench.message(uid, 1, "first");
  EXPECT_FALSE(bench.network.one<wire::Ask>(link_b).pull);
  const std::string id = HolderBench::id_of(1);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 1, id));
  EXPECT_TRUE(bench.network.one<wire::Ask>(link_b).pull);
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 0U);
  bench.holder->on_answer(bench.now, path_b, none());
  EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 1U);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "first");
}

TEST_F(Gaining, ignores_none_of_another_epoch) {
  bench.message(uid, 1, "first");
  bench.holder->on_answer(bench.now, path_b, none(0, 1));
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b), 0U);
  bench.holder->on_answer(bench.now, path_b, none());
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::offline);
}

TEST_F(Gaining, names_the_holder_to_senders_while_the_user_is_still_there) {
  bench.message(uid, 1, "first");
  bench.holder->on_answer(bench.now, path_b, {"chat", uid, 2, true, 0, 0, 0});
  const auto refusal = bench.network.one<wire::Refusal>(link_b);
  EXPECT_EQ(refusal.reason, RefuseReason::held);
  EXPECT_EQ(refusal.node, "b");
  bench.message(uid, 1, "first");
  EXPECT_EQ(bench.network.one<wire::Refusal>(link_b).reason, RefuseReason::held) << "for a while without asking again";
  bench.network.take<wire::Ask>(link_b);
  bench.pass(400ms);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, asks_again_after_a_broken_link) {
  bench.message(uid, 1, "first");
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
  bench.holder->on_link_down(bench.now, link_b);
  bench.pass(20ms);
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
}

TEST_F(Gaining, holds_messages_until_the_evicted_user_returns) {
  bench.message(uid, 1, "first", 0, 2);
  bench.holder->on_answer(bench.now, path_b, none(1));
  bench.message(uid, 2, "second", 1, 2);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b), 0U);
  bench.now += 40ms;
  const auto attached = bench.attach(uid);
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_EQ(downs[0].payload, "first");
  bench.holder->on_progress(bench.now, {attached.holder, 2, 2});
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b), 2U);
  const ReceiverCount& count = bench.holder->received().at(2);
  EXPECT_EQ(count.returned, 1U);
  ASSERT_EQ(count.gaps.size(), 1U);
  EXPECT_EQ(count.gaps[0], 140ms);
}

TEST_F(Gaining, keeps_a_held_message_that_was_answered_as_queued_and_settled) {
  bench.message(uid, 1, "first", 0, 2, wire::Wait::queued);
  bench.holder->on_answer(bench.now, path_b, none(1));
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::queued);
  bench.holder->on_settled(bench.now, {"chat", 77, 2});
  bench.pass(2s);
  bench.attach(uid);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "first");
}

TEST_F(Gaining, stops_holding_when_the_message_or_the_hold_is_over) {
  bench.message(uid, 1, "expires", 0, 2);
  bench.holder->on_answer(bench.now, path_b, none(1));
  bench.pass(5100ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::expired);
  bench.message(uid, 2, "stays", 0, 2);
  bench.pass(4900ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::offline);
  bench.message(uid, 3, "late", 0, 2);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::offline);
  bench.holder->on_settled(bench.now, {"chat", 77, 4});
  bench.pass(3s);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, holds_no_more_than_its_limits) {
  ServiceOptions options;
  options.hold_messages = 2;
  HolderBench small(options);
  small.adopt(first);
  small.adopt(second);
  small.message(uid, 1, "1", 0, 2);
  small.holder->on_answer(small.now, path_b, none(1));
  small.message(uid, 2, "2", 0, 2);
  small.message(uid, 3, "3", 0, 2);
  const auto receipt = small.network.one<wire::Receipt>(link_b);
  EXPECT_EQ(receipt.counter, 3U);
  EXPECT_EQ(receipt.status, ReceiptStatus::offline);
}

TEST_F(Gaining, still_asks_who_is_on_the_way_back_right_after_the_change_is_done) {
  epochs.done = 2;
  bench.adopt(epochs.view());
  bench.message(uid, 1, "first", 0, 2);
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 1U);
  bench.holder->on_answer(bench.now, path_b, none(1));
  bench.attach(uid);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "first");
  bench.pass(15s);
  const std::string later = user_of({first, second}, "ba", 1);
  bench.message(later, 2, "x", 0, 2);
  EXPECT_EQ(bench.network.count<wire::Ask>(link_b), 0U) << "long after it nobody is";
}

TEST_F(Gaining, holds_for_users_of_a_node_that_left_when_it_was_empty) {
  epochs.next("aBc");
  bench.adopt(epochs.view());
  epochs.done = 3;
  epochs.next("ac");
  epochs.peers = "ac";
  const auto last = epochs.view();
  bench.adopt(last);
  const std::string user = user_of({first, last}, "ba");
  bench.message(user, 1, "for the return", 0, 3);
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b), 0U);
  bench.network.take<wire::Ask>(link_c);
  bench.holder->on_answer(bench.now, make_path(link_c, wire::this_core), {"chat", user, 4, false, 0, 0, 0});
  bench.attach(user);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "for the return");
}

TEST_F(Gaining, answers_in_time_when_the_earlier_owner_stays_silent) {
  bench.message(uid, 1, "first");
  bench.pass(4s);
  const std::string id = HolderBench::id_of(1);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 1, id));
  bench.pass(1100ms);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::expired);
  bench.pass(4s);
  EXPECT_EQ(bench.network.count<wire::Refused>(edge_link), 1U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST_F(Gaining, sends_everybody_away_when_the_user_goes_elsewhere_before_the_answer) {
  bench.message(uid, 1, "first");
  const std::string id = HolderBench::id_of(1);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 1, id));
  epochs.next("Abc");
  bench.adopt(epochs.view());
  EXPECT_EQ(bench.network.one<wire::Refusal>(link_b).epoch, 3U);
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).epoch, 3U);
  EXPECT_EQ(bench.holder->users(), 0U);
}

}  // namespace
}  // namespace wscluster::cluster
