// SPDX-License-Identifier: MIT
#include "cluster/holder.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;

/// Where the test's messages come from.
constexpr LinkId origin_link = link_b;

TEST(Holder, a_receipt_says_delivered_only_when_the_edge_has_written) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  EXPECT_EQ(Holder::service_index_of(attached.holder), 5);
  bench.message("alice", 1, "hello");
  const auto down = bench.network.one<wire::Down>(edge_link);
  EXPECT_EQ(down.payload, "hello");
  EXPECT_TRUE(down.tell_written);
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U);
  bench.holder->on_progress(bench.now, {attached.holder, 1, 0});
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U);
  bench.holder->on_progress(bench.now, {attached.holder, 1, 1});
  const auto receipt = bench.network.one<wire::Receipt>(origin_link);
  EXPECT_EQ(receipt.status, ReceiptStatus::delivered);
  EXPECT_EQ(receipt.sessions, 1U);
}

TEST(Holder, counts_only_the_sessions_that_have_written) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto first = bench.attach("alice", 1);
  const auto second = bench.attach("alice", 2);
  bench.message("alice", 1, "hello");
  bench.holder->on_progress(bench.now, {first.holder, 1, 1});
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U);
  bench.holder->on_detach(bench.now, edge_path, {second.holder, 1006, 1, 0});
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).sessions, 1U);
}

TEST(Holder, answers_offline_when_nobody_is_there_and_when_the_socket_closed_unwritten) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  bench.message("alice", 1, "hello");
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).status, ReceiptStatus::offline);
  const auto attached = bench.attach("alice");
  bench.message("alice", 2, "again");
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1006, 1, 0});
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).status, ReceiptStatus::offline);
}

TEST(Holder, executes_a_repeated_message_once_and_repeats_its_receipt) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  bench.message("alice", 1, "hello");
  bench.message("alice", 1, "hello", 0, 1, wire::Wait::delivered, make_path(3, wire::this_core));
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 1U);
  bench.holder->on_progress(bench.now, {attached.holder, 1, 1});
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U) << "the receipt goes where the message came last";
  EXPECT_EQ(bench.network.one<wire::Receipt>(3).status, ReceiptStatus::delivered);
  bench.message("alice", 1, "hello");
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).status, ReceiptStatus::delivered);
  EXPECT_EQ(bench.holder->counters().duplicates, 2U);
}

TEST(Holder, refuses_a_message_that_overtook_the_one_before) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  bench.attach("alice");
  bench.message("alice", 2, "second", 1);
  EXPECT_EQ(bench.network.one<wire::Refusal>(origin_link).reason, wire::RefuseReason::lacks_after);
  bench.message("alice", 1, "first");
  bench.message("alice", 2, "second", 1);
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_EQ(downs[0].payload, "first");
}

TEST(Holder, refuses_what_it_neither_owns_nor_holds_with_its_epoch) {
  HolderBench bench;
  Epochs epochs("ab");
  const auto view = epochs.view();
  bench.adopt(view);
  const std::string uid = user_of({view}, "b");
  bench.message(uid, 1, "hello");
  const auto refusal = bench.network.one<wire::Refusal>(origin_link);
  EXPECT_EQ(refusal.reason, wire::RefuseReason::not_owner);
  EXPECT_EQ(refusal.epoch, 1U);
  const std::string id = HolderBench::id_of(1);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, 1, id));
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).reason, wire::RefuseReason::not_owner);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST(Holder, forgets_a_user_when_the_origin_has_its_answers) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  bench.message("alice", 1, "hello");
  bench.holder->on_progress(bench.now, {attached.holder, 1, 1});
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1000, 1, 1});
  bench.pass(3s);
  EXPECT_EQ(bench.holder->users(), 1U) << "a repeat must be recognised";
  bench.holder->on_settled(bench.now, {"chat", 77, 2});
  bench.pass(2s);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST(Holder, limits_the_sessions_of_a_user) {
  ServiceOptions options;
  options.max_sessions_per_user = 2;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  bench.attach("alice", 1);
  bench.attach("alice", 2);
  const std::string id = HolderBench::id_of(3);
  bench.holder->on_attach(bench.now, edge_path, HolderBench::request("alice", 3, id));
  EXPECT_EQ(bench.network.one<wire::Refused>(edge_link).reason, wire::RefuseReason::full);
  EXPECT_EQ(bench.holder->sessions_of("alice"), 2U);
}

