// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

/// What a client says first.
std::string client_hello() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  net::TlsClient tls = net::TlsClient::insecure();
  net::Stream client(ends[0], tls, "localhost");
  const net::Stream other_end(ends[1]);
  EXPECT_EQ(client.handshake(), net::IoStatus::would_block);
  std::string bytes(4096, '\0');
  bytes.resize(static_cast<std::size_t>(::recv(ends[1], bytes.data(), bytes.size(), 0)));
  return bytes;
}

/// A client that begins its handshake and never goes on.
std::unique_ptr<Client> stall(Server& server) {
  auto client = std::make_unique<Client>(server.endpoint(), false);
  client->send(client_hello());
  return client;
}

/// A client that begins its handshake while the server cannot answer; shake_hands() goes on.
std::unique_ptr<Client> begin_handshake(Server& server) {
  auto client = std::make_unique<Client>(server.endpoint(), true);
  EXPECT_EQ(client->stream.handshake(), net::IoStatus::would_block);
  return client;
}

Options with_cap(std::uint64_t max_handshakes) {
  Options options;
  options.max_handshakes = max_handshakes;
  options.max_open_handshakes = max_handshakes;
  return options;
}

TEST(HandshakeSide, does_at_most_so_many_at_once_and_all_in_the_end) {
  Server server(true, with_cap(2));
  std::vector<std::unique_ptr<Client>> stalled;
  for (int i = 0; i < 2; ++i)
    stalled.push_back(stall(server));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshaking == 2; }));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i)
    clients.push_back(begin_handshake(server));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshakes_waiting == 5; }));
  EXPECT_EQ(server.counters().handshaking, 2U);
  EXPECT_EQ(server.counters().handshakes_full, 0U);
  stalled.clear();
  for (auto& client : clients) {
    EXPECT_TRUE(client->shake_hands());
    EXPECT_TRUE(client->upgrade());
  }
  EXPECT_EQ(server.counters().handshakes_full, 5U);
  EXPECT_EQ(server.counters().handshaking, 0U);
  EXPECT_EQ(server.counters().handshakes_waiting, 0U);
}

TEST(HandshakeSide, P0_24_who_stops_inside_the_handshake_holds_nobody_up) {
  Options options = with_cap(2);
  options.max_open_handshakes = 50;
  Server server(true, options);
  std::vector<std::unique_ptr<Client>> stalled;
  for (int i = 0; i < 40; ++i)
    stalled.push_back(stall(server));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshaking == 40; }));
  EXPECT_TRUE(server.connect_websocket());
  EXPECT_EQ(server.counters().handshakes_waiting, 0U);
}

TEST(HandshakeSide, P0_24_beyond_that_who_does_not_go_on_is_ended) {
  Server server(true, with_cap(3));
  std::vector<std::unique_ptr<Client>> stalled;
  for (int i = 0; i < 3; ++i)
    stalled.push_back(stall(server));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshaking == 3; }));
  EXPECT_TRUE(server.connect_websocket()) << "long before the time of a handshake is over";
  EXPECT_GE(server.ended(CloseReason::handshake), 1U);
}

TEST(HandshakeSide, P0_24_gives_no_place_to_who_says_nothing) {
  Server server(true, with_cap(1));
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 5; ++i)
    silent.push_back(std::make_unique<Client>(server.endpoint(), false));
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 5; }));
  EXPECT_EQ(server.counters().handshaking, 0U);
  EXPECT_TRUE(server.connect_websocket());
}

TEST(HandshakeSide, P0_24_gives_no_place_to_who_stops_inside_its_first_record) {
  Server server(true, with_cap(1));
  const std::string hello = client_hello();
  std::vector<std::unique_ptr<Client>> stopped;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4}, std::size_t{5}, hello.size() - 1}) {
    stopped.push_back(std::make_unique<Client>(server.endpoint(), false));
    stopped.back()->send(hello.substr(0, bytes));
  }
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 4; }));
  EXPECT_TRUE(server.connect_websocket());
  EXPECT_EQ(server.counters().handshaking, 0U);
  EXPECT_EQ(server.counters().handshakes_waiting, 0U);
  EXPECT_EQ(server.ended(CloseReason::handshake), 0U);
}

TEST(HandshakeSide, P0_24_beyond_max_connections_who_has_said_nothing_makes_room) {
  Options options;
  options.max_connections = 4;
  Server server(true, options);
  const auto user = server.connect_websocket();
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 6; ++i)
    silent.push_back(std::make_unique<Client>(server.endpoint(), false));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().accepted == 7; }));
  EXPECT_EQ(server.ended(CloseReason::limit), 3U);
  std::vector<std::unique_ptr<Client>> users;
  for (int i = 0; i < 3; ++i)
    users.push_back(server.connect_websocket());
  EXPECT_EQ(server.ended(CloseReason::limit), 6U);
  const Client beyond(server.endpoint(), false);
  EXPECT_TRUE(server.eventually([&] {
    return server.edge->counters().ended[static_cast<std::size_t>(CloseReason::limit)] == 7;
  })) << "nobody is there who could make room";
  user->send_frame(Opcode::text, "still here");
  EXPECT_TRUE(server.eventually([&] { return server.application.messages == 1; }));
}

