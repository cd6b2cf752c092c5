// SPDX-License-Identifier: MIT
#include "fixture.hpp"
#include "net/http.hpp"

namespace wscluster::edge {
namespace {

using namespace test;

/// Answers /stream… with the body of the request, piece by piece as it comes.
void echo_in_pieces(Server& server) {
  server.run([&server] {
    server.application.request_hook = [&server](ConnectionId id, const Request& request) {
      if (!request.path.starts_with("/stream")) {
        server.edge->respond(id, {200, "whole " + request.body, "text/plain", {}, false});
        return;
      }
      server.edge->begin(id, {200, "", {{"Content-Type", "text/plain"}}, std::nullopt});
    };
    server.application.body_hook = [&server](ConnectionId id, std::string_view bytes, bool is_last) {
      server.edge->write(id, bytes);
      if (is_last) server.edge->finish(id, {{"X-Bytes", std::to_string(bytes.size())}});
    };
  });
}

class StreamingSide : public testing::TestWithParam<bool> {};

TEST_P(StreamingSide, a_body_passes_in_pieces_and_the_answer_in_chunks) {
  Server server(GetParam());
  echo_in_pieces(server);
  const auto client = server.connect();
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  ASSERT_TRUE(client->read_until("3\r\nabc\r\n")) << client->received;
  EXPECT_NE(client->received.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  client->send("2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(client->read_until("0\r\nX-Bytes: ")) << client->received;
  // The request's body came late, so it was not known whether all of it would.
  ASSERT_TRUE(client->read_until([&] { return client->has_ended; }) || client->has_ended);
}

TEST_P(StreamingSide, a_connection_is_kept_and_other_requests_are_not_streamed) {
  Server server(GetParam());
  echo_in_pieces(server);
  const auto client = server.connect();
  for (int i = 0; i < 3; ++i) {
    client->send(
        "POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /after HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client->read_until("whole ")) << client->received;
    EXPECT_NE(client->received.find("3\r\nabc\r\n0\r\n"), std::string::npos) << client->received;
    client->received.clear();
  }
  EXPECT_EQ(server.counters().accepted, 1U);
}

TEST_P(StreamingSide, P0_24_a_body_is_read_no_faster_than_it_is_taken) {
  Server server(GetParam());
  ConnectionId id = 0;
  server.run([&] {
    server.application.request_hook = [&](ConnectionId streamed, const Request&) {
      id = streamed;
      server.edge->pause(streamed, true);
    };
    server.application.body_hook = [&](ConnectionId streamed, std::string_view, bool is_last) {
      if (is_last) server.edge->respond(streamed, {200, "done", "text/plain", {}, false});
    };
  });
  const auto client = server.connect();
  constexpr std::size_t size = 32U << 20U;
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  std::thread sender([&] { client->send(std::string(size, 'x')); });
  ASSERT_TRUE(server.sees("request POST /stream"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(server.run([&] { return server.application.body_bytes; }), 8U << 20U);
  server.run([&] { server.edge->pause(id, false); });
  sender.join();
  EXPECT_TRUE(client->read_until("done")) << client->received;
  EXPECT_EQ(server.run([&] { return server.application.body_bytes; }), size);
}

TEST_P(StreamingSide, an_answer_is_written_no_faster_than_it_is_read) {
  Server server(GetParam(), {}, 16'384);
  std::size_t written = 0;
  std::size_t most_unsent = 0;
  constexpr std::size_t size = 4U << 20U;
  constexpr std::size_t piece = 32U << 10U;
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request&) {
      server.edge->begin(id, {200, "", {}, size});
      server.edge->write(id, std::string(piece, 'y'));
      written = piece;
    };
    server.application.drained_hook = [&](ConnectionId id) {
      server.edge->write(id, std::string(piece, 'y'));
      written += piece;
      most_unsent = std::max(most_unsent, server.edge->unsent_bytes(id));
      if (written == size) server.edge->finish(id);
    };
  });
  const auto client = server.connect();
  client->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until([&] {
    const std::size_t head = client->received.find("\r\n\r\n");
    return head != std::string::npos && client->received.size() - head - 4 == size;
  }));
  EXPECT_NE(client->received.find("Content-Length: " + std::to_string(size)), std::string::npos);
  EXPECT_NE(client->received.find("Connection: keep-alive"), std::string::npos);
  EXPECT_LE(server.run([&] { return most_unsent; }), piece);
}

TEST_P(StreamingSide, an_answer_before_the_whole_body_ends_the_connection) {
  Server server(GetParam());
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request&) {
      server.edge->respond(id, {401, "no", "text/plain", {}, false});
    };
  });
  const auto client = server.connect();
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET ");
  ASSERT_TRUE(client->read_until("no")) << client->received;
  EXPECT_NE(client->received.find("Connection: close"), std::string::npos);
}

TEST_P(StreamingSide, an_answer_that_is_cut_has_no_end) {
  Server server(GetParam());
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request&) {
      server.edge->begin(id, {200, "", {}, std::nullopt});
      server.edge->write(id, "beginning");
    };
    server.application.drained_hook = [&](ConnectionId id) { server.edge->cut(id); };
  });
  const auto client = server.connect();
  client->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client->read_until([&] { return client->has_ended; });
  EXPECT_TRUE(client->has_ended);
  EXPECT_NE(client->received.find("beginning"), std::string::npos);
  EXPECT_EQ(client->received.find("0\r\n\r\n"), std::string::npos);
}

