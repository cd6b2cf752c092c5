// SPDX-License-Identifier: MIT
// A gateway that passes requests on: a node's client listener stands in for an application server.
#include "cluster.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Routes : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(Cluster::Options{
        .services = "  chat:\n    paths: [/ws]\n    key_files: [ACCESS]\n    raw: echo\n",
        .settings = "upstreams:\n  shop: {key_files: [ACCESS], connect_timeout: 1s}\n"
                    "routes:\n"
                    "  shop: {path: /shop/**, strip_prefix: 1, to: 'lb://shop', user: 'query:uid'}\n"
                    "  strict: {path: /strict/**, strip_prefix: 1, to: 'lb://shop', user: 'query:uid', user_for: all}\n"
                    "  tokens: {path: /tokens/**, strip_prefix: 1, to: 'lb://shop', user: jwt, key_files: [ACCESS]}\n"
                    "  pages: {path: /pages/**, strip_prefix: 1, to: 'lb://shop', user: 'query:uid', "
                    "origins: ['https://shop.example.org'], missing_origin: refuse}\n"
                    "  inner: {path: /inner/**, strip_prefix: 1, to: 'lb://chat'}\n"
                    "  nobody: {path: /nobody/**, to: 'lb://nobody'}\n"
                    "  dead: {path: /dead/**, to: ['http://127.0.0.1:1']}\n"
                    "locator: {enabled: true, user: 'query:uid'}\n"
                    "log: {access: all}\n"});
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
    const std::string body = R"({"url":"http://)" + (*shared)["node-1"].clients + R"(","lease":600})";
    ASSERT_EQ(shared->call("gateway-1", "PUT", "/api/v1/services/shop/instances/one", body).status, 200U);
    ASSERT_TRUE(wait_until([] { return shared->call("gateway-1", "GET", "/shop/api/health").status == 200; }, 20s));
  }

  static unsigned status(const std::string& target, net::HttpFields headers = {}) {
    return shared->call("gateway-1", "GET", target, {}, std::move(headers)).status;
  }
  static Client client(const std::string& path_and_query) {
    Client::Options options = shared->at("gateway-1", "alice");
    options.url = options.url.substr(0, options.url.find("/ws")) + path_and_query;
    Client made(options);
    made.connect();
    return made;
  }
  static double counted(const std::string& name) { return shared->metric("gateway-1", name); }
};

TEST_F(Routes, requests_pass_and_what_the_server_says_comes_back) {
  EXPECT_EQ(status("/shop/api/health"), 200U);
  EXPECT_EQ(status("/shop/nothing/here"), 404U);
  const double before = counted("wscluster_upstream_requests_total{service=\"shop\"}");
  EXPECT_EQ(
      shared->call("gateway-1", "POST", "/shop/api/hubs/chat/:send", "x", {{"Content-Type", "text/plain"}}).status,
      202U)
      << "with the application's token, which passes as it is";
  EXPECT_EQ(counted("wscluster_upstream_requests_total{service=\"shop\"}"), before + 1);
}

TEST_F(Routes, the_locator_leads_there_too) {
  EXPECT_EQ(status("/SHOP/api/health"), 200U);
}

TEST_F(Routes, websockets_pass_and_count) {
  Client passed = client("/shop/ws?uid=alice");
  ASSERT_TRUE(passed.is_open()) << passed.failure();
  EXPECT_EQ(passed.ask("through the gateway"), "through the gateway");
  EXPECT_EQ(counted("wscluster_upstream_websockets{service=\"shop\"}"), 1);
  passed.close(4001, "bye");
  ASSERT_TRUE(wait_until([&] { return passed.has_ended(); }));
  EXPECT_TRUE(wait_until([] { return counted("wscluster_upstream_websockets{service=\"shop\"}") == 0; }));
}

TEST_F(Routes, P0_06_without_a_user_nobody_is_guessed) {
  EXPECT_EQ(client("/shop/ws").http_status(), 401U);
  EXPECT_EQ(client("/shop/ws?uid=").http_status(), 400U);
  EXPECT_EQ(status("/strict/api/health"), 401U);
  EXPECT_EQ(status("/strict/api/health?uid=alice"), 200U);
  EXPECT_EQ(status("/shop/api/health"), 200U) << "requests need no user here";
  EXPECT_GE(counted("wscluster_routes_refused_total{why=\"user\"}"), 3);
}