TEST(Holder, echoes_in_order_with_its_counter) {
  ServiceOptions options;
  options.raw = RawMode::echo;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  bench.holder->on_up(bench.now, {attached.holder, true, false, 0, 0, "one"});
  bench.holder->on_up(bench.now, {attached.holder, false, false, 0, 0, "two"});
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_EQ(downs[0].payload, "one");
  EXPECT_TRUE(downs[0].is_binary);
  EXPECT_FALSE(downs[0].tell_written);
  EXPECT_EQ(downs[1].answered, 2U);
}

TEST(Holder, relays_and_answers_with_the_receipt_and_refuses_what_it_cannot_read) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto alice = bench.attach("alice");
  bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, R"({"to":"bob","data":[1],"id":"x"})"});
  const auto message = bench.network.one<wire::Message>(1);
  EXPECT_EQ(message.uid, "bob");
  const auto envelope = protocol::open_envelope(message.payload);
  ASSERT_TRUE(envelope);
  std::string relayed;
  protocol::append_relayed(relayed, *envelope);
  EXPECT_EQ(relayed, R"({"from":"alice","data":[1]})");
  bench.sender.on_receipt(bench.now, make_path(1, 0), {message.counter, ReceiptStatus::delivered, 1, 1});
  EXPECT_NE(bench.network.one<wire::Down>(edge_link).payload.find(R"("id":"x","to":"bob","status":"delivered")"),
            std::string_view::npos);
  bench.holder->on_up(bench.now, {alice.holder, true, false, 0, 0, "\x01"});
  bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, "{"});
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 2U);
  EXPECT_EQ(bench.network.count<wire::Message>(1), 0U);
}

TEST(Holder, answers_unknown_for_what_a_lost_state_may_have_executed) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto alice = bench.attach("alice");
  bench.holder->on_up(bench.now, {alice.holder, false, true, 0, 0, R"({"to":"bob","data":1})"});
  EXPECT_EQ(bench.network.count<wire::Message>(1), 0U);
  EXPECT_NE(bench.network.one<wire::Down>(edge_link).payload.find("unknown"), std::string_view::npos);
}

TEST(Holder, sends_again_above_what_the_edge_received_after_a_broken_link) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  for (std::uint64_t i = 1; i <= 4; ++i)
    bench.message("alice", i, "m" + std::to_string(i));
  bench.network.take<wire::Down>(edge_link);
  bench.holder->on_link_down(bench.now, edge_link);
  bench.message("alice", 5, "m5");
  const std::string id = HolderBench::id_of(1);
  auto again = HolderBench::request("alice", 1, id);
  again.number = 2;
  again.life = attached.life;
  again.received = 3;
  again.written = 2;
  constexpr LinkId new_link = 10;
  bench.holder->on_attach(bench.now, make_path(new_link, wire::this_core), again);
  EXPECT_EQ(bench.network.one<wire::Attached>(new_link).life, attached.life);
  const auto downs = bench.network.take<wire::Down>(new_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_EQ(downs[0].payload, "m4");
  EXPECT_EQ(downs[1].payload, "m5");
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 2U) << "what the attach says is written";
  EXPECT_EQ(bench.holder->sessions(), 1U);
}

TEST(Holder, sends_everything_again_to_an_edge_that_never_learnt_this_life) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  bench.attach("alice");
  bench.message("alice", 1, "m1");
  bench.network.take<wire::Down>(edge_link);
  bench.holder->on_link_down(bench.now, edge_link);
  const std::string id = HolderBench::id_of(1);
  auto again = HolderBench::request("alice", 1, id);
  again.number = 2;
  again.life = 4711;
  again.received = 9;
  again.written = 9;
  bench.holder->on_attach(bench.now, make_path(10, wire::this_core), again);
  EXPECT_EQ(bench.network.one<wire::Down>(10).payload, "m1");
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U);
}

