// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::proxy {
namespace {

using namespace test;
using namespace std::chrono_literals;

std::unique_ptr<Client> open_websocket(Gateway& gateway, const std::string& user) {
  auto client = gateway.connect();
  client->send("GET /ws?user=" + user +
               " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(client->read_until("\r\n\r\n")) << client->received;
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 101 ")) << client->received;
  client->received.clear();
  return client;
}

void send_text(Client& client, const std::string& text) {
  std::string frame;
  websocket::append_masked_frame(frame, websocket::Opcode::text, true, text, 0x01020304);
  client.send(frame);
}

TEST(Relay, messages_pass_both_ways_and_the_owner_gets_them) {
  Server a(false);
  Server b(false);
  Gateway gateway;
  gateway.serve({{"a", a.endpoint()}, {"b", b.endpoint()}});
  for (const std::string server : {"a", "b"}) {
    const auto client = open_websocket(gateway, gateway.user_of(server));
    send_text(*client, "hello");
    EXPECT_TRUE(client->read_until("hello")) << server;
    EXPECT_TRUE((server == "a" ? a : b).eventually([&] { return (server == "a" ? a : b).application.messages == 1; }));
  }
  EXPECT_EQ(a.run([&] { return a.application.last.header("X-Wscluster-Uid").value_or(""); }), gateway.user_of("a"));
}

TEST(Relay, P0_19_the_client_reads_101_only_after_the_server_accepted) {
  Server server(false);
  server.run([&] { server.application.upgrade_hook = [](edge::ConnectionId) {}; });
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect();
  client->send(
      "GET /ws?user=u HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(server.sees("upgrade /ws"));
  EXPECT_TRUE(client->received.empty());
  server.run([&] { server.edge->respond(server.application.ids.back(), {403, "no", "text/plain", {}, false}); });
  ASSERT_TRUE(client->read_until("HTTP/1.1 403 ")) << client->received;
  client->read_until([&] { return client->has_ended; });
  EXPECT_NE(client->received.find("Connection: close"), std::string::npos);
  EXPECT_EQ(client->received.find("200"), std::string::npos);
  EXPECT_EQ(server.log().size(), 1U) << "nothing else came through";
}

TEST(Relay, P0_09_P0_10_exactly_the_moved_users_are_closed_with_1012) {
  Server a(false);
  Server b(false);
  Server c(false);
  Gateway gateway;
  gateway.serve({{"a", a.endpoint()}, {"b", b.endpoint()}});
  std::map<std::string, std::unique_ptr<Client>> clients;
  std::map<std::string, std::string> before;
  for (int i = 0; i < 60; ++i) {
    const std::string user = "user" + std::to_string(i);
    clients[user] = open_websocket(gateway, user);
    before[user] = gateway.owner_of(user);
  }
  gateway.serve({{"a", a.endpoint()}, {"b", b.endpoint()}, {"c", c.endpoint()}});
  std::size_t moved = 0;
  for (const auto& [user, owner] : before)
    moved += gateway.owner_of(user) != owner ? 1 : 0;
  ASSERT_GT(moved, 0U);
  ASSERT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].counters.evicted == moved; }));
  for (auto& [user, client] : clients) {
    if (gateway.owner_of(user) == before[user]) {
      send_text(*client, "still here");
      EXPECT_TRUE(client->read_until("still here")) << user;
    } else {
      EXPECT_TRUE(client->read_until("epoch=2 after=")) << user;
      EXPECT_EQ(client->received[0], '\x88');
      EXPECT_EQ(client->received.substr(2, 2), std::string("\x03\xf4", 2)) << "1012";
    }
  }
  EXPECT_EQ(gateway.report().counters.evicted, moved);
  EXPECT_EQ(gateway.report().misplaced, 0U);
  EXPECT_EQ(gateway.report().misplaced_times.count(), moved) << "P0 12: each once";
}

TEST(Relay, P0_11_evictions_keep_their_rate) {
  Server a(false);
  Server b(false);
  Options options;
  options.evict_rate = 10;
  Gateway gateway;
  gateway.serve({{"a", a.endpoint()}}, options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(open_websocket(gateway, "user" + std::to_string(i)));
  gateway.serve({{"b", b.endpoint()}}, options);
  ASSERT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].counters.evicted >= 2; }));
  EXPECT_LT(gateway.report().counters.evicted, 20U);
  EXPECT_GT(gateway.report().misplaced, 0U);
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].counters.evicted == 20; }));
}

