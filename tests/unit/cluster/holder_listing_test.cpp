// SPDX-License-Identifier: MIT
// What operators see of a holder, and the end that they make to a user's sessions.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"
#include "session/session_id.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::Finding;

/// The only node is a; operators ask from c.
struct Listing : testing::Test {
  Listing() { bench.adopt(Epochs("a").view()); }

  wire::Sessions list(std::string_view after = {}, std::string_view prefix = {}, std::uint64_t limit = 100,
                      bool is_misplaced = false, std::string_view in_group = {}) {
    bench.holder->on_list(bench.now, path_c, {7, "chat", after, prefix, limit, is_misplaced, in_group});
    return bench.network.one<wire::Sessions>(link_c);
  }
  static wire::Order order_for(std::string_view uid, wire::Operation operation) {
    wire::Order order;
    order.number = 7;
    order.service = "chat";
    order.operation = operation;
    order.uid = uid;
    return order;
  }
  wire::Sessions order(const wire::Order& order) {
    bench.holder->on_order(bench.now, path_c, order);
    return bench.network.one<wire::Sessions>(link_c);
  }
  wire::Sessions show(std::string_view uid) { return order(order_for(uid, wire::Operation::show)); }
  wire::Sessions evict(std::string_view uid, std::uint64_t code = 1012, std::string_view text = "bye") {
    wire::Order close = order_for(uid, wire::Operation::close);
    close.code = code;
    close.text = text;
    return order(close);
  }
  void message(std::uint64_t counter, std::string_view payload) {
    bench.message("alice", counter, payload, 0, 1, wire::Wait::delivered, path_c);
  }
  std::string delivered(std::uint64_t edge) {
    std::string seen;
    for (const auto& down : bench.network.take<wire::Down>(edge_link))
      seen += down.edge == edge ? std::string(down.payload) + " " : "";
    return seen;
  }
  static std::vector<std::string> uids(const wire::Sessions& answer) {
    std::vector<std::string> list;
    for (const auto& entry : answer.entries)
      list.emplace_back(entry.uid);
    return list;
  }

  HolderBench bench;
};

TEST_F(Listing, a_session_is_told_with_its_edge_its_age_and_what_it_has_not_written) {
  const std::string id = HolderBench::id_of(1);
  wire::Attach request = HolderBench::request("alice", 1, id);
  request.process = 99;
  bench.holder->on_attach(bench.now, edge_path, request);
  const auto attached = bench.network.one<wire::Attached>(edge_link);
  bench.now += 5s;
  message(1, "written");
  message(2, "1234");
  bench.holder->on_progress(bench.now, {attached.holder, 2, 1});
  const auto answer = show("alice");
  EXPECT_EQ(answer.number, 7U);
  EXPECT_EQ(answer.finding, Finding::done);
  EXPECT_EQ(answer.epoch, 1U);
  ASSERT_EQ(answer.entries.size(), 1U);
  const auto& entry = answer.entries[0];
  EXPECT_EQ(entry.uid, "alice");
  EXPECT_EQ(entry.session, id);
  EXPECT_EQ(entry.process, 99U);
  EXPECT_EQ(entry.age_ms, 5000U);
  EXPECT_EQ(entry.life, attached.life);
  EXPECT_EQ(entry.in_flight, 1U);
  EXPECT_EQ(entry.in_flight_bytes, packed("1234").size());
  EXPECT_EQ(entry.waiting, 0U);
  EXPECT_FALSE(entry.is_detached || entry.is_moving);
  EXPECT_EQ(entry.close_code, 0U);
  EXPECT_EQ(entry.owner, "");
}

TEST_F(Listing, a_session_without_an_edge_is_told_as_detached) {
  bench.attach("alice");
  bench.holder->on_link_down(bench.now, edge_link);
  bench.now += 2s;
  const auto answer = show("alice");
  ASSERT_EQ(answer.entries.size(), 1U);
  EXPECT_TRUE(answer.entries[0].is_detached);
  EXPECT_EQ(answer.entries[0].detached_ms, 2000U);
}

TEST_F(Listing, one_that_is_not_here_is_nobody) {
  EXPECT_EQ(show("alice").finding, Finding::nobody);
  EXPECT_EQ(evict("alice").finding, Finding::nobody);
  EXPECT_EQ(bench.holder->users(), 0U) << "asking makes no user";
}

TEST_F(Listing, pages_hold_every_user_once_and_whole) {
  for (std::uint64_t edge = 1; edge <= 7; ++edge)
    bench.attach("user" + std::to_string(edge % 4), edge);
  std::multiset<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    const auto answer = list(after, {}, 1);
    for (const auto& entry : answer.entries) {
      EXPECT_EQ(entry.uid, answer.entries.front().uid) << "one user a page";
      seen.emplace(entry.uid);
    }
    after = answer.through;
    ++pages;
  } while (!after.empty());
  EXPECT_EQ(pages, 4);
  EXPECT_EQ(seen, (std::multiset<std::string>{"user0", "user1", "user1", "user2", "user2", "user3", "user3"}));
}

TEST_F(Listing, a_prefix_chooses_and_an_empty_holder_has_nothing) {
  EXPECT_TRUE(list().entries.empty());
  EXPECT_EQ(list().finding, Finding::done);
  bench.attach("alice", 1);
  bench.attach("albert", 2);
  bench.attach("bob", 3);
  EXPECT_EQ(list({}, "al").entries.size(), 2U);
  EXPECT_EQ(uids(list({}, "b")), std::vector<std::string>{"bob"});
}

