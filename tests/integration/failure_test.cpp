// SPDX-License-Identifier: MIT
// What the cluster promises while processes and Redis die, freeze and stop.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

#include "fleet.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Failure : public ClusterTest {
 protected:
  static void SetUpTestSuite() { shared = std::make_unique<Cluster>(); }

  /// Three nodes in one ring and two gateways; what an earlier test has ended is started again.
  void SetUp() override {
    start_missing("node-1", {"--cores", "1"});
    start_missing("node-2", {"--cores", "2"});
    start_missing("node-3", {"--cores", "3"});
    start_missing("gateway-1", {"--cores", "2"});
    start_missing("gateway-2", {"--drain-rate", "40/s", "--drain-grace", "100ms"});
    shared->wait_until_ready();
    ASSERT_TRUE(wait_until(is_settled_now, 30s));
    ASSERT_TRUE(wait_until([] { return shared->sum_over_nodes("wscluster_sessions") == 0; }))
        << "the clients of the test before are gone, their sessions are not";
  }

  static void start_missing(const std::string& name, const Cluster::Arguments& arguments) {
    const auto started = shared->names();
    if (std::find(started.begin(), started.end(), name) != started.end() && !(*shared)[name].child->poll()) return;
    if (name.starts_with("node")) {
      shared->start_node(name, arguments);
    } else {
      shared->start_gateway(name, arguments);
    }
  }

  /// All members are in the ring, no change is running, everybody has the same epoch.
  static bool is_settled_now() {
    const json::value shown = shared->ask({"ring", "show"});
    return shown.at("change").is_null() && shown.at("nodes").as_array().size() == 3 &&
           shared->names_in_ring().size() == 3 && have_same_epoch();
  }

  static bool have_same_epoch() {
    const double epoch = shared->metric("gateway-1", R"(wscluster_epoch{service="chat"})");
    return epoch > 0 && std::all_of(names.begin(), names.end(), [&](const char* name) {
             return (*shared)[name].child->poll() ||
                    shared->metric(name, R"(wscluster_epoch{service="chat"})") == epoch;
           });
  }

  /// Of "after=120ms"; -1 when it does not say.
  static int pause_asked_for(const std::string& reason) {
    int milliseconds = -1;
    return std::sscanf(reason.c_str(), "after=%dms", &milliseconds) == 1 ? milliseconds : -1;
  }

  static bool is_in_ring(const std::string& node) {
    const auto members = shared->names_in_ring();
    return std::find(members.begin(), members.end(), node) != members.end();
  }

  static void send_steadily(Fleet& fleet, Traffic& traffic, const std::function<bool()>& until,
                            Duration patience = 20s) {
    TimePoint next{};
    EXPECT_TRUE(fleet.run_until(
        [&] {
          if (Clock::now() >= next && traffic.open() < 200) {
            traffic.send_round(fleet);
            next = Clock::now() + 100ms;
          }
          return until();
        },
        patience));
  }

  static void expect_everybody_at_home(Fleet& fleet) {
    for (const auto& [uid, owner] : shared->owners(fleet.uids())) {
      const auto receipt = shared->send("gateway-1", uid, "where");
      EXPECT_EQ(receipt.at("status"), "delivered") << uid;
      EXPECT_EQ(receipt.at("node"), owner.c_str()) << uid;
      EXPECT_EQ(receipt.at("sessions"), 1) << uid;
    }
  }

  static constexpr std::array<const char*, 5> names{"node-1", "node-2", "node-3", "gateway-1", "gateway-2"};
};

TEST_F(Failure, a_killed_node_leaves_the_ring_and_its_gateway_clients_stay_connected) {
  Traffic traffic(*shared, "gateway-1", shared->uid_on("node-1", "sender"));
  Fleet fleet(*shared, numbered("person", 90), {"gateway-1", "gateway-2"});
  send_steadily(fleet, traffic, [&] { return traffic.rounds() > 5; });
  (*shared)["node-3"].child->kill();
  send_steadily(fleet, traffic, [] { return !is_in_ring("node-3"); });
  const int rounds = traffic.rounds();
  send_steadily(fleet, traffic, [&] { return traffic.rounds() > rounds + 5; });
  traffic.expect_true_receipts(fleet);
  for (const auto& [status, count] : traffic.receipts())
    EXPECT_TRUE(status == "delivered" || status == "unknown") << count << " " << status;
  EXPECT_EQ(fleet.closes(), 0U);
  expect_everybody_at_home(fleet);
}

