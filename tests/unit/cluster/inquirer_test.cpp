// SPDX-License-Identifier: MIT
#include "cluster/inquirer.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "bench.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;
using wire::Finding;
using Status = UserReport::Status;

/// Asks a, b and c, one shard each.
struct Inquiring : testing::Test {
  Inquiring() {
    network.nodes = {{"a", link_a}, {"b", link_b}, {"c", link_c}};
    inquirer.adopt(epochs.view());
  }

  void list(std::size_t limit = 100, const std::string& node = {}) {
    listed.reset();
    inquirer.list({"chat", node, {}, {}, limit, false}, now + 3s, [this](SessionList l) { listed = std::move(l); });
  }
  void show(const std::string& uid) {
    report.reset();
    inquirer.show("chat", uid, now + 3s, [this](UserReport r) { report = std::move(r); });
  }
  void evict(const std::string& uid) {
    report.reset();
    inquirer.evict("chat", uid, 4001, "go away", now + 3s, [this](UserReport r) { report = std::move(r); });
  }
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
  template <class Question>
  void answer(LinkId link, Finding finding, std::uint64_t epoch = 1, std::uint64_t closed = 0) {
    const auto asked = network.one<Question>(link);
    wire::Sessions answer;
    answer.number = asked.number;
    answer.finding = finding;
    answer.epoch = epoch;
    answer.closed = closed;
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
  std::optional<UserReport> report;
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
  answer.entries = {entry, {}};
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
  const auto asked = network.take<wire::EvictUser>(link_b);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].uid, uid);
  EXPECT_EQ(asked[0].code, 4001U);
  EXPECT_EQ(asked[0].text, "go away");
  wire::Sessions answer;
  answer.number = asked[0].number;
  answer.finding = Finding::done;
  answer.epoch = 1;
  answer.closed = 2;
  inquirer.on_sessions(path_a, answer);
  EXPECT_FALSE(report) << "another link";
  inquirer.on_sessions(path_b, answer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->node, "b");
  EXPECT_EQ(report->closed, 2U);
  inquirer.on_sessions(path_b, answer);
  inquirer.tick(now + 5s);
}

TEST_F(Inquiring, nobody_is_there_when_the_owner_says_so) {
  const std::string uid = user_of({epochs.view()}, "b");
  show(uid);
  answer<wire::ShowUser>(link_b, Finding::nobody);
  EXPECT_EQ(report->status, Status::nobody);
}

TEST_F(Inquiring, an_owner_with_a_newer_epoch_need_not_know_the_holder) {
  const std::string uid = user_of({epochs.view()}, "b");
  show(uid);
  answer<wire::ShowUser>(link_b, Finding::nobody, 2);
  EXPECT_EQ(report->status, Status::busy);
}

TEST_F(Inquiring, a_user_on_its_way_is_busy_and_so_is_one_whose_owner_cannot_be_reached) {
  const std::string uid = user_of({epochs.view()}, "b");
  evict(uid);
  answer<wire::EvictUser>(link_b, Finding::moving);
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
  answer<wire::EvictUser>(link_b, Finding::nobody, 2);
  answer<wire::EvictUser>(link_a, Finding::done, 2, 1);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, Status::done);
  EXPECT_EQ(report->node, "a");
  EXPECT_EQ(report->closed, 1U);
}

TEST_F(InquiringWhileItMoves, the_owner_is_asked_again_since_the_user_may_have_come_meanwhile) {
  show(uid);
  answer<wire::ShowUser>(link_b, Finding::unresolved, 2);
  answer<wire::ShowUser>(link_a, Finding::nobody, 2);
  EXPECT_FALSE(report);
  answer<wire::ShowUser>(link_b, Finding::done, 2);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->node, "b");
}

TEST_F(InquiringWhileItMoves, nobody_has_it_only_when_all_have_said_so_and_a_question_that_stands_is_busy) {
  show(uid);
  answer<wire::ShowUser>(link_b, Finding::nobody, 2);
  answer<wire::ShowUser>(link_a, Finding::nobody, 2);
  answer<wire::ShowUser>(link_b, Finding::nobody, 2);
  EXPECT_EQ(report->status, Status::nobody);
  show(uid);
  answer<wire::ShowUser>(link_b, Finding::nobody, 2);
  answer<wire::ShowUser>(link_a, Finding::nobody, 2);
  answer<wire::ShowUser>(link_b, Finding::unresolved, 2);
  EXPECT_EQ(report->status, Status::busy);
}

}  // namespace
}  // namespace wscluster::cluster