TEST_P(StreamingSide, interim_answers_and_continue_come_before_the_answer) {
  Server server(GetParam());
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request&) {
      server.edge->inform(id, 103, {{"Link", "</a.css>; rel=preload"}});
    };
    server.application.body_hook = [&](ConnectionId id, std::string_view bytes, bool) {
      server.edge->respond(id, {200, std::string(bytes), "text/plain", {}, false});
    };
  });
  const auto client = server.connect();
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(client->read_until("100 Continue\r\n\r\n")) << client->received;
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"));
  client->send("ok");
  EXPECT_TRUE(client->read_until("ok"));
}

TEST_P(StreamingSide, head_and_http10_have_their_own_ends) {
  Server server(GetParam());
  server.run([&] {
    server.application.request_hook = [&](ConnectionId id, const Request&) {
      server.edge->begin(id, {200, "", {}, std::nullopt});
      server.edge->write(id, "body");
      server.edge->finish(id);
    };
  });
  const auto head = server.connect();
  head->send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\nHEAD /stream HTTP/1.0\r\nHost: x\r\n\r\n");
  head->read_until([&] { return head->has_ended; });
  EXPECT_EQ(head->received.find("body"), std::string::npos);
  const auto old = server.connect();
  old->send("GET /stream HTTP/1.0\r\nHost: x\r\n\r\n");
  old->read_until([&] { return old->has_ended; });
  EXPECT_TRUE(old->received.ends_with("Connection: close\r\n\r\nbody")) << old->received;
}

TEST_P(StreamingSide, a_client_that_leaves_is_told_once) {
  Server server(GetParam());
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  {
    const auto client = server.connect();
    client->send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    ASSERT_TRUE(server.sees("request POST /stream"));
  }
  EXPECT_TRUE(server.eventually([&] { return server.application.log.back().starts_with("gone "); }));
  EXPECT_EQ(server.run([&] { return server.edge->size(); }), 0U);
}

TEST_P(StreamingSide, P0_24_a_body_that_does_not_come_is_answered_with_408) {
  Options options;
  options.body_timeout = Duration(100);
  Server server(GetParam(), options);
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  const auto client = server.connect();
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_TRUE(client->read_until("HTTP/1.1 408 ")) << client->received;
  EXPECT_TRUE(server.sees("gone handshake 0"));
}

TEST_P(StreamingSide, P0_20_a_bad_chunk_is_answered_with_400_and_told) {
  Server server(GetParam());
  server.run([&] { server.application.request_hook = [](ConnectionId, const Request&) {}; });
  const auto client = server.connect();
  client->send("POST /stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc");
  EXPECT_TRUE(client->read_until("HTTP/1.1 400 ")) << client->received;
  EXPECT_TRUE(server.sees("gone protocol_error 0"));
}

INSTANTIATE_TEST_SUITE_P(Streams, StreamingSide, testing::Bool(),
                         [](const auto& param) { return param.param ? "tls" : "plain"; });

}  // namespace
}  // namespace wscluster::edge
