// SPDX-License-Identifier: MIT
// What operators see of sessions, and the end that they make to a user's.
#include <set>

#include "fleet.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Sessions : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "3"});
    shared->start_node("node-3", {"--cores", "2", "--standby"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->start_gateway("gateway-2", {"--cores", "1"});
    shared->wait_until_ready();
  }

  /// node-3 as wanted, no change is running.
  static void prepare(bool with_third) {
    const Ended ended = shared->run({"ring", with_third ? "add" : "remove", "node-3", "--yes", "--settle", "2s",
                                     "--lb-wait", "0s", "--confirm", "node-3"});
    EXPECT_EQ(ended.exit, 0) << ended.err;
    EXPECT_TRUE(wait_until([] { return shared->ask({"ring", "show"}).at("change").is_null(); }, 20s));
    EXPECT_TRUE(wait_until([] { return shared->ask({"session", "list"}).at("sessions").as_array().empty(); }));
  }

  static json::array list(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"session", "list"});
    return shared->ask(more).at("sessions").as_array();
  }
  static json::object show(const std::string& uid) { return shared->ask({"session", "show", uid}).as_object(); }
  static json::object only_session(const std::string& uid) {
    const auto shown = show(uid).at("sessions").as_array();
    EXPECT_EQ(shown.size(), 1U) << uid;
    return shown.empty() ? json::object{} : shown.front().as_object();
  }
};

TEST_F(Sessions, every_session_is_listed_once_with_its_node_and_its_edge_whoever_is_asked) {
  prepare(false);
  Fleet fleet(*shared, numbered("person", 40), {"gateway-1", "node-1", "gateway-2", "node-2"});
  const auto owner_of = shared->owners(fleet.uids());
  for (const auto& limit : {"100", "7"}) {
    // Pages of a few are put together, too.
    std::set<std::string> seen;
    std::string after;
    do {
      const json::value page = json::parse(shared
                                               ->call("node-2", "GET",
                                                      "/api/v1/services/chat/sessions?limit=" + std::string(limit) +
                                                          (after.empty() ? "" : "&after=" + after))
                                               .body);
      EXPECT_TRUE(page.at("missing").as_array().empty());
      for (const auto& session : page.at("sessions").as_array()) {
        const std::string uid(session.at("uid").as_string());
        EXPECT_TRUE(seen.insert(uid).second) << uid << " twice";
        EXPECT_EQ(session.at("node"), owner_of.at(uid).c_str());
        EXPECT_EQ(session.at("owner"), owner_of.at(uid).c_str());
        EXPECT_EQ(session.at("state"), "attached");
      }
      after = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
    } while (!after.empty());
    EXPECT_EQ(seen.size(), 40U);
  }
  std::map<std::string, int> edges;
  for (const auto& session : list()) {
    const std::string edge(session.at("edge").as_string());
    EXPECT_EQ(session.at("via"), edge.starts_with("gateway") ? "gateway" : "direct");
    ++edges[edge];
  }
  EXPECT_EQ(edges, (std::map<std::string, int>{{"gateway-1", 10}, {"gateway-2", 10}, {"node-1", 10}, {"node-2", 10}}));
}

TEST_F(Sessions, a_list_may_mean_a_node_or_a_prefix_and_a_wrong_node_is_told) {
  prepare(false);
  Fleet people(*shared, numbered("person", 20), {"gateway-1"});
  Client other = shared->connect("gateway-1", "zoe");
  for (const auto& session : list({"--node", "node-1"}))
    EXPECT_EQ(session.at("node"), "node-1");
  EXPECT_EQ(list({"--node", "node-1"}).size() + list({"--node", "node-2"}).size(), 21U);
  EXPECT_EQ(list({"--prefix", "zo"}).size(), 1U);
  EXPECT_TRUE(list({"--misplaced"}).empty());
  const Ended wrong = shared->run({"session", "list", "--node", "node-9"});
  EXPECT_EQ(wrong.exit, 68);
  EXPECT_NE(wrong.err.find("node-9"), std::string::npos) << wrong.err;
}

TEST_F(Sessions, a_user_is_shown_with_its_devices_and_one_without_is_none) {
  prepare(false);
  Client phone = shared->connect("gateway-1", "alice");
  Client desk = shared->connect("node-1", "alice");
  const auto shown = show("alice");
  ASSERT_EQ(shown.at("sessions").as_array().size(), 2U);
  std::set<std::string> edges;
  for (const auto& session : shown.at("sessions").as_array()) {
    edges.insert(session.at("edge").as_string().c_str());
    EXPECT_EQ(session.at("node"), shown.at("node"));
    EXPECT_EQ(session.at("in_flight_messages"), 0);
  }
  EXPECT_EQ(edges, (std::set<std::string>{"gateway-1", "node-1"}));
  const json::value owners = shared->ask({"ring", "owner", "alice", "nobody-of-this-name", "--connected"});
  EXPECT_EQ(owners.at("owners").as_array()[0].at("connected"), shown.at("node"));
  EXPECT_TRUE(owners.at("owners").as_array()[1].at("connected").is_null());
  const Ended nobody = shared->run({"session", "show", "nobody-of-this-name"});
  EXPECT_EQ(nobody.exit, 67);
  EXPECT_EQ(nobody.out, "");
}

