// SPDX-License-Identifier: MIT
#include "front/provenance.hpp"

#include <gtest/gtest.h>

namespace wscluster::front {
namespace {

edge::Request request_from(const std::string& peer, std::vector<std::pair<std::string, std::string>> headers) {
  edge::Request request;
  request.peer = peer;
  request.is_tls = true;
  request.headers = std::move(headers);
  request.headers.emplace_back("Host", "app.example");
  return request;
}

TEST(TrustedProxies, networks_hold_their_addresses) {
  const TrustedProxies trusted({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33"});
  for (const std::string_view address : {"10.255.0.1", "192.0.2.7", "::ffff:10.1.1.1", "2001:db8:7fff::1"})
    EXPECT_TRUE(trusted.contains(address)) << address;
  for (const std::string_view address : {"11.0.0.1", "192.0.2.8", "2001:db8:8000::1", "", "x", "10.0.0.1.evil"})
    EXPECT_FALSE(trusted.contains(address)) << address;
  EXPECT_TRUE(TrustedProxies({"0.0.0.0/0"}).contains("8.8.8.8"));
  EXPECT_FALSE(TrustedProxies({"0.0.0.0/0"}).contains("2001:db8::1"));
}

TEST(TrustedProxies, what_is_none_is_told) {
  for (const std::string text : {"", "x", "10.0.0.0/33", "10.0.0.0/", "2001:db8::/129", "10.0.0"})
    EXPECT_FALSE(TrustedProxies::check(text)) << text;
  EXPECT_TRUE(TrustedProxies::check("10.0.0.0/8"));
}

TEST(Provenance, P0_21_nobody_else_is_believed) {
  const auto from = provenance_of(request_from("192.0.2.1", {{"X-Forwarded-For", "1.1.1.1"},
                                                             {"X-Forwarded-Proto", "http"},
                                                             {"X-Forwarded-Host", "evil.example"},
                                                             {"Forwarded", "for=1.1.1.1"},
                                                             {"X-Request-ID", "theirs"}}),
                                  TrustedProxies({"10.0.0.0/8"}));
  EXPECT_EQ(from.scheme, "https");
  EXPECT_EQ(from.host, "app.example");
  EXPECT_EQ(from.port, "443");
  EXPECT_EQ(from.forwarded_for, "");
  EXPECT_EQ(from.forwarded, "");
  EXPECT_EQ(from.request_id.size(), 32U);
}

TEST(Provenance, P0_21_the_client_is_the_last_whom_no_proxy_of_ours_has_added) {
  const TrustedProxies trusted({"10.0.0.0/8"});
  const auto client_behind = [&](const std::string& peer, const std::string& chain) {
    return client_of(request_from(peer, {{"X-Forwarded-For", chain}}), trusted);
  };
  EXPECT_EQ(client_behind("192.0.2.1", "1.1.1.1"), "192.0.2.1") << "a stranger is not believed";
  EXPECT_EQ(client_behind("10.0.0.9", "6.6.6.6, 192.0.2.1, 10.0.0.3"), "192.0.2.1");
  EXPECT_EQ(client_behind("10.0.0.9", "10.0.0.3"), "10.0.0.3");
  EXPECT_EQ(client_behind("10.0.0.9", "nonsense"), "10.0.0.9");
  EXPECT_EQ(client_of(request_from("10.0.0.9", {}), trusted), "10.0.0.9");
}

TEST(Provenance, P0_21_trusted_proxies_are_continued) {
  const TrustedProxies trusted({"10.0.0.0/8"});
  const auto from = provenance_of(request_from("10.0.0.9", {{"X-Forwarded-For", "6.6.6.6, 192.0.2.1, 10.0.0.3"},
                                                            {"X-Forwarded-Proto", "http"},
                                                            {"X-Forwarded-Host", "shop.example:81"},
                                                            {"X-Request-ID", "abc-1"}}),
                                  trusted);
  EXPECT_EQ(from.forwarded_for, "6.6.6.6, 192.0.2.1, 10.0.0.3");
  EXPECT_EQ(from.scheme, "http");
  EXPECT_EQ(from.host, "shop.example:81");
  EXPECT_EQ(from.port, "81");
  EXPECT_EQ(from.request_id, "abc-1");
  EXPECT_NE(provenance_of(request_from("10.0.0.9", {{"X-Request-ID", "a b"}}), trusted).request_id, "a b");
}

TEST(Provenance, P0_21_a_certificate_is_named_and_cannot_leave_its_quotes) {
  edge::Request request = request_from("1.2.3.4", {});
  EXPECT_EQ(provenance_of(request, {}).certificate, "");
  request.client_certificate = net::ClientCertificate{"CN=a\";URI=evil", {}, "ab12", ""};
  EXPECT_EQ(provenance_of(request, {}).certificate, R"(Hash=ab12;Subject="CN=a\";URI=evil")");
}

TEST(Provenance, a_host_cannot_leave_its_quotes) {
  edge::Request request = request_from("1.2.3.4", {});
  request.headers = {{"Host", "a\";for=6.6.6.6"}};
  EXPECT_EQ(provenance_of(request, {}).host, "afor=6.6.6.6");
}

}  // namespace
}  // namespace wscluster::front
