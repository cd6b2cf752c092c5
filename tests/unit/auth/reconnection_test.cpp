// SPDX-License-Identifier: MIT
#include "auth/reconnection.hpp"

#include <gtest/gtest.h>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "hex.hpp"

namespace wscluster::auth {
namespace {

using Fault = ReconnectionFault;

constexpr const char* connection = "EDJUdpi63P4BAAAAAAAAAAIAAAAAAAAA";
const WallClock::time_point end_of_token{std::chrono::seconds(1'795'343'150)};
const WallClock::time_point before_end = end_of_token - std::chrono::seconds(1);

const std::array<Secret, 1>& key() {
  static const std::array<Secret, 1> keys{derive_reconnection_key(Secret("cluster key for a test"))};
  return keys;
}

std::string token_of(const std::string& user) {
  return make_reconnection_token({"chat", connection, user, end_of_token}, key()[0]);
}

Fault check(std::string_view token, std::string_view service = "chat", std::string_view connection_id = connection,
            WallClock::time_point now = before_end) {
  const auto checked = check_reconnection_token(token, service, connection_id, key(), now);
  EXPECT_TRUE(checked.fault == Fault::none || checked.user_id.empty()) << "nobody may use it";
  return checked.fault;
}

// The expected values come from Python's hmac. They must never change: members of two versions share a key, and tokens
// are in the hands of clients.
TEST(ReconnectionToken, is_what_an_independent_implementation_makes) {
  EXPECT_EQ(hex(key()[0].reveal()), "67a493aad59f733ad9175a0e23a6d16d8716d434e936000544bcbedc6b110682");
  EXPECT_EQ(token_of("alice"),
            "Aa6Gi9gGBGNoYXQgRURKVWRwaTYzUDRCQUFBQUFBQUFBQUlBQUFBQUFBQUEFYWxpY2X9Z5DeADoUTWnnImfZRXBBZIRpWmPQApBBQh7LY"
            "YHdiA");
}

TEST(ReconnectionToken, gives_the_user_back) {
  for (const std::string& user :
       {std::string("alice"), std::string(), std::string(256, 'u'), std::string("\xc3\xa9|\x01")}) {
    const auto checked = check_reconnection_token(token_of(user), "chat", connection, key(), before_end);
    EXPECT_EQ(checked.fault, Fault::none);
    EXPECT_EQ(checked.user_id, user);
  }
}

TEST(ReconnectionToken, ends_at_its_time) {
  EXPECT_EQ(check(token_of("a")), Fault::none);
  EXPECT_EQ(check(token_of("a"), "chat", connection, end_of_token), Fault::expired);
  EXPECT_EQ(check(token_of("a"), "chat", connection, end_of_token + std::chrono::hours(1000)), Fault::expired);
}

TEST(ReconnectionToken, is_good_for_one_session_of_one_service) {
  EXPECT_EQ(check(token_of("a"), "chat2"), Fault::other_service);
  EXPECT_EQ(check(token_of("a"), ""), Fault::other_service);
  EXPECT_EQ(check(token_of("a"), "chat", "EDJUdpi63P4BAAAAAAAAAAIAAAAAAAAB"), Fault::other_connection);
  EXPECT_EQ(check(token_of("a"), "chat", ""), Fault::other_connection);
  // The same letters with another border between the fields.
  const auto shifted =
      make_reconnection_token({"chatE", std::string(connection).substr(1), "a", end_of_token}, key()[0]);
  EXPECT_EQ(check(shifted), Fault::other_service);
}

TEST(ReconnectionToken, every_cut_and_every_changed_bit_is_noticed) {
  const std::string token = token_of("alice");
  for (std::size_t size = 0; size < token.size(); ++size)
    EXPECT_EQ(check(token.substr(0, size)), Fault::malformed) << size;
  const std::string bytes = base64url_decode(token).value();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const Fault fault = check(base64url_encode(changed));
    if (bit < 8) {
      EXPECT_EQ(fault, Fault::other_version);
    } else {
      EXPECT_TRUE(fault == Fault::forged || fault == Fault::malformed) << bit;
    }
    if (bit >= (bytes.size() - 32) * 8) {
      EXPECT_EQ(fault, Fault::forged) << bit;
    }
  }
}

TEST(ReconnectionToken, what_never_was_one_is_malformed) {
  for (const std::string& bad : {std::string("fHRkmngv"), std::string(43, 'A'), std::string("not base64!"),
                                 token_of("alice") + "=", token_of("alice") + "AAAA", std::string(1025, 'A')}) {
    EXPECT_EQ(check(bad), Fault::malformed) << bad;
  }
  // Two letters for the same bytes: the last one holds four bits that say nothing.
  std::string other = token_of("alice1");
  ASSERT_EQ(base64url_decode(other)->size() % 3, 2U);
  other.back() = static_cast<char>(other.back() + 1);
  ASSERT_EQ(base64url_decode(other), base64url_decode(token_of("alice1")));
  EXPECT_EQ(check(other), Fault::malformed);
}

TEST(ReconnectionToken, the_previous_key_is_accepted_as_long_as_it_is_given) {
  const Secret previous = derive_reconnection_key(Secret("previous"));
  const std::string token = make_reconnection_token({"chat", connection, "alice", end_of_token}, previous);
  EXPECT_EQ(check(token), Fault::forged);
  const std::array<Secret, 2> both{key()[0], previous};
  EXPECT_EQ(check_reconnection_token(token, "chat", connection, both, before_end).user_id, "alice");
  EXPECT_EQ(check_reconnection_token(token_of("bob"), "chat", connection, both, before_end).user_id, "bob");
  EXPECT_EQ(check_reconnection_token(token, "chat", connection, {}, before_end).fault, Fault::forged);
}

TEST(ReconnectionToken, an_empty_key_signs_nothing) {
  EXPECT_THROW(static_cast<void>(derive_reconnection_key(Secret())), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(make_reconnection_token({}, Secret())), std::invalid_argument);
  const std::array<Secret, 2> keys{Secret(), key()[0]};
  constexpr const char* signed_with_nothing =
      "Aa6Gi9gGBGNoYXQgRURKVWRwaTYzUDRCQUFBQUFBQUFBQUlBQUFBQUFBQUEBYTKov9hs6Edhs7V2nv2Ug3so21fqeBek_4RiwcWiLlI4";
  EXPECT_EQ(check_reconnection_token(signed_with_nothing, "chat", connection, keys, before_end).fault, Fault::forged);
  EXPECT_EQ(check_reconnection_token(token_of("a"), "chat", connection, keys, before_end).fault, Fault::none);
}

}  // namespace
}  // namespace wscluster::auth
