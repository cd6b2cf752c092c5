// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "proxy/forwarding.hpp"

namespace wscluster::proxy {
namespace {

std::string value_in(const net::HttpFields& headers, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : headers) {
    if (key == name) all += (all.empty() ? "" : "|") + value;
  }
  return all;
}

Provenance from_browser() {
  Provenance from;
  from.scheme = "https";
  from.host = "shop.example:8443";
  from.port = "8443";
  from.request_id = "id-1";
  return from;
}

TEST(Forwarding, P0_20_headers_of_the_hop_stay_here) {
  const auto sent = request_headers({{"Host", "shop.example:8443"},
                                     {"Connection", "close, X-Secret-Hop"},
                                     {"X-Secret-Hop", "1"},
                                     {"Keep-Alive", "5"},
                                     {"TE", "trailers"},
                                     {"Transfer-Encoding", "chunked"},
                                     {"Content-Length", "3"},
                                     {"Upgrade", "h2c"},
                                     {"HTTP2-Settings", "AAMA"},
                                     {"Proxy-Authorization", "x"},
                                     {"Expect", "100-continue"},
                                     {"Accept", "a"},
                                     {"Accept", "b"}},
                                    from_browser(), "192.0.2.7", "X-Wscluster-Uid", std::nullopt);
  for (const std::string_view name : {"Connection", "X-Secret-Hop", "Keep-Alive", "TE", "Transfer-Encoding",
                                      "Content-Length", "Upgrade", "HTTP2-Settings", "Proxy-Authorization", "Expect"})
    EXPECT_EQ(value_in(sent, name), "") << name;
  EXPECT_EQ(value_in(sent, "Accept"), "a|b");
  EXPECT_EQ(value_in(sent, "Host"), "shop.example:8443");
}

TEST(Forwarding, P0_21_what_a_client_says_of_itself_is_said_anew) {
  const auto sent = request_headers({{"x-forwarded-for", "10.0.0.1"},
                                     {"X-Forwarded-Proto", "http"},
                                     {"X-Forwarded-Host", "evil.example"},
                                     {"X-Forwarded-Port", "1"},
                                     {"X-Forwarded-Prefix", "/x"},
                                     {"Forwarded", "for=10.0.0.1"},
                                     {"X-Forwarded-Client-Cert", "Subject=\"CN=root\""},
                                     {"X-Request-ID", "theirs"},
                                     {"X_Forwarded_For", "10.0.0.2"},
                                     {"x-wscluster-uid", "root"},
                                     {"X_Wscluster_Uid", "root"}},
                                    from_browser(), "192.0.2.7", "X-Wscluster-Uid", "alice");
  EXPECT_EQ(value_in(sent, "X-Forwarded-For"), "192.0.2.7");
  EXPECT_EQ(value_in(sent, "X-Forwarded-Proto"), "https");
  EXPECT_EQ(value_in(sent, "X-Forwarded-Host"), "shop.example:8443");
  EXPECT_EQ(value_in(sent, "X-Forwarded-Port"), "8443");
  EXPECT_EQ(value_in(sent, "Forwarded"), "for=192.0.2.7;host=\"shop.example:8443\";proto=https");
  EXPECT_EQ(value_in(sent, "X-Request-ID"), "id-1");
  EXPECT_EQ(value_in(sent, "X-Wscluster-Uid"), "alice");
  EXPECT_EQ(sent.size(), 7U) << "nothing else is left";
}

TEST(Forwarding, P0_21_a_trusted_proxy_is_appended_to) {
  Provenance from = from_browser();
  from.forwarded_for = "198.51.100.1";
  from.forwarded = "for=198.51.100.1";
  const auto sent = request_headers({}, from, "2001:db8::1", "X-Wscluster-Uid", std::nullopt);
  EXPECT_EQ(value_in(sent, "X-Forwarded-For"), "198.51.100.1, 2001:db8::1");
  EXPECT_EQ(value_in(sent, "Forwarded"),
            "for=198.51.100.1, for=\"[2001:db8::1]\";host=\"shop.example:8443\";proto=https");
}

TEST(Forwarding, answers_lose_the_headers_of_their_hop) {
  const auto passed = response_headers({{"Connection", "keep-alive, X-Hop"},
                                        {"X-Hop", "1"},
                                        {"Transfer-Encoding", "chunked"},
                                        {"Set-Cookie", "a=1"},
                                        {"Set-Cookie", "b=2"},
                                        {"Date", "now"}});
  EXPECT_EQ(passed.size(), 3U);
  EXPECT_EQ(value_in(passed, "Set-Cookie"), "a=1|b=2");
}

TEST(Forwarding, trailers_change_neither_framing_nor_who_somebody_is) {
  const auto passed =
      trailers({{"X-Checksum", "1"}, {"Content-Length", "9"}, {"Authorization", "x"}, {"Set-Cookie", "a"}});
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_EQ(passed.front().first, "X-Checksum");
}

TEST(Forwarding, prefixes_are_taken_off_by_segments) {
  EXPECT_EQ(strip_prefix("/dc/a/b?x=/y", 1), "/a/b?x=/y");
  EXPECT_EQ(strip_prefix("/dc", 1), "/");
  EXPECT_EQ(strip_prefix("/dc/", 1), "/");
  EXPECT_EQ(strip_prefix("/dc?q", 1), "/?q");
  EXPECT_EQ(strip_prefix("/a/b/c", 2), "/c");
  EXPECT_EQ(strip_prefix("/a", 0), "/a");
  EXPECT_EQ(strip_prefix("/a/b", 5), "/");
  EXPECT_EQ(strip_prefix("/dc//a", 1), "//a");
}

}  // namespace
}  // namespace wscluster::proxy
