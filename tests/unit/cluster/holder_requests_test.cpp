// SPDX-License-Identifier: MIT
// Requests that applications repeat: one message, one outcome.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;

/// The only node is a. Messages come from origin 77 on link 2 and from origin 88 on link 3.
struct Requests : testing::Test {
  Requests() { bench.adopt(Epochs("a").view()); }

  static wire::Message message(std::string_view uid, std::uint64_t origin, std::uint64_t counter,
                               std::string_view request) {
    static const std::string hello = packed("hello");
    wire::Message m;
    m.service = "chat";
    m.uid = uid;
    m.origin = origin;
    m.counter = counter;
    m.settled = 1;
    m.epoch = 1;
    m.deadline_ms = 5000;
    m.wait = wire::Wait::delivered;
    m.payload = hello;
    m.request = request;
    return m;
  }
  void send(const wire::Message& m) { bench.holder->on_message(bench.now, m.origin == 77 ? path_b : path_c, m); }
  void send(std::uint64_t origin, std::uint64_t counter, std::string_view request) {
    send(message("alice", origin, counter, request));
  }
  std::size_t delivered() { return bench.network.count<wire::Down>(edge_link); }
  void written(std::uint64_t frames) { bench.holder->on_progress(bench.now, {alice.holder, frames, frames}); }
  void settle() {
    for (const std::uint64_t origin : {77, 88})
      bench.holder->on_settled(bench.now, {"chat", origin, 1000});
  }

  HolderBench bench;
  wire::Attached alice;
};

TEST_F(Requests, a_repeat_is_not_executed_and_gets_the_first_receipt) {
  alice = bench.attach("alice");
  send(77, 1, "r1");
  written(1);
  const auto first = bench.network.one<wire::Receipt>(link_b);
  EXPECT_EQ(first.status, ReceiptStatus::delivered);
  EXPECT_FALSE(first.is_duplicate);
  send(88, 5, "r1");
  const auto again = bench.network.one<wire::Receipt>(link_c);
  EXPECT_EQ(again.counter, 5U);
  EXPECT_EQ(again.status, ReceiptStatus::delivered);
  EXPECT_EQ(again.sessions, 1U);
  EXPECT_TRUE(again.is_duplicate);
  EXPECT_EQ(delivered(), 1U);
  EXPECT_EQ(bench.holder->counters().duplicates, 1U);
}

TEST_F(Requests, repeats_of_one_that_is_open_wait_for_its_outcome) {
  alice = bench.attach("alice");
  send(77, 1, "r1");
  send(88, 5, "r1");
  send(77, 2, "r1");
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_b) + bench.network.count<wire::Receipt>(link_c), 0U);
  EXPECT_EQ(delivered(), 1U);
  written(1);
  const auto there = bench.network.take<wire::Receipt>(link_b);
  ASSERT_EQ(there.size(), 2U);
  EXPECT_FALSE(there[0].is_duplicate);
  EXPECT_TRUE(there[1].is_duplicate);
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, ReceiptStatus::delivered);
}

TEST_F(Requests, a_repeat_that_is_sent_again_after_a_broken_link_is_answered_again) {
  alice = bench.attach("alice");
  send(77, 1, "r1");
  written(1);
  for (int i = 0; i < 2; ++i) {
    send(88, 5, "r1");
    EXPECT_TRUE(bench.network.one<wire::Receipt>(link_c).is_duplicate);
  }
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(Requests, other_requests_other_users_and_messages_without_a_request_are_executed) {
  alice = bench.attach("alice");
  send(77, 1, "r1");
  send(77, 2, "r2");
  send(77, 3, "");
  send(77, 4, "");
  EXPECT_EQ(delivered(), 4U);
  bench.attach("bob", 2);
  send(message("bob", 88, 1, "r1"));
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(Requests, what_nobody_has_got_may_be_tried_again) {
  send(77, 1, "r1");
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_b).status, ReceiptStatus::offline);
  alice = bench.attach("alice");
  send(88, 5, "r1");
  written(1);
  const auto receipt = bench.network.one<wire::Receipt>(link_c);
  EXPECT_EQ(receipt.status, ReceiptStatus::delivered);
  EXPECT_FALSE(receipt.is_duplicate);
}

TEST_F(Requests, a_request_is_forgotten_after_its_time_and_the_user_with_it) {
  alice = bench.attach("alice");
  send(77, 1, "r1");
  written(1);
  settle();
  bench.holder->on_detach(bench.now, edge_path, {alice.holder, 1000, 1, 1});
  bench.pass(55s);
  EXPECT_EQ(bench.holder->users(), 1U) << "remembered beyond the dedupe of messages";
  send(88, 5, "r1");
  EXPECT_TRUE(bench.network.one<wire::Receipt>(link_c).is_duplicate);
  settle();
  bench.pass(7s);
  EXPECT_EQ(bench.holder->users(), 0U);
  alice = bench.attach("alice");
  send(88, 6, "r1");
  EXPECT_EQ(delivered(), 2U) << "the first, and now this one";
}

