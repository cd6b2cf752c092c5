// SPDX-License-Identifier: MIT
#include "websession/cache.hpp"

#include <gtest/gtest.h>

namespace wscluster::websession {
namespace {

using namespace std::chrono_literals;

const TimePoint start{};

auth::Mac key(unsigned char number) {
  auth::Mac mac{};
  mac[0] = number;
  return mac;
}

TEST(Cache, knows_users_and_nobody_until_their_time) {
  Cache cache(10);
  cache.put(key(1), "alice", start + 5s);
  cache.put(key(2), std::nullopt, start + 1s);
  ASSERT_NE(cache.find(key(1), start), nullptr);
  EXPECT_EQ(*cache.find(key(1), start), "alice");
  ASSERT_NE(cache.find(key(2), start), nullptr);
  EXPECT_EQ(*cache.find(key(2), start), std::nullopt);
  EXPECT_EQ(cache.find(key(2), start + 1s), nullptr);
  EXPECT_EQ(cache.find(key(1), start + 5s), nullptr);
  EXPECT_EQ(cache.find(key(3), start), nullptr);
}

TEST(Cache, a_new_answer_takes_the_place_of_the_old_one) {
  Cache cache(10);
  cache.put(key(1), std::nullopt, start + 1s);
  cache.put(key(1), "alice", start + 2s);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(*cache.find(key(1), start), "alice");
}

TEST(Cache, when_it_is_full_the_oldest_goes) {
  Cache cache(2);
  cache.put(key(1), "a", start + 9s);
  cache.put(key(2), "b", start + 9s);
  cache.put(key(1), "a", start + 9s);
  cache.put(key(3), "c", start + 9s);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find(key(2), start), nullptr);
  EXPECT_NE(cache.find(key(1), start), nullptr);
  EXPECT_NE(cache.find(key(3), start), nullptr);
}

}  // namespace
}  // namespace wscluster::websession
