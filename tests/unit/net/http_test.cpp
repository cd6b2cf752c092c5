// SPDX-License-Identifier: MIT
#include "net/http.hpp"

#include <gtest/gtest.h>

namespace wscluster::net {
namespace {

using RequestState = RequestParser::State;

struct Bad {
  const char* name;
  std::string text;
  unsigned status;
};

class BadRequest : public testing::TestWithParam<Bad> {};

TEST_P(BadRequest, P0_20_is_refused_whole_and_byte_by_byte) {
  const Bad& bad = GetParam();
  RequestParser whole({2048, 100});
  EXPECT_EQ(whole.feed(bad.text), RequestState::failed);
  EXPECT_EQ(whole.failure_status(), bad.status) << whole.failure();
  EXPECT_FALSE(whole.failure().empty());
  RequestParser slow({2048, 100});
  for (const char c : bad.text) {
    if (slow.feed(std::string_view(&c, 1)) == RequestState::failed) break;
  }
  EXPECT_EQ(slow.state(), RequestState::failed);
  EXPECT_EQ(slow.failure_status(), bad.status) << slow.failure();
}

const std::string ok_head = "POST / HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    Smuggling, BadRequest,
    testing::Values(Bad{"bare_lf", "GET / HTTP/1.1\nHost: a\n\n", 400},
                    Bad{"bare_lf_in_header", "GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n", 400},
                    Bad{"bare_cr", "GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n", 400},
                    Bad{"folded_header", "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n d\r\n\r\n", 400},
                    Bad{"nul", std::string("GET / HTTP/1.1\r\nHost: a\r\nB: \0\r\n\r\n", 33), 400},
                    Bad{"space_before_colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
                    Bad{"no_colon", "GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", 400},
                    Bad{"no_host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400},
                    Bad{"no_header_at_all", "GET / HTTP/1.1\r\n\r\n", 400},
                    Bad{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
                    Bad{"length_and_chunks", ok_head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
                    Bad{"two_lengths", ok_head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
                    Bad{"length_not_a_number", ok_head + "Content-Length: +3\r\n\r\n", 400},
                    Bad{"unknown_encoding", ok_head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
                    Bad{"broken_chunk", ok_head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
                    Bad{"absolute_target_of_another_host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"relative_target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505}, Bad{"http09", "GET /\r\n\r\n", 400},
                    Bad{"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"tls", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
                    Bad{"long_head", "GET /" + std::string(3000, 'a'), 431},
                    Bad{"long_body", ok_head + "Content-Length: 101\r\n\r\n" + std::string(101, 'a'), 413},
                    Bad{"long_chunked_body",
                        ok_head + "Transfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'a') + "\r\n0\r\n\r\n",
                        413}),
    [](const auto& test) { return test.param.name; });

TEST(RequestParser, reads_a_request_in_any_pieces_and_keeps_what_follows) {
  const std::string text = "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Y: z\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(HttpLimits{});
    std::size_t at = 0;
    for (; at < text.size() && parser.state() != RequestState::done; at += piece)
      parser.feed(std::string_view(text).substr(at, piece));
    ASSERT_EQ(parser.state(), RequestState::done);
    const HttpRequest request = parser.take_request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b?c=d");
    EXPECT_EQ(request.body, "hello");
    ASSERT_NE(find_header(request.headers, "x-y"), nullptr);
    EXPECT_EQ(*find_header(request.headers, "x-y"), "z");
    EXPECT_TRUE(request.keeps_alive);
    EXPECT_EQ(parser.take_rest() + text.substr(std::min(at, text.size())), "GET / HTTP");
  }
}

TEST(RequestParser, waits_for_the_rest_of_an_empty_line_before_a_request) {
  RequestParser parser({});
  EXPECT_EQ(parser.feed("\r"), RequestParser::State::head);
  EXPECT_EQ(parser.feed("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), RequestParser::State::done);
}

TEST(RequestParser, reads_chunks_in_any_pieces) {
  const std::string text = ok_head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(HttpLimits{});
    for (std::size_t at = 0; at < text.size(); at += piece)
      parser.feed(std::string_view(text).substr(at, piece));
    ASSERT_EQ(parser.state(), RequestState::done) << piece << parser.failure();
    EXPECT_EQ(parser.take_request().body, "hello world");
    EXPECT_EQ(parser.take_rest(), "");
  }
}

TEST(RequestParser, takes_the_path_of_an_absolute_target_of_the_same_host) {
  RequestParser parser(HttpLimits{});
  ASSERT_EQ(parser.feed("GET http://A:80?x=1 HTTP/1.1\r\nHost: a:80\r\n\r\n"), RequestState::done) << parser.failure();
  EXPECT_EQ(parser.take_request().target, "/?x=1");
}

TEST(RequestParser, asks_for_the_body_of_a_client_that_expects_it) {
  RequestParser parser(HttpLimits{});
  ASSERT_EQ(parser.feed(ok_head + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"), RequestState::body);
  EXPECT_TRUE(parser.takes_continue());
  EXPECT_FALSE(parser.takes_continue());
  EXPECT_EQ(parser.feed("ab"), RequestState::done);
}

TEST(RequestParser, ends_the_connection_of_http_10_and_of_who_asks) {
  RequestParser old(HttpLimits{});
  ASSERT_EQ(old.feed("GET / HTTP/1.0\r\n\r\n"), RequestState::done) << old.failure();
  EXPECT_FALSE(old.take_request().keeps_alive);
  RequestParser asks(HttpLimits{});
  ASSERT_EQ(asks.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), RequestState::done);
  EXPECT_FALSE(asks.take_request().keeps_alive);
}

TEST(SerializeResponse, has_length_and_connection_and_lets_nobody_inject_headers) {
  const std::string text = serialize_response(404, "text/plain", {{"A", "b"}, {"C", "d\r\nEvil: 1"}}, "gone", true);
  EXPECT_EQ(text.substr(0, 24), "HTTP/1.1 404 Not Found\r\n");
  EXPECT_NE(text.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_NE(text.find("A: b\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Evil"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\ngone"));
  EXPECT_TRUE(serialize_response(200, "a/b", {}, "xyz", false, true).ends_with("Connection: close\r\n\r\n"));
  EXPECT_EQ(serialize_response(204, "a/b", {}, "", true).find("Content-Length"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::net