TEST_F(Failure, the_sessions_of_a_killed_gateway_end) {
  Fleet fleet(*shared, numbered("person", 20), {"gateway-2"});
  Client other = shared->connect("gateway-1", "other");
  (*shared)["gateway-2"].child->kill();
  fleet.move_doors({"gateway-1"});
  EXPECT_TRUE(wait_until([] { return shared->sum_over_nodes("wscluster_sessions") == 1; }, 30s))
      << shared->sum_over_nodes("wscluster_sessions");
  for (const std::string& uid : fleet.uids())
    EXPECT_EQ(shared->send("gateway-1", uid, "x").at("status"), "offline");
  EXPECT_EQ(shared->send("gateway-1", "other", "x").at("status"), "delivered");
  fleet.gather();
  expect_everybody_at_home(fleet);
}

TEST_F(Failure, a_node_frozen_beyond_its_lease_is_expelled_and_comes_back_empty) {
  Traffic traffic(*shared, "gateway-1", shared->uid_on("node-1", "sender"));
  Fleet fleet(*shared, numbered("person", 60), {"gateway-1"});
  send_steadily(fleet, traffic, [&] { return traffic.rounds() > 3; });
  Member& frozen = (*shared)["node-2"];
  frozen.child->signal(SIGSTOP);
  send_steadily(fleet, traffic, [] { return !is_in_ring("node-2"); });
  traffic.expect_true_receipts(fleet);
  expect_everybody_at_home(fleet);
  frozen.child->signal(SIGCONT);
  EXPECT_TRUE(fleet.run_until(
      [&] { return content_of(frozen.log_file).find("starting again under a new incarnation") != std::string::npos; }));
  EXPECT_TRUE(fleet.run_until([] { return is_in_ring("node-2"); }));
  shared->wait_until_ready();
  EXPECT_TRUE(fleet.run_until(is_settled_now, 30s));
  fleet.gather();
  expect_everybody_at_home(fleet);
  send_steadily(fleet, traffic, [rounds = traffic.rounds(), &traffic] { return traffic.rounds() > rounds + 3; });
  traffic.expect_true_receipts(fleet);
}

TEST_F(Failure, P0_03_without_redis_everybody_talks_and_new_clients_connect) {
  Traffic traffic(*shared, "gateway-1", shared->uid_on("node-1", "sender"));
  Fleet fleet(*shared, numbered("person", 30), {"gateway-1", "node-2"});
  const double epoch = shared->metric("gateway-1", R"(wscluster_epoch{service="chat"})");
  shared->kill_redis();
  const TimePoint away_until = Clock::now() + scaled(4s);
  send_steadily(fleet, traffic, [&] { return shared->metric("node-1", "wscluster_redis_up") == 0; });
  for (int i = 0; i < 5; ++i) {
    Client late = shared->connect(i % 2 == 0 ? "gateway-1" : "node-3", "late-" + std::to_string(i));
    EXPECT_EQ(shared->send("gateway-2", "late-" + std::to_string(i), "hello").at("status"), "delivered");
    EXPECT_EQ(late.read().text, "hello");
    EXPECT_EQ(shared->run({"send", "--to", "late-" + std::to_string(i), "--message", "hello"}).exit, 0);
  }
  send_steadily(fleet, traffic, [&] { return Clock::now() >= away_until; });
  shared->start_redis();
  send_steadily(fleet, traffic, [] {
    return std::all_of(names.begin(), names.end(),
                       [](const char* name) { return shared->metric(name, "wscluster_redis_up") == 1; });
  });
  traffic.expect_all_arrived(fleet);
  EXPECT_EQ(fleet.closes(), 0U);
  fleet.run_for(2s);
  EXPECT_TRUE(have_same_epoch());
  EXPECT_EQ(shared->metric("gateway-1", R"(wscluster_epoch{service="chat"})"), epoch) << "nobody was removed";
  EXPECT_EQ(shared->names_in_ring().size(), 3U);
}

TEST_F(Failure, sigterm_drains_a_node_and_nothing_is_lost) {
  Traffic traffic(*shared, "gateway-1", shared->uid_on("node-1", "sender"));
  Fleet fleet(*shared, numbered("person", 90), {"gateway-1"});
  Fleet direct(*shared, numbered("direct", 10), {"node-3"});
  direct.move_doors({"node-1"});
  Child& node = *(*shared)["node-3"].child;
  node.signal(SIGTERM);
  send_steadily(fleet, traffic, [&] {
    static_cast<void>(direct.run_until([] { return true; }));
    return node.poll().has_value();
  });
  EXPECT_EQ(node.poll(), 0);
  EXPECT_FALSE(is_in_ring("node-3"));
  fleet.gather();
  direct.gather();
  traffic.expect_all_arrived(fleet);
  EXPECT_EQ(fleet.closes(), 0U) << "behind a gateway nobody notices";
  for (Fleet* each : {&fleet, &direct}) {
    expect_everybody_at_home(*each);
    for (const Fleet::Person& person : each->people()) {
      EXPECT_LE(person.closes.size(), 2U) << person.uid;
      for (const auto& [code, reason] : person.closes)
        EXPECT_EQ(code, 1012U) << reason;
    }
  }
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
}

