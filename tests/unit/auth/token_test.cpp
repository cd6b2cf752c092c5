// SPDX-License-Identifier: MIT
#include "auth/token.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>
#include <stdexcept>

namespace wscluster::auth {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

constexpr std::string_view key_text =
    "a key of the service, gr\xC3\xBC\xC3\x9F"
    "e";
constexpr std::string_view hs256 = R"({"alg":"HS256","typ":"JWT"})";

/// Made with the crypto module of Node.js.
constexpr std::string_view foreign_token =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJyb2xlIjpbIndlYnB1YnN1Yi5qb2luTGVhdmVHcm91cCIsIndlYnB1YnN1Yi5zZW5kVG9Hcm91cCJdLCJ3ZW"
    "JwdWJzdWIuZ3JvdXAiOlsiZzAiXSwiaWF0IjoxNzk1MzM5NTUwLCJleHAiOjE3OTUzNDMxNTAsImF1ZCI6Imh0dHA6Ly8xMjcuMC4wLjE6MjIxNzEv"
    "Y2xpZW50L2"
    "h1YnMvY2hhdCIsInN1YiI6ImFsaWNlIn0.sQM-Y_-J4lPlo7m871qE07VBAjk2jx5bW1eFhfwTFq4";

WallClock::time_point at(std::int64_t seconds) {
  return WallClock::time_point(std::chrono::seconds(seconds));
}

const WallClock::time_point now = at(1795340000);

const std::array<Secret, 1>& keys() {
  static const std::array<Secret, 1> all{Secret(key_text)};
  return all;
}

std::string hmac(std::string_view text, std::string_view key, const EVP_MD* digest) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// Signs anything, so that only the rule under test is broken.
std::string sign(std::string_view header, std::string_view payload, std::string_view key = key_text,
                 const EVP_MD* digest = EVP_sha256()) {
  const std::string text = base64url_encode(header) + "." + base64url_encode(payload);
  return text + "." + base64url_encode(hmac(text, key, digest));
}

Result<Claims> verify(std::string_view token) {
  return verify_token(token, keys(), now);
}

void expect_refused(std::string_view token, std::string_view because) {
  const auto result = verify(token);
  ASSERT_FALSE(result) << token;
  EXPECT_EQ(result.error().code, Errc::permission);
  EXPECT_NE(result.error().message.find(because), std::string::npos) << result.error().message << " for " << token;
  EXPECT_EQ(result.error().message.find(key_text), std::string::npos);
  for (const auto part : split(token, '.')) {
    EXPECT_TRUE(part.size() < 8 || result.error().message.find(part) == std::string::npos);
  }
}

void expect_payload_refused(std::string_view payload, std::string_view because) {
  expect_refused(sign(hs256, payload), because);
}

TEST(Token, one_of_another_implementation_is_understood) {
  const auto claims = verify(foreign_token);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->subject, "alice");
  EXPECT_EQ(claims->audience, "http://127.0.0.1:22171/client/hubs/chat");
  EXPECT_EQ(claims->roles, (Strings{"webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"}));
  EXPECT_EQ(claims->groups, Strings{"g0"});
  EXPECT_EQ(claims->issued_at, at(1795339550));
  EXPECT_EQ(claims->expires, at(1795343150));
  EXPECT_FALSE(claims->not_before);
  EXPECT_TRUE(claims->raw_json.starts_with(R"({"role":["webpubsub)"));
}

TEST(Token, what_is_made_is_verified) {
  Claims claims;
  claims.subject =
      "b\xC3\xB6"
      "b \"quoted\"";
  claims.audience = "http://h/api/hubs/chat/:send?api-version=1";
  claims.roles = {"operator"};
  claims.groups = {"a", "b"};
  claims.issued_at = now;
  claims.not_before = now;
  claims.expires = now + 1h;
  const auto read = verify(make_token(claims, keys()[0]));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subject, claims.subject);
  EXPECT_EQ(read->audience, claims.audience);
  EXPECT_EQ(read->roles, claims.roles);
  EXPECT_EQ(read->groups, claims.groups);
  EXPECT_EQ(read->issued_at, claims.issued_at);
  EXPECT_EQ(read->not_before, claims.not_before);
  EXPECT_EQ(read->expires, claims.expires);
  const auto empty = verify(make_token({}, keys()[0]));
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->raw_json, "{}");
}

