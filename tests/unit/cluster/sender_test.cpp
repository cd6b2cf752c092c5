// SPDX-License-Identifier: MIT
#include "cluster/sender.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;
using wire::RefuseReason;

struct SenderTest : testing::Test, ReceiptSink {
  SenderTest() {
    network.nodes = {{"a", link_a}, {"b", link_b}};
    sender.adopt(now, view);
  }
  void on_receipt(TimePoint, std::uint64_t cookie, const Receipt& receipt) override {
    receipts.emplace_back(cookie, receipt.status);
    nodes.emplace_back(receipt.node);
    duplicates += receipt.is_duplicate ? 1 : 0;
    if (answer_with_a_send) send("another" + std::to_string(cookie), cookie + 1000);
  }
  void send(const std::string& to, std::uint64_t cookie, Duration patience = 5s) {
    EXPECT_TRUE(sender.send(now, {"chat", to, "payload", wire::Wait::delivered, now + patience}, *this, cookie));
  }
  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;)
      sender.tick(now += 10ms);
  }
  void refuse(PathId path, std::uint64_t counter, RefuseReason reason = RefuseReason::not_owner,
              std::uint64_t epoch = 1) {
    sender.on_refusal(now, path, {counter, reason, epoch});
  }

  FakeNetwork network;
  Sender sender{network};
  TimePoint now{std::chrono::hours(1)};
  Epochs epochs{"ab"};
  std::shared_ptr<const View> view = epochs.view();
  std::string uid = user_of({view}, "a");
  std::vector<std::pair<std::uint64_t, ReceiptStatus>> receipts;
  std::vector<std::string> nodes;
  std::size_t duplicates = 0;
  bool answer_with_a_send = false;
};

TEST_F(SenderTest, sends_to_the_owner_with_its_stamp_and_the_message_before) {
  send(uid, 1);
  send(uid, 2);
  const auto messages = network.take<wire::Message>(link_a);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].after, 0U);
  EXPECT_EQ(messages[1].after, messages[0].counter);
  EXPECT_EQ(messages[0].epoch, 1U);
  EXPECT_EQ(messages[0].deadline_ms, 5000U);
  sender.on_receipt(now, path_a, {messages[0].counter, ReceiptStatus::delivered, 1, 1});
  sender.on_receipt(now, path_a, {messages[0].counter, ReceiptStatus::offline, 0, 1});
  ASSERT_EQ(receipts.size(), 1U) << "exactly one";
  EXPECT_EQ(nodes[0], "a");
  send(uid, 3);
  EXPECT_EQ(network.one<wire::Message>(link_a).settled, 2U);
  EXPECT_EQ(sender.open(), 2U);
}

TEST_F(SenderTest, a_request_travels_with_its_message_and_a_duplicate_is_told) {
  EXPECT_TRUE(sender.send(now, {"chat", uid, "x", wire::Wait::delivered, now + 1s, "request-1"}, *this, 1));
  const auto message = network.one<wire::Message>(link_a);
  EXPECT_EQ(message.request, "request-1");
  sender.on_refusal(now, path_a, {message.counter, RefuseReason::not_owner, 1});
  pass(30ms);
  EXPECT_EQ(network.one<wire::Message>(link_a).request, "request-1") << "also when it is sent again";
  sender.on_receipt(now, path_a, {message.counter, ReceiptStatus::delivered, 1, 1, true});
  EXPECT_EQ(duplicates, 1U);
}

TEST_F(SenderTest, knows_no_other_service) {
  EXPECT_FALSE(sender.send(now, {"other", uid, "x", wire::Wait::none, now + 1s}, *this, 1));
  Sender without_view(network);
  EXPECT_FALSE(without_view.send(now, {"chat", uid, "x", wire::Wait::none, now + 1s}, *this, 1));
}

TEST_F(SenderTest, sends_all_again_in_order_after_a_broken_link) {
  send(uid, 1);
  send(uid, 2);
  network.take<wire::Message>(link_a);
  sender.on_link_down(now, link_a);
  network.nodes["a"] = 7;
  pass(30ms);
  const auto messages = network.take<wire::Message>(7);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_LT(messages[0].counter, messages[1].counter);
  EXPECT_EQ(network.count<wire::Message>(link_a), 0U);
}

TEST_F(SenderTest, waits_for_the_epoch_that_a_refusal_names) {
  epochs.next("bA");
  send(uid, 1);
  const auto first = network.one<wire::Message>(link_a);
  refuse(path_a, first.counter, RefuseReason::not_owner, 2);
  pass(2s);
  EXPECT_EQ(network.count<wire::Message>(link_a), 0U);
  sender.adopt(now, epochs.view());
  const auto again = network.one<wire::Message>(link_b);
  EXPECT_EQ(again.counter, first.counter);
  EXPECT_EQ(again.epoch, 1U) << "of the first sending";
}

TEST_F(SenderTest, P0_13_goes_to_a_new_owner_with_everything_that_is_open_and_takes_late_answers) {
  send(uid, 1);
  send(uid, 2);
  send(uid, 3);
  const auto messages = network.take<wire::Message>(link_a);
  sender.on_receipt(now, path_a, {messages[0].counter, ReceiptStatus::delivered, 1, 1});
  epochs.next("bA");
  sender.adopt(now, epochs.view());
  const auto again = network.take<wire::Message>(link_b);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].counter, messages[1].counter);
  EXPECT_EQ(again[0].after, 0U);
  EXPECT_EQ(again[1].after, again[0].counter);
  refuse(path_a, messages[1].counter, RefuseReason::not_owner, 2);
  send(uid, 4);
  EXPECT_EQ(network.count<wire::Message>(link_b), 1U) << "a refusal from where they were means nothing";
  sender.on_receipt(now, path_a, {messages[1].counter, ReceiptStatus::delivered, 1, 2});
  ASSERT_EQ(receipts.size(), 2U) << "but a receipt does";
  EXPECT_EQ(nodes[1], "");
}

