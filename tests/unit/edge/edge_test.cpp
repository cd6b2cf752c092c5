// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

TEST(Edge, never_lets_an_old_id_reach_a_new_connection) {
  Server server(false);
  std::vector<ConnectionId> seen;
  for (int i = 0; i < 5; ++i) {
    const auto client = server.connect_websocket();
    seen.push_back(server.last_id());
    client->send_close(1000);
    client->read_close();
    client->stream.close();
    ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  }
  const auto client = server.connect_websocket();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  server.run([&] {
    for (const ConnectionId id : seen) {
      EXPECT_NE(id, 0U);
      EXPECT_FALSE(server.edge->send(id, MessageKind::text, {}, "wrong"));
      EXPECT_FALSE(server.edge->accept(id));
      EXPECT_FALSE(server.edge->respond(id, {}));
      server.edge->close(id, 1000, "", CloseReason::application);
      server.edge->pause(id, true);
    }
    EXPECT_FALSE(server.edge->send(0, MessageKind::text, {}, "none"));
  });
  client->send_frame(Opcode::text, "mine");
  EXPECT_EQ(client->read_messages(1), std::vector<std::string>{"mine"});
}

TEST(Edge, P0_37_answers_503_beyond_max_connections_and_recovers) {
  Options options;
  options.max_connections = 2;
  Server server(false, options);
  auto first = server.connect_websocket();
  const auto second = server.connect_websocket();
  Client third(server.endpoint(), false);
  EXPECT_EQ(third.read_to_end().substr(0, 12), "HTTP/1.1 503");
  EXPECT_EQ(server.ended(CloseReason::limit), 1U);
  first.reset();
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 1; }));
  EXPECT_TRUE(server.connect_websocket());
}

TEST(Edge, resumes_tls_sessions) {
  Server server(true);
  net::TlsClient tls = net::TlsClient::insecure();
  tls.resume_sessions();
  for (int i = 0; i < 2; ++i) {
    Client client(server.endpoint(), false);
    client.stream = net::Stream(client.stream.release(), tls, "localhost");
    ASSERT_TRUE(client.shake_hands());
    client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / ");
  }
  EXPECT_EQ(server.counters().handshakes_full, 1U);
  EXPECT_EQ(server.counters().handshakes_resumed, 1U);
}

TEST(Edge, P0_11_drains_at_the_rate_and_adopts_nobody_new) {
  Server server(true);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(server.connect_websocket());
  const auto idle = server.connect();
  idle->ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / ");
  const TimePoint start = Clock::now();
  server.run([&] { server.edge->drain(1001, "bye", 100); });
  EXPECT_EQ(idle->read_to_end(), "");
  for (auto& client : clients) {
    EXPECT_EQ(client->read_close(), 1001);
    client->send_close(1001);
  }
  EXPECT_GE(Clock::now() - start, Duration(150));  // 20 at 100 per second
  EXPECT_TRUE(server.sees("gone drain 1001", 20));
  Client late(server.endpoint(), true);
  EXPECT_FALSE(late.shake_hands());
}

TEST(Edge, tells_each_client_when_to_come_back_spread_over_the_time_given) {
  Server server(false);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i)
    clients.push_back(server.connect_websocket());
  server.run([&] { server.edge->drain(1012, "restart", 0, Duration(8000)); });
  int early = 0;
  for (auto& client : clients) {
    EXPECT_EQ(client->read_close(), 1012);
    int after = -1;
    ASSERT_EQ(std::sscanf(client->frames.close_text.c_str(), "after=%dms restart", &after), 1);
    EXPECT_GE(after, 0);
    EXPECT_LT(after, 8000);
    early += after < 4000 ? 1 : 0;
  }
  // Even: all on one side happens once in 2^39.
  EXPECT_GT(early, 0);
  EXPECT_LT(early, 40);
}

TEST(Edge, drains_at_once_with_rate_0_and_refuses_upgrades_of_open_connections) {
  Server server(false);
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  const auto waiting = server.connect();
  waiting->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(server.sees("request GET /a"));
  const ConnectionId id = server.last_id();
  const auto half = server.connect();
  half->send("GET / HTTP/1.1\r\nHost: x\r\n");
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().bytes_in > 50; }));
  const auto open = server.connect_websocket();
  server.run([&] { server.edge->drain(1012, "restart", 0); });
  EXPECT_EQ(open->read_close(), 1012);
  half->send("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
             websocket::make_key() + "\r\n\r\n");
  EXPECT_EQ(half->read_to_end().substr(0, 12), "HTTP/1.1 503");
  server.run([&] { server.edge->respond(id, {200, "done", "text/plain", {}, false}); });
  const std::string answer = waiting->read_to_end();
  EXPECT_TRUE(answer.ends_with("done"));
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(Edge, aborts_everything_without_a_word_to_the_application) {
  Server server(true);
  const auto open = server.connect_websocket();
  const auto idle = server.connect();
  Client shaking(server.endpoint(), false);
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 3; }));
  server.run([&] { server.edge->abort(); });
  EXPECT_EQ(server.run([&] { return server.edge->size(); }), 0U);
  EXPECT_EQ(server.log(), std::vector<std::string>{"upgrade /"});
  open->read_until([&] { return open->has_ended; });
  EXPECT_TRUE(open->has_ended);
  const Counters counters = server.counters();
  EXPECT_EQ(counters.open_websockets, 0U);
  EXPECT_EQ(counters.handshaking, 0U);
}

TEST(Edge, may_be_destroyed_while_clients_are_connected) {
  Server server(true);
  const auto open = server.connect_websocket();
  server.run([&] { server.edge.reset(); });
  open->read_until([&] { return open->has_ended; });
  EXPECT_TRUE(open->has_ended);
}

TEST(Edge, sends_all_messages_of_a_turn_with_one_flush) {
  Server server(true);
  const auto client = server.connect_websocket();
  const ConnectionId id = server.last_id();
  server.run([&] {
    for (int i = 0; i < 100; ++i)
      server.edge->send(id, MessageKind::text, {}, "m");
    EXPECT_EQ(server.edge->unsent_bytes(id), 300U);
    EXPECT_EQ(server.application.written, 0U);
  });
  // A read gives everything that one TLS record held.
  std::string record(16'384, '\0');
  net::IoResult got;
  while ((got = client->stream.read(record)).status == net::IoStatus::would_block)
    std::this_thread::yield();
  EXPECT_EQ(got.bytes, 300U);
}

}  // namespace
}  // namespace wscluster::edge
