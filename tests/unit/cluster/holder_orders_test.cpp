// SPDX-License-Identifier: MIT
// What applications order for one session, a user or everybody.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"
#include "session/permissions.hpp"
#include "session/session_id.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::Finding;
using wire::Operation;

/// The only node is a; applications ask from c.
struct Orders : testing::Test {
  Orders() { bench.adopt(epochs.view()); }

  [[nodiscard]] std::uint64_t hash_of(const std::string& uid) const {
    return epochs.view()->service("chat")->hash_of(uid);
  }
  /// A session whose id routes like its user, as gateways make them.
  std::string connect(const std::string& uid, std::uint64_t edge) {
    const session::SessionId id{hash_of(uid), {edge, 1}};
    bench.holder->on_attach(bench.now, edge_path, HolderBench::request(uid, edge, ids.emplace_back(id.view())));
    EXPECT_EQ(bench.network.count<wire::Attached>(edge_link), 1U);
    return ids.back();
  }
  static wire::Order for_user(Operation operation, std::string_view uid) {
    wire::Order order;
    order.number = 7;
    order.service = "chat";
    order.operation = operation;
    order.uid = uid;
    order.code = 1008;
    order.text = "bye";
    return order;
  }
  static wire::Order for_session(Operation operation, std::string_view id) {
    wire::Order order = for_user(operation, {});
    order.session = id;
    return order;
  }
  static wire::Order for_everybody(Operation operation) { return for_user(operation, {}); }
  wire::Sessions give(const wire::Order& order) {
    bench.holder->on_order(bench.now, path_c, order);
    subscribe();
    return bench.network.one<wire::Sessions>(link_c);
  }
  /// The owner of the groups is the same holder.
  void subscribe() {
    for (const auto& frame : bench.network.take<wire::Subscribe>(link_a))
      bench.holder->on_subscribe(bench.now, path_a, frame);
    for (const auto& frame : bench.network.take<wire::Subscribed>(link_a))
      bench.holder->memberships().on_subscribed(bench.now, path_a, frame);
  }
  /// The edges of sockets that were closed.
  std::set<std::uint64_t> closed() {
    std::set<std::uint64_t> edges;
    for (const auto& close : bench.network.take<wire::Close>(edge_link)) {
      EXPECT_EQ(close.code, 1008U);
      edges.insert(close.edge);
    }
    return edges;
  }
  void join(std::string_view id, std::string_view group) {
    wire::Order order = for_session(Operation::join_groups, id);
    order.groups = {{group}};
    EXPECT_EQ(give(order).count, 1U);
  }
  std::vector<std::string> members(std::string_view group) {
    bench.holder->on_list(bench.now, path_c, {7, "chat", {}, {}, 100, false, group});
    std::vector<std::string> list;
    for (const auto& entry : bench.network.one<wire::Sessions>(link_c).entries)
      list.emplace_back(entry.session);
    std::sort(list.begin(), list.end());
    return list;
  }
  static std::vector<std::string> sorted(std::vector<std::string> list) {
    std::sort(list.begin(), list.end());
    return list;
  }

  Epochs epochs{"a"};
  HolderBench bench;
  std::deque<std::string> ids;
};

TEST_F(Orders, a_session_is_found_by_its_id_alone) {
  connect("alice", 1);
  const std::string phone = connect("alice", 2);
  const auto shown = give(for_session(Operation::show, phone));
  EXPECT_EQ(shown.finding, Finding::done);
  ASSERT_EQ(shown.entries.size(), 1U);
  EXPECT_EQ(shown.entries[0].uid, "alice");
  EXPECT_EQ(shown.entries[0].session, phone);
  EXPECT_EQ(give(for_session(Operation::close, phone)).count, 1U);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{2});
}

TEST_F(Orders, a_session_that_is_not_here_is_nobody) {
  connect("alice", 1);
  const session::SessionId other{hash_of("alice"), {9, 9}};
  EXPECT_EQ(give(for_session(Operation::show, other.view())).finding, Finding::nobody);
  const session::SessionId elsewhere{1, {9, 9}};
  EXPECT_EQ(give(for_session(Operation::close, elsewhere.view())).finding, Finding::nobody);
  EXPECT_EQ(give(for_user(Operation::leave_all_groups, "bob")).finding, Finding::nobody);
  EXPECT_TRUE(closed().empty());
}

TEST_F(Orders, a_session_that_is_being_closed_is_only_shown) {
  const std::string id = connect("alice", 1);
  give(for_session(Operation::close, id));
  EXPECT_EQ(give(for_session(Operation::show, id)).entries.size(), 1U);
  EXPECT_EQ(give(for_session(Operation::close, id)).count, 0U);
  EXPECT_EQ(give(for_session(Operation::grant, id)).finding, Finding::nobody);
}

