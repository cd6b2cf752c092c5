// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/http.hpp"

namespace wscluster::net {
namespace {

using State = ResponseParser::State;

constexpr std::size_t max_head = 8192;

struct Read {
  State state = State::head;
  HttpResponseHead head;
  std::string body;
  std::string failure;
};

/// Byte by byte, then the end of the connection where it is wanted.
Read read_slowly(std::string_view bytes, bool ends, bool is_head_answer = false) {
  ResponseParser parser(max_head, is_head_answer);
  Read read;
  for (const char c : bytes) {
    parser.feed({&c, 1});
    read.body += parser.take_body();
  }
  if (ends) parser.end();
  read.state = parser.state();
  read.head = parser.head();
  read.body += parser.take_body();
  read.failure = parser.failure();
  return read;
}

TEST(HttpResponse, a_length_ends_the_body_and_the_rest_is_kept) {
  ResponseParser parser(max_head, false);
  EXPECT_EQ(parser.feed("HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nX-A: b\r\n\r\nab"), State::body);
  EXPECT_EQ(parser.head().framing, Framing::length);
  EXPECT_EQ(parser.head().length, 3U);
  EXPECT_EQ(parser.head().reason, "Fine");
  EXPECT_EQ(parser.take_body(), "ab");
  EXPECT_EQ(parser.feed("cHTTP/1.1 "), State::done);
  EXPECT_EQ(parser.take_body(), "c");
  EXPECT_EQ(parser.take_rest(), "HTTP/1.1 ");
  EXPECT_EQ(*find_header(parser.head().headers, "x-a"), "b");
}

TEST(HttpResponse, chunks_and_trailers) {
  ResponseParser parser(max_head, false);
  parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n");
  EXPECT_EQ(parser.state(), State::done);
  EXPECT_EQ(parser.head().framing, Framing::chunks);
  EXPECT_EQ(parser.take_body(), "abcde");
  const HttpFields trailers = parser.take_trailers();
  ASSERT_EQ(trailers.size(), 1U);
  EXPECT_EQ(trailers.front().second, "5");
}

TEST(HttpResponse, without_a_length_the_end_of_the_connection_ends_it) {
  const Read read = read_slowly("HTTP/1.1 200 OK\r\n\r\nabc", true);
  EXPECT_EQ(read.state, State::done);
  EXPECT_EQ(read.head.framing, Framing::end_of_connection);
  EXPECT_FALSE(read.head.keeps_alive);
  EXPECT_EQ(read.body, "abc");
}

TEST(HttpResponse, answers_that_have_no_body_end_with_the_head) {
  for (const std::string_view status :
       {"204 No Content", "304 Not Modified", "101 Switching Protocols", "103 Early Hints"}) {
    const Read read = read_slowly("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n", false);
    EXPECT_EQ(read.state, State::done) << status;
    EXPECT_EQ(read.head.framing, Framing::none) << status;
  }
  const Read head = read_slowly("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true);
  EXPECT_EQ(head.state, State::done);
}

TEST(HttpResponse, an_end_inside_is_a_failure) {
  EXPECT_EQ(read_slowly("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", true).state, State::failed);
  EXPECT_EQ(read_slowly("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true).state,
            State::failed);
  EXPECT_EQ(read_slowly("HTTP/1.1 200", true).state, State::failed);
  EXPECT_EQ(read_slowly("", true).state, State::failed);
}

TEST(HttpResponse, P0_20_what_is_ambiguous_is_refused) {
  for (const std::string_view bytes : {
           "SSH-2.0-OpenSSH_9.2\r\n",
           "HTTP/2 200\r\n\r\n",
           "HTTP/1.1 abc\r\n\r\n",
           "HTTP/1.1 018 Early\r\nContent-Length: 3\r\n\r\nabc",
           "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
       }) {
    const Read read = read_slowly(bytes, false);
    EXPECT_EQ(read.state, State::failed) << bytes;
    EXPECT_FALSE(read.failure.empty()) << bytes;
  }
}

TEST(HttpResponse, the_head_is_bounded) {
  ResponseParser parser(max_head, false);
  EXPECT_EQ(parser.feed("HTTP/1.1 200 OK\r\nX: " + std::string(max_head, 'a')), State::failed);
}

TEST(HttpResponse, a_streamed_request_gives_its_body_in_pieces_and_has_no_limit) {
  RequestParser parser({.head_bytes = 1024, .body_bytes = 4},
                       [](const HttpRequest& head) { return head.target == "/big"; });
  EXPECT_EQ(parser.feed("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), RequestParser::State::body);
  EXPECT_TRUE(parser.is_streamed());
  EXPECT_EQ(parser.take_request().target, "/big");
  EXPECT_EQ(parser.take_body(), "abc");
  EXPECT_EQ(parser.feed("defghijX"), RequestParser::State::done);
  EXPECT_EQ(parser.take_body(), "defghij");
  EXPECT_EQ(parser.take_rest(), "X");
  RequestParser small({.head_bytes = 1024, .body_bytes = 4},
                      [](const HttpRequest& head) { return head.target == "/big"; });
  EXPECT_EQ(small.feed("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"), RequestParser::State::failed);
  EXPECT_EQ(small.failure_status(), 413U);
}

}  // namespace
}  // namespace wscluster::net