TEST(Token, what_is_made_is_signed_as_others_sign) {
  Claims claims;
  claims.subject = "alice";
  const std::string token = make_token(claims, keys()[0]);
  const auto signature_dot = token.rfind('.');
  EXPECT_EQ(token.substr(signature_dot + 1),
            base64url_encode(hmac(token.substr(0, signature_dot), key_text, EVP_sha256())));
}

TEST(Token, any_of_the_keys_is_enough_and_none_is_not) {
  const std::string token = make_token({}, Secret("new"));
  const std::array<Secret, 2> rotated{Secret("old"), Secret("new")};
  EXPECT_TRUE(verify_token(token, rotated, now));
  EXPECT_TRUE(verify_token(make_token({}, Secret("old")), rotated, now));
  EXPECT_FALSE(verify_token(make_token({}, Secret("older")), rotated, now));
  EXPECT_FALSE(verify_token(token, {}, now));
  const std::array<Secret, 1> unset{};
  EXPECT_FALSE(verify_token(sign(hs256, "{}", ""), unset, now));
  EXPECT_THROW(static_cast<void>(make_token({}, Secret())), std::invalid_argument);
}

TEST(Token, every_changed_character_is_noticed) {
  for (std::size_t i = 0; i < foreign_token.size(); ++i) {
    std::string token(foreign_token);
    token[i] = token[i] == 'A' ? 'B' : 'A';
    ASSERT_FALSE(verify(token)) << i;
  }
  for (std::size_t size = 0; size < foreign_token.size(); ++size)
    ASSERT_FALSE(verify(foreign_token.substr(0, size)));
}

TEST(Token, a_signature_in_another_spelling_is_refused) {
  const std::string token(foreign_token);
  expect_refused(token + "=", "signature");
  expect_refused(token + "A", "signature");
  std::string last_bits = token;
  last_bits.back() = '5';  // the same 32 bytes for a lenient decoder
  expect_refused(last_bits, "signature");
}

TEST(Token, what_stands_behind_a_nul_is_not_overlooked) {
  const std::vector<Secret> keys{Secret("key")};
  Claims claims;
  claims.subject = "alice";
  std::string token = make_token(claims, keys[0]);
  ASSERT_TRUE(verify_token(token, keys, WallClock::now()));
  token.push_back('\0');
  EXPECT_FALSE(verify_token(token, keys, WallClock::now()));
  token += "more";
  EXPECT_FALSE(verify_token(token, keys, WallClock::now()));
}

TEST(Token, other_algorithms_are_refused_whatever_the_signature) {
  for (const char* algorithm : {"none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256", "PS256", ""}) {
    const std::string header = std::string(R"({"typ":"JWT","alg":")") + algorithm + "\"}";
    expect_refused(sign(header, "{}"), "HS256");
    expect_refused(sign(header, "{}", key_text, EVP_sha384()), "HS256");
    expect_refused(sign(header, "{}", key_text, EVP_sha512()), "HS256");
  }
  expect_refused(sign(R"({"typ":"JWT"})", "{}"), "HS256");
  expect_refused(sign(R"({"alg":["HS256"]})", "{}"), "HS256");
  expect_refused(sign(R"({"alg":"HS256","crit":["b64"],"b64":false})", "{}"), "extension");
  expect_refused(sign(R"(["HS256"])", "{}"), "header");
  expect_refused(sign("no json", "{}"), "header");
}

TEST(Token, a_public_key_is_no_shared_secret) {
  // Who knows the verifier's RSA public key signs with its text as an HMAC key and hopes; and the other way round.
  constexpr std::string_view public_key =
      "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK\n-----END PUBLIC KEY-----\n";
  const std::array<Secret, 1> pem{Secret(public_key)};
  EXPECT_FALSE(verify_token(sign(R"({"alg":"RS256","typ":"JWT"})", "{}", public_key), pem, now));
  EXPECT_FALSE(verify(sign(hs256, "{}", public_key)));
}

