// SPDX-License-Identifier: MIT
#include "load/target.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace wscluster::load {
namespace {

TEST(Target, reads_the_parts_of_a_url) {
  const auto plain = Target::parse("ws://127.0.0.1:8080/chat?x=1");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->is_tls);
  EXPECT_EQ(plain->endpoint, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(plain->authority, "127.0.0.1:8080");
  EXPECT_EQ(plain->path, "/chat?x=1");
  const auto secure = Target::parse("wss://example.org");
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->is_tls);
  EXPECT_EQ(secure->endpoint.port, 443);
  EXPECT_EQ(secure->path, "/");
  const auto v6 = Target::parse("ws://[::1]/a");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->endpoint, (Endpoint{"::1", 80}));
}

TEST(Identity, brings_connection_id_and_token_back_to_a_session) {
  Options options;
  options.uid_prefix = "u-";
  const Identity identity(options, Target::parse("ws://127.0.0.1:1/chat").value());
  EXPECT_EQ(identity.recovery_target(7, "c_1", "t+1"),
            "/chat?uid=u-7&awps_connection_id=c_1&awps_reconnection_token=t%2B1");
}

TEST(Target, refuses_what_cannot_be_asked_for) {
  for (const char* url : {"", "http://a/", "ws://", "ws://a:b/", "ws://a:0/", "ws://a:70000/", "ws://me@a/",
                          "ws://a/b c", "ws://a/b#c", "ws://a/ä", "ws://a/\r\nX: y"}) {
    const auto target = Target::parse(url);
    ASSERT_FALSE(target) << url;
    EXPECT_NE(target.error().message.find("example"), std::string::npos);
  }
}

TEST(Identity, names_each_connection) {
  Options options;
  options.uid_prefix = "a b-";
  options.uid_start = 100;
  const Identity identity(options, Target::parse("ws://h/chat").value());
  EXPECT_EQ(identity.uid(5), "a b-105");
  EXPECT_TRUE(identity.is_uid("a b-105", 5));
  EXPECT_FALSE(identity.is_uid("a b-105", 6));
  EXPECT_FALSE(identity.is_uid("a b-", 5));
  EXPECT_FALSE(identity.is_uid("x", 5));
  EXPECT_EQ(identity.request_target(5), "/chat?uid=a%20b-105");
  EXPECT_EQ(identity.authorization(5, Duration{1}), "");
}

TEST(Identity, appends_to_a_query) {
  const Identity identity({}, Target::parse("ws://h/chat?x=1").value());
  EXPECT_EQ(identity.request_target(0), "/chat?x=1&uid=load-0");
}

TEST(Identity, says_which_key_file_is_missing) {
  Options options;
  options.access_key_file = "/nonexistent/key";
  EXPECT_THROW(Identity(options, Target::parse("ws://h/").value()), Failure);
}

}  // namespace
}  // namespace wscluster::load