TEST(Relay, P0_04_an_owner_that_comes_back_gets_its_users_back) {
  Server b(false);
  Options options;
  options.unreachable = Unreachable::next;
  options.eject_after = 1;
  options.eject_time = 300ms;
  Gateway gateway;
  Server a(false);
  gateway.serve({{"a", {"127.0.0.1", 1}}, {"b", b.endpoint()}}, options);
  const std::string user = gateway.user_of("a");
  const auto client = open_websocket(gateway, user);
  ASSERT_TRUE(b.sees("upgrade /ws"));
  EXPECT_TRUE(client->read_until("after=")) << "closed when the time of its owner is over";
  EXPECT_EQ(gateway.report().counters.evicted, 1U);
}

TEST(Relay, P0_23_close_codes_pass_as_they_are) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1001, 1012, 3000, 4999}) {
    Server server(false);
    Gateway gateway;
    gateway.serve({{"a", server.endpoint()}});
    const auto client = open_websocket(gateway, "u");
    server.run([&] { server.edge->close(server.application.ids.back(), code, "bye", edge::CloseReason::application); });
    ASSERT_TRUE(client->read_until("bye")) << code;
    EXPECT_EQ(static_cast<unsigned char>(client->received[2]) * 256 + static_cast<unsigned char>(client->received[3]),
              code);
  }
}

TEST(Relay, a_client_that_leaves_closes_the_server_side) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  {
    const auto client = open_websocket(gateway, "u");
    std::string frame;
    websocket::append_close(frame, 4001, "done", 7);
    client->send(frame);
    ASSERT_TRUE(server.sees("gone client 4001"));
  }
  { const auto client = open_websocket(gateway, "u"); }
  EXPECT_TRUE(server.sees("gone client 1001"));
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->open() == 0; }));
}

TEST(Relay, P0_23_a_server_that_is_gone_becomes_1001) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = open_websocket(gateway, "u");
  server.run([&] { server.edge->abort(); });
  ASSERT_TRUE(client->read_until("the server has gone"));
  EXPECT_EQ(client->received.substr(2, 2), std::string("\x03\xe9", 2));
}

TEST(Relay, what_a_client_says_to_a_server_that_is_gone_is_dropped) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = open_websocket(gateway, "u");
  server.run([&] { server.edge->abort(); });
  ASSERT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].counters.broken == 1; }));
  for (int i = 0; i < 3; ++i)
    send_text(*client, "anybody?");
  ASSERT_TRUE(client->read_until("the server has gone"));
  send_text(*client, "anybody?");
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->open() == 0; }));
}

TEST(Relay, a_server_that_is_silent_is_asked_and_given_up) {
  Script script("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", false);
  Options options;
  options.idle_timeout = 400ms;
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}}, options);
  const auto client = open_websocket(gateway, "u");
  std::this_thread::sleep_for(1s);
  send_text(*client, "alive");
  EXPECT_TRUE(client->read_until("alive")) << "a server that answers pings stays";
}

TEST(Relay, a_101_without_the_right_key_is_502) {
  Script script(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
      false);
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}});
  const auto client = gateway.connect();
  client->send(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(client->read_until("HTTP/1.1 502 ")) << client->received;
}

TEST(Relay, P0_24_whoever_does_not_read_holds_the_other_back) {
  Server server(false);
  server.run([&] { server.application.message_hook = [](edge::ConnectionId, std::string_view) {}; });
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = open_websocket(gateway, "u");
  const std::string big(256U << 10U, 'm');
  std::size_t sent = 0;
  server.run([&] {
    for (int i = 0; i < 100; ++i)
      server.edge->send(server.application.ids.back(), websocket::MessageKind::binary, {}, big);
    sent = 100;
  });
  std::this_thread::sleep_for(300ms);
  EXPECT_GT(server.run([&] { return server.edge->unsent_bytes(server.application.ids.back()); }), 1U << 20U);
  EXPECT_TRUE(client->read_until([&] { return client->received.size() >= sent * big.size(); }));
}

}  // namespace
}  // namespace wscluster::proxy
