// SPDX-License-Identifier: MIT
#include "session/session_id.hpp"

#include <gtest/gtest.h>

namespace wscluster::session {
namespace {

TEST(SessionId, text_gives_the_hash_of_the_key_back) {
  const SessionId id = SessionId::make(0xFEDC'BA98'7654'3210U);
  const std::string text = id.text();
  EXPECT_EQ(text.size(), 32U);
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  const auto parsed = SessionId::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, id);
  EXPECT_EQ(parsed->hash, 0xFEDC'BA98'7654'3210U);
  EXPECT_NE(SessionId::make(1).random, SessionId::make(1).random);
}

TEST(SessionId, text_of_known_bytes) {
  // Persistent: ids are in the hands of clients.
  const auto id = SessionId::parse("EDJUdpi63P4BAAAAAAAAAAIAAAAAAAAA");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hash, 0xFEDC'BA98'7654'3210U);
  EXPECT_EQ(id->random[0], 1U);
  EXPECT_EQ(id->random[1], 2U);
  EXPECT_EQ(id->text(), "EDJUdpi63P4BAAAAAAAAAAIAAAAAAAAA");
}

TEST(SessionId, what_is_no_id_is_refused) {
  const std::string good = SessionId::make(7).text();
  for (const std::string& bad : {std::string(), good.substr(1), good + "A", good.substr(0, 31) + "=",
                                 good.substr(0, 31) + "+", good.substr(0, 30) + "==", std::string("c0TegdYdi")}) {
    EXPECT_FALSE(SessionId::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace wscluster::session