TEST(HandshakeSide, goes_on_when_the_rest_of_the_first_record_comes_piece_by_piece) {
  Server server(true);
  const auto client = std::make_unique<Client>(server.endpoint(), false);
  const std::string hello = client_hello();
  for (const char byte : hello.substr(0, 20)) {
    client->send(std::string(1, byte));
    server.run([] {});
  }
  EXPECT_EQ(server.counters().handshaking, 0U);
  client->send(hello.substr(20));
  pollfd item{client->stream.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&item, 1, 10'000), 1) << "the ServerHello";
}

TEST(HandshakeSide, ends_who_leaves_inside_its_first_record) {
  Server server(true);
  const auto client = std::make_unique<Client>(server.endpoint(), false);
  client->send(client_hello().substr(0, 20));
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 1; }));
  ::shutdown(client->stream.descriptor(), SHUT_WR);
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.counters().handshakes_failed, 1U);
}

TEST(HandshakeSide, counts_no_deadline_while_a_client_waits_for_its_turn) {
  Options options = with_cap(1);
  options.handshake_timeout = Duration(60);
  Server server(true, options);
  // Each of them keeps its place until its own deadline; the last one has waited for all of these.
  std::vector<std::unique_ptr<Client>> stalled;
  for (int i = 0; i < 4; ++i) {
    stalled.push_back(stall(server));
    const auto begun = static_cast<std::uint64_t>(i + 1);
    ASSERT_TRUE(server.eventually([&] { return server.edge->counters().accepted == begun; }));
  }
  const auto patient = server.connect();
  EXPECT_TRUE(patient->upgrade());
  EXPECT_EQ(server.ended(CloseReason::handshake), 4U);
}

TEST(HandshakeSide, spends_nothing_on_who_has_given_up_while_waiting) {
  Server server(true, with_cap(1));
  auto stalled = stall(server);
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshaking == 1; }));
  const auto impatient = stall(server);
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshakes_waiting == 1; }));
  const auto patient = begin_handshake(server);
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshakes_waiting == 2; }));
  ::shutdown(impatient->stream.descriptor(), SHUT_WR);
  stalled.reset();
  EXPECT_TRUE(patient->shake_hands());
  // It got an end, and no ServerHello before it.
  std::array<char, 16> buffer{};
  EXPECT_LE(::recv(impatient->stream.descriptor(), buffer.data(), buffer.size(), 0), 0);
  EXPECT_EQ(server.counters().handshakes_failed, 2U);
}

TEST(HandshakeSide, says_when_no_more_should_be_accepted) {
  Server server(true, with_cap(4));
  std::vector<bool> told;
  server.run([&] { server.edge->watch_intake([&](bool is_full) { told.push_back(is_full); }); });
  std::vector<std::unique_ptr<Client>> stalled;
  for (int i = 0; i < 4; ++i)
    stalled.push_back(stall(server));
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshaking == 4; }));
  const auto first = begin_handshake(server);
  ASSERT_TRUE(server.eventually([&] { return server.edge->counters().handshakes_waiting == 1; }));
  EXPECT_TRUE(server.run([&] { return told.empty(); }));
  const auto second = begin_handshake(server);
  ASSERT_TRUE(server.eventually([&] { return !told.empty(); }));
  EXPECT_EQ(server.run([&] { return told; }), (std::vector<bool>{true}));
  stalled.clear();
  EXPECT_TRUE(first->shake_hands());
  EXPECT_TRUE(second->shake_hands());
  EXPECT_EQ(server.run([&] { return told; }), (std::vector<bool>{true, false}));
}

TEST(HandshakeSide, comes_after_established_traffic_that_became_ready_later) {
  Server server(true);
  const auto user = server.connect_websocket();
  std::vector<std::unique_ptr<Client>> newcomers;
  for (int i = 0; i < 20; ++i)
    newcomers.push_back(std::make_unique<Client>(server.endpoint(), true));
  ASSERT_TRUE(server.eventually([&] { return server.edge->size() == 21; }));
  std::promise<void> all_are_ready;
  std::size_t greeted = newcomers.size();
  server.application.message_hook = [&](ConnectionId, std::string_view) {
    greeted = static_cast<std::size_t>(std::count_if(newcomers.begin(), newcomers.end(), [](const auto& client) {
      pollfd item{client->stream.descriptor(), POLLIN, 0};
      return ::poll(&item, 1, 0) == 1;
    }));
  };
  std::promise<void> core_stands;
  server.core.post([&] {
    core_stands.set_value();
    all_are_ready.get_future().wait();
  });
  core_stands.get_future().wait();
  for (auto& client : newcomers)
    EXPECT_EQ(client->stream.handshake(), net::IoStatus::would_block);
  user->send_frame(Opcode::text, "first");
  all_are_ready.set_value();
  ASSERT_TRUE(server.eventually([&] { return server.application.messages == 1; }));
  EXPECT_EQ(greeted, 0U);
  for (auto& client : newcomers)
    EXPECT_TRUE(client->shake_hands());
}

}  // namespace
}  // namespace wscluster::edge