TEST_F(Requests, of_too_many_the_oldest_is_forgotten_and_an_open_one_never) {
  alice = bench.attach("alice");
  for (std::uint64_t i = 1; i <= 128; ++i)
    send(77, i, "r" + std::to_string(i));
  send(77, 129, "too many");
  send(88, 1, "too many");
  EXPECT_EQ(delivered(), 130U) << "not remembered, so both are executed";
  send(88, 2, "r1");
  EXPECT_EQ(delivered(), 0U);
  written(130);
  bench.network.take<wire::Receipt>(link_b);
  bench.network.take<wire::Receipt>(link_c);
  send(77, 130, "r130");
  send(88, 3, "r2");
  EXPECT_TRUE(bench.network.one<wire::Receipt>(link_c).is_duplicate);
  send(88, 4, "r1");
  EXPECT_EQ(delivered(), 2U) << "r130, and r1 once more";
}

TEST_F(Requests, a_repeat_that_comes_while_the_holder_is_not_known_joins_the_first) {
  Epochs epochs{"ac"};
  const auto first = epochs.view();
  epochs.next("abc");
  epochs.next("ac");
  const auto third = epochs.view();
  const std::string uid = user_of({first, third}, "aa");
  HolderBench other;
  other.adopt(third);
  other.holder->on_message(other.now, path_b, message(uid, 77, 1, "r1"));
  other.holder->on_message(other.now, path_c, message(uid, 88, 5, "r1"));
  other.holder->tick(other.now);
  for (const LinkId link : {link_b, link_c}) {
    if (other.network.count<wire::Ask>(link) > 0)
      other.holder->on_none(other.now, make_path(link, wire::this_core), {"chat", uid, 3});
  }
  EXPECT_EQ(other.network.one<wire::Receipt>(link_b).status, ReceiptStatus::offline);
  // The first one is undone, so the second one was tried.
  EXPECT_EQ(other.network.one<wire::Receipt>(link_c).status, ReceiptStatus::offline);
}

/// Node a loses a user to b.
struct RequestsMoved : Requests {
  RequestsMoved() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
    bench.adopt(first);
    other.network.nodes = {{"b", local_link}};
    holder = std::make_unique<Holder>(other.options, Self{"b", 2, 0, 1}, std::uint8_t{5}, other.network, other.sender,
                                      other.pool);
    holder->adopt(other.now, first);
    holder->adopt(other.now, second);
  }
  /// From a to b, with the edge.
  wire::Attached move() {
    bench.adopt(second);
    bench.pass(10ms);
    const auto snapshot = bench.network.one<wire::Snapshot>(link_b);
    holder->on_snapshot(other.now, path_a, snapshot);
    bench.holder->on_prepared(bench.now, {"chat", uid, snapshot.handover, 2, snapshot.total, true});
    holder->on_release(other.now, {"chat", uid, snapshot.handover, 1});
    const std::string id = HolderBench::id_of(1);
    wire::Attach attach = HolderBench::request(uid, 1, id);
    attach.number = 2;
    attach.life = alice.life;
    attach.received = 1;
    holder->on_attach(other.now, edge_path, attach);
    return other.network.one<wire::Attached>(edge_link);
  }

  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
  HolderBench other;
  std::unique_ptr<Holder> holder;
};

TEST_F(RequestsMoved, the_memory_moves_with_the_user) {
  alice = bench.attach(uid);
  send(message(uid, 77, 1, "r1"));
  written(1);
  move();
  holder->on_message(other.now, path_c, message(uid, 88, 5, "r1"));
  const auto again = other.network.one<wire::Receipt>(link_c);
  EXPECT_EQ(again.status, ReceiptStatus::delivered);
  EXPECT_TRUE(again.is_duplicate);
  EXPECT_EQ(other.network.count<wire::Down>(edge_link), 0U);
}

TEST_F(RequestsMoved, repeats_that_wait_are_answered_where_the_user_has_gone) {
  alice = bench.attach(uid);
  send(message(uid, 77, 1, "r1"));
  send(message(uid, 88, 5, "r1"));
  const auto attached = move();
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_b), 1U);
  EXPECT_EQ(bench.network.count<wire::Refusal>(link_c), 1U);
  // Both origins send again, the later one first.
  holder->on_message(other.now, path_c, message(uid, 88, 5, "r1"));
  holder->on_message(other.now, path_b, message(uid, 77, 1, "r1"));
  holder->on_message(other.now, path_c, message(uid, 88, 6, "r1"));
  EXPECT_EQ(other.network.count<wire::Receipt>(link_c), 0U);
  holder->on_progress(other.now, {attached.holder, 1, 1});
  EXPECT_FALSE(other.network.one<wire::Receipt>(link_b).is_duplicate);
  const auto repeats = other.network.take<wire::Receipt>(link_c);
  ASSERT_EQ(repeats.size(), 2U);
  for (const auto& receipt : repeats) {
    EXPECT_EQ(receipt.status, ReceiptStatus::delivered);
    EXPECT_TRUE(receipt.is_duplicate);
  }
}

}  // namespace
}  // namespace wscluster::cluster