TEST_F(Routes, P0_06_tokens_say_the_user) {
  Client with_token = client("/tokens/ws");
  EXPECT_TRUE(with_token.is_open()) << with_token.failure();
  Client::Options forged = shared->at("gateway-1", "alice");
  forged.url = forged.url.substr(0, forged.url.find("/ws")) + "/tokens/ws";
  forged.token += "x";
  Client refused(forged);
  refused.connect();
  EXPECT_EQ(refused.http_status(), 401U);
}

TEST_F(Routes, P0_22_pages_of_other_sites_may_not_connect) {
  EXPECT_EQ(client("/pages/ws?uid=alice").http_status(), 403U);
  EXPECT_GE(counted("wscluster_routes_refused_total{why=\"origin\"}"), 1);
}

TEST_F(Routes, P0_20_paths_that_climb_are_refused) {
  for (const std::string path : {"/shop/../api/health", "/shop/%2e%2E/x", "/shop/a%2fb"})
    EXPECT_EQ(status(path), 400U) << path;
  EXPECT_GE(counted("wscluster_routes_refused_total{why=\"path\"}"), 3);
}

TEST_F(Routes, services_of_the_nodes_are_reached_by_routes) {
  EXPECT_EQ(status("/inner/api/health"), 200U);
  Client inner = client("/inner/ws");
  ASSERT_TRUE(inner.is_open()) << inner.failure();
  EXPECT_EQ(inner.ask("inner"), "inner");
}

TEST_F(Routes, who_is_not_there_is_503_with_retry_after) {
  for (const std::string path : {"/nobody/x", "/dead/x"}) {
    const net::HttpAnswer answer = shared->call("gateway-1", "GET", path);
    EXPECT_EQ(answer.status, 503U) << path;
    EXPECT_NE(net::find_header(answer.headers, "Retry-After"), nullptr) << path;
  }
}

TEST_F(Routes, two_steps_name_the_server_of_a_user) {
  const net::HttpAnswer direct =
      shared->call("gateway-1", "GET", "/negotiate?service=shop&uid=alice&path=/ws&via=direct");
  ASSERT_EQ(direct.status, 200U) << direct.body;
  EXPECT_EQ(std::string(json::parse(direct.body).at("url").as_string()), "ws://" + (*shared)["node-1"].clients + "/ws");
  const net::HttpAnswer through = shared->call("gateway-1", "GET", "/negotiate?service=shop&uid=alice&path=/ws");
  const std::string url(json::parse(through.body).at("url").as_string());
  EXPECT_TRUE(url.starts_with("wss://") && url.ends_with("/shop/ws")) << url;
  EXPECT_EQ(shared->call("gateway-1", "GET", "/negotiate?service=shop").status, 401U);
  EXPECT_EQ(shared->call("gateway-1", "GET", "/negotiate?service=shop&uid=a&via=pigeon").status, 400U);
}

TEST_F(Routes, a_broadcast_asks_every_server) {
  const auto said_to = [](const std::string& path) {
    const auto answer = shared->call("gateway-1", "POST", "/api/v1/services/shop/broadcast?path=" + path, "hello");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return json::parse(answer.body).at("instances").at(0).as_object();
  };
  EXPECT_EQ(said_to("/nothing").at("id"), "one");
  EXPECT_EQ(said_to("/nothing").at("status"), 404);
  EXPECT_EQ(said_to("/api/hubs/chat/:send").at("status"), 401) << "our token is not for the servers";
  EXPECT_EQ(shared->call("gateway-1", "POST", "/api/v1/services/nobody/broadcast", "{}").status, 404U);
  EXPECT_EQ(shared->call("gateway-1", "POST", "/api/v1/services/shop/broadcast?path=x", "{}").status, 400U);
}

TEST_F(Routes, P0_35_the_access_log_says_why_everything_ended) {
  status("/shop/api/health?uid=secret");
  Client closed = client("/shop/ws?uid=alice");
  closed.close(1000);
  ASSERT_TRUE(wait_until([&] { return closed.has_ended(); }));
  std::string log;
  EXPECT_TRUE(wait_until([&] {
    log = content_of((*shared)["gateway-1"].log_file);
    return log.find("access: websocket ended cause=C reason=client code=1000") != std::string::npos;
  })) << log;
  EXPECT_NE(log.find("access: request cause=- method=GET path=/shop/api/health status=200"), std::string::npos) << log;
  EXPECT_EQ(log.find("secret"), std::string::npos) << "a query may hold a token";
}

}  // namespace
}  // namespace wscluster::integration
