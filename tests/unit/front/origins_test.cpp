// SPDX-License-Identifier: MIT
#include "front/origins.hpp"

#include "front/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::front {
namespace {

class Origins : public testing::Test {
 protected:
  bool lets_in(const std::vector<std::string>& said) {
    edge::Request request;
    for (const std::string& origin : said)
      request.headers.emplace_back("origin", origin);
    return OriginList(door.origins, door.missing_origin).allows(request);
  }

  ServiceDoor door;
};

TEST_F(Origins, P0_22_all_may_come_where_none_are_listed) {
  EXPECT_TRUE(lets_in({"https://anywhere.example"}));
  EXPECT_TRUE(lets_in({}));
  EXPECT_TRUE(lets_in({"null"}));
}

TEST_F(Origins, P0_22_an_exact_origin_is_scheme_host_and_port) {
  door.origins = {"https://app.example.org", "http://localhost:3000", "https://[::1]:8443"};
  EXPECT_TRUE(lets_in({"https://app.example.org"}));
  EXPECT_TRUE(lets_in({"HTTPS://App.Example.Org"}));
  EXPECT_TRUE(lets_in({"https://app.example.org:443"}));
  EXPECT_TRUE(lets_in({"http://localhost:3000"}));
  EXPECT_TRUE(lets_in({"https://[::1]:8443"}));
  for (const char* other :
       {"http://app.example.org", "https://app.example.org:8443", "https://app.example.org.evil.example",
        "https://evilapp.example.org", "https://example.org", "http://localhost", "null", "", "app.example.org",
        "https://app.example.org/path"})
    EXPECT_FALSE(lets_in({other})) << other;
}

TEST_F(Origins, P0_22_a_wildcard_is_for_all_hosts_below) {
  door.origins = {"https://*.example.org", "http://*.dev.example:8080"};
  EXPECT_TRUE(lets_in({"https://app.example.org"}));
  EXPECT_TRUE(lets_in({"https://a.b.example.org"}));
  EXPECT_TRUE(lets_in({"http://x.dev.example:8080"}));
  for (const char* other : {"https://example.org", "https://.example.org", "https://evilexample.org",
                            "http://app.example.org", "https://app.example.org:444", "http://x.dev.example",
                            "https://evil.example/.example.org", "https://evil.example?.example.org",
                            "https://user@evil.example#.example.org", "https://evil.example:1.example.org"})
    EXPECT_FALSE(lets_in({other})) << other;
}

TEST_F(Origins, P0_22_pages_without_an_origin_come_only_where_listed) {
  door.origins = {"https://app.example.org"};
  EXPECT_FALSE(lets_in({"null"}));
  door.origins.emplace_back("null");
  EXPECT_TRUE(lets_in({"null"}));
}

TEST_F(Origins, P0_22_who_names_none_comes_as_the_policy_says) {
  door.origins = {"https://app.example.org"};
  EXPECT_TRUE(lets_in({}));
  door.missing_origin = MissingOrigin::refuse;
  EXPECT_FALSE(lets_in({}));
}

TEST_F(Origins, P0_22_two_origins_are_none) {
  door.origins = {"https://app.example.org"};
  EXPECT_FALSE(lets_in({"https://app.example.org", "https://app.example.org"}));
  EXPECT_FALSE(lets_in({"https://app.example.org, https://evil.example"}));
}

TEST_F(Origins, P0_22_patterns_that_could_never_match_are_told) {
  for (const char* good : {"https://app.example.org", "https://*.example.org", "http://localhost:3000", "null",
                           "https://[::1]:8443", "chrome-extension://abcdef"})
    EXPECT_TRUE(OriginList::check(good)) << good;
  for (const char* bad : {"", "*", "app.example.org", "https://", "https://app.example.org/", "https://*",
                          "https://a*.example.org", "https://app.*.org", "https://app.example.org:",
                          "https://app.example.org:x", "https://a b", "://x", "https://*..example.org"}) {
    const auto check = OriginList::check(bad);
    ASSERT_FALSE(check) << bad;
    EXPECT_NE(check.error().message.find("is no origin; write SCHEME://HOST"), std::string::npos);
  }
}

}  // namespace
}  // namespace wscluster::front
