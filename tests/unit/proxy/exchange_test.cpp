// SPDX-License-Identifier: MIT
#include "fixture.hpp"

namespace wscluster::proxy {
namespace {

using namespace test;
using namespace std::chrono_literals;

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Exchange, a_request_and_its_answer_pass) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect();
  client->send(
      "POST /b?x=1&user=al HTTP/1.1\r\nHost: x\r\nX-Mine: 1\r\nX-Forwarded-For: 9.9.9.9\r\nContent-Length: "
      "3\r\n\r\nabc");
  ASSERT_TRUE(client->read_until("POST /b abc")) << client->received;
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 200 OK\r\n"));
  const edge::Request seen = server.run([&] { return server.application.last; });
  EXPECT_EQ(seen.target, "/b?x=1&user=al");
  EXPECT_EQ(seen.header("X-Mine"), "1");
  EXPECT_EQ(seen.header("X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(seen.header("X-Wscluster-Uid"), "al");
}

TEST(Exchange, connections_are_kept_on_both_sides) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect();
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(client->ask(get, "GET /a ").find("Connection: keep-alive"), std::string::npos);
    client->received.clear();
  }
  EXPECT_EQ(server.counters().accepted, 1U);
  EXPECT_EQ(gateway.report().counters.reused, 19U);
  EXPECT_EQ(gateway.report().requests, 0U);
}

TEST(Exchange, a_large_body_passes_both_ways_in_little_memory) {
  edge::Options options;
  options.max_body_bytes = 64U << 20U;
  Server server(false, options);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect();
  const std::size_t size = 24U << 20U;
  std::thread sender([&] {
    client->send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    client->send(std::string(size, 'z'));
  });
  sender.join();
  ASSERT_TRUE(client->read_until([&] { return client->received.size() > size; })) << client->received.size();
  EXPECT_NE(client->received.find("POST /big zzz"), std::string::npos);
}

TEST(Exchange, chunks_pass_as_chunks) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect();
  client->send("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  client->send("1\r\nc\r\n0\r\n\r\n");
  ASSERT_TRUE(client->read_until("POST /c abc")) << client->received;
  Script script("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n", false);
  gateway.serve({{"b", script.endpoint()}});
  const auto other = gateway.connect();
  other->send(get);
  EXPECT_TRUE(other->read_until("3\r\nabc\r\n0\r\n")) << other->received;
}

TEST(Exchange, trailers_interim_answers_and_head) {
  Script script(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\na\r\n0\r\nX-Sum: 6\r\n\r\n",
      false);
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}});
  const auto client = gateway.connect();
  client->send(get);
  ASSERT_TRUE(client->read_until("X-Sum: 6\r\n\r\n")) << client->received;
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"))
      << client->received;
  Script length("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", false);
  gateway.serve({{"b", length.endpoint()}});
  client->received.clear();
  client->send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until("\r\n\r\n"));
  EXPECT_NE(client->received.find("Content-Length: 77\r\n"), std::string::npos);
  client->received.clear();
  Script none("HTTP/1.1 204 No Content\r\n\r\n", false);
  gateway.serve({{"c", none.endpoint()}});
  client->send(get);
  ASSERT_TRUE(client->read_until("\r\n\r\n"));
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_EQ(client->received.find("Content-Length"), std::string::npos) << client->received;
}

TEST(Exchange, without_servers_it_is_503_with_retry_after) {
  Gateway gateway;
  gateway.serve({});
  const auto client = gateway.connect();
  EXPECT_NE(client->ask(get, "503").find("Retry-After: "), std::string::npos);
  EXPECT_EQ(gateway.report().counters.unreachable, 1U);
}

TEST(Exchange, a_server_that_cannot_be_reached_is_passed_over) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", {"127.0.0.1", 1}}, {"b", server.endpoint()}});
  const auto client = gateway.connect();
  for (int i = 0; i < 8; ++i) {
    client->ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", "POST /p x");
    client->received.clear();
  }
  EXPECT_GE(gateway.report().counters.retries, 1U);
  EXPECT_EQ(gateway.report().counters.answered[2], 8U);
}