TEST_F(Sessions, presence_tells_how_many_sessions_since_when_and_its_exit_code_whether_all_are_there) {
  prepare(false);
  Client phone = shared->connect("gateway-1", "alice");
  Client desk = shared->connect("node-1", "alice");
  Client bob = shared->connect("node-2", "bob");
  const json::value all = shared->ask({"presence", "alice", "bob"});
  EXPECT_EQ(all.at("present"), 2);
  const auto& alice = all.at("users").as_array().at(0).as_object();
  EXPECT_EQ(alice.at("sessions"), 2);
  EXPECT_EQ(alice.at("away"), 0);
  EXPECT_EQ(alice.at("node"), show("alice").at("node"));
  EXPECT_TRUE(alice.at("since").is_string());
  EXPECT_EQ(shared->run({"presence", "alice", "-"}, "nobody-of-this-name\n").exit, 1);
  EXPECT_EQ(shared->run({"presence", "nobody-of-this-name"}).exit, 67);
  phone.close(1000);
  desk.close(1000);
  EXPECT_TRUE(wait_until([&] { return shared->run({"presence", "alice"}).exit == 67; }));
}

TEST_F(Sessions, evicting_closes_all_devices_of_a_user_with_code_and_reason_and_nobody_else) {
  prepare(false);
  Client phone = shared->connect("gateway-1", "alice");
  Client desk = shared->connect("node-2", "alice");
  Client other = shared->connect("gateway-1", "bob");
  const Ended ended = shared->run({"session", "evict", "alice", "nobody-of-this-name", "--yes", "--close-code", "4001",
                                   "--close-reason", "signed out, ä"});
  EXPECT_EQ(ended.exit, 1) << "one had no session";
  EXPECT_NE(ended.out.find("alice: closed 2 sessions"), std::string::npos) << ended.out;
  ASSERT_TRUE(wait_until([&] { return phone.has_ended() && desk.has_ended(); }));
  for (const Client* client : {&phone, &desk}) {
    EXPECT_EQ(client->close_code(), 4001U);
    EXPECT_EQ(client->close_reason(), "signed out, ä");
  }
  EXPECT_TRUE(wait_until([] { return shared->run({"session", "show", "alice"}).exit == 67; }));
  EXPECT_EQ(shared->send("gateway-1", "alice", "nobody is there").at("status"), "offline");
  EXPECT_EQ(shared->send("gateway-2", "bob", "still there").at("status"), "delivered");
  EXPECT_EQ(other.read().text, "still there");
  EXPECT_GE(shared->sum_over_nodes("wscluster_operator_closes_total"), 2);
}

TEST_F(Sessions, a_client_that_is_asked_to_come_back_finds_its_messages) {
  prepare(false);
  Client client = shared->connect("gateway-1", "alice");
  ASSERT_EQ(shared->run({"session", "evict", "alice", "--yes"}).exit, 0);
  ASSERT_TRUE(wait_until([&] { return client.has_ended(); }));
  EXPECT_EQ(client.close_code(), 1012U);
  EXPECT_EQ(shared->send("gateway-1", "alice", "while away", "chat", "wait=queued").at("status"), "queued");
  EXPECT_EQ(shared->call("node-1", "GET", "/api/v1/services/chat/users/alice/sessions").status, 200U);
  Client back = shared->connect("gateway-2", "alice");
  EXPECT_EQ(back.read().text, "while away");
}

