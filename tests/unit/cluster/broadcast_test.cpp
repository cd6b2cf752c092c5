// SPDX-License-Identifier: MIT
// Delivery::broadcast: every node is asked, and their answers become one.
#include <gtest/gtest.h>

#include <optional>

#include "bench.hpp"
#include "cluster/inquirer.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::ReceiptStatus;

/// The same view as a gateway has it, or the node of that name.
std::shared_ptr<const View> broadcast(const Epochs& epochs, char self = 0) {
  const auto ring = epochs.view();
  auto view = std::make_shared<View>(*ring);
  const ServiceView& service = *ring->service("chat");
  const ring::Member us{std::string(1, self), Epochs::incarnation_of(self), 1, ring::MemberState::up};
  view->services["chat"] = ServiceView::make_broadcast(service.document, service.policies, self == 0 ? nullptr : &us);
  return view;
}

struct BroadcastSending : testing::Test, ReceiptSink {
  BroadcastSending() {
    network.nodes = {{"a", link_a}, {"b", link_b}, {"c", link_c}};
    sender.adopt(now, broadcast(epochs));
  }
  void on_receipt(TimePoint, std::uint64_t cookie, const Receipt& receipt) override {
    receipts.push_back(std::to_string(cookie) + " " + to_string(receipt.status) + " " +
                       std::to_string(receipt.sessions) + " " + std::string(receipt.node));
  }
  void send(std::uint64_t cookie) {
    EXPECT_TRUE(sender.send(now, {"chat", "bob", "payload", wire::Wait::delivered, now + 5s}, *this, cookie));
  }
  void answer(LinkId link, ReceiptStatus status, std::uint64_t sessions = 0) {
    const auto message = network.one<wire::Message>(link);
    sender.on_receipt(now, make_path(link, wire::this_core), {message.counter, status, sessions, 1, false});
  }
  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;)
      sender.tick(now += 10ms);
  }

  FakeNetwork network;
  Sender sender{network};
  TimePoint now{std::chrono::hours(1)};
  Epochs epochs{"abc"};
  std::vector<std::string> receipts;
};

TEST_F(BroadcastSending, every_node_gets_the_message_and_the_receipt_is_that_of_all) {
  send(7);
  answer(link_a, ReceiptStatus::offline);
  answer(link_b, ReceiptStatus::delivered, 2);
  EXPECT_TRUE(receipts.empty());
  answer(link_c, ReceiptStatus::delivered, 1);
  EXPECT_EQ(receipts, std::vector<std::string>{"7 delivered 3 b"});
  EXPECT_EQ(sender.open(), 0U);
}

TEST_F(BroadcastSending, who_is_nowhere_is_offline) {
  send(7);
  for (const LinkId link : {link_a, link_b, link_c})
    answer(link, ReceiptStatus::offline);
  EXPECT_EQ(receipts, std::vector<std::string>{"7 offline 0 "});
}

TEST_F(BroadcastSending, what_one_does_not_know_nobody_knows) {
  send(7);
  answer(link_a, ReceiptStatus::delivered, 1);
  answer(link_b, ReceiptStatus::offline);
  pass(6s);
  EXPECT_EQ(receipts, std::vector<std::string>{"7 unknown 1 "});
}

TEST_F(BroadcastSending, a_node_that_is_gone_has_nobody) {
  network.cut(link_c);
  send(7);
  answer(link_a, ReceiptStatus::delivered, 1);
  answer(link_b, ReceiptStatus::offline);
  EXPECT_TRUE(receipts.empty());
  epochs.next("ab");
  sender.adopt(now, broadcast(epochs));
  EXPECT_EQ(receipts, std::vector<std::string>{"7 delivered 1 a"});
}

TEST_F(BroadcastSending, a_node_that_comes_is_asked_from_then_on) {
  epochs.peers = "abcd";
  epochs.next("abcd");
  network.nodes["d"] = 4;
  sender.adopt(now, broadcast(epochs));
  send(7);
  for (const LinkId link : {link_a, link_b, link_c})
    answer(link, ReceiptStatus::offline);
  EXPECT_TRUE(receipts.empty());
  answer(4, ReceiptStatus::queued, 1);
  EXPECT_EQ(receipts, std::vector<std::string>{"7 queued 1 d"});
}