TEST_F(Failure, a_second_sigterm_stops_a_node_at_once) {
  shared->start_node("slow", {"--drain-rate", "0.1/s"});
  shared->wait_until_ready();
  ASSERT_TRUE(wait_until([] { return is_in_ring("slow") && have_same_epoch(); }));
  {
    Fleet fleet(*shared, numbered("person", 60), {"slow"});
    fleet.move_doors({"gateway-1"});
    Child& node = *(*shared)["slow"].child;
    node.signal(SIGTERM);
    ASSERT_TRUE(
        fleet.run_until([] { return content_of((*shared)["slow"].log_file).find("draining") != std::string::npos; }));
    fleet.run_for(500ms);
    EXPECT_FALSE(node.poll()) << "it has sockets for minutes";
    node.signal(SIGTERM);
    EXPECT_TRUE(fleet.run_until([&] { return node.poll().has_value(); }, 3s));
    EXPECT_EQ(node.poll(), 0);
    EXPECT_TRUE(fleet.run_until([] { return !is_in_ring("slow"); }));
    fleet.gather();
    expect_everybody_at_home(fleet);
  }
  shared->forget("slow");
}

TEST_F(Failure, sigterm_closes_the_clients_of_a_gateway_at_the_rate) {
  Fleet fleet(*shared, numbered("person", 60), {"gateway-2"});
  fleet.move_doors({"gateway-1"});
  Child& gateway = *(*shared)["gateway-2"].child;
  gateway.signal(SIGTERM);
  ASSERT_TRUE(fleet.run_until([&] { return fleet.closes() > 0; }));
  EXPECT_LT(fleet.closes(), 40U) << "all at once";
  EXPECT_TRUE(fleet.run_until([&] { return gateway.poll().has_value(); }));
  EXPECT_EQ(gateway.poll(), 0);
  fleet.gather();
  for (const Fleet::Person& person : fleet.people()) {
    ASSERT_EQ(person.closes.size(), 1U);
    ASSERT_EQ(person.closes[0].first, 1012U) << person.closes[0].second;
    const int pause = pause_asked_for(person.closes[0].second);
    EXPECT_TRUE(pause >= 0 && pause < 250) << person.closes[0].second;
  }
  expect_everybody_at_home(fleet);
}

TEST_F(Failure, P0_36_sigterm_makes_a_gateway_unready_while_it_still_serves_everybody) {
  Member& gateway = shared->start_gateway("patient", {"--drain-grace", "1h", "--drain-timeout", "2h"});
  shared->wait_until_ready();
  {
    Client early = shared->connect("patient", "early");
    gateway.child->signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return !shared->is_ready(gateway); }));
    Client late = shared->connect("patient", "late");
    early.send(R"({"to":"late","data":1})");
    EXPECT_NE(late.read().text.find("\"data\":1"), std::string::npos);
    EXPECT_TRUE(early.is_open());
    gateway.child->signal(SIGTERM);
    EXPECT_EQ(gateway.child->wait(5s), 0) << "the second signal stops at once";
    EXPECT_TRUE(wait_until([&] { return early.has_ended() && late.has_ended(); }));
  }
  shared->forget("patient");
}

TEST_F(Failure, clients_that_a_gateway_closes_all_at_once_are_told_to_come_back_at_the_rate) {
  Member& gateway =
      shared->start_gateway("hurried", {"--drain-grace", "0s", "--drain-timeout", "200ms", "--drain-rate", "20/s"});
  shared->wait_until_ready();
  Fleet fleet(*shared, numbered("person", 60), {"hurried"});
  fleet.move_doors({"gateway-1"});
  gateway.child->signal(SIGTERM);
  EXPECT_TRUE(fleet.run_until([&] { return gateway.child->poll().has_value(); }));
  EXPECT_TRUE(fleet.run_until([&] { return fleet.closes() == 60; }));
  int longest = 0;
  for (const Fleet::Person& person : fleet.people()) {
    ASSERT_EQ(person.closes.size(), 1U);
    ASSERT_EQ(person.closes[0].first, 1012U) << person.closes[0].second;
    longest = std::max(longest, pause_asked_for(person.closes[0].second));
  }
  EXPECT_GT(longest, 250);
  EXPECT_LE(longest, 3000) << "60 at 20/s";
  fleet.gather();
  expect_everybody_at_home(fleet);
  shared->forget("hurried");
}

}  // namespace
}  // namespace wscluster::integration
