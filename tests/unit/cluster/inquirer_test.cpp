// SPDX-License-Identifier: MIT
#include "cluster/inquirer.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::Finding;
using Status = OrderReport::Status;

/// Asks a, b and c, one shard each.
struct Inquiring : testing::Test {
  Inquiring() {
    network.nodes = {{"a", link_a}, {"b", link_b}, {"c", link_c}};
    inquirer.adopt(epochs.view());
  }

  void list(std::size_t limit = 100, const std::string& node = {}) {
    listed.reset();
    inquirer.list({"chat", node, {}, {}, limit, false, {}}, now + 3s, [this](SessionList l) { listed = std::move(l); });
  }
  void order(const Order& order) {
    report.reset();
    inquirer.order(order, now + 3s, [this](OrderReport r) { report = std::move(r); });
  }
  static Order order_for(const std::string& uid, wire::Operation operation) {
    Order order;
    order.service = "chat";
    order.operation = operation;
    order.uid = uid;
    order.code = 4001;
    order.text = "go away";
    return order;
  }
  void show(const std::string& uid) { order(order_for(uid, wire::Operation::show)); }
  void evict(const std::string& uid) { order(order_for(uid, wire::Operation::close)); }
  /// These users, one session each; `through` is the last that was looked at when there are more.
  void answer_list(LinkId link, const std::vector<std::string>& uids, const std::string& through = {}) {
    const auto asked = network.one<wire::ListSessions>(link);
    wire::Sessions answer;
    answer.number = asked.number;
    answer.finding = Finding::done;
    answer.through = through;
    for (const auto& uid : uids) {
      wire::SessionEntry entry;
      entry.uid = uid;
      entry.session = ids.emplace_back(uid + std::string(24 - uid.size(), '-'));
      answer.entries.push_back(entry);
    }
    inquirer.on_sessions(make_path(link, wire::this_core), answer);
  }
  void answer(LinkId link, Finding finding, std::uint64_t epoch = 1, std::uint64_t count = 0) {
    const auto asked = network.one<wire::Order>(link);
    wire::Sessions answer;
    answer.number = asked.number;
    answer.finding = finding;
    answer.epoch = epoch;
    answer.count = count;
    inquirer.on_sessions(make_path(link, wire::this_core), answer);
  }
  /// In the order of their hashes.
  [[nodiscard]] std::vector<std::string> users(int count) const {
    std::vector<std::string> list;
    for (int i = 0; i < count; ++i)
      list.push_back("user" + std::to_string(i));
    const auto view = epochs.view();
    std::sort(list.begin(), list.end(), [&](const auto& x, const auto& y) {
      return view->service("chat")->hash_of(x) < view->service("chat")->hash_of(y);
    });
    return list;
  }
  [[nodiscard]] std::vector<std::string> uids() const {
    std::vector<std::string> list;
    for (const auto& facts : listed->sessions)
      list.push_back(facts.uid + "@" + facts.node);
    return list;
  }

  FakeNetwork network;
  Epochs epochs{"abc"};
  Inquirer inquirer{network};
  TimePoint now{std::chrono::hours(1)};
  std::deque<std::string> ids;
  std::optional<SessionList> listed;
  std::optional<OrderReport> report;
};

TEST_F(Inquiring, a_list_is_put_together_of_all_nodes_in_the_order_of_the_ring) {
  const auto u = users(4);
  list();
  answer_list(link_c, {u[1]});
  answer_list(link_a, {u[0], u[3]});
  EXPECT_FALSE(listed);
  answer_list(link_b, {u[2]});
  ASSERT_TRUE(listed);
  EXPECT_EQ(uids(), (std::vector{u[0] + "@a", u[1] + "@c", u[2] + "@b", u[3] + "@a"}));
  EXPECT_EQ(listed->next, "");
  EXPECT_TRUE(listed->missing.empty());
}

TEST_F(Inquiring, a_page_ends_where_the_first_node_stopped_looking) {
  const auto u = users(6);
  list();
  answer_list(link_a, {u[0], u[4]});
  answer_list(link_b, {u[1], u[2]}, u[2]);
  answer_list(link_c, {u[3]}, u[5]);
  ASSERT_TRUE(listed);
  EXPECT_EQ(uids(), (std::vector{u[0] + "@a", u[1] + "@b", u[2] + "@b"})) << "between 2 and 3 may be more of b";
  EXPECT_EQ(listed->next, u[2]);
}

