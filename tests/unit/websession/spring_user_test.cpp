// SPDX-License-Identifier: MIT
#include "websession/spring_user.hpp"

#include <gtest/gtest.h>

#include "../../session_vectors.hpp"

namespace wscluster::websession {
namespace {

using namespace session_vectors;
using Text = std::optional<std::string>;

/// As the mixin tests of Spring Security have it.
std::string json_context(const std::string& principal, const std::string& more = R"("authenticated":true)") {
  return R"({"@class":"org.springframework.security.core.context.SecurityContextImpl","authentication":{)"
         R"("@class":"org.springframework.security.authentication.UsernamePasswordAuthenticationToken","principal":)" +
         principal + R"(,"credentials":"1234",)" + more +
         R"(,"details":null,"authorities":["java.util.Collections$UnmodifiableRandomAccessList",[)"
         R"({"@class":"org.springframework.security.core.authority.SimpleGrantedAuthority","authority":"ROLE_USER"}]]}})";
}

Text text(std::string_view value) {
  const auto read = read_text(value);
  return read ? *read : Text("ERROR: " + read.error().message);
}

Text context(std::string_view value) {
  const auto read = read_security_context(value);
  return read ? *read : Text("ERROR: " + read.error().message);
}

/// The context of which this is the authentication, whose references count from three handles before it.
std::string context_around(const std::string& token) {
  std::string stream = empty_context.substr(0, empty_context.size() - 1) + token.substr(4);
  const std::string mark("q\0~\0", 4);
  for (auto at = stream.find(mark, empty_context.size()); at != std::string::npos; at = stream.find(mark, at + 5))
    stream[at + 4] = static_cast<char>(stream[at + 4] + 3);
  return stream;
}

TEST(SpringUser, texts_and_whole_numbers) {
  EXPECT_EQ(text(java_string("alice")), "alice");
  EXPECT_EQ(text(java_long(42)), "42");
  EXPECT_EQ(text(java_integer(-42)), "-42");
  EXPECT_EQ(text("\"alice\""), "alice");
  EXPECT_EQ(text("42"), "42");
  EXPECT_EQ(text(R"(["java.lang.Long",42])"), "42");
  for (const std::string& null : {std::string(), std::string("null"), bytes("aced000570")})
    EXPECT_EQ(text(null), std::nullopt);
  EXPECT_EQ(text("1.5"), "ERROR: neither a text nor a whole number");
  EXPECT_EQ(text("true"), "ERROR: neither a text nor a whole number");
  EXPECT_EQ(text(user_token), "ERROR: neither a text nor a whole number");
  EXPECT_EQ(text("alice"), "ERROR: neither Java serialisation nor JSON");
}

TEST(SpringUser, integers) {
  EXPECT_EQ(*read_integer(java_long(1'404'360'000'000)), 1'404'360'000'000);
  EXPECT_EQ(*read_integer("1404360000000"), 1'404'360'000'000);
  EXPECT_EQ(*read_integer(java_integer(1800)), 1800);
  EXPECT_FALSE(read_integer(java_string("1800")));
  EXPECT_FALSE(read_integer("\"1800\""));
  EXPECT_FALSE(read_integer("99999999999999999999"));
}

TEST(SpringUser, of_serialised_contexts) {
  EXPECT_EQ(context(context_of_user), "user");
  EXPECT_EQ(context_around(user_token), context_of_user);
  EXPECT_EQ(context(context_of_alice), "alice");
  EXPECT_EQ(context(context_around(oauth_token)), "user") << "the attribute that names it";
}

TEST(SpringUser, nobody_in_serialised_contexts) {
  EXPECT_EQ(context(empty_context), std::nullopt);
  EXPECT_EQ(context(context_of_nobody), std::nullopt);
  EXPECT_EQ(context(context_of_anonymous), std::nullopt);
  EXPECT_EQ(context(java_string("alice")), std::nullopt) << "no context at all";
  EXPECT_EQ(context(""), std::nullopt);
}

TEST(SpringUser, of_contexts_in_json) {
  EXPECT_EQ(context(json_context(R"("admin")")), "admin");
  EXPECT_EQ(
      context(json_context(
          R"({"@class":"org.springframework.security.core.userdetails.User","username":"admin","password":null})")),
      "admin");
  EXPECT_EQ(context(json_context("null", R"("authenticated":true,"name":"admin")")), "admin");
  EXPECT_EQ(context(json_context(R"({"attributes":["java.util.Collections$UnmodifiableMap",{"sub":"admin"}],)"
                                 R"("nameAttributeKey":"sub"})")),
            "admin");
  EXPECT_EQ(context(R"({"authentication":{"authenticated":true,"principal":"plain"}})"), "plain");
}

TEST(SpringUser, nobody_in_contexts_in_json) {
  EXPECT_EQ(context(json_context(R"("admin")", R"("authenticated":false)")), std::nullopt);
  EXPECT_EQ(context(json_context(R"("admin")", R"("other":1)")), std::nullopt);
  EXPECT_EQ(context(json_context(R"("admin")", R"("authenticated":"true")")), std::nullopt);
  EXPECT_EQ(context(R"({"authentication":null})"), std::nullopt);
  EXPECT_EQ(context("[]"), std::nullopt);
  EXPECT_EQ(context(R"({"authentication":{"@class":"x.AnonymousAuthenticationToken","authenticated":true,)"
                    R"("principal":"anonymousUser"}})"),
            std::nullopt);
}

TEST(SpringUser, a_principal_without_a_name_is_an_error) {
  EXPECT_EQ(context(json_context("{}")), "ERROR: the security context has a principal without a name");
  EXPECT_EQ(context("{"), "ERROR: neither Java serialisation nor JSON");
  EXPECT_FALSE(read_security_context(context_of_user.substr(0, 900)));
}

}  // namespace
}  // namespace wscluster::websession