TEST_F(Sessions, users_are_found_and_evicted_while_a_change_moves_them) {
  prepare(false);
  const auto uids = numbered("person", 60);
  Fleet fleet(*shared, uids, {"gateway-1", "node-1", "node-2"});
  const auto before = shared->owners(uids);
  const auto after = shared->owners_after(uids, {"--with", "node-3"});
  std::vector<std::string> moving;
  std::vector<std::string> staying;
  for (const auto& uid : uids)
    (before.at(uid) == after.at(uid) ? staying : moving).push_back(uid);
  ASSERT_GE(moving.size(), 4U);
  ASSERT_GE(staying.size(), 4U);
  Client moved = shared->connect("gateway-1", moving[0]);
  Client stayed = shared->connect("gateway-2", staying[0]);
  Client bystander = shared->connect("gateway-2", moving[1]);
  const auto command =
      shared->begin({"ring", "add", "node-3", "--yes", "--rate", "10/s", "--settle", "2s"}, shared->file("evict-add"));
  const std::uint64_t epoch = shared->epoch();
  EXPECT_TRUE(fleet.run_until([&] { return fleet.closes() > 0; })) << "epoch " << epoch;
  const Ended evicted = shared->run({"session", "evict", moving[0], staying[0], "--yes", "--close-code", "4002"});
  EXPECT_EQ(evicted.exit, 0) << evicted.err;
  EXPECT_TRUE(fleet.run_until([&] { return moved.has_ended() && stayed.has_ended(); }));
  EXPECT_EQ(moved.close_code(), 4002U);
  EXPECT_EQ(stayed.close_code(), 4002U);
  EXPECT_TRUE(fleet.run_until([&] { return command->poll().has_value(); }, 40s));
  EXPECT_EQ(command->poll(), 0) << content_of(shared->file("evict-add.err"));
  EXPECT_TRUE(bystander.is_open());
  fleet.gather();
  for (const auto& session : list({"--limit", "1000"})) {
    const std::string uid(session.at("uid").as_string());
    EXPECT_EQ(session.at("node"), after.at(uid).c_str()) << uid;
  }
}

TEST_F(Sessions, what_was_asked_wrongly_is_refused) {
  prepare(false);
  const auto status = [](const std::string& method, const std::string& target, net::HttpFields headers = {}) {
    return shared->call("gateway-1", method, "/api/v1/services/" + target, {}, std::move(headers)).status;
  };
  EXPECT_EQ(status("GET", "chat/sessions?limit=0"), 400U);
  EXPECT_EQ(status("GET", "chat/sessions?limit=1001"), 400U);
  EXPECT_EQ(status("GET", "chat/sessions?misplaced=maybe"), 400U);
  EXPECT_EQ(status("GET", "chat/sessions?node=node-9"), 404U);
  EXPECT_EQ(status("GET", "nothing/sessions"), 404U);
  EXPECT_EQ(status("POST", "chat/sessions"), 405U);
  EXPECT_EQ(status("GET", "chat/users/%FF/sessions"), 400U);
  EXPECT_EQ(status("POST", "chat/users/alice/sessions"), 405U);
  EXPECT_EQ(status("GET", "chat/users/alice/:evict"), 405U);
  EXPECT_EQ(status("POST", "chat/users/alice/:evict?code=1005"), 400U);
  EXPECT_EQ(status("POST", "chat/users/alice/:evict?code=5000"), 400U);
  EXPECT_EQ(status("POST", "chat/users/alice/:evict?reason=" + std::string(124, 'x')), 400U);
  EXPECT_EQ(status("POST", "chat/users/alice/:evict"), 200U);
  const net::HttpFields client{{"Authorization", "Bearer " + shared->token("alice")}};
  EXPECT_EQ(status("GET", "chat/sessions", client), 401U);
  EXPECT_EQ(status("GET", "chat/users/alice/sessions", client), 401U);
  EXPECT_EQ(status("POST", "chat/users/alice/:evict", client), 401U);
}

/// Last: it takes a node away.
TEST_F(Sessions, the_sessions_of_a_node_that_is_silent_are_missing_and_what_it_was_asked_is_unknown) {
  prepare(false);
  const std::string there = shared->uid_on("node-1");
  const std::string here = shared->uid_on("node-2");
  Client silent = shared->connect("gateway-1", there);
  Client client = shared->connect("gateway-1", here);
  (*shared)["node-1"].child->signal(SIGSTOP);
  // Both before the node counts as gone.
  const std::string output = shared->file("silent");
  const auto command = shared->begin({"session", "list", "-o", "json"}, output);
  const auto evicted = shared->call("gateway-2", "POST", "/api/v1/services/chat/users/" + there + "/:evict");
  EXPECT_TRUE(wait_until([&] { return command->poll().has_value(); }));
  (*shared)["node-1"].child->signal(SIGCONT);
  EXPECT_EQ(evicted.status, 504U) << evicted.body;
  EXPECT_EQ(command->poll(), 69) << content_of(output + ".err");
  const json::value list = json::parse(content_of(output));
  EXPECT_EQ(list.at("missing"), json::array{"node-1"});
  ASSERT_EQ(list.at("sessions").as_array().size(), 1U);
  EXPECT_EQ(list.at("sessions").as_array()[0].at("uid"), here.c_str());
  EXPECT_TRUE(client.is_open());
}

}  // namespace
}  // namespace wscluster::integration