TEST_F(Inquiring, a_page_is_not_longer_than_asked_for) {
  const auto u = users(5);
  list(2);
  answer_list(link_a, {u[0], u[3]});
  answer_list(link_b, {u[1], u[2]}, u[2]);
  answer_list(link_c, {u[4]});
  EXPECT_EQ(uids(), (std::vector{u[0] + "@a", u[1] + "@b"}));
  EXPECT_EQ(listed->next, u[1]);
}

TEST_F(Inquiring, a_session_that_moved_meanwhile_is_listed_once) {
  const auto u = users(1);
  list();
  answer_list(link_a, {u[0]});
  answer_list(link_b, {u[0]});
  answer_list(link_c, {});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->sessions.size(), 1U);
}

TEST_F(Inquiring, nodes_that_cannot_be_asked_or_say_nothing_are_missing) {
  network.cut(link_a);
  list();
  answer_list(link_b, {"bob"});
  inquirer.tick(now + 2s);
  EXPECT_FALSE(listed);
  inquirer.tick(now + 3s);
  ASSERT_TRUE(listed);
  EXPECT_EQ(uids(), std::vector<std::string>{"bob@b"});
  EXPECT_EQ(listed->missing, (std::vector<std::string>{"a", "c"}));
}

TEST_F(Inquiring, a_broken_link_ends_the_waiting) {
  list();
  answer_list(link_a, {});
  answer_list(link_b, {});
  inquirer.on_link_down(link_c);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->missing, std::vector<std::string>{"c"});
}

TEST_F(Inquiring, one_node_may_be_meant) {
  list(100, "b");
  EXPECT_EQ(network.count<wire::ListSessions>(link_a) + network.count<wire::ListSessions>(link_c), 0U);
  answer_list(link_b, {"bob"});
  EXPECT_EQ(uids(), std::vector<std::string>{"bob@b"});
}

TEST_F(Inquiring, the_process_with_the_socket_is_named_if_it_is_known) {
  list(100, "a");
  const auto asked = network.one<wire::ListSessions>(link_a);
  wire::Sessions answer;
  answer.number = asked.number;
  answer.finding = Finding::done;
  wire::SessionEntry entry;
  entry.uid = "alice";
  entry.process = 3;
  entry.age_ms = 5000;
  answer.entries = {entry, entry};
  inquirer.on_sessions(path_a, answer);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->sessions.size(), 1U) << "the same connection";
  EXPECT_EQ(listed->sessions[0].edge, "c");
  EXPECT_FALSE(listed->sessions[0].is_gateway);
  EXPECT_EQ(listed->sessions[0].age, 5s);
}

TEST_F(Inquiring, the_owner_is_asked_and_its_answer_is_the_report) {
  const std::string uid = user_of({epochs.view()}, "b");
  evict(uid);
  const auto asked = network.take<wire::Order>(link_b);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].operation, wire::Operation::close);
  EXPECT_EQ(asked[0].uid, uid);
  EXPECT_EQ(asked[0].code, 4001U);
  EXPECT_EQ(asked[0].text, "go away");
  wire::Sessions answer;
  answer.number = asked[0].number;
  answer.finding = Finding::done;
  answer.epoch = 1;
  answer.count = 2;
  inquirer.on_sessions(path_a, answer);
  EXPECT_FALSE(report) << "another link";
  inquirer.on_sessions(path_b, answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->node, "b");
  EXPECT_EQ(report->count, 2U);
  inquirer.on_sessions(path_b, answer);
  inquirer.tick(now + 5s);
}

TEST_F(Inquiring, nobody_is_there_when_the_owner_says_so) {
  const std::string uid = user_of({epochs.view()}, "b");
  show(uid);
  answer(link_b, Finding::nobody);
  EXPECT_EQ(report->status, Status::nobody);
}

TEST_F(Inquiring, an_owner_with_a_newer_epoch_need_not_know_the_holder) {
  const std::string uid = user_of({epochs.view()}, "b");
  show(uid);
  answer(link_b, Finding::nobody, 2);
  EXPECT_EQ(report->status, Status::busy);
}

TEST_F(Inquiring, a_user_on_its_way_is_busy_and_so_is_one_whose_owner_cannot_be_reached) {
  const std::string uid = user_of({epochs.view()}, "b");
  evict(uid);
  answer(link_b, Finding::moving);
  EXPECT_EQ(report->status, Status::busy);
  network.cut(link_b);
  evict(uid);
  EXPECT_EQ(report->status, Status::busy);
}

