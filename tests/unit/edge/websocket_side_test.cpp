// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

class WebSocketSide : public testing::TestWithParam<bool> {};

TEST_P(WebSocketSide, echoes_messages_of_many_sizes) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  std::vector<std::string> sent;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 300'000U}) {
    sent.emplace_back(size, 'x');
    client->send_frame(Opcode::binary, sent.back());
    ASSERT_EQ(client->read_messages(sent.size()), sent);
  }
  EXPECT_EQ(server.counters().messages_in, sent.size());
  EXPECT_TRUE(server.eventually([&] { return server.application.written == sent.size(); }));
}

TEST_P(WebSocketSide, joins_fragments_with_a_ping_between_them) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  client->send_frame(Opcode::text, "he", false);
  client->send_frame(Opcode::ping, "p");
  client->send_frame(Opcode::continuation, "llo");
  EXPECT_EQ(client->read_messages(1), std::vector<std::string>{"hello"});
  EXPECT_EQ(client->frames.pongs, std::vector<std::string>{"p"});
}

TEST_P(WebSocketSide, P0_19_sends_101_only_after_accept_and_keeps_what_came_before) {
  Server server(GetParam());
  server.run([&] { server.application.upgrade_hook = [](ConnectionId) {}; });
  const auto client = server.connect();
  const std::string key = websocket::make_key();
  client->send(websocket::upgrade_request("x", "/early", key));
  client->send_frame(Opcode::text, "early");
  ASSERT_TRUE(server.sees("upgrade /early"));
  client->send_frame(Opcode::text, "bird");
  const ConnectionId id = server.last_id();
  EXPECT_TRUE(server.eventually([&] { return server.edge->counters().bytes_in > 100; }));
  EXPECT_EQ(server.counters().bytes_out, 0U);
  EXPECT_EQ(server.run([&] { return server.application.messages; }), 0U);
  EXPECT_TRUE(server.run([&] {
    const bool is_accepted = server.edge->accept(id, "json.v1");
    server.edge->send(id, MessageKind::text, {}, "first");
    return is_accepted && server.application.messages == 0;  // not from inside accept()
  }));
  ASSERT_TRUE(client->read_until("\r\n\r\n"));
  const std::size_t end = client->received.find("\r\n\r\n") + 4;
  EXPECT_EQ(websocket::check_accept(client->received.substr(0, end), key).value(), "json.v1");
  client->received.erase(0, end);
  EXPECT_EQ(client->read_messages(3), (std::vector<std::string>{"first", "early", "bird"}));
}

TEST_P(WebSocketSide, P0_19_refuses_an_upgrade_with_a_real_status_and_closes) {
  Server server(GetParam());
  server.run([&] {
    server.application.upgrade_hook = [&](ConnectionId id) {
      server.edge->respond(id, {401, "no token", "text/plain", {}, false});
    };
  });
  const auto client = server.connect();
  client->send(websocket::upgrade_request("x", "/", websocket::make_key()));
  client->send_frame(Opcode::text, "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client->read_to_end();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 401");
  EXPECT_TRUE(answer.ends_with("no token"));
  client->stream.close();
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.log(), std::vector<std::string>{"upgrade /"});
  EXPECT_EQ(server.ended(CloseReason::refused), 1U);
}

TEST_P(WebSocketSide, answers_the_clients_close_with_its_code) {
  Server server(GetParam());
  for (const std::uint16_t code : {std::uint16_t{1000}, std::uint16_t{1001}, std::uint16_t{3999}}) {
    const auto client = server.connect_websocket();
    client->send_close(code, "bye");
    EXPECT_EQ(client->read_close(), code);
    EXPECT_TRUE(server.sees("gone client " + std::to_string(code)));
    client->read_to_end();
  }
  const auto silent = server.connect_websocket();
  silent->send_close(websocket::CloseCode::no_status);
  EXPECT_EQ(silent->read_close(), websocket::CloseCode::no_status);
  EXPECT_TRUE(server.sees("gone client 1005"));
  silent->read_to_end();
}

