// SPDX-License-Identifier: MIT
#include "webhook/cloud_event.hpp"

#include <gtest/gtest.h>
#include <array>

namespace wscluster::webhook {
namespace {

std::string value_of(const net::HttpFields& headers, std::string_view name) {
  const std::string* value = net::find_header(headers, name);
  return value == nullptr ? "(none)" : *value;
}

TEST(CloudEvent, url_of_hub_and_event) {
  EXPECT_EQ(url_of("http://a/{hub}/{event}?e={event}", "chat", "line"), "http://a/chat/line?e=line");
  EXPECT_EQ(url_of("http://a/{event}", "chat", "../x y"), "http://a/..%2Fx%20y");
  EXPECT_EQ(url_of("http://a/{event}", "chat", "{hub}"), "http://a/%7Bhub%7D");
  EXPECT_EQ(url_of("http://a/", "chat", "line"), "http://a/");
}

TEST(CloudEvent, headers_of_a_users_event) {
  const std::array keys{auth::Secret("first"), auth::Secret("second")};
  Occurrence line;
  line.hub = "chat";
  line.name = "line";
  line.is_user_event = true;
  line.connection = "abc";
  line.user = "jürgen";
  line.subprotocol = "json.webpubsub.azure.v1";
  line.state = "e30=";
  const auto headers = headers_of(line, "cluster.example", keys);
  EXPECT_EQ(value_of(headers, "WebHook-Request-Origin"), "cluster.example");
  EXPECT_EQ(value_of(headers, "ce-specversion"), "1.0");
  EXPECT_EQ(value_of(headers, "ce-awpsversion"), "1.0");
  EXPECT_EQ(value_of(headers, "ce-type"), "azure.webpubsub.user.line");
  EXPECT_EQ(value_of(headers, "ce-source"), "/hubs/chat/client/abc");
  EXPECT_EQ(value_of(headers, "ce-eventName"), "line");
  EXPECT_EQ(value_of(headers, "ce-userId"), "j%C3%BCrgen");
  EXPECT_EQ(value_of(headers, "ce-connectionState"), "e30=");
  EXPECT_EQ(value_of(headers, "ce-subprotocol"), "json.webpubsub.azure.v1");
  // printf abc | openssl dgst -sha256 -hmac first
  EXPECT_EQ(value_of(headers, "ce-signature").size(), 2 * (7 + 64) + 1);
}

TEST(CloudEvent, nobody_injects_a_header) {
  Occurrence event;
  event.connection = "abc";
  event.name = "a\r\nX-Evil: 1";
  event.user = "b\nX-Evil: 1";
  event.state = "\r\n\r\n{}";
  for (const auto& [name, value] : headers_of(event, "o", {}))
    EXPECT_EQ(value.find_first_of("\r\n"), std::string::npos) << name;
}

TEST(CloudEvent, what_is_unknown_is_left_out) {
  Occurrence event;
  event.name = "connected";
  const auto headers = headers_of(event, "o", {});
  EXPECT_EQ(value_of(headers, "ce-type"), "azure.webpubsub.sys.connected");
  for (const char* name : {"ce-userId", "ce-subprotocol", "ce-connectionState"})
    EXPECT_EQ(value_of(headers, name), "(none)");
}

/// RFC 4231, test case 2.
TEST(CloudEvent, signature_under_each_key) {
  const std::string one = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  const std::array jefe{auth::Secret("Jefe")};
  EXPECT_EQ(signature_of("what do ya want for nothing?", jefe), one);
  const std::array twice{auth::Secret("Jefe"), auth::Secret(""), auth::Secret("Jefe")};
  EXPECT_EQ(signature_of("what do ya want for nothing?", twice), one + "," + one);
}

TEST(CloudEvent, an_origin_is_allowed_by_name_or_by_a_star) {
  const auto allows = [](const char* header) {
    return allows_origin({{"WebHook-Allowed-Origin", header}}, "cluster.example");
  };
  EXPECT_TRUE(allows("*"));
  EXPECT_TRUE(allows("cluster.example"));
  EXPECT_TRUE(allows("other.example, Cluster.Example"));
  EXPECT_FALSE(allows("other.example"));
  EXPECT_FALSE(allows("xcluster.example"));
  EXPECT_FALSE(allows(""));
  EXPECT_FALSE(allows_origin({}, "cluster.example"));
}

TEST(CloudEvent, an_answer_is_nothing_a_message_or_a_state) {
  const auto nothing = reply_of({}, "");
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->is_done);
  EXPECT_FALSE(nothing->message || nothing->state);
  const auto json = reply_of({{"content-type", "application/json; charset=utf-8"}, {"ce-connectionstate", "s"}}, "[1]");
  ASSERT_TRUE(json && json->message);
  EXPECT_EQ(json->message->type, protocol::DataType::json);
  EXPECT_EQ(json->state, "s");
  EXPECT_EQ(reply_of({{"Content-Type", "text/plain"}}, "hi")->message->type, protocol::DataType::text);
  EXPECT_EQ(reply_of({}, "\xFF")->message->type, protocol::DataType::binary);
}

TEST(CloudEvent, an_answer_that_is_not_what_it_says_is_an_error) {
  EXPECT_FALSE(reply_of({{"Content-Type", "application/json"}}, "{"));
  EXPECT_FALSE(reply_of({{"Content-Type", "application/json"}}, std::string(100, '[')));
  EXPECT_FALSE(reply_of({{"Content-Type", "text/plain"}}, "\xFF"));
}

}  // namespace
}  // namespace wscluster::webhook
