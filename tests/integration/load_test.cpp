// SPDX-License-Identifier: MIT
// The load generator's scenarios of the subprotocol against real nodes.
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

  static Cluster::Arguments words(const std::string& scenario, const Cluster::Arguments& more) {
    Cluster::Arguments all{"load-test", "--scenario", scenario, "--connections", "60", "--connect-rate",
                           "1000/s",    "--warmup",   "0s",     "--duration",    "2s", "--allow-lag",
                           "--threads", "2"};
    for (const char* metric : {"lost", "duplicate", "order", "misdelivered", "unanswered"})
      all.insert(all.end(), {"--threshold", metric + std::string(".count==0")});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static json::value run(const std::string& scenario, const Cluster::Arguments& more) {
    return shared->ask(words(scenario, more));
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

TEST_F(Load, sessions_that_died_with_their_node_are_counted_as_lost) {
  const auto load = shared->begin({"load-test",  "--scenario",     "recovery", "--connections",
                                   "60",         "--connect-rate", "1000/s",   "--rate",
                                   "60/s",       "--drop-rate",    "1/s",      "--warmup",
                                   "0s",         "--duration",     "10m",      "--allow-lag",
                                   "--progress", "json",           "--report", shared->file("load.json")},
                                  shared->file("load"));
  const auto sessions = [] { return shared->sum_over_nodes("wscluster_sessions"); };
  const auto is_running = [] { return content_of(shared->file("load.err")).find("running") != std::string::npos; };
  ASSERT_TRUE(wait_until([&] { return is_running() && sessions() == 60; }, 20s))
      << content_of(shared->file("load.err"));
  const auto held = shared->metric("node-2", "wscluster_sessions");
  (*shared)["node-2"].child->kill();
  shared->forget("node-2");
  EXPECT_TRUE(wait_until([&] { return sessions() == 60; }, 30s));
  load->signal(SIGINT);
  ASSERT_TRUE(load->wait(30s).has_value());
  const json::value found = json::parse(content_of(shared->file("load.json")));
  EXPECT_EQ(found.at("recovery").at("sessions_lost").to_number<double>(), held);
  EXPECT_EQ(found.at("messages").at("duplicated"), 0);
}

}  // namespace
}  // namespace wscluster::integration