TEST_P(WebSocketSide, P0_10_closes_in_order_after_what_was_queued_and_passes_on_what_still_comes) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  const ConnectionId id = server.last_id();
  server.run([&] {
    server.edge->send(id, MessageKind::text, {}, "last words");
    server.edge->close(id, 1012, "epoch=43 after=1250ms", CloseReason::evicted);
    EXPECT_FALSE(server.edge->send(id, MessageKind::text, {}, "too late"));
  });
  client->send_frame(Opcode::text, "crossing");
  EXPECT_EQ(client->read_close(), 1012);
  EXPECT_EQ(client->frames.close_text, "epoch=43 after=1250ms");
  EXPECT_EQ(client->frames.messages.front(), "last words");
  // A client says things until it has read the Close; whether they count the application knows.
  client->send_frame(Opcode::text, "after the close");
  client->send_close(1012);
  EXPECT_TRUE(server.sees("gone evicted 1012"));
  client->read_to_end();
  client->stream.close();
  EXPECT_TRUE(server.eventually([&] { return server.edge->size() == 0; }));
  EXPECT_EQ(server.ended(CloseReason::evicted), 1U);
  EXPECT_EQ(server.run([&] { return server.application.messages; }), 2U);
}

TEST_P(WebSocketSide, P0_23_tells_what_the_client_broke) {
  Options options;
  options.max_message_bytes = 1000;
  Server server(GetParam(), options);
  const auto break_with = [&](const std::function<void(Client&)>& action) {
    const auto client = server.connect_websocket();
    action(*client);
    const std::uint16_t code = client->read_close();
    client->read_to_end();
    return code;
  };
  EXPECT_EQ(break_with([](Client& c) { c.send(std::string("\x81\x02hi", 4)); }), 1002);  // not masked
  EXPECT_EQ(break_with([](Client& c) { c.send_frame(static_cast<Opcode>(3), "x"); }), 1002);
  EXPECT_EQ(break_with([](Client& c) { c.send_frame(Opcode::continuation, "x"); }), 1002);
  EXPECT_EQ(break_with([](Client& c) { c.send_frame(Opcode::text, "\xff\xff"); }), 1007);
  EXPECT_EQ(break_with([](Client& c) { c.send_frame(Opcode::binary, std::string(1001, 'x')); }), 1009);
  EXPECT_EQ(break_with([](Client& c) { c.send_frame(Opcode::close, "\x03"); }), 1002);
  EXPECT_TRUE(server.sees("gone protocol_error 1002", 4));
  EXPECT_TRUE(server.sees("gone protocol_error 1007"));
  EXPECT_TRUE(server.sees("gone limit 1009"));
  EXPECT_EQ(server.counters().open_websockets, 0U);
}

TEST_P(WebSocketSide, tells_a_client_that_vanishes) {
  Server server(GetParam());
  {
    const auto client = server.connect_websocket();
    client->stream.close();
  }
  EXPECT_TRUE(server.eventually([&] { return server.application.log.size() == 2; }));
  EXPECT_TRUE(server.log().back() == "gone client 1006" || server.log().back() == "gone transport 1006")
      << server.log().back();
}

