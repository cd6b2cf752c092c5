// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

class Relief : public testing::TestWithParam<bool> {};

TEST_P(Relief, P0_37_idle_http_connections_end_at_once_and_in_order) {
  Server server(GetParam());
  const auto client = server.connect();
  client->ask(request, "GET /a ");
  server.run([&] { server.edge->keep_alive(false); });
  EXPECT_EQ(client->read_to_end(), "");
  EXPECT_EQ(server.counters().shed_http, 1U);
}

TEST_P(Relief, P0_37_a_request_is_answered_and_the_connection_not_kept) {
  Server server(GetParam());
  server.run([&] { server.edge->keep_alive(false); });
  auto client = server.connect();
  client->send(request);
  const std::string answer = client->read_to_end();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_NE(answer.find("GET /a "), std::string::npos) << answer;
  server.run([&] { server.edge->keep_alive(true); });
  client = server.connect();
  EXPECT_NE(client->ask(request, "GET /a ").find("Connection: keep-alive"), std::string::npos);
  client->ask(request, "GET /a ");
}

TEST_P(Relief, P0_37_an_answer_under_way_is_the_last_one) {
  Server server(GetParam());
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  const auto client = server.connect();
  client->send(request);
  ASSERT_TRUE(server.sees("request GET /a"));
  server.run([&] {
    server.edge->keep_alive(false);
    server.edge->respond(server.application.ids.back(), {200, "late", "text/plain", {}, false});
  });
  EXPECT_NE(client->read_to_end().find("late"), std::string::npos);
  EXPECT_EQ(server.counters().shed_http, 0U);
}

TEST_P(Relief, P0_37_websockets_stay_without_keep_alive) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  server.run([&] { server.edge->keep_alive(false); });
  client->send_frame(Opcode::text, "still here");
  EXPECT_EQ(client->read_messages(1), std::vector<std::string>{"still here"});
}

TEST_P(Relief, P0_37_the_longest_idle_websockets_are_closed_first) {
  Server server(GetParam());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(server.connect_websocket());
  // A message is use, a ping is none: 1 and 3 have been idle longest.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (const int used : {0, 2}) {
    clients[used]->send_frame(Opcode::text, "used");
    EXPECT_EQ(clients[used]->read_messages(1).size(), 1U);
  }
  clients[1]->send_frame(Opcode::ping, "");
  ASSERT_TRUE(clients[1]->read_until([&] {
    clients[1]->decode();
    return !clients[1]->frames.pongs.empty();
  }));
  server.run([&] { server.edge->shed(2); });
  for (const int idle : {1, 3}) {
    EXPECT_EQ(clients[idle]->read_close(), websocket::CloseCode::try_again_later);
    EXPECT_EQ(clients[idle]->frames.close_text, "memory");
    clients[idle]->send_close(websocket::CloseCode::try_again_later);
  }
  EXPECT_TRUE(server.sees("gone limit 1013", 2));
  EXPECT_EQ(server.counters().shed_websockets, 2U);
  EXPECT_EQ(server.counters().open_websockets, 2U);
  clients[0]->send_frame(Opcode::text, "again");
  EXPECT_EQ(clients[0]->read_messages(2).size(), 2U);
}

TEST_P(Relief, P0_37_no_more_are_closed_than_there_are) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  server.run([&] {
    server.edge->shed(0);
    server.edge->shed(100);
    server.edge->shed(100);
  });
  EXPECT_EQ(client->read_close(), websocket::CloseCode::try_again_later);
  EXPECT_EQ(server.counters().shed_websockets, 1U);
}

TEST_P(Relief, P0_37_a_lower_limit_is_for_those_that_come) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  server.run([&] { server.edge->limit_connections(1); });
  Client late(server.endpoint(), false);
  late.read_until([&] { return late.has_ended; });
  EXPECT_EQ(server.ended(CloseReason::limit), 1U);
  client->send_frame(Opcode::text, "still here");
  EXPECT_EQ(client->read_messages(1), std::vector<std::string>{"still here"});
}

TEST_P(Relief, P0_35_upgrades_are_counted_by_their_answer_and_timed) {
  Server server(GetParam());
  const auto open = server.connect_websocket();
  server.run([&] {
    server.application.upgrade_hook = [&](ConnectionId id) { server.edge->respond(id, {403, "", "", {}, false}); };
  });
  EXPECT_FALSE(server.connect()->upgrade());
  server.run([&] {
    server.application.upgrade_hook = [&](ConnectionId id) { server.edge->respond(id, {418, "", "", {}, false}); };
  });
  EXPECT_FALSE(server.connect()->upgrade());
  server.connect()->ask("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", " 426 ");
  server.connect()->ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", " 200 ");
  const Counters counters = server.counters();
  EXPECT_EQ(counters.upgrades, 1U);
  for (std::size_t i = 0; i < upgrade_refusals.size(); ++i) {
    const unsigned status = upgrade_refusals[i];
    EXPECT_EQ(counters.upgrades_refused[i], status == 403 || status == 426 || status == 0 ? 1U : 0U) << status;
  }
  EXPECT_EQ(server.run([&] { return server.edge->upgrade_times().count(); }), 1U);
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, Relief, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "tls" : "plain"; });

}  // namespace
}  // namespace wscluster::edge
