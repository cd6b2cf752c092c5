// SPDX-License-Identifier: MIT
// What an operator does to a running gateway, and what it does by itself when memory is short.
#include <algorithm>
#include <utility>

#include "cluster.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

constexpr double no_clients = 2;
constexpr double shed = 4;

class Operations : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(Cluster::Options{
        .services = {}, .settings = "limits:\n  memory: 0\nlog:\n  access: all\ntrusted_proxies: [127.0.0.0/8]\n"});
    shared->start_node("node-1");
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  static double metric(const std::string& name) { return shared->metric("gateway-1", name); }
  static net::HttpAnswer admin(const std::string& method, const std::string& path, const std::string& body = {}) {
    auto answer = net::http_call({.url = "http://" + (*shared)["gateway-1"].admin + path,
                                  .method = method,
                                  .body = body,
                                  .deadline = scaled(5s)});
    EXPECT_TRUE(answer);
    return answer ? *answer : net::HttpAnswer{};
  }

  static void use_ceiling(std::uint64_t bytes) {
    std::string text = content_of(shared->config_file());
    const std::size_t at = text.find("  memory: ");
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, text.find('\n', at) - at, "  memory: " + std::to_string(bytes) + "B");
    shared->write("wscluster.yaml", text);
    (*shared)["gateway-1"].child->signal(SIGHUP);
    const auto wanted = static_cast<double>(bytes);
    ASSERT_TRUE(wait_until([&] { return metric("wscluster_memory_ceiling_bytes") == wanted; }));
  }
  /// A ceiling of which the gateway has so much already; again, when trimming has changed what it has.
  static void press(double share, double level) {
    for (int i = 0; i < 5; ++i) {
      use_ceiling(static_cast<std::uint64_t>(metric("process_resident_memory_bytes") / share));
      if (wait_until([&] { return metric("wscluster_memory_pressure") == level; }, 2s)) return;
    }
    FAIL() << "the level is " << metric("wscluster_memory_pressure");
  }
  static void release() {
    use_ceiling(0);
    ASSERT_TRUE(wait_until([] { return metric("wscluster_memory_pressure") == 0; }));
  }
};

TEST_F(Operations, P0_37_short_of_memory_nobody_new_comes_in_until_there_is_some) {
  Client witness = shared->connect("gateway-1", "witness");
  press(0.875, no_clients);
  Client late(shared->at("gateway-1", "late"));
  run_clients_for(500ms);
  EXPECT_FALSE(late.is_open());
  EXPECT_FALSE(late.has_ended()) << late.failure();
  // Who is here, links and the admin listener do not notice.
  const std::string echo = witness.ask(R"({"to":"witness","data":"still here","id":1})");
  EXPECT_NE(echo, "");
  EXPECT_EQ(admin("GET", "/readyz").status, 200U);
  release();
  EXPECT_TRUE(wait_until([&] { return late.is_open(); })) << late.failure();
  const std::string log = content_of((*shared)["gateway-1"].log_file);
  EXPECT_NE(log.find("level=no_clients"), std::string::npos) << log;
}

TEST_F(Operations, P0_37_at_the_ceiling_websockets_are_closed_and_may_come_back) {
  Client idle = shared->connect("gateway-1", "idle");
  press(0.98, shed);
  ASSERT_TRUE(wait_until([&] { return idle.has_ended(); }));
  EXPECT_EQ(idle.close_code(), 1013U);
  EXPECT_EQ(idle.close_reason(), "memory");
  EXPECT_GE(metric("wscluster_memory_shed_total{kind=\"websocket\"}"), 1);
  EXPECT_GE(metric("wscluster_memory_trims_total"), 1);
  release();
  Client again(shared->at("gateway-1", "idle"));
  EXPECT_TRUE(again.connect()) << again.failure();
}

TEST_F(Operations, P0_36_a_process_is_failed_by_hand_and_goes_on_serving) {
  Client witness = shared->connect("gateway-1", "witness");
  EXPECT_EQ(admin("PUT", "/fail", "  disk\nswap ").status, 200U);
  const auto failed = admin("GET", "/readyz");
  EXPECT_EQ(failed.status, 503U);
  EXPECT_NE(failed.body.find("[-]manual failed: disk swap\n"), std::string::npos) << failed.body;
  EXPECT_EQ(admin("GET", "/livez").status, 200U);
  EXPECT_EQ(metric("wscluster_failed_by_hand"), 1);
  EXPECT_TRUE(witness.is_open());
  Client other(shared->at("gateway-1", "other"));
  EXPECT_TRUE(other.connect()) << other.failure();
  EXPECT_EQ(admin("DELETE", "/fail").status, 200U);
  EXPECT_EQ(admin("GET", "/readyz").status, 200U);
  EXPECT_EQ(metric("wscluster_failed_by_hand"), 0);
}