TEST(Exchange, P0_04_a_user_whose_owner_cannot_be_reached_is_told_so) {
  Server server(false);
  Gateway gateway;
  gateway.serve({{"a", {"127.0.0.1", 1}}, {"b", server.endpoint()}});
  const auto client = gateway.connect();
  client->send("GET /a?user=" + gateway.user_of("a") + " HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until("HTTP/1.1 503 ")) << client->received;
  client->received.clear();
  client->ask("GET /a?user=" + gateway.user_of("b") + " HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a ");
}

TEST(Exchange, what_a_kept_connection_lost_is_asked_again_when_that_does_no_harm) {
  auto server = std::make_unique<Server>(false);
  Gateway gateway;
  gateway.serve({{"a", server->endpoint()}});
  const auto client = gateway.connect();
  client->ask(get, "GET /a ");
  // The server ends its connections and comes back at once at the same place.
  const Endpoint place = server->endpoint();
  server->run([&] { server->edge->abort(); });
  client->received.clear();
  client->ask(get, "GET /a ");
  EXPECT_EQ(gateway.report().counters.broken, 0U);
}

struct Fault {
  std::string name;
  std::string answer;
  bool closes;
};

class Faulty : public testing::TestWithParam<Fault> {};

TEST_P(Faulty, is_answered_with_502_and_counted) {
  Script script(GetParam().answer, GetParam().closes);
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}});
  const auto client = gateway.connect();
  client->send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_TRUE(client->read_until("HTTP/1.1 502 ")) << client->received;
  EXPECT_EQ(gateway.report().counters.broken, 1U);
  EXPECT_EQ(gateway.report().requests, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Faulty,
    testing::Values(Fault{"nothing", "", true}, Fault{"half_a_head", "HTTP/1.1 200 OK\r\nContent-", true},
                    Fault{"garbage", "SSH-2.0-x\r\n\r\n", false},
                    Fault{"an_unasked_101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false},
                    Fault{"two_lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", false},
                    Fault{"length_and_chunks",
                          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
                    Fault{"a_huge_head", "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n", false}),
    [](const auto& param) { return param.param.name; });

TEST(Exchange, an_answer_that_breaks_off_is_cut) {
  Script script("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true);
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}});
  const auto client = gateway.connect();
  client->send(get);
  client->read_until([&] { return client->has_ended; });
  EXPECT_TRUE(client->has_ended);
  EXPECT_NE(client->received.find("half"), std::string::npos);
  EXPECT_EQ(gateway.report().counters.broken, 1U);
}

TEST(Exchange, a_server_that_never_answers_is_504) {
  Script script("", false);
  Options options;
  options.response_timeout = 100ms;
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}}, options);
  const auto client = gateway.connect();
  client->send(get);
  EXPECT_TRUE(client->read_until("HTTP/1.1 504 ")) << client->received;
  EXPECT_EQ(gateway.report().counters.timed_out, 1U);
}

TEST(Exchange, a_server_that_fails_is_left_out) {
  Script bad("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false);
  Server good(false);
  Server better(false);
  Options options;
  options.eject_after = 3;
  Gateway gateway;
  gateway.serve({{"a", bad.endpoint()}, {"b", good.endpoint()}, {"c", better.endpoint()}}, options);
  const auto client = gateway.connect();
  for (int i = 0; i < 30; ++i) {
    client->send(get);
    ASSERT_TRUE(client->read_until("HTTP/1.1 ")) << i;
    ASSERT_TRUE(client->read_until([&] { return client->received.find("\r\n\r\n") != std::string::npos; }));
    if (client->received.starts_with("HTTP/1.1 200")) client->read_until("GET /a ");
    client->received.clear();
  }
  EXPECT_EQ(gateway.report().counters.answered[5], 3U);
  EXPECT_EQ(gateway.report().ejected, 1U);
}

TEST(Exchange, a_client_that_leaves_takes_its_request_with_it) {
  Script script("", false);
  Gateway gateway;
  gateway.serve({{"a", script.endpoint()}});
  {
    const auto client = gateway.connect();
    client->send(get);
    ASSERT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].requests == 1; }));
  }
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].requests == 0; }));
}

TEST(Exchange, P0_24_a_client_that_does_not_read_holds_the_server_back) {
  Server server(false);
  const std::size_t size = 24U << 20U;
  server.run([&] {
    server.application.request_hook = [&](edge::ConnectionId id, const edge::Request&) {
      server.edge->respond(id, {200, std::string(size, 'y'), "text/plain", {}, false});
    };
  });
  Gateway gateway;
  gateway.serve({{"a", server.endpoint()}});
  const auto client = gateway.connect(65'536);
  client->send(get);
  ASSERT_TRUE(client->read_until("yyyy"));
  std::this_thread::sleep_for(200ms);
  EXPECT_GT(server.run([&] { return server.edge->unsent_bytes(server.application.ids.back()); }), size / 2);
  ASSERT_TRUE(client->read_until([&] { return client->received.size() > size; })) << client->received.size();
}

TEST(Exchange, health_checks_take_a_sick_server_out_and_back) {
  Server well(false);
  Server sick(false);
  std::atomic<unsigned> status = 500;
  sick.run([&] {
    sick.application.request_hook = [&](edge::ConnectionId id, const edge::Request& request) {
      sick.edge->respond(id, {request.path == "/health" ? status.load() : 200, "sick", "text/plain", {}, false});
    };
  });
  Options options;
  options.health_path = "/health";
  options.health_interval = 100ms;
  Gateway gateway;
  gateway.serve({{"a", well.endpoint()}, {"b", sick.endpoint()}}, options);
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].sick == 1; }));
  const auto client = gateway.connect();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(client->ask(get, "GET /a ").find("sick"), std::string::npos);
    client->received.clear();
  }
  status = 200;
  EXPECT_TRUE(gateway.eventually([&] { return gateway.proxy->report()["shop"].sick == 0; }));
}

}  // namespace
}  // namespace wscluster::proxy