TEST(Token, the_form_must_be_that_of_a_signed_jwt) {
  const std::string header = base64url_encode(hs256);
  for (const std::string& token : {std::string(), std::string("."), std::string(".."), std::string("a.b.c.d"), header,
                                   header + ".e30", header + ".e30.", header + "..x", "." + header + ".e30"}) {
    expect_refused(token, "three parts");
  }
  expect_refused("!!.e30.x", "header");
  expect_refused(std::string("\0.\0.\0", 5), "header");
}

TEST(Token, more_than_12_kib_is_refused_before_it_is_read) {
  const auto padded = [](std::size_t bytes) { return sign(hs256, "{\"x\":\"" + std::string(bytes, 'x') + "\"}"); };
  std::size_t bytes = 6000;
  while (padded(bytes + 1).size() <= max_token_bytes)
    ++bytes;
  EXPECT_TRUE(verify(padded(bytes)));
  expect_refused(padded(bytes + 1), "12 KiB");
  expect_refused(std::string(1U << 20U, 'a'), "12 KiB");
}

TEST(Token, times_are_checked_with_the_skew) {
  const auto accepted = [](std::string_view claim, std::int64_t offset, Duration skew) {
    const std::string payload = "{\"" + std::string(claim) + "\":" + std::to_string(1795340000 + offset) + "}";
    return verify_token(sign(hs256, payload), keys(), now, skew).has_value();
  };
  EXPECT_TRUE(accepted("exp", 1, 0s));
  EXPECT_FALSE(accepted("exp", 0, 0s));
  EXPECT_TRUE(accepted("exp", -59, 60s));
  EXPECT_FALSE(accepted("exp", -60, 60s));
  EXPECT_TRUE(accepted("nbf", 0, 0s));
  EXPECT_FALSE(accepted("nbf", 1, 0s));
  EXPECT_TRUE(accepted("nbf", 60, 60s));
  EXPECT_FALSE(accepted("nbf", 61, 60s));
  EXPECT_TRUE(accepted("iat", 100000, 0s));
  expect_payload_refused(R"({"exp":1})", "expired");
  expect_payload_refused(R"({"nbf":1895340000})", "not valid yet");
}

TEST(Token, extreme_times_do_not_overflow) {
  for (const char* never : {"9223372036854775807", "1e300", "253402300799"}) {
    EXPECT_TRUE(verify(sign(hs256, std::string("{\"exp\":") + never + "}"))) << never;
    expect_payload_refused(std::string("{\"nbf\":") + never + "}", "not valid yet");
  }
  EXPECT_TRUE(verify(sign(hs256, R"({"exp":1795340000.5})")));
  EXPECT_TRUE(verify(sign(hs256, R"({"nbf":0})")));
}

TEST(Token, claims_of_the_wrong_type_are_refused) {
  for (const char* value : {"1", "true", "null", "{}", "[\"alice\"]"}) {
    expect_payload_refused(std::string(R"({"sub":)") + value + "}", "sub");
  }
  for (const char* value : {"1", "null", "{}", "[1]", R"(["a","b"])"}) {
    expect_payload_refused(std::string(R"({"aud":)") + value + "}", "aud");
  }
  for (const char* value : {"1", "null", "{}", R"(["a",1])", R"([["a"]])"}) {
    expect_payload_refused(std::string(R"({"role":)") + value + "}", "role");
    expect_payload_refused(std::string(R"({"webpubsub.group":)") + value + "}", "webpubsub.group");
  }
  for (const char* value : {R"("1895340000")", "null", "true", "-1", "[]", "-0.5"}) {
    for (const char* claim : {"exp", "nbf", "iat"}) {
      expect_payload_refused("{\"" + std::string(claim) + "\":" + value + "}", claim);
    }
  }
}

TEST(Token, a_payload_that_is_no_json_object_is_refused) {
  for (const char* payload : {"[]", "null", "1", "{", "{}}", "{'sub':1}", "\xFF", " ", "{\"sub\":\"\xFF\"}"}) {
    EXPECT_FALSE(verify(sign(hs256, payload))) << payload;
  }
}

TEST(Token, role_and_group_may_be_one_string) {
  const auto claims = verify(sign(hs256, R"({"role":"r","webpubsub.group":"g","aud":["one"]})"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->roles, Strings{"r"});
  EXPECT_EQ(claims->groups, Strings{"g"});
  EXPECT_EQ(claims->audience, "one");
}

}  // namespace
}  // namespace wscluster::auth
