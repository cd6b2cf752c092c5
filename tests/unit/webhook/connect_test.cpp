// SPDX-License-Identifier: MIT
#include "webhook/connect.hpp"

#include <gtest/gtest.h>

namespace wscluster::webhook {
namespace {

ConnectQuestion question() {
  ConnectQuestion asked;
  asked.connection = "abc";
  asked.user = "alice";
  asked.claims_json = R"({"sub":"alice","role":["a","b"],"exp":7,"admin":true})";
  asked.query = {{"room", "7"}, {"access_token", "SECRET"}, {"room", "8"}};
  asked.headers = {{"Host", "h"}, {"Authorization", "SECRET"}, {"cookie", "SECRET"}, {"X-Bytes", "\xFF"}};
  asked.subprotocols = {"json.webpubsub.azure.v1"};
  return asked;
}

Result<ConnectAnswer> answer(std::string_view body, unsigned status = 200, const net::HttpFields& headers = {}) {
  return parse_connect_answer(status, headers, body, question());
}

TEST(Connect, the_question_holds_lists_and_no_secret) {
  const std::string body = connect_body(question());
  EXPECT_NE(body.find(R"("claims":{"sub":["alice"],"role":["a","b"],"exp":["7"],"admin":["true"]})"), std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("query":{"room":["7","8"]})"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("headers":{"Host":["h"]})"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("subprotocols":["json.webpubsub.azure.v1"])"), std::string::npos) << body;
  EXPECT_EQ(body.find("SECRET"), std::string::npos) << body;
}

TEST(Connect, without_a_body_nothing_changes) {
  for (const unsigned status : {200U, 204U}) {
    const auto nothing = answer("", status);
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->refusal, 0U);
    EXPECT_FALSE(nothing->user || nothing->subprotocol || nothing->state);
  }
}

TEST(Connect, who_it_is_and_what_it_may) {
  const auto all = answer(
      R"({"userId":"bob","groups":["g"],"roles":["webpubsub.sendToGroup"],"subprotocol":"json.webpubsub.azure.v1"})",
      200, {{"ce-connectionState", "e30="}});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->user, "bob");
  EXPECT_EQ(all->groups, std::vector<std::string>{"g"});
  EXPECT_EQ(all->roles, std::vector<std::string>{"webpubsub.sendToGroup"});
  EXPECT_EQ(all->subprotocol, "json.webpubsub.azure.v1");
  EXPECT_EQ(all->state, "e30=");
  const auto none = answer(R"({"userId":null,"groups":null,"subprotocol":"","more":1})");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->user || none->subprotocol);
}

TEST(Connect, a_wrong_answer_names_the_field) {
  const auto wrong = [](std::string_view body, std::string_view field) {
    const auto refused = answer(body);
    ASSERT_FALSE(refused) << body;
    EXPECT_NE(refused.error().message.find(field), std::string::npos) << refused.error().message;
  };
  wrong("{", "body");
  wrong("[]", "body");
  wrong(R"({"userId":7})", "userId");
  wrong(R"({"userId":"a\u0001b"})", "userId");
  wrong("{\"userId\":\"" + std::string(257, 'x') + "\"}", "userId");
  wrong(R"({"groups":"g"})", "groups");
  wrong(R"({"groups":[1]})", "groups");
  wrong(R"({"groups":[" "]})", "groups");
  wrong(R"({"roles":{}})", "roles");
  wrong(R"({"subprotocol":"other"})", "subprotocol");
}

TEST(Connect, the_certificate_of_a_client_is_told) {
  ConnectQuestion question;
  EXPECT_NE(connect_body(question).find(R"("clientCertificates":[])"), std::string::npos);
  question.certificate = {"ab12", "PEM"};
  EXPECT_NE(connect_body(question).find(R"("clientCertificates":[{"thumbprint":"ab12","content":"PEM"}])"),
            std::string::npos);
}

}  // namespace
}  // namespace wscluster::webhook
