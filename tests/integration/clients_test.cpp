// SPDX-License-Identifier: MIT
// What clients, applications and strangers do wrong. After each test a good client is still served.
#include "auth/token.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "cluster.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

class Clients : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(Cluster::Options{
        .services = {},
        .settings = "limits:\n  max_message_bytes: 64KiB\n  max_body_bytes: 64KiB\n  max_head_bytes: 8KiB\n"});
    shared->start_node("node-1", {"--cores", "2"});
    shared->start_node("node-2");
    shared->start_gateway("gateway-1");
    shared->wait_until_ready();
    witness = std::make_unique<Client>(shared->connect("gateway-1", "witness"));
  }
  static void TearDownTestSuite() {
    witness.reset();
    ClusterTest::TearDownTestSuite();
  }

  void TearDown() override {
    EXPECT_TRUE(witness->is_open()) << "somebody else's mistake ended a good client";
    EXPECT_EQ(shared->send("node-2", "witness", "still there").at("status"), "delivered");
    EXPECT_EQ(witness->read().text, "still there");
    ClusterTest::TearDown();
  }

  static unsigned status_of_upgrade(Client::Options options) {
    Client client(options);
    EXPECT_FALSE(client.connect());
    return client.http_status();
  }

  static unsigned close_after(const std::string& bytes) {
    const Wire wire((*shared)["node-1"].clients);
    wire.upgrade("/ws", shared->token("rough"));
    wire.write(bytes);
    return close_code_in(wire.read_to_end());
  }

  static std::string answer_to(const std::string& member, const std::string& bytes) {
    const Wire wire((*shared)[member].clients);
    wire.write(bytes);
    return wire.read_to_end();
  }

  static std::unique_ptr<Client> witness;
};

std::unique_ptr<Client> Clients::witness;

TEST_F(Clients, P0_06_without_a_token_get_401) {
  for (const char* door : {"gateway-1", "node-1"})
    EXPECT_EQ(status_of_upgrade(shared->at(door, "")), 401U);
}

TEST_F(Clients, with_an_expired_or_foreign_or_broken_token_get_401) {
  auto options = shared->at("gateway-1", "");
  options.token = shared->token("alice", -2h);
  EXPECT_EQ(status_of_upgrade(options), 401U);
  auth::Claims claims;
  claims.subject = "alice";
  options.token = auth::make_token(claims, auth::Secret(random_token(32)));
  EXPECT_EQ(status_of_upgrade(options), 401U);
  options.token = "not.a.token";
  EXPECT_EQ(status_of_upgrade(options), 401U);
  options.token = std::string(5000, 'x');
  EXPECT_EQ(status_of_upgrade(options), 401U);
}

TEST_F(Clients, P0_06_whose_uid_is_empty_or_too_long_or_holds_control_characters_get_400) {
  auto options = shared->at("gateway-1", "");
  for (const std::string& uid : {std::string(), std::string(257, 'u'), std::string("a\nb")}) {
    options.token = shared->token(uid);
    EXPECT_EQ(status_of_upgrade(options), 400U) << uid;
  }
  options.token = shared->token(std::string(256, 'u'));
  Client longest(options);
  EXPECT_TRUE(longest.connect());
}

TEST_F(Clients, P0_18_at_a_wrong_path_get_404_and_without_an_upgrade_426) {
  EXPECT_EQ(status_of_upgrade(shared->at("gateway-1", "alice", "/wss")), 404U);
  EXPECT_EQ(shared->call("gateway-1", "GET", "/nowhere").status, 404U);
  EXPECT_EQ(shared->call("gateway-1", "GET", "/ws").status, 426U);
}

TEST_F(Clients, with_a_message_over_the_limit_are_closed_with_1009) {
  Client client = shared->connect("gateway-1", "big");
  client.send(std::string((64U << 10U) + 1, 'x'));
  ASSERT_TRUE(wait_until([&] { return client.has_ended(); }));
  EXPECT_EQ(client.close_code(), 1009U);
}

TEST_F(Clients, with_a_broken_frame_are_closed_with_the_code_that_says_why) {
  EXPECT_EQ(close_after(client_frame(1, "unmasked", false)), 1002U);
  EXPECT_EQ(close_after(client_frame(3, "reserved opcode")), 1002U);
  EXPECT_EQ(close_after(client_frame(9, std::string(126, 'p'))), 1002U);
  EXPECT_EQ(close_after(client_frame(0, "continues nothing")), 1002U);
  EXPECT_EQ(close_after(client_frame(1, "bad \xFF text")), 1007U);
  EXPECT_EQ(close_after(client_frame(8, std::string("\x03\xED", 2))), 1002U);
}

TEST_F(Clients, with_a_malformed_head_get_400) {
  const std::string good = "GET /ws HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& head :
       {std::string("nonsense\r\n\r\n"), std::string("GET /ws HTTP/9.9\r\nHost: x\r\n\r\n"), good + "no colon\r\n\r\n",
        good + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
               "short\r\n\r\n",
        good + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /ws?uid=%zz HTTP/1.1\r\nHost: x\r\n\r\n" + std::string()}) {
    const std::string answer = answer_to("node-1", head);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505")) << head << answer;
  }
}