TEST_F(SenderTest, leaves_a_holder_that_is_gone) {
  send(uid, 1);
  network.take<wire::Message>(link_a);
  epochs.next("b");
  epochs.peers = "b";
  sender.adopt(now, epochs.view());
  EXPECT_EQ(network.count<wire::Message>(link_b), 1U);
}

TEST_F(SenderTest, sends_nothing_new_between_a_refusal_and_all_of_them_again_in_order) {
  send(uid, 1);
  send(uid, 2);
  const auto messages = network.take<wire::Message>(link_a);
  refuse(path_a, messages[1].counter, RefuseReason::lacks_after);
  send(uid, 3);
  EXPECT_EQ(network.count<wire::Message>(link_a), 0U);
  refuse(path_a, messages[0].counter, RefuseReason::lacks_after);
  pass(30ms);
  const auto again = network.take<wire::Message>(link_a);
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[0].counter, messages[0].counter);
  EXPECT_EQ(again[1].after, again[0].counter);
  EXPECT_EQ(again[2].after, again[1].counter);
}

TEST_F(SenderTest, a_refusal_of_one_user_holds_up_nobody_else) {
  send(uid, 1);
  refuse(path_a, network.one<wire::Message>(link_a).counter);
  send(user_of({view}, "a", 1), 2);
  EXPECT_EQ(network.count<wire::Message>(link_a), 1U);
}

TEST_F(SenderTest, P0_04_waits_while_there_is_no_way_to_the_owner) {
  network.nodes.erase("a");
  send(uid, 1);
  send(uid, 2);
  pass(100ms);
  network.nodes["a"] = link_c;
  pass(10ms);
  EXPECT_EQ(network.count<wire::Message>(link_c), 2U);
}

TEST_F(SenderTest, does_not_ask_an_owner_that_refuses_more_often_than_every_few_milliseconds) {
  send(uid, 1);
  const auto counter = network.one<wire::Message>(link_a).counter;
  std::size_t sent = 1;
  for (int i = 0; i < 100; ++i) {
    refuse(path_a, counter, RefuseReason::lacks_after);
    pass(10ms);
    sent += network.count<wire::Message>(link_a);
  }
  EXPECT_LT(sent, 20U);
  EXPECT_GT(sent, 4U);
}

TEST_F(SenderTest, answers_itself_when_nobody_does) {
  send(uid, 1, 200ms);
  network.nodes.clear();
  send(user_of({view}, "b"), 2, 200ms);
  pass(300ms);
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0], std::pair(std::uint64_t{2}, ReceiptStatus::expired)) << "never sent";
  pass(300ms);
  ASSERT_EQ(receipts.size(), 2U);
  EXPECT_EQ(receipts[1], std::pair(std::uint64_t{1}, ReceiptStatus::unknown)) << "sent, and no answer";
  EXPECT_EQ(sender.open(), 0U);
}

TEST_F(SenderTest, a_deadline_frees_those_that_wait_behind_it) {
  send(uid, 1, 100ms);
  send(uid, 2, 5s);
  const auto messages = network.take<wire::Message>(link_a);
  network.nodes.clear();
  sender.on_link_down(now, link_a);
  pass(500ms);
  ASSERT_EQ(receipts.size(), 1U);
  network.nodes = {{"a", link_a}};
  pass(10ms);
  const auto again = network.one<wire::Message>(link_a);
  EXPECT_EQ(again.counter, messages[1].counter);
  EXPECT_EQ(again.after, 0U);
}

TEST_F(SenderTest, a_sink_may_send_from_its_receipt) {
  answer_with_a_send = true;
  for (std::uint64_t i = 0; i < 200; ++i)
    send("user" + std::to_string(i), i, 50ms);
  pass(400ms);
  EXPECT_EQ(receipts.size(), 200U);
  EXPECT_EQ(sender.open(), 200U);
}

TEST_F(SenderTest, tells_readers_once_what_is_settled) {
  send(uid, 1);
  const auto message = network.one<wire::Message>(link_a);
  pass(2s);
  EXPECT_EQ(network.count<wire::Settled>(link_a), 0U);
  sender.on_receipt(now, path_a, {message.counter, ReceiptStatus::delivered, 1, 1});
  pass(3s);
  EXPECT_EQ(network.one<wire::Settled>(link_a).counter, message.counter + 1);
}

TEST_F(SenderTest, ignores_answers_from_elsewhere_and_after_the_end) {
  send(uid, 1);
  const auto counter = network.one<wire::Message>(link_a).counter;
  refuse(path_b, counter);
  refuse(path_a, counter + 7);
  sender.on_receipt(now, path_a, {counter + 7, ReceiptStatus::delivered, 1, 1});
  pass(100ms);
  EXPECT_EQ(network.count<wire::Message>(link_a), 0U);
  EXPECT_TRUE(receipts.empty());
}

}  // namespace
}  // namespace wscluster::cluster
