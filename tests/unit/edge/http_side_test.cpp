// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpSide : public testing::TestWithParam<bool> {};

TEST_P(HttpSide, answers_several_requests_on_one_connection) {
  Server server(GetParam());
  const auto client = server.connect();
  EXPECT_NE(client->ask(get, "GET /a ").find("Connection: keep-alive"), std::string::npos);
  client->ask("POST /b?x=1%202&y=a+b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "POST /b abc");
  const Request last = server.run([&] { return server.application.last; });
  EXPECT_EQ(last.parameter("x"), "1 2");
  EXPECT_EQ(last.parameter("y"), "a b");
  EXPECT_EQ(last.header("HOST"), "x");
  EXPECT_EQ(last.peer, "127.0.0.1");
  EXPECT_TRUE(last.is_loopback);
  EXPECT_EQ(last.is_tls, GetParam());
  EXPECT_EQ(server.counters().requests, 2U);
}

TEST_P(HttpSide, answers_pipelined_requests_one_at_a_time_and_in_order) {
  Server server(GetParam());
  std::size_t waiting = 0;
  std::size_t most = 0;
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request& request) {
      most = std::max(most, ++waiting);
      server.core.post([&, id, path = request.path] {
        --waiting;
        server.edge->respond(id, {200, path, "text/plain", {}, false});
      });
    };
  });
  const auto client = server.connect();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += "GET /" + std::to_string(100 + i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client->send(all);
  ASSERT_TRUE(client->read_until("\r\n\r\n/119")) << client->received;
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = client->received.find("\r\n\r\n/" + std::to_string(100 + i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_EQ(server.run([&] { return most; }), 1U);
}

TEST_P(HttpSide, P0_20_refuses_bad_heads_with_a_status_and_an_orderly_end) {
  Server server(GetParam());
  const std::vector<std::pair<std::string, std::string>> cases{
      {"GET / HTTP/1.1\nHost: x\n\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(300'000, 'a'), "413"},
      {"GET /?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
  };
  for (const auto& [request, status] : cases) {
    const auto client = server.connect();
    client->send(request);
    const std::string answer = client->read_to_end();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + status) << request.substr(0, 60);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_NE(answer.find("\r\nx-ms-error-code: "), std::string::npos);
    EXPECT_NE(answer.find("\r\n\r\n{\"code\":\""), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with(R"(,"target":null,"details":[],"inner":{}})")) << answer;
  }
  EXPECT_EQ(server.log(), std::vector<std::string>{});
  EXPECT_NE(server.connect()->ask(get, "GET /a "), "");
}

TEST_P(HttpSide, P0_18_refuses_bad_upgrades_before_the_application_sees_them) {
  Server server(GetParam());
  const std::string good_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string head = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"POST / HTTP/1.1\r\n" + head + "Sec-WebSocket-Version: 13\r\n" + good_key, "405"},
      {"GET / HTTP/1.1\r\n" + head + "Sec-WebSocket-Version: 8\r\n" + good_key, "426"},
      {"GET / HTTP/1.1\r\n" + head + "Sec-WebSocket-Version: 13\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", "400"},
      {"GET / HTTP/1.1\r\n" + head + "Sec-WebSocket-Version: 13\r\n" + good_key + good_key, "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + good_key, "400"},
      {"GET / HTTP/1.0\r\n" + head + "Sec-WebSocket-Version: 13\r\n" + good_key, "400"},
      {"GET / HTTP/1.1\r\n" + head + "Content-Length: 1\r\nSec-WebSocket-Version: 13\r\n" + good_key, "400"},
  };
  for (const auto& [request, status] : cases) {
    const auto client = server.connect();
    client->send(request + "\r\nx");
    const std::string answer = client->read_to_end();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + status) << request;
    EXPECT_EQ(answer.find("Sec-WebSocket-Version: 13") != std::string::npos, status == "426");
    EXPECT_EQ(answer.find("Allow: GET") != std::string::npos, status == "405");
  }
  EXPECT_EQ(server.log(), std::vector<std::string>{});
}

TEST_P(HttpSide, tells_the_application_once_when_the_client_leaves_before_the_answer) {
  Server server(GetParam());
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  auto client = server.connect();
  client->send(get);
  ASSERT_TRUE(server.sees("request GET /a"));
  client->stream.shutdown_write();
  EXPECT_TRUE(server.sees("gone client 1006"));
  const ConnectionId id = server.last_id();
  EXPECT_FALSE(server.run([&] { return server.edge->respond(id, {}); }));
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.log().size(), 2U);
}

TEST_P(HttpSide, does_not_say_gone_after_the_answer) {
  Server server(GetParam());
  {
    const auto client = server.connect();
    client->ask(get, "GET /a ");
  }
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.log(), std::vector<std::string>{"request GET /a"});
  EXPECT_EQ(server.ended(CloseReason::http_done), 1U);
}

TEST_P(HttpSide, honours_connection_close_and_head_and_continue) {
  Server server(GetParam());
  const auto closing = server.connect();
  closing->send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = closing->read_to_end();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: 8"), std::string::npos) << answer;
  const auto asking = server.connect();
  asking->ask("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
              "100 Continue\r\n\r\n");
  asking->ask("ok", "POST /c ok");
}

INSTANTIATE_TEST_SUITE_P(Kinds, HttpSide, testing::Bool(),
                         [](const auto& test) { return test.param ? "tls" : "plain"; });

TEST(Edge, answers_plain_http_on_the_tls_port) {
  Server server(true);
  Client client(server.endpoint(), false);
  client.send(get);
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 400");
  EXPECT_NE(answer.find("https://"), std::string::npos);
  EXPECT_EQ(server.counters().handshakes_failed, 1U);
}

TEST(Edge, refuses_tls_on_the_plain_port_at_once) {
  Server server(false);
  Client client(server.endpoint(), true);
  EXPECT_FALSE(client.shake_hands());
  EXPECT_EQ(server.ended(CloseReason::handshake), 0U);
  client.stream.close();
  EXPECT_TRUE(
      server.eventually([&] { return server.edge->counters().ended[std::size_t(CloseReason::protocol_error)] == 1; }));
}

TEST(Edge, ends_a_tls_handshake_of_junk) {
  Server server(true);
  Client client(server.endpoint(), false);
  client.send(std::string("\x16\x03\x01\x00\x05hello world", 16));
  client.read_to_end();
  client.stream.close();
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.counters().handshakes_failed, 1U);
}

}  // namespace
}  // namespace wscluster::edge
