// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

TEST(Deadlines, P0_24_end_a_tls_handshake_that_does_not_come) {
  Options options;
  options.handshake_timeout = Duration(50);
  Server server(true, options);
  Client client(server.endpoint(), false);
  client.read_to_end();
  EXPECT_EQ(server.ended(CloseReason::handshake), 1U);
  EXPECT_EQ(server.counters().handshakes_failed, 1U);
  EXPECT_EQ(server.counters().handshaking, 0U);
}

TEST(Deadlines, P0_24_answer_a_slow_head_with_408) {
  Options options;
  options.head_timeout = Duration(60);
  Server server(false, options);
  const auto client = server.connect();
  std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
  // One byte after the other: progress does not move the deadline.
  for (std::size_t i = 0; !client->has_ended && i < 5000; ++i) {
    client->send(i < head.size() ? head.substr(i, 1) : "a");
    client->read_until([&] { return true; });
    std::string buffer(100, '\0');
    const auto got = client->stream.read(buffer);
    if (got.status == net::IoStatus::ok) client->received += buffer.substr(0, got.bytes);
    if (!client->received.empty()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(client->received.substr(0, 12), "HTTP/1.1 408");
}

TEST(Deadlines, P0_24_answer_a_slow_body_with_408) {
  Options options;
  options.body_timeout = Duration(50);
  Server server(true, options);
  const auto client = server.connect();
  client->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client->read_to_end().substr(0, 12), "HTTP/1.1 408");
}

TEST(Deadlines, end_idle_http_connections_in_order) {
  Options options;
  options.keep_alive_timeout = Duration(50);
  Server server(true, options);
  const auto client = server.connect();
  client->ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / ");
  EXPECT_EQ(client->read_to_end(), "");
}

TEST(Deadlines, ping_a_silent_client_and_keep_who_answers) {
  Options options;
  options.ping_interval = Duration(40);
  options.idle_timeout = Duration(400);
  Server server(true, options);
  const auto client = server.connect_websocket();
  const TimePoint end = Clock::now() + Duration(800);
  int answered = 0;
  while (Clock::now() < end) {
    client->read_until([&] {
      client->decode();
      return client->frames.pings > answered || client->has_ended;
    });
    ASSERT_FALSE(client->has_ended);
    client->send_frame(Opcode::pong, "");
    answered = client->frames.pings;
  }
  EXPECT_GE(answered, 5);
  EXPECT_EQ(server.log().size(), 1U);
}

TEST(Deadlines, end_a_client_that_answers_no_ping) {
  Options options;
  options.ping_interval = Duration(30);
  options.idle_timeout = Duration(120);
  options.close_timeout = Duration(50);
  Server server(true, options);
  const auto client = server.connect_websocket();
  EXPECT_TRUE(server.sees("gone idle 1001"));
  EXPECT_EQ(client->read_close(), 1001);
  EXPECT_GE(client->frames.pings, 1);
  client->read_to_end();
  EXPECT_EQ(server.log().size(), 2U);
}

TEST(Deadlines, P0_24_end_a_client_that_does_not_read) {
  Options options;
  options.write_timeout = Duration(100);
  Server server(true, options, 65'536);
  const auto client = server.connect_websocket(65'536);
  const ConnectionId id = server.last_id();
  server.run([&] {
    for (int i = 0; i < 1000; ++i)
      server.edge->send(id, MessageKind::binary, {}, std::string(10'000, 'x'));
  });
  EXPECT_TRUE(server.sees("gone slow_consumer 1013"));
  EXPECT_LT(server.run([&] { return server.application.written; }), 1000U);
  EXPECT_EQ(server.run([&] { return server.edge->size(); }), 0U);
}

TEST(Deadlines, P0_10_P0_25_do_not_wait_for_ever_for_the_clients_close_or_end) {
  Options options;
  options.close_timeout = Duration(50);
  Server server(true, options);
  const auto silent = server.connect_websocket();
  const ConnectionId first = server.last_id();
  server.run([&] { server.edge->close(first, 1012, "", CloseReason::evicted); });
  EXPECT_TRUE(server.sees("gone evicted 1012"));
  const auto lingering = server.connect_websocket();
  lingering->send_close(1000);
  EXPECT_EQ(lingering->read_close(), 1000);
  EXPECT_TRUE(server.sees("gone client 1000"));
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
}

}  // namespace
}  // namespace wscluster::edge