TEST(Holder, ends_a_session_whose_edge_stays_away_and_says_unknown) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  bench.attach("alice");
  bench.message("alice", 1, "hello");
  bench.holder->on_link_down(bench.now, edge_link);
  bench.pass(9s);
  EXPECT_EQ(bench.holder->sessions(), 1U);
  bench.pass(2s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).status, ReceiptStatus::unknown);
}

TEST(Holder, waits_for_a_session_without_an_edge_only_when_nobody_else_writes) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  bench.attach("alice", 1, make_path(5, wire::this_core));
  const auto here = bench.attach("alice", 2);
  bench.holder->on_link_down(bench.now, 5);
  bench.message("alice", 1, "hello");
  bench.holder->on_detach(bench.now, edge_path, {here.holder, 1001, 1, 0});
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U) << "the other device may have it";
  const std::string id = HolderBench::id_of(1);
  auto request = HolderBench::request("alice", 1, id);
  request.number = 2;
  request.life = here.life;
  request.written = 0;
  bench.holder->on_attach(bench.now, edge_path, request);
  bench.holder->on_progress(bench.now, {bench.network.one<wire::Attached>(edge_link).holder, 1, 1});
  const auto receipt = bench.network.one<wire::Receipt>(origin_link);
  EXPECT_EQ(receipt.status, ReceiptStatus::delivered);
  EXPECT_EQ(receipt.sessions, 1U);
}

class SlowConsumerTest : public testing::TestWithParam<SlowConsumer> {};

TEST_P(SlowConsumerTest, P0_24_is_treated_as_the_service_says) {
  ServiceOptions options;
  options.slow_consumer = GetParam();
  options.window_messages = 2;
  options.outbox_messages = 3;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  for (std::uint64_t i = 1; i <= 7; ++i)
    bench.message("alice", i, std::to_string(i));
  EXPECT_EQ(bench.network.count<wire::Down>(edge_link), 2U) << "no more than the window";
  if (GetParam() == SlowConsumer::close) {
    EXPECT_EQ(bench.network.one<wire::Close>(edge_link).code, 1013U) << "at once, not behind what is not read";
    bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1013, 2, 1});
    std::map<ReceiptStatus, int> counts;
    for (const auto& receipt : bench.network.take<wire::Receipt>(origin_link))
      ++counts[receipt.status];
    EXPECT_EQ(counts[ReceiptStatus::delivered], 1);
    EXPECT_EQ(counts[ReceiptStatus::offline], 6);
    EXPECT_EQ(bench.holder->counters().slow_consumers, 1U);
    return;
  }
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 2U) << "two were dropped";
  bench.holder->on_progress(bench.now, {attached.holder, 2, 2});
  bench.holder->on_progress(bench.now, {attached.holder, 4, 4});
  std::string rest;
  for (const auto& down : bench.network.take<wire::Down>(edge_link))
    rest += down.payload;
  EXPECT_EQ(rest, GetParam() == SlowConsumer::drop_oldest ? "567" : "345");
  EXPECT_EQ(bench.holder->counters().dropped, 2U);
}

INSTANTIATE_TEST_SUITE_P(Policies, SlowConsumerTest,
                         testing::Values(SlowConsumer::close, SlowConsumer::drop_oldest, SlowConsumer::drop_newest));

TEST(Holder, tells_the_edge_to_forget_only_what_the_client_has_an_answer_to) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto alice = bench.attach("alice");
  for (int i = 0; i < 3; ++i)
    bench.holder->on_up(bench.now, {alice.holder, false, false, 0, 0, R"({"to":"bob","data":1})"});
  bench.pass(100ms);
  EXPECT_EQ(bench.network.count<wire::Answered>(edge_link), 0U);
  const auto messages = bench.network.take<wire::Message>(1);
  ASSERT_EQ(messages.size(), 3U);
  std::string told;
  for (const std::size_t i : {2U, 0U, 1U}) {
    bench.sender.on_receipt(bench.now, make_path(1, 0), {messages[i].counter, ReceiptStatus::offline, 0, 1});
    const auto down = bench.network.one<wire::Down>(edge_link);
    told += std::to_string(down.answered) + "/" + std::to_string(down.answers) + " ";
  }
  EXPECT_EQ(told, "0/3 1/0 3/0 ") << "forgotten up to / answered ahead of others";
}

