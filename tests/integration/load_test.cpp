// SPDX-License-Identifier: MIT
// The load generator's scenarios of the subprotocol against real nodes.
#include <array>
#include <csignal>

#include "cluster.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Load : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "2"});
    shared->start_node("node-3", {"--cores", "1"});
    shared->start_gateway("gateway-1", {"--cores", "1"});
    shared->wait_until_ready();
  }

  static json::value run(const std::string& scenario, const Cluster::Arguments& more) {
    Cluster::Arguments words = common(scenario);
    words.insert(words.end(), {"--duration", "2s"});
    for (const char* metric : {"lost", "duplicate", "order", "misdelivered", "unanswered"})
      words.insert(words.end(), {"--threshold", metric + std::string(".count==0")});
    words.insert(words.end(), more.begin(), more.end());
    return shared->ask(words);
  }

  /// Its clients are connected and send.
  static std::unique_ptr<Child> begin_recovery(const std::string& drop_rate) {
    Cluster::Arguments words = common("recovery");
    words.insert(words.end(), {"--rate", "60/s", "--drop-rate", drop_rate, "--duration", "10m", "--progress", "json",
                               "--report", shared->file("load.json")});
    auto load = shared->begin(words, shared->file("load"));
    const auto is_running = [] { return content_of(shared->file("load.err")).find("running") != std::string::npos; };
    EXPECT_TRUE(wait_until([&] { return is_running() && sessions() == connections; }, 20s))
        << content_of(shared->file("load.err"));
    return load;
  }
  static json::value end(Child& load) {
    load.signal(SIGINT);
    EXPECT_TRUE(load.wait(30s).has_value());
    return json::parse(content_of(shared->file("load.json")));
  }
  static double sessions() { return shared->sum_over_nodes("wscluster_sessions"); }

  static constexpr int connections = 60;

 private:
  static Cluster::Arguments common(const std::string& scenario) {
    return {"load-test",
            "--scenario",
            scenario,
            "--connections",
            std::to_string(connections),
            "--connect-rate",
            "1000/s",
            "--warmup",
            "0s",
            "--threads",
            "2",
            "--allow-lag"};
  }
};

TEST_F(Load, group_brings_each_publication_to_every_member_once_and_in_order) {
  const json::value found = run("group", {"--publishers", "3", "--rate", "60/s", "--threshold", "deliveries.rate>0/s"});
  const auto& messages = found.at("messages").as_object();
  EXPECT_EQ(messages.at("sent"), 120);
  EXPECT_EQ(messages.at("answered"), 120);
  EXPECT_EQ(messages.at("arrived"), 120 * 57);
  EXPECT_EQ(found.at("deliveries").at("members"), 57);
  EXPECT_TRUE(messages.at("errors").as_object().empty());
}

TEST_F(Load, ack_has_an_ack_and_an_arrival_for_each_message) {
  const json::value found = run("ack", {"--rate", "300/s"});
  const auto& messages = found.at("messages").as_object();
  EXPECT_EQ(messages.at("receipts").at("queued"), 600);
  EXPECT_EQ(messages.at("arrived"), 600);
  EXPECT_EQ(found.at("receipt_seconds").at("count"), 600);
}

TEST_F(Load, recovery_finds_every_session_again_and_loses_nothing) {
  const json::value found = run("recovery", {"--rate", "300/s", "--drop-rate", "100/s", "--threshold",
                                             "session_lost.count==0", "--threshold", "recovered.count>50"});
  const auto& recovery = found.at("recovery").as_object();
  EXPECT_EQ(recovery.at("recovered"), recovery.at("dropped"));
  EXPECT_EQ(found.at("messages").at("arrived"), 600);
}

TEST_F(Load, recovery_loses_nothing_while_sessions_and_groups_move) {
  const auto load = begin_recovery("30/s");
  EXPECT_EQ(shared->run({"ring", "remove", "node-3", "--yes", "--settle", "1s"}).exit, 0);
  EXPECT_EQ(shared->run({"ring", "add", "node-3", "--yes", "--settle", "1s"}).exit, 0);
  const json::value found = end(*load);
  const auto& messages = found.at("messages").as_object();
  EXPECT_GT(found.at("recovery").at("recovered").as_int64(), 0);
  EXPECT_EQ(found.at("recovery").at("sessions_lost"), 0);
  EXPECT_EQ(messages.at("arrived"), messages.at("sent"));
  for (const char* wrong : {"lost", "duplicated", "out_of_order", "unanswered_at_close"})
    EXPECT_EQ(messages.at(wrong), 0) << wrong;
}

TEST_F(Load, sessions_that_died_with_their_node_are_counted_as_lost) {
  const auto load = begin_recovery("1/s");
  const auto held = shared->metric("node-2", "wscluster_sessions");
  (*shared)["node-2"].child->kill();
  shared->forget("node-2");
  EXPECT_TRUE(wait_until([&] { return sessions() == connections; }, 30s));
  const json::value found = end(*load);
  EXPECT_EQ(found.at("recovery").at("sessions_lost").to_number<double>(), held);
  EXPECT_EQ(found.at("messages").at("duplicated"), 0);
}

TEST_F(Load, compare_delivery_tells_the_cost_of_both_schemes_for_each_number_of_nodes) {
  const json::value found = shared->ask({"load-test", "--compare-delivery", "--nodes", "2", "--connections", "20",
                                         "--rate", "200/s", "--duration", "2s", "--progress", "none", "-o", "json"});
  const auto& runs = found.at("runs").as_array();
  ASSERT_EQ(runs.size(), 2U);
  const std::array<const char*, 2> expected{"2 ring", "2 broadcast"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& one = runs[i].as_object();
    EXPECT_EQ(std::to_string(one.at("nodes").as_int64()) + " " + std::string(one.at("delivery").as_string()),
              expected[i]);
    EXPECT_GT(one.at("messages").as_int64(), 100);
    EXPECT_GT(one.at("cpu_seconds_per_message").to_number<double>(), 0);
    EXPECT_EQ(one.at("lost"), 0);
    EXPECT_EQ(one.at("duplicated"), 0);
  }
  EXPECT_DOUBLE_EQ(runs[0].at("ratio_to_ring").to_number<double>(), 1);
  EXPECT_EQ(shared->run({"load-test", "--nodes", "3"}).exit, 64);
  EXPECT_EQ(shared->run({"load-test", "--compare-delivery", "--nodes", "0"}).exit, 64);
  EXPECT_EQ(shared->run({"load-test", "--compare-delivery", "ws://127.0.0.1:1/ws"}).exit, 64);
}

}  // namespace
}  // namespace wscluster::integration