TEST_F(Orders, excluded_sessions_stay) {
  connect("alice", 1);
  const std::string phone = connect("alice", 2);
  const std::string desk = connect("alice", 3);
  wire::Order order = for_user(Operation::close, "alice");
  const std::string excluded = phone + desk;
  order.excluded = excluded;
  EXPECT_EQ(give(order).count, 1U);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{1});
}

TEST_F(Orders, groups_are_joined_and_left) {
  const std::string id = connect("alice", 1);
  const std::string other = connect("alice", 2);
  wire::Order order = for_user(Operation::join_groups, "alice");
  order.groups = {{"red"}, {"blue"}};
  EXPECT_EQ(give(order).count, 2U);
  EXPECT_EQ(members("red"), sorted({id, other}));
  order = for_session(Operation::leave_groups, id);
  order.groups = {{"red"}, {"green"}};
  give(order);
  EXPECT_EQ(members("red"), std::vector{other});
  EXPECT_EQ(members("blue"), sorted({id, other}));
  give(for_user(Operation::leave_all_groups, "alice"));
  EXPECT_TRUE(members("red").empty() && members("blue").empty());
}

TEST_F(Orders, a_join_is_answered_when_the_members_get_what_is_published) {
  const std::string id = connect("alice", 1);
  wire::Order order = for_session(Operation::join_groups, id);
  order.groups = {{"red"}, {"blue"}};
  bench.holder->on_order(bench.now, path_c, order);
  EXPECT_EQ(bench.network.count<wire::Sessions>(link_c), 0U);
  subscribe();
  EXPECT_EQ(bench.network.one<wire::Sessions>(link_c).count, 1U);
  EXPECT_EQ(give(order).count, 1U) << "at once, it is in";
}

TEST_F(Orders, a_join_that_comes_to_nothing_is_answered_as_well) {
  const std::string id = connect("alice", 1);
  wire::Order order = for_session(Operation::join_groups, id);
  order.groups = {{"red"}};
  bench.holder->on_order(bench.now, path_c, order);
  bench.holder->on_order(bench.now, path_b, for_session(Operation::leave_all_groups, id));
  EXPECT_EQ(bench.network.count<wire::Sessions>(link_c), 1U) << "it has left";
  order.groups = {{"blue"}};
  bench.holder->on_order(bench.now, path_c, order);
  bench.holder->on_order(bench.now, path_b, for_session(Operation::close, id));
  bench.pass(20s);
  EXPECT_EQ(bench.holder->sessions(), 0U);
  EXPECT_EQ(bench.network.count<wire::Sessions>(link_c), 1U) << "it has ended";
}

TEST_F(Orders, a_session_may_be_in_so_many_groups) {
  const std::string id = connect("alice", 1);
  wire::Order order = for_session(Operation::join_groups, id);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i <= bench.options.max_groups_per_session; ++i)
    names.push_back("group" + std::to_string(i));
  for (std::size_t i = 0; i + 1 < names.size(); ++i)
    order.groups.push_back({names[i]});
  EXPECT_EQ(give(order).count, 1U);
  order.groups = {{names.back()}};
  EXPECT_EQ(give(order).refused, 1U);
  order.groups = {{names.front()}};
  EXPECT_EQ(give(order).count, 1U) << "it is in that one";
}

TEST_F(Orders, permissions_are_given_taken_and_told) {
  const std::string id = connect("alice", 1);
  const auto may = [&](session::Permission permission, std::string_view group) {
    wire::Order order = for_session(Operation::check, id);
    order.permission = static_cast<std::uint64_t>(permission);
    if (!group.empty()) order.groups = {{group}};
    return give(order).count == 1;
  };
  const auto change = [&](Operation operation, std::string_view group) {
    wire::Order order = for_session(operation, id);
    order.permission = static_cast<std::uint64_t>(session::Permission::send_to_group);
    if (!group.empty()) order.groups = {{group}};
    return give(order).count;
  };
  using enum session::Permission;
  EXPECT_FALSE(may(send_to_group, "red"));
  EXPECT_EQ(change(Operation::grant, "red"), 1U);
  EXPECT_TRUE(may(send_to_group, "red"));
  EXPECT_FALSE(may(send_to_group, "blue") || may(send_to_group, "") || may(join_leave_group, "red"));
  EXPECT_EQ(change(Operation::grant, ""), 1U);
  EXPECT_TRUE(may(send_to_group, "blue") && may(send_to_group, ""));
  EXPECT_EQ(change(Operation::revoke, "red"), 1U);
  EXPECT_FALSE(may(send_to_group, "red"));
  EXPECT_EQ(change(Operation::revoke, ""), 1U);
  EXPECT_FALSE(may(send_to_group, "blue"));
}