TEST(Holder, answers_what_a_lost_state_may_have_executed_with_unknown_and_not_twice) {
  HolderBench bench;
  bench.adopt(Epochs("a").view());
  const auto alice = bench.attach("alice");
  bench.holder->on_up(bench.now, {alice.holder, false, true, 0, 0, R"({"to":"bob","data":1,"id":1})"});
  bench.holder->on_up(bench.now, {alice.holder, false, true, 0, 0, {}, true});
  EXPECT_EQ(bench.network.count<wire::Message>(1), 0U);
  const auto down = bench.network.one<wire::Down>(edge_link);
  EXPECT_NE(down.payload.find("unknown"), std::string::npos) << down.payload;
  bench.pass(100ms);
  EXPECT_EQ(bench.network.one<wire::Answered>(edge_link).answered, 2U);
}

TEST(Holder, keeps_messages_in_the_inbox_until_somebody_comes) {
  ServiceOptions options;
  options.inbox = Inbox::memory;
  options.inbox_messages = 2;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  bench.message("alice", 1, "first");
  bench.message("alice", 2, "second", 1);
  bench.message("alice", 3, "too many", 2);
  std::string statuses;
  for (const auto& receipt : bench.network.take<wire::Receipt>(origin_link))
    statuses += std::string(to_string(receipt.status)) + " ";
  EXPECT_EQ(statuses, "queued queued offline ");
  bench.holder->on_settled(bench.now, {"chat", 77, 4});
  bench.pass(60s);
  const auto attached = bench.attach("alice");
  const auto downs = bench.network.take<wire::Down>(edge_link);
  ASSERT_EQ(downs.size(), 2U);
  EXPECT_EQ(downs[0].payload, "first");
  EXPECT_EQ(downs[1].payload, "second");
  bench.holder->on_progress(bench.now, {attached.holder, 2, 2});
  EXPECT_EQ(bench.network.count<wire::Receipt>(origin_link), 0U) << "answered once";
}

TEST(Holder, puts_into_the_inbox_what_the_last_socket_did_not_write) {
  ServiceOptions options;
  options.inbox = Inbox::memory;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  const auto attached = bench.attach("alice");
  bench.message("alice", 1, "hello", 0, 1, wire::Wait::queued);
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1006, 1, 0});
  bench.network.take<wire::Down>(edge_link);
  bench.attach("alice", 2);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "hello");
}

TEST(Holder, empties_the_inbox_when_its_time_is_over) {
  ServiceOptions options;
  options.inbox = Inbox::memory;
  options.inbox_time = 30s;
  HolderBench bench(options);
  bench.adopt(Epochs("a").view());
  bench.message("alice", 1, "hello");
  bench.holder->on_settled(bench.now, {"chat", 77, 2});
  bench.pass(29s);
  EXPECT_EQ(bench.holder->users(), 1U);
  bench.pass(3s);
  EXPECT_EQ(bench.holder->users(), 0U);
}

TEST(Holder, answers_what_was_first_sent_before_a_loss_with_unknown) {
  HolderBench bench;
  Epochs epochs("ab");
  const auto first = epochs.view();
  bench.adopt(first);
  epochs.next("a");  // b is gone with its state, and its change is not done
  epochs.peers = "a";
  const auto second = epochs.view();
  const std::string uid = user_of({first, second}, "ba");
  bench.adopt(second);
  bench.message(uid, 1, "old", 0, 1);
  EXPECT_EQ(bench.network.one<wire::Receipt>(origin_link).status, ReceiptStatus::unknown);
  bench.attach(uid);
  bench.message(uid, 2, "new", 0, 2);
  EXPECT_EQ(bench.network.one<wire::Down>(edge_link).payload, "new");
}

}  // namespace
}  // namespace wscluster::cluster
