// SPDX-License-Identifier: MIT
#include "registry/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::registry {
namespace {

TEST(Options, defaults_and_the_short_times_of_demo_are_usable) {
  Options options;
  EXPECT_TRUE(problems(options).empty());
  EXPECT_EQ(worst_case_detection(options), Duration(6'000));
  options.heartbeat = Duration(200);
  options.lease = Duration(600);
  EXPECT_TRUE(problems(options).empty());
}

TEST(Options, contradictions_are_sentences) {
  Options options;
  options.lease = Duration(2'000);
  options.cluster = "two words";
  options.url = "http://x";
  options.timeout = Duration(0);
  const auto found = problems(options);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[2], "lease (2s) must be at least three heartbeats (3s)");
}

TEST(Options, urls_are_taken_apart) {
  const auto tcp = parse_url("redis://user%40x@[::1]:6380/3");
  ASSERT_TRUE(tcp) << tcp.error().message;
  EXPECT_EQ(tcp->host, "::1");
  EXPECT_EQ(tcp->port, 6380);
  EXPECT_EQ(tcp->database, 3U);
  EXPECT_EQ(tcp->username, "user@x");
  EXPECT_EQ(tcp->place(), "redis://[::1]:6380");
  EXPECT_EQ(parse_url("redis://redis.example")->port, 6379);
  EXPECT_EQ(parse_url("redis://redis.example:1/")->database, 0U);

  const auto local = parse_url("unix:///run/redis.sock?db=2");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->path, "/run/redis.sock");
  EXPECT_EQ(local->database, 2U);
  EXPECT_EQ(local->place(), "unix:///run/redis.sock");
}

TEST(Options, urls_with_tls_and_sentinels) {
  const auto tls = parse_url("rediss://redis.example:6380/1");
  ASSERT_TRUE(tls);
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->place(), "rediss://redis.example:6380");
  const auto watched = parse_url("redis+sentinel://app@s1.example,s2.example:26380,[::1]:26381/mymaster/2");
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_FALSE(watched->tls);
  ASSERT_EQ(watched->sentinels.size(), 3U);
  EXPECT_EQ(watched->sentinels[0], (Endpoint{"s1.example", 26379}));
  EXPECT_EQ(watched->sentinels[2], (Endpoint{"::1", 26381}));
  EXPECT_EQ(watched->master, "mymaster");
  EXPECT_EQ(watched->database, 2U);
  EXPECT_EQ(watched->username, "app");
  EXPECT_EQ(watched->place(), "redis+sentinel://s1.example:26379/mymaster");
  EXPECT_TRUE(parse_url("rediss+sentinel://s1.example/mymaster")->tls);
}

TEST(Options, unusable_urls_are_refused_with_a_remedy) {
  for (const char* url :
       {"", "redis", "redis://", "redis://host:0", "redis://host:x", "redis://host:1/x", "redis://host:1/99999999999",
        "unix://relative", "unix:///a?x=1", "unix:///a?db=", "redis://@host:1", "ftp://host:1"}) {
    EXPECT_FALSE(parse_url(url)) << url;
  }
  for (const char* url : {"redis+sentinel://host:1", "redis+sentinel://host:1/", "redis+sentinel:///m",
                          "redis+sentinel://host:x/m", "redis+sentinel://a,,b/m", "redis+sentinel://a/m/x",
                          "redis+sentinel://a/m/0/1", "redis+other://a", "redisss://a"}) {
    EXPECT_FALSE(parse_url(url)) << url;
  }
  const auto with_password = parse_url("redis://user:secret@host:1");
  ASSERT_FALSE(with_password);
  EXPECT_NE(with_password.error().message.find("password_file"), std::string::npos);
  EXPECT_EQ(with_password.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace wscluster::registry