TEST_F(Inquiring, what_became_of_a_question_that_is_not_answered_is_unknown) {
  const std::string uid = user_of({epochs.view()}, "b");
  evict(uid);
  inquirer.on_link_down(link_b);
  EXPECT_EQ(report->status, Status::unknown);
  evict(uid);
  inquirer.tick(now + 3s);
  EXPECT_EQ(report->status, Status::unknown);
}

TEST_F(Inquiring, one_session_is_looked_for_by_its_hash_and_everything_is_said_about_the_order) {
  const std::string uid = user_of({epochs.view()}, "c");
  Order wanted = order_for({}, wire::Operation::grant);
  const session::SessionId id{epochs.view()->service("chat")->hash_of(uid), {1, 2}};
  const session::SessionId another{5, {6, 7}};
  wanted.session = id;
  wanted.in_group = "blue";
  wanted.filter = "userId ne null";
  wanted.excluded = {another, id};
  wanted.groups = {"red", "green"};
  wanted.permission = session::Permission::send_to_group;
  order(wanted);
  const auto asked = network.one<wire::Order>(link_c);
  EXPECT_EQ(std::tuple(asked.service, asked.operation, asked.uid, asked.session),
            std::tuple("chat", wire::Operation::grant, "", id.view()));
  EXPECT_EQ(std::tuple(asked.in_group, asked.filter, asked.excluded, asked.permission),
            std::tuple("blue", "userId ne null", std::string(another.view()) + std::string(id.view()), 1U));
  ASSERT_EQ(asked.groups.size(), 2U);
  EXPECT_EQ(asked.groups[1].name, "green");
  wire::Sessions answer;
  answer.number = asked.number;
  answer.finding = Finding::done;
  answer.count = 1;
  answer.refused = 2;
  inquirer.on_sessions(path_c, answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(std::tuple(report->count, report->refused, report->node), std::tuple(1U, 2U, "c"));
}

/// An order for everybody.
struct InquiringEverybody : Inquiring {
  void close_all() { order(order_for({}, wire::Operation::close)); }
  wire::Order asked_of(LinkId link) { return network.one<wire::Order>(link); }
  /// `count` sessions, as a shard that no change concerns.
  static wire::Sessions settled(std::uint64_t count) {
    wire::Sessions answer;
    answer.finding = Finding::done;
    answer.epoch = 1;
    answer.count = count;
    answer.is_settled = true;
    return answer;
  }
  static wire::Sessions unsettled(std::uint64_t came, std::uint64_t moving = 0) {
    wire::Sessions answer = settled(0);
    answer.is_settled = false;
    answer.came = came;
    answer.moving = moving;
    return answer;
  }
  void answer_with(LinkId link, wire::Sessions answer) {
    answer.number = asked_of(link).number;
    inquirer.on_sessions(make_path(link, wire::this_core), answer);
  }
  void answer_round(const wire::Sessions& a, const wire::Sessions& b, const wire::Sessions& c) {
    answer_with(link_a, a);
    answer_with(link_b, b);
    answer_with(link_c, c);
  }
  /// Until the next round has begun.
  void pass() {
    inquirer.tick(now += 10ms);
    inquirer.tick(now += 100ms);
  }
};

TEST_F(InquiringEverybody, one_round_over_all_shards_is_enough_in_peace) {
  close_all();
  answer_with(link_a, settled(1));
  answer_with(link_b, settled(2));
  EXPECT_FALSE(report);
  answer_with(link_c, settled(3));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->count, 6U);
}

TEST_F(InquiringEverybody, a_shard_with_many_users_is_asked_to_go_on) {
  close_all();
  answer_with(link_a, settled(0));
  answer_with(link_b, settled(0));
  wire::Sessions part = settled(100);
  part.through = "zoe";
  answer_with(link_c, part);
  const auto next = asked_of(link_c);
  EXPECT_EQ(next.after, "zoe");
  EXPECT_EQ(next.operation, wire::Operation::close);
  wire::Sessions last = settled(5);
  last.number = next.number;
  inquirer.on_sessions(path_c, last);
  EXPECT_EQ(report->count, 105U);
}

TEST_F(InquiringEverybody, who_was_between_two_holders_is_asked_for_again) {
  close_all();
  answer_round(settled(1), unsettled(0, 1), settled(1));
  EXPECT_FALSE(report);
  pass();
  answer_round(settled(0), settled(1), settled(0));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->count, 3U);
}