TEST_F(Orders, a_limit_is_told_and_a_permission_of_a_newer_version_is_none) {
  const std::string id = connect("alice", 1);
  wire::Order order = for_session(Operation::grant, id);
  std::size_t granted = 0;
  for (;; ++granted) {
    const std::string group = "group" + std::to_string(granted);
    order.groups = {{group}};
    if (give(order).refused != 0 || granted > session::Permissions::max_rules) break;
  }
  EXPECT_EQ(granted, session::Permissions::max_rules);
  order.permission = 2;
  const auto answer = give(order);
  EXPECT_EQ(answer.count + answer.refused, 0U);
}

TEST_F(Orders, everybody_means_all_but_those_who_are_not_meant) {
  const std::string alice = connect("alice", 1);
  const std::string bob = connect("bob", 2);
  connect("carol", 3);
  join(alice, "blue");
  join(bob, "blue");
  wire::Order order = for_everybody(Operation::close);
  order.in_group = "blue";
  order.filter = "userId ne 'alice'";
  auto answer = give(order);
  EXPECT_EQ(answer.finding, Finding::done);
  EXPECT_EQ(answer.count, 1U);
  EXPECT_TRUE(answer.is_settled);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{2});
  order.in_group = {};
  order.filter = "not 'blue' in groups";
  give(order);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{3});
  const std::string filter = "connectionId eq '" + session::SessionId::from_bytes(alice).text() + "'";
  order.filter = filter;
  give(order);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{1});
}

TEST_F(Orders, an_order_for_everybody_has_parts) {
  constexpr int users = 4100;
  for (int i = 0; i < users; ++i)
    bench.attach("user" + std::to_string(i), 1);
  wire::Order order = for_everybody(Operation::close);
  std::uint64_t count = 0;
  int parts = 0;
  std::string after;
  do {
    order.after = after;
    const auto answer = give(order);
    count += answer.count;
    after = answer.through;
    ++parts;
  } while (!after.empty() && parts < users);
  EXPECT_EQ(count, static_cast<std::uint64_t>(users));
  EXPECT_EQ(parts, 3);
}

TEST_F(Orders, what_cannot_be_read_or_answered_is_refused) {
  connect("alice", 1);
  wire::Order order = for_everybody(Operation::close);
  order.filter = "length(userId) gt 3";
  EXPECT_EQ(give(order).finding, Finding::forbidden);
  EXPECT_EQ(give(for_everybody(Operation::show)).finding, Finding::forbidden);
  EXPECT_TRUE(closed().empty());
}

/// Node a loses a user to b.
struct OrdersWhileItMoves : Orders {
  OrdersWhileItMoves() {
    epochs = Epochs("ac");
    first = epochs.view();
    bench.adopt(first);
    epochs.next("abc");
    second = epochs.view();
    uid = user_of({first, second}, "ab");
  }
  std::shared_ptr<const View> first;
  std::shared_ptr<const View> second;
  std::string uid;
};

TEST_F(OrdersWhileItMoves, who_is_on_the_way_is_passed_over_and_counted) {
  const std::string id = connect(uid, 1);
  connect(user_of({first, second}, "aa"), 2);
  bench.adopt(second);
  EXPECT_FALSE(give(for_everybody(Operation::leave_all_groups)).is_settled) << "it waits for its turn";
  bench.pass(10ms);
  ASSERT_EQ(bench.network.count<wire::Snapshot>(link_b), 1U);
  const auto answer = give(for_everybody(Operation::close));
  EXPECT_EQ(answer.moving, 1U);
  EXPECT_EQ(answer.count, 1U);
  EXPECT_FALSE(answer.is_settled);
  EXPECT_EQ(closed(), std::set<std::uint64_t>{2});
  EXPECT_EQ(give(for_session(Operation::close, id)).finding, Finding::moving);
}

TEST_F(OrdersWhileItMoves, who_has_come_is_counted_and_may_be_ordered) {
  const std::string id = connect(uid, 1);
  bench.adopt(second);
  bench.pass(10ms);
  const auto snapshot = bench.network.one<wire::Snapshot>(link_b);

  HolderBench other;
  other.network.nodes = {{"b", local_link}};
  Holder holder(other.options, Self{"b", 2, 0, 1}, 5, other.network, other.sender, other.pool);
  const auto tell = [&](const wire::Order& order) {
    holder.on_order(other.now, path_c, order);
    return other.network.one<wire::Sessions>(link_c);
  };
  holder.adopt(other.now, first);
  holder.adopt(other.now, second);
  EXPECT_EQ(tell(for_everybody(Operation::close)).came, 0U);
  holder.on_snapshot(other.now, path_a, snapshot);
  const auto passive = tell(for_everybody(Operation::close));
  EXPECT_EQ(std::tuple(passive.came, passive.moving, passive.count), std::tuple(1U, 1U, 0U));
  EXPECT_EQ(tell(for_session(Operation::close, id)).finding, Finding::moving);
  holder.on_release(other.now, {"chat", uid, snapshot.handover, 1});
  EXPECT_EQ(tell(for_session(Operation::close, id)).count, 1U);
}

}  // namespace
}  // namespace wscluster::cluster
