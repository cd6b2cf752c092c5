// SPDX-License-Identifier: MIT
#include "base/names.hpp"

#include <gtest/gtest.h>

namespace wscluster {
namespace {

TEST(Names, services) {
  for (const char* good : {"chat", "a", "chat-2_x.y"})
    EXPECT_TRUE(check_service_name(good)) << good;
  for (const char* bad : {"", "Chat", "2chat", "chat/x", "-a"})
    EXPECT_FALSE(check_service_name(bad)) << bad;
  EXPECT_TRUE(check_service_name(std::string(63, 'a')));
  EXPECT_FALSE(check_service_name(std::string(64, 'a')));
}

TEST(Names, uids_at_and_beyond_their_limits) {
  EXPECT_TRUE(check_uid("alice"));
  EXPECT_TRUE(check_uid("\xc3\xa9mile"));
  EXPECT_TRUE(check_uid(std::string(max_uid_bytes, 'x')));
  EXPECT_FALSE(check_uid(std::string(max_uid_bytes + 1, 'x')));
  EXPECT_FALSE(check_uid(""));
  EXPECT_FALSE(check_uid("\xff"));
  EXPECT_FALSE(check_uid("a\nb"));
}

}  // namespace
}  // namespace wscluster
