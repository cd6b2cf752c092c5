// SPDX-License-Identifier: MIT
#include "ring/key.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace wscluster::ring {
namespace {

TEST(Key, seed_changes_every_position) {
  EXPECT_NE(hash_uid("alice", 0), hash_uid("alice", 1));
  EXPECT_NE(point_of("node-1", 0, 0), point_of("node-1", 0, 1));
}

TEST(Key, point_is_the_hash_of_name_and_decimal_index) {
  EXPECT_EQ(point_of("node-1", 511, 42), hash_uid("node-1#511", 42));
  const std::string longest(63, 'n');
  EXPECT_EQ(point_of(longest, 4294967295U, 42), hash_uid(longest + "#4294967295", 42));
}

TEST(Key, shard_is_below_the_number_of_shards_and_even) {
  std::mt19937_64 random(1);
  for (const unsigned shards : {1U, 2U, 3U, 7U, 64U}) {
    std::vector<unsigned> count(shards);
    for (int i = 0; i < 64'000; ++i)
      ++count.at(shard_of(random(), shards));
    for (const unsigned n : count)
      EXPECT_NEAR(n, 64'000.0 / shards, 5 * std::sqrt(64'000.0 / shards));
  }
  EXPECT_EQ(shard_of(0xFFFF'FFFF'FFFF'FFFF, 3), 2U);
  EXPECT_EQ(shard_of(0xFFFF'FFFF'0000'0000, 3), 0U) << "the high bits must not matter";
}

TEST(Key, points_follow_the_weight_in_thousandths) {
  EXPECT_EQ(point_count(0, 512), 0U);
  EXPECT_EQ(point_count(0.001, 512), 1U);
  EXPECT_EQ(point_count(0.1, 512), 51U);
  EXPECT_EQ(point_count(1, 512), 512U);
  EXPECT_EQ(point_count(1.5, 512), 768U);
  EXPECT_EQ(point_count(0.5, 1), 1U);
  EXPECT_EQ(point_count(1.5, 1), 2U) << "half goes up";
  EXPECT_EQ(point_count(1000, 512), 512'000U);
}

}  // namespace
}  // namespace wscluster::ring