TEST_F(Listing, a_long_list_stops_after_so_many_users_whatever_it_looks_for) {
  for (int i = 0; i < 10'500; ++i)
    bench.attach("user" + std::to_string(i), 1);
  const auto answer = list({}, "nobody is called so");
  EXPECT_TRUE(answer.entries.empty());
  ASSERT_FALSE(answer.through.empty());
  EXPECT_EQ(list(answer.through, "nobody is called so").through, "");
}

TEST_F(Listing, evicting_closes_every_session_of_the_user_and_no_other) {
  bench.attach("alice", 1);
  bench.attach("alice", 2);
  bench.attach("bob", 3);
  const auto answer = evict("alice", 4001, "go away");
  EXPECT_EQ(answer.finding, Finding::done);
  EXPECT_EQ(answer.count, 2U);
  const auto closes = bench.network.take<wire::Close>(edge_link);
  ASSERT_EQ(closes.size(), 2U);
  EXPECT_EQ(closes[0].edge + closes[1].edge, 3U);
  EXPECT_EQ(closes[0].code, 4001U);
  EXPECT_EQ(closes[0].text, "go away");
  EXPECT_EQ(show("alice").entries[0].close_code, 4001U) << "until the socket is gone";
  EXPECT_EQ(evict("alice").count, 0U) << "they are closing already";
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  EXPECT_EQ(show("bob").entries[0].close_code, 0U);
  EXPECT_EQ(bench.holder->counters().closed_by_operator, 2U);
}

TEST_F(Listing, a_client_that_is_to_come_back_finds_what_arrived_meanwhile_and_no_change_counts_it) {
  const auto attached = bench.attach("alice");
  evict("alice", 1012);
  message(1, "since the close");
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 1012, 0, 0});
  message(2, "while it is away");
  EXPECT_EQ(bench.network.count<wire::Receipt>(link_c), 0U);
  bench.attach("alice", 2);
  EXPECT_EQ(delivered(2), "since the close while it is away ");
  EXPECT_TRUE(bench.holder->received().empty());
}

TEST_F(Listing, nothing_waits_for_a_client_that_is_sent_away) {
  const auto attached = bench.attach("alice");
  evict("alice", 4001);
  bench.holder->on_detach(bench.now, edge_path, {attached.holder, 4001, 0, 0});
  message(1, "nobody is there");
  EXPECT_EQ(bench.network.one<wire::Receipt>(link_c).status, wire::ReceiptStatus::offline);
}

TEST_F(Listing, a_socket_that_does_not_take_its_close_is_given_up) {
  bench.attach("alice");
  evict("alice", 4001);
  bench.pass(9s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
}

/// Node a loses a user to b.
struct ListingMoved : Listing {
  ListingMoved() {
    first = epochs.view();
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
    bench.adopt(first);
  }

  Epochs epochs{"ac"};
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
};

TEST_F(ListingMoved, a_user_that_waits_for_its_turn_is_misplaced_and_can_be_evicted) {
  const std::string staying = user_of({first, second}, "aa");
  bench.attach(uid, 1);
  bench.attach(staying, 2);
  bench.adopt(second);
  bench.now += 4s;
  const auto answer = list({}, {}, 100, true);
  ASSERT_EQ(uids(answer), std::vector<std::string>{uid});
  EXPECT_EQ(answer.entries[0].owner, "b");
  EXPECT_EQ(answer.entries[0].misplaced_ms, 4000U);
  EXPECT_EQ(evict(uid).count, 1U);
}

TEST_F(ListingMoved, nothing_is_done_to_a_user_on_its_way_and_it_is_told) {
  bench.attach(uid);
  bench.adopt(second);
  bench.pass(10ms);
  ASSERT_EQ(bench.network.count<wire::Snapshot>(link_b), 1U);
  EXPECT_EQ(evict(uid).finding, Finding::moving);
  EXPECT_EQ(show(uid).finding, Finding::moving);
  EXPECT_EQ(bench.network.count<wire::Close>(edge_link), 0U);
  const auto answer = list();
  ASSERT_EQ(answer.entries.size(), 1U);
  EXPECT_TRUE(answer.entries[0].is_moving);
}

TEST_F(ListingMoved, the_age_of_a_session_and_an_operators_close_move_along) {
  bench.attach(uid);
  bench.now += 60s;
  evict(uid, 1012);
  bench.adopt(second);
  bench.pass(10ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);

  HolderBench other;
  other.network.nodes = {{"b", local_link}};
  Holder holder(other.options, Self{"b", 2, 0, 1}, 5, other.network, other.sender, other.pool);
  holder.adopt(other.now, first);
  holder.adopt(other.now, second);
  holder.on_snapshot(other.now, path_a, snapshot);
  holder.on_order(other.now, path_c, order_for(uid, wire::Operation::show));
  EXPECT_EQ(other.network.one<wire::Sessions>(link_c).finding, Finding::moving) << "passive";
  holder.on_list(other.now, path_c, {8, "chat", {}, {}, 100, false, {}});
  EXPECT_TRUE(other.network.one<wire::Sessions>(link_c).entries.empty()) << "told by its holder";
  holder.on_release(other.now, {"chat", uid, snapshot.handover, 1});
  holder.on_order(other.now, path_c, order_for(uid, wire::Operation::show));
  const auto answer = other.network.one<wire::Sessions>(link_c);
  ASSERT_EQ(answer.entries.size(), 1U);
  EXPECT_GE(answer.entries[0].age_ms, 60'000U);
  EXPECT_EQ(answer.entries[0].close_code, 1012U);
}

}  // namespace
}  // namespace wscluster::cluster