struct BroadcastInquiring : testing::Test {
  BroadcastInquiring() {
    network.nodes = {{"a", link_a}, {"b", link_b}, {"c", link_c}};
    inquirer.adopt(broadcast(epochs));
  }
  void close(const std::string& uid) {
    Order order;
    order.service = "chat";
    order.operation = wire::Operation::close;
    order.uid = uid;
    inquirer.order(order, now + 3s, [this](OrderReport r) { report = std::move(r); });
  }
  void answer(LinkId link, wire::Finding finding, std::uint64_t count = 0) {
    wire::Sessions answer;
    answer.number = network.one<wire::Order>(link).number;
    answer.finding = finding;
    answer.epoch = 1;
    answer.count = count;
    inquirer.on_sessions(make_path(link, wire::this_core), answer);
  }

  FakeNetwork network;
  Inquirer inquirer{network};
  TimePoint now{std::chrono::hours(1)};
  Epochs epochs{"abc"};
  std::optional<OrderReport> report;
};

TEST_F(BroadcastInquiring, every_node_is_asked_and_counts) {
  close("bob");
  answer(link_a, wire::Finding::done, 2);
  answer(link_b, wire::Finding::nobody);
  EXPECT_FALSE(report);
  answer(link_c, wire::Finding::done, 1);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, OrderReport::Status::done);
  EXPECT_EQ(report->count, 3U);
}

TEST_F(BroadcastInquiring, nobody_is_nobody_only_when_all_say_so) {
  close("bob");
  for (const LinkId link : {link_a, link_b, link_c})
    answer(link, wire::Finding::nobody);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, OrderReport::Status::nobody);
  report.reset();
  close("bob");
  answer(link_a, wire::Finding::nobody);
  inquirer.on_link_down(link_b);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, OrderReport::Status::unknown);
}

TEST_F(BroadcastInquiring, nothing_is_done_when_one_cannot_be_asked) {
  network.cut(link_c);
  network.nodes.erase("c");
  close("bob");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, OrderReport::Status::busy);
  EXPECT_EQ(network.count<wire::Order>(link_a), 0U);
}

TEST(BroadcastHolding, a_node_takes_everybody_and_a_change_moves_nobody) {
  HolderBench bench;
  Epochs epochs("abc");
  bench.adopt(broadcast(epochs, 'a'));
  for (unsigned n = 0; n < 9; ++n)
    bench.attach("user" + std::to_string(n), n + 1);
  EXPECT_EQ(bench.holder->sessions(), 9U);
  epochs.next("bc");
  bench.adopt(broadcast(epochs, 'a'));
  bench.pass(1s);
  EXPECT_EQ(bench.holder->sessions(), 9U);
  EXPECT_EQ(bench.holder->misplaced(), 0U);
  EXPECT_EQ(bench.holder->moves_pending(), 0U);
  ASSERT_TRUE(bench.holder->donated().contains(2));
  EXPECT_TRUE(bench.holder->donated().at(2).is_done) << "who waits for us need not";
  EXPECT_EQ(bench.holder->donated().at(2).planned, 0U);
}

TEST(BroadcastPlaces, an_id_names_its_holder_and_goes_on_elsewhere_when_that_is_gone) {
  Epochs epochs("abc");
  const auto gateway = broadcast(epochs);
  std::set<std::string> holders;
  for (int n = 0; n < 100; ++n) {
    const auto id = gateway->service("chat")->new_session("bob");
    const ring::Member* holder = gateway->service("chat")->holder_of(id);
    ASSERT_NE(holder, nullptr);
    EXPECT_EQ(holder->incarnation, id.random[0]);
    holders.insert(holder->name);
  }
  EXPECT_EQ(holders.size(), 3U);
  const auto at_b = broadcast(epochs, 'b')->service("chat")->new_session("bob");
  EXPECT_EQ(gateway->service("chat")->holder_of(at_b)->name, "b");
  epochs.next("ac");
  const auto after = broadcast(epochs);
  const ring::Member* other = after->service("chat")->holder_of(at_b);
  ASSERT_NE(other, nullptr);
  EXPECT_NE(other->name, "b");
}

}  // namespace
}  // namespace wscluster::cluster