TEST_P(WebSocketSide, counts_as_written_only_what_the_kernel_took_whole) {
  Server server(GetParam(), {}, 65'536);
  const auto client = server.connect_websocket(65'536);
  const ConnectionId id = server.last_id();
  constexpr std::size_t count = 200;
  const std::string payload(20'000, 'x');
  server.run([&] {
    for (std::size_t i = 0; i < count; ++i)
      server.edge->send(id, MessageKind::binary, {}, payload);
  });
  ASSERT_TRUE(server.eventually([&] { return server.edge->unsent_bytes(id) < count * 20'004; }));
  server.run([] {});
  const auto [written, unsent] =
      server.run([&] { return std::pair(server.application.written, server.edge->unsent_bytes(id)); });
  EXPECT_LT(written, count);
  EXPECT_GT(unsent, 0U);
  EXPECT_EQ(written, (count * 20'004 - unsent) / 20'004);
  EXPECT_EQ(client->read_messages(count).size(), count);
  EXPECT_TRUE(server.eventually([&] { return server.application.written == count; }));
  EXPECT_EQ(server.run([&] { return server.edge->unsent_bytes(id); }), 0U);
}

TEST_P(WebSocketSide, reads_nothing_while_paused_and_loses_nothing) {
  Server server(GetParam());
  const auto client = server.connect_websocket();
  const ConnectionId id = server.last_id();
  server.run([&] { server.edge->pause(id, true); });
  for (int i = 0; i < 50; ++i)
    client->send_frame(Opcode::text, std::to_string(i));
  for (int i = 0; i < 5; ++i)
    server.run([] {});
  EXPECT_EQ(server.run([&] { return server.application.messages; }), 0U);
  server.run([&] { server.edge->pause(id, false); });
  const auto messages = client->read_messages(50);
  ASSERT_EQ(messages.size(), 50U);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(messages[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_P(WebSocketSide, pauses_in_the_middle_of_a_burst) {
  Server server(GetParam());
  server.run([&] {
    server.application.message_hook = [&](ConnectionId id, std::string_view) { server.edge->pause(id, true); };
  });
  const auto client = server.connect_websocket();
  const std::string payload(10'000, 'x');
  for (int i = 0; i < 40; ++i)
    client->send_frame(Opcode::binary, payload);
  ASSERT_TRUE(server.eventually([&] { return server.application.messages > 0; }));
  for (int i = 0; i < 5; ++i)
    server.run([] {});
  EXPECT_LE(server.run([&] { return server.application.messages; }), 8U);
  const ConnectionId id = server.last_id();
  EXPECT_TRUE(server.eventually([&] {
    server.edge->pause(id, false);
    return server.application.messages == 40;
  }));
}

TEST_P(WebSocketSide, loses_only_the_connection_whose_callback_throws) {
  Server server(GetParam());
  const auto other = server.connect_websocket();
  server.run([&] {
    server.application.message_hook = [&](ConnectionId id, std::string_view payload) {
      if (payload == "throw") throw std::runtime_error("on purpose");
      server.edge->send(id, MessageKind::text, {}, payload);
    };
  });
  const auto client = server.connect_websocket();
  client->send_frame(Opcode::text, "throw");
  EXPECT_TRUE(server.sees("gone application 1011"));
  other->send_frame(Opcode::text, "still here");
  EXPECT_EQ(other->read_messages(1), std::vector<std::string>{"still here"});
}

TEST_P(WebSocketSide, may_be_ended_from_inside_its_own_callback) {
  Server server(GetParam());
  server.run([&] { server.application.message_hook = [&](ConnectionId, std::string_view) { server.edge->abort(); }; });
  const auto client = server.connect_websocket();
  client->send_frame(Opcode::text, "one");
  client->read_until([&] { return client->has_ended; });
  EXPECT_EQ(server.run([&] { return server.edge->size(); }), 0U);
  EXPECT_EQ(server.log(), std::vector<std::string>{"upgrade /"});
  EXPECT_TRUE(server.connect_websocket());
}

TEST_P(WebSocketSide, the_last_ping_is_answered_when_the_client_reads_again) {
  Server server(GetParam(), {}, 16'384);
  const auto client = server.connect_websocket(16'384);
  const std::string big(512U << 10U, 'm');
  server.run([&] {
    for (int i = 0; i < 8; ++i)
      server.edge->send(server.application.ids.back(), MessageKind::binary, {}, big);
  });
  ASSERT_TRUE(server.eventually([&] { return server.edge->unsent_bytes(server.application.ids.back()) > 1U << 20U; }));
  for (int i = 0; i < 3; ++i)
    client->send_frame(Opcode::ping, "p" + std::to_string(i));
  client->send_frame(Opcode::text, "behind the pings");
  ASSERT_TRUE(server.eventually([&] { return server.application.messages == 1; }));
  ASSERT_TRUE(client->read_pong());
  EXPECT_EQ(client->frames.pongs, std::vector<std::string>{"p2"});
}

INSTANTIATE_TEST_SUITE_P(Kinds, WebSocketSide, testing::Bool(),
                         [](const auto& test) { return test.param ? "tls" : "plain"; });

}  // namespace
}  // namespace wscluster::edge