TEST_F(Clients, with_another_websocket_version_learn_which_one_is_spoken) {
  const std::string answer =
      answer_to("node-1",
                "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426")) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Version: 13"), std::string::npos) << answer;
}

TEST_F(Clients, with_an_oversized_head_get_431) {
  const std::string answer = answer_to("node-1", "GET /ws HTTP/1.1\r\nHost: x\r\nX: " + std::string(9000, 'x'));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 431")) << answer;
}

TEST_F(Clients, that_speak_http_to_the_tls_port_are_told) {
  const std::string answer = answer_to("gateway-1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  EXPECT_NE(answer.find("https"), std::string::npos) << answer;
}

TEST_F(Clients, that_send_garbage_to_the_tls_port_are_dropped) {
  static_cast<void>(answer_to("gateway-1", std::string(100, '\xC3')));
}

TEST_F(Clients, get_an_error_for_a_wrong_relay_message_and_stay) {
  Client client = shared->connect("gateway-1", "clumsy");
  for (const std::string& wrong :
       {std::string("not json"), std::string("[]"), std::string("{}"), std::string(R"({"to":1,"data":1})"),
        std::string(R"({"to":"bob"})"), std::string(R"({"to":"","data":1})"),
        R"({"to":")" + std::string(257, 'u') + R"(","data":1})", std::string(R"({"to":"bob","data":1,"id":{}})"),
        std::string(100, '['), std::string()}) {
    const std::string answer = client.ask(wrong);
    EXPECT_TRUE(answer.starts_with(R"({"error":{"code":"invalid")")) << wrong << ": " << answer;
  }
  client.send("binary", true);
  EXPECT_TRUE(client.read().text.starts_with(R"({"error")"));
  EXPECT_TRUE(client.ask(R"({"to":"nobody","data":1})").starts_with(R"({"receipt")"));
}

TEST_F(Clients, are_refused_beyond_the_sessions_of_one_user) {
  std::vector<Client> devices;
  for (int i = 0; i < 64; ++i)
    devices.emplace_back(shared->at("node-1", "hoarder"));
  for (Client& device : devices)
    EXPECT_TRUE(device.connect());
  EXPECT_EQ(status_of_upgrade(shared->at("node-1", "hoarder")), 429U);
}

TEST_F(Clients, applications_need_a_token_of_the_service) {
  const std::string target = "/api/v1/services/chat/users/bob/messages";
  EXPECT_EQ(shared->call("gateway-1", "POST", target, "x", {{"Authorization", "Bearer nonsense"}}).status, 401U);
  EXPECT_EQ(
      shared->call("gateway-1", "POST", target, "x", {{"Authorization", "Bearer " + shared->token("bob")}}).status,
      401U);
  auth::Claims elsewhere;
  elsewhere.audience = "https://x/api/v1/services/chat/users/alice/messages";
  const std::string key = content_of(shared->file("access.key"));
  EXPECT_EQ(shared
                ->call("gateway-1", "POST", target, "x",
                       {{"Authorization", "Bearer " + auth::make_token(elsewhere, auth::Secret(key))}})
                .status,
            401U);
}

TEST_F(Clients, applications_get_a_status_that_names_their_mistake) {
  const std::string users = "/api/v1/services/chat/users/";
  EXPECT_EQ(shared->call("gateway-1", "POST", "/api/v1/services/other/users/bob/messages", "x").status, 404U);
  EXPECT_EQ(shared->call("gateway-1", "GET", users + "bob/messages").status, 405U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "/messages", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "%FF/messages", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "%zz/messages", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + std::string(257, 'u') + "/messages", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "bob/messages?wait=maybe", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "bob/messages?timeout=soon", "x").status, 400U);
  EXPECT_EQ(shared->call("gateway-1", "POST", users + "bob/messages", "\xFF").status, 400U);
  EXPECT_EQ(shared->call("node-1", "POST", users + "bob/messages", std::string((64U << 10U) + 1, 'x')).status, 413U);
}

TEST_F(Clients, a_link_port_survives_garbage_and_plain_text) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(1000, '\xFF'),
        std::string("\x16\x03\x01\xFF\xFF", 5), std::string(4, '\xFF') + std::string(100'000, 'x')}) {
    const Wire wire((*shared)["node-1"].links);
    wire.write(bytes);
    static_cast<void>(wire.read_to_end());
  }
  EXPECT_TRUE(wait_until(
      [&] { return content_of((*shared)["node-1"].log_file).find("an incoming link failed") != std::string::npos; }));
}

TEST_F(Clients, a_node_with_another_cluster_key_never_links) {
  const double links = shared->metric("node-1", "wscluster_links");
  const std::string key = shared->write("foreign.key", random_token(32));
  Member& foreign = shared->start_node("intruder", {"--cluster-key", key});
  EXPECT_TRUE(wait_until([&] {
    return content_of(foreign.log_file).find("cannot link to a peer") != std::string::npos ||
           content_of((*shared)["node-1"].log_file).find("cannot link to a peer") != std::string::npos;
  }));
  run_clients_for(scaled(1s));
  const auto names = shared->names_in_ring();
  EXPECT_EQ(std::count(names.begin(), names.end(), "intruder"), 0);
  EXPECT_EQ(shared->metric("node-1", "wscluster_links"), links);
  foreign.child->kill();
  shared->forget("intruder");
}

}  // namespace
}  // namespace wscluster::integration