TEST_F(Operations, P0_36_without_a_reason_there_is_one_and_reading_changes_nothing) {
  for (const char* method : {"GET", "POST"}) {
    const auto refused = admin(method, "/fail");
    EXPECT_EQ(refused.status, 405U) << method;
    const std::pair<std::string, std::string> allow{"Allow", "PUT, DELETE"};
    EXPECT_EQ(std::count(refused.headers.begin(), refused.headers.end(), allow), 1) << method;
  }
  EXPECT_EQ(admin("GET", "/readyz").status, 200U);
  admin("PUT", "/fail");
  EXPECT_NE(admin("GET", "/readyz").body.find("[-]manual failed: by hand\n"), std::string::npos);
  EXPECT_EQ(admin("GET", "/readyz?exclude=manual").status, 200U);
  admin("DELETE", "/fail");
}

TEST_F(Operations, P0_01_P0_35_all_processes_show_one_digest_of_the_ring) {
  const auto digest_at = [&](const std::string& member) {
    const auto answer =
        net::http_call({.url = "http://" + (*shared)[member].admin + "/metrics", .deadline = scaled(5s)});
    const std::string text = answer ? answer->body : std::string();
    const std::size_t at = text.find("wscluster_ring_digest_info{service=\"chat\",digest=\"");
    return at == std::string::npos ? "none" : text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_NE(digest_at("gateway-1"), "none");
  EXPECT_EQ(digest_at("gateway-1"), digest_at("node-1"));
}

TEST_F(Operations, P0_35_upgrades_descriptors_and_memory_are_shown) {
  const double accepted = metric("wscluster_upgrades_total{status=\"101\"}");
  const double refused = metric("wscluster_upgrades_total{status=\"404\"}");
  const double timed = metric("wscluster_upgrade_seconds_count");
  Client client = shared->connect("gateway-1", "alice");
  Client lost(shared->at("gateway-1", "alice", "/nowhere"));
  EXPECT_FALSE(lost.connect());
  EXPECT_EQ(metric("wscluster_upgrades_total{status=\"101\"}"), accepted + 1);
  EXPECT_EQ(metric("wscluster_upgrades_total{status=\"404\"}"), refused + 1);
  EXPECT_EQ(metric("wscluster_upgrade_seconds_count"), timed + 1);
  EXPECT_GT(metric("process_open_fds"), 5);
  EXPECT_LE(metric("process_open_fds"), metric("process_max_fds"));
  EXPECT_NE(metric("wscluster_connection_resident_bytes"), -1);
}

TEST_F(Operations, P0_35_the_access_log_has_a_line_and_a_cause_for_each_end) {
  const std::string file = (*shared)["gateway-1"].log_file;
  const std::size_t before = content_of(file).size();
  const auto log = [&] { return content_of(file).substr(before); };
  Client client = shared->connect("gateway-1", "logged");
  client.close(1000);
  EXPECT_EQ(shared->call("gateway-1", "GET", "/nowhere?secret=1", "", {{"X-Forwarded-For", "192.0.2.77"}}).status,
            404U);
  // Those of earlier tests may end only now.
  EXPECT_TRUE(wait_until([&] {
    return log().find("websocket ended cause=C reason=client code=1000") != std::string::npos &&
           log().find("path=/nowhere") != std::string::npos;
  })) << log();
  EXPECT_NE(log().find("status=404"), std::string::npos) << log();
  EXPECT_EQ(log().find("secret"), std::string::npos) << log();
  EXPECT_NE(log().find("status=404 peer=192.0.2.77"), std::string::npos) << "said by a trusted proxy: " << log();
}

TEST_F(Operations, P0_38_a_configuration_that_is_wrong_changes_nothing) {
  Client witness = shared->connect("gateway-1", "witness");
  const std::string good = content_of(shared->config_file());
  shared->write("wscluster.yaml", good + "surprise: 1\n");
  (*shared)["gateway-1"].child->signal(SIGHUP);
  EXPECT_TRUE(wait_until([] {
    return content_of((*shared)["gateway-1"].log_file).find("the configuration is invalid; the old one stays") !=
           std::string::npos;
  }));
  EXPECT_NE(witness.ask(R"({"to":"witness","data":1,"id":1})"), "");
  shared->write("wscluster.yaml", good);
  EXPECT_TRUE(shared->is_ready((*shared)["gateway-1"]));
}

TEST_F(Operations, P0_37_no_more_clients_are_promised_than_there_are_descriptors) {
  const double most = metric("wscluster_max_connections");
  EXPECT_GT(most, 0);
  EXPECT_LT(most, metric("process_max_fds"));
  const std::string log = content_of((*shared)["gateway-1"].log_file);
  EXPECT_NE(log.find("the most clients at a time"), std::string::npos) << log;
}

}  // namespace
}  // namespace wscluster::integration
