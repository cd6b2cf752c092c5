// SPDX-License-Identifier: MIT
#include "protocol/names.hpp"

#include <gtest/gtest.h>
#include <string>

#include "base/names.hpp"

namespace wscluster::protocol {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0)
    out += text;
  return out;
}

TEST(Names, hubs) {
  for (const std::string& good : {std::string("chat"), std::string("Chat_2`,.[]"), std::string(128, 'a')})
    EXPECT_TRUE(check_hub_name(good)) << good;
  for (const std::string& bad : {std::string(), std::string("2chat"), std::string("_chat"), std::string("my-chat"),
                                 std::string("ch at"), std::string("ch\xc3\xa9t"), std::string(129, 'a')}) {
    EXPECT_FALSE(check_hub_name(bad)) << bad;
  }
}

TEST(Names, events) {
  EXPECT_TRUE(check_event_name("ev1"));
  EXPECT_TRUE(check_event_name("Order.placed_v-2"));
  EXPECT_TRUE(check_event_name(std::string(128, 'e')));
  for (const std::string& bad : {std::string(), std::string("1ev"), std::string("a/b"), std::string(129, 'e')})
    EXPECT_FALSE(check_event_name(bad)) << bad;
}

TEST(Names, groups_have_1024_characters_of_any_kind) {
  EXPECT_TRUE(check_group_name("g1"));
  EXPECT_TRUE(check_group_name(" a b\n"));
  EXPECT_TRUE(check_group_name(std::string(1024, 'g')));
  EXPECT_TRUE(check_group_name(repeat("\xf0\x9f\x98\x80", 1024)));
  EXPECT_EQ(repeat("\xf0\x9f\x98\x80", 1024).size(), max_group_bytes);
  EXPECT_EQ(check_group_name("").error().message, "the group's name is empty");
  EXPECT_EQ(check_group_name(std::string(1025, 'g')).error().message, "the group's name has more than 1024 characters");
  EXPECT_FALSE(check_group_name(repeat("\xf0\x9f\x98\x80", 1025)));
  EXPECT_TRUE(check_group_name("\1"));
  EXPECT_EQ(check_group_name("g\xff").error().message, "the group's name is not UTF-8");
}

TEST(Names, a_group_of_nothing_but_space_is_refused) {
  for (const char* space : {" ", "\t\r\n\v\f ", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80\xe2\x80\x8a", "\xe2\x80\xa8",
                            "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"}) {
    EXPECT_FALSE(check_group_name(space)) << space;
    EXPECT_TRUE(check_group_name(std::string(space) + "x")) << space;
  }
  EXPECT_TRUE(check_group_name("\xe2\x80\x8b")) << "a space of no width is no space in Unicode";
}

TEST(Names, behind_user_there_is_a_uid) {
  EXPECT_EQ(user_of_group("user:bob"), "bob");
  EXPECT_EQ(user_of_group("user:"), "");
  EXPECT_FALSE(user_of_group("users:bob"));
  EXPECT_FALSE(user_of_group("User:bob"));
  EXPECT_TRUE(check_group_name("user:bob"));
  EXPECT_TRUE(check_group_name("user:" + std::string(max_uid_bytes, 'u')));
  EXPECT_EQ(check_group_name("user:").error().message, "the group's name begins with 'user:', but the uid is empty");
  EXPECT_FALSE(check_group_name("user:" + std::string(max_uid_bytes + 1, 'u')));
  EXPECT_FALSE(check_group_name("user:a\nb"));
}

}  // namespace
}  // namespace wscluster::protocol