TEST_F(InquiringEverybody, while_a_change_is_open_two_rounds_must_agree_that_nobody_came) {
  close_all();
  answer_round(unsettled(4), unsettled(0), unsettled(0));
  pass();
  answer_round(unsettled(4), unsettled(1), unsettled(0));
  EXPECT_FALSE(report) << "somebody has come to b since it was asked";
  pass();
  answer_round(unsettled(4), unsettled(1), unsettled(0));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
}

TEST_F(InquiringEverybody, answers_of_two_epochs_are_no_peace) {
  close_all();
  wire::Sessions newer = settled(0);
  newer.epoch = 2;
  answer_round(settled(0), newer, settled(0));
  EXPECT_FALSE(report);
  pass();
  answer_round(newer, newer, newer);
  EXPECT_EQ(report->status, Status::done);
}

TEST_F(InquiringEverybody, who_comes_between_the_parts_of_an_answer_makes_another_round) {
  close_all();
  answer_with(link_a, unsettled(0));
  answer_with(link_b, unsettled(0));
  wire::Sessions part = unsettled(0);
  part.through = "zoe";
  answer_with(link_c, part);
  answer_with(link_c, unsettled(1));
  pass();
  answer_round(unsettled(0), unsettled(0), unsettled(1));
  EXPECT_FALSE(report) << "nobody came since, but the first round may have missed one";
  pass();
  answer_round(unsettled(0), unsettled(0), unsettled(1));
  EXPECT_EQ(report->status, Status::done);
}

TEST_F(InquiringEverybody, nothing_is_done_when_a_shard_cannot_be_reached) {
  network.cut(link_c);
  close_all();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::busy);
  EXPECT_EQ(network.count<wire::Order>(link_a), 0U);
}

TEST_F(InquiringEverybody, a_shard_that_does_not_answer_leaves_it_open_what_was_done) {
  close_all();
  answer_with(link_a, settled(1));
  inquirer.tick(now + 2s);
  EXPECT_FALSE(report);
  inquirer.tick(now + 3s);
  EXPECT_EQ(report->status, Status::unknown);
  close_all();
  inquirer.on_link_down(link_b);
  EXPECT_EQ(report->status, Status::unknown);
  close_all();
  network.take<wire::Order>(link_b);
  close_all();
  wire::Sessions refused;
  refused.finding = Finding::forbidden;
  answer_with(link_b, refused);
  EXPECT_EQ(report->status, Status::unknown);
}

TEST_F(InquiringEverybody, a_link_that_breaks_behind_the_last_answer_changes_nothing) {
  close_all();
  answer_with(link_a, settled(1));
  inquirer.on_link_down(link_a);
  EXPECT_FALSE(report);
  answer_with(link_b, settled(1));
  answer_with(link_c, settled(1));
  EXPECT_EQ(report->status, Status::done);
}

/// A change is open: from a and c to a, b and c.
struct InquiringWhileItMoves : Inquiring {
  InquiringWhileItMoves() {
    epochs = Epochs("ac");
    const auto first = epochs.view();
    epochs.next("abc");
    const auto second = epochs.view();
    uid = user_of({first, second}, "ab");
    inquirer.adopt(second);
  }
  std::string uid;
};

TEST_F(InquiringWhileItMoves, an_earlier_owner_that_still_holds_the_user_is_found) {
  evict(uid);
  answer(link_b, Finding::nobody, 2);
  answer(link_a, Finding::done, 2, 1);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->node, "a");
  EXPECT_EQ(report->count, 1U);
}

TEST_F(InquiringWhileItMoves, the_owner_is_asked_again_since_the_user_may_have_come_meanwhile) {
  show(uid);
  answer(link_b, Finding::unresolved, 2);
  answer(link_a, Finding::nobody, 2);
  EXPECT_FALSE(report);
  answer(link_b, Finding::done, 2);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->node, "b");
}

TEST_F(InquiringWhileItMoves, nobody_has_it_only_when_all_have_said_so_and_a_question_that_stands_is_busy) {
  show(uid);
  answer(link_b, Finding::nobody, 2);
  answer(link_a, Finding::nobody, 2);
  answer(link_b, Finding::nobody, 2);
  EXPECT_EQ(report->status, Status::nobody);
  show(uid);
  answer(link_b, Finding::nobody, 2);
  answer(link_a, Finding::nobody, 2);
  answer(link_b, Finding::unresolved, 2);
  EXPECT_EQ(report->status, Status::busy);
}

}  // namespace
}  // namespace wscluster::cluster
