// SPDX-License-Identifier: MIT
#include "ring/member.hpp"

#include <gtest/gtest.h>

namespace wscluster::ring {
namespace {

TEST(Member, state_words_round_trip) {
  for (const char* word : {"joining", "up", "draining", "drained", "down", "suspended"}) {
    const auto state = parse_member_state(word);
    ASSERT_TRUE(state) << word;
    EXPECT_STREQ(to_string(*state), word);
  }
}

TEST(Member, unknown_state_words_are_refused) {
  for (const char* word : {"", "Up", "up ", "gone"})
    EXPECT_FALSE(parse_member_state(word)) << word;
}

}  // namespace
}  // namespace wscluster::ring
