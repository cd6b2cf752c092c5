// SPDX-License-Identifier: MIT
// Whom a change of the ring closes, and when: --evict, --lb-wait, --deadline, --timeout.
#include <csignal>
#include <set>

#include "fleet.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

constexpr int crowd = 90;

class Evict : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "2"});
    shared->start_node("node-3", {"--cores", "2"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  /// Three members of the same weight, no change, nobody is connected; then everybody is, at the doors in turn.
  static std::unique_ptr<Fleet> gather_at(const std::vector<std::string>& doors) {
    wait_for_counts(0);
    for (const char* node : {"node-1", "node-2", "node-3"}) {
      const Ended ended = shared->run({"ring", "add", node, "--yes", "--settle", "1s"});
      EXPECT_EQ(ended.exit, 0) << ended.err;
    }
    EXPECT_EQ(shared->run({"ring", "wait", "--timeout", "20s"}).exit, 0);
    auto fleet = std::make_unique<Fleet>(*shared, numbered("person", crowd), doors);
    wait_for_counts(crowd);
    return fleet;
  }
  static void wait_for_counts(int sessions) {
    ASSERT_TRUE(wait_until([&] { return shared->ask({"ring", "show"}).at("sessions") == sessions; }));
  }

  static std::unique_ptr<Child> begin_remove(const std::vector<std::string>& more, const std::string& settle = "5s") {
    std::vector<std::string> arguments{"ring", "remove", "node-3", "--yes", "--settle", settle, "-o", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    output = shared->file("change-" + std::to_string(shared->epoch()));
    return shared->begin(arguments, output);
  }
  /// What it printed when it was done.
  static json::value result_of(Fleet& fleet, Child& command) {
    EXPECT_TRUE(fleet.run_until([&] { return command.poll().has_value(); }, 30s));
    EXPECT_EQ(command.poll(), 0) << content_of(output + ".err");
    fleet.gather();
    return json::parse(content_of(output));
  }
  static inline std::string output;  ///< of the last change
  static std::set<std::string> owned_by(const std::string& node, const Fleet& fleet) {
    std::set<std::string> uids;
    for (const auto& [uid, owner] : shared->owners(fleet.uids())) {
      if (owner == node) uids.insert(uid);
    }
    return uids;
  }
};

TEST_F(Evict, P0_09_all_closes_every_client_of_the_node_that_gives_once_and_nobody_else) {
  const auto fleet = gather_at({"gateway-1", "node-1", "node-3"});
  const auto leaving = owned_by("node-3", *fleet);
  const auto command = begin_remove({"--evict", "all", "--rate", "100/s", "--lb-wait", "0s"});
  const json::value done = result_of(*fleet, *command);
  EXPECT_EQ(done.at("planned"), leaving.size());
  EXPECT_EQ(done.at("closed"), leaving.size());
  EXPECT_EQ(done.at("returned"), leaving.size());
  EXPECT_EQ(done.at("moved"), 0);
  EXPECT_EQ(done.at("forced"), 0);
  for (const Fleet::Person& person : fleet->people()) {
    EXPECT_EQ(person.closes.size(), leaving.contains(person.uid) ? 1U : 0U) << person.uid;
    for (const auto& [code, reason] : person.closes)
      EXPECT_EQ(code, 1012U) << reason;
  }
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
}

TEST_F(Evict, P0_11_all_keeps_the_pace_that_was_asked_for) {
  const auto fleet = gather_at({"gateway-1"});
  const auto command = begin_remove({"--evict", "all", "--rate", "20/s", "--lb-wait", "0s"});
  const json::value done = result_of(*fleet, *command);
  const auto closed = done.at("closed").to_number<double>();
  ASSERT_GT(closed, 10);
  EXPECT_LT(closed / done.at("eviction_seconds").to_number<double>(), 20 * 1.4);
}

TEST_F(Evict, all_is_done_when_the_last_client_is_closed_however_short_the_settle_time_is) {
  const auto fleet = gather_at({"gateway-1"});
  const auto leaving = owned_by("node-3", *fleet);
  const auto command = begin_remove({"--evict", "all", "--rate", "10/s", "--lb-wait", "0s"}, "1s");
  EXPECT_TRUE(fleet->run_until([&] { return command->poll().has_value(); }, 30s));
  const auto closes = fleet->closes();
  const json::value done = json::parse(content_of(output));
  EXPECT_EQ(done.at("planned"), leaving.size());
  EXPECT_EQ(done.at("closed"), leaving.size());
  EXPECT_EQ(closes, leaving.size()) << content_of(output);
  fleet->gather();
}

TEST_F(Evict, none_leaves_all_clients_where_they_are) {
  const auto fleet = gather_at({"gateway-1", "node-3"});
  const auto leaving = owned_by("node-3", *fleet);
  const auto command = begin_remove({"--evict", "none"});
  const json::value done = result_of(*fleet, *command);
  EXPECT_EQ(done.at("moved"), leaving.size());
  EXPECT_EQ(done.at("closed"), 0);
  EXPECT_EQ(fleet->closes(), 0U);
  EXPECT_EQ(shared->metric("node-3", "wscluster_sessions"), 0);
}

TEST_F(Evict, what_is_left_at_the_deadline_is_closed_and_counted_as_forced) {
  const auto fleet = gather_at({"gateway-1", "node-3"});
  const auto command = begin_remove({"--evict", "all", "--rate", "1/s", "--lb-wait", "0s", "--deadline", "1s"});
  const json::value done = result_of(*fleet, *command);
  const auto closed = done.at("closed").to_number<int>();
  EXPECT_EQ(closed, done.at("planned").to_number<int>());
  EXPECT_EQ(fleet->closes(), static_cast<std::size_t>(closed)) << content_of(output);
  // Two shards of two nodes have each begun with one.
  EXPECT_GE(done.at("forced").to_number<int>(), closed - 5);
}

TEST_F(Evict, lb_wait_holds_back_closes_and_no_moves) {
  const auto fleet = gather_at({"node-3"});
  const auto leaving = owned_by("node-3", *fleet);
  const auto command = begin_remove({"--lb-wait", "1h", "--detach"});
  ASSERT_TRUE(fleet->run_until([&] { return shared->metric("node-3", "wscluster_sessions") == 0; }));
  EXPECT_EQ(fleet->closes(), 0U);
  EXPECT_EQ(command->wait(10s), 0);
  const Ended aborted = shared->run({"ring", "abort", "--yes", "--settle", "1s", "-o", "json"});
  EXPECT_EQ(aborted.exit, 0) << aborted.err;
  EXPECT_EQ(shared->run({"ring", "wait", "--timeout", "20s"}).exit, 0);
  EXPECT_EQ(owned_by("node-3", *fleet), leaving);
  EXPECT_EQ(fleet->closes(), 0U) << "everybody is back where the socket is";
}

TEST_F(Evict, a_command_that_stops_watching_at_its_timeout_leaves_the_change_running) {
  const auto fleet = gather_at({"node-3"});
  const auto command = begin_remove({"--rate", "1/s", "--lb-wait", "0s", "--timeout", "500ms"});
  EXPECT_TRUE(fleet->run_until([&] { return command->poll().has_value(); }));
  EXPECT_EQ(command->poll(), 75);
  EXPECT_FALSE(shared->ask({"ring", "show"}).at("change").is_null());
  EXPECT_EQ(shared->run({"ring", "abort", "--yes", "--settle", "1s"}).exit, 0);
  EXPECT_EQ(shared->run({"ring", "wait", "--timeout", "20s"}).exit, 0);
  fleet->gather();
}

TEST_F(Evict, clients_of_a_dead_gateway_resume_their_tls_sessions_at_another_one) {
  constexpr int clients = 40;
  const auto websockets = [](const char* gateway) { return shared->metric(gateway, "wscluster_websockets"); };
  Member& dies = shared->start_gateway("dies");
  shared->wait_until_ready();
  const auto load = shared->begin(
      {"load-test", "wss://" + dies.clients + "/ws", "wss://" + (*shared)["gateway-1"].clients + "/ws", "--resume-tls",
       "--scenario", "hold", "--connections", std::to_string(clients), "--connect-rate", "200/s", "--duration", "10m",
       "--key-file", shared->file("access.key"), "--report", shared->file("load.json")},
      shared->file("load"));
  ASSERT_TRUE(wait_until([&] { return websockets("dies") == clients; }, 20s)) << content_of(shared->file("load.err"));
  dies.child->kill();
  EXPECT_TRUE(wait_until([&] { return websockets("gateway-1") == clients; }, 20s));
  load->signal(SIGINT);
  ASSERT_TRUE(load->wait(20s).has_value());
  const json::value returns = json::parse(content_of(shared->file("load.json"))).at("returns");
  EXPECT_EQ(returns.at("returned"), clients);
  EXPECT_EQ(returns.at("resumed"), clients);
  shared->forget("dies");
}

}  // namespace
}  // namespace wscluster::integration
