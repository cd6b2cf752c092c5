// SPDX-License-Identifier: MIT
// Published vectors: an implementation in another language is right when it finds these numbers. Never change them.
#include <gtest/gtest.h>

#include <cstdint>

#include "base/text.hpp"
#include "ring/hash_ring.hpp"
#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

constexpr std::uint64_t seed = 0x2a;

TEST(Vectors, positions_of_uids) {
  const struct {
    const char* uid;
    std::uint64_t seed;
    const char* hash;
  } vectors[] = {
      {"alice", 0, "4da10dd61a0116b0"},
      {"bob", 0, "1403c0c40f49b8e5"},
      {"alice", seed, "7fb9c39591c12626"},
      {"bob", seed, "42f2d1f320fc8b8a"},
      {"\xc3\xa9mile", seed, "3bc731214e1a8a8b"},
      {"0123456789abcdef", seed, "ef4ac86fbdf90a2d"},
      {"alice", 0x0123456789abcdef, "955adad03f4d16e3"},
  };
  for (const auto& vector : vectors)
    EXPECT_EQ(to_hex(hash_uid(vector.uid, vector.seed)), vector.hash) << vector.uid;
}

TEST(Vectors, shards_of_positions) {
  const struct {
    std::uint64_t hash;
    unsigned shards;
    unsigned shard;
  } vectors[] = {
      {0x4da10dd61a0116b0, 4, 0}, {0x1403c0c40f49b8e5, 4, 0}, {0x7fb9c39591c12626, 4, 2}, {0x42f2d1f320fc8b8a, 3, 0},
      {0x3bc731214e1a8a8b, 8, 2}, {0x955adad03f4d16e3, 5, 1}, {0xef4ac86fbdf90a2d, 3, 2},
  };
  for (const auto& vector : vectors)
    EXPECT_EQ(shard_of(vector.hash, vector.shards), vector.shard) << vector.hash;
}

TEST(Vectors, positions_of_points) {
  const struct {
    const char* name;
    unsigned index;
    std::uint64_t seed;
    const char* position;
  } vectors[] = {
      {"node-0", 0, 0, "83a47bc94be7b766"},    {"node-1", 0, 0, "3452cf15246fac7f"},
      {"node-1", 511, 0, "d3393f22640dcf73"},  {"node-0", 0, seed, "96476d7aeba6bcc3"},
      {"node-0", 1, seed, "852f16d1fc3cf9f8"}, {"node-0", 511, seed, "406ceb1c17a703ea"},
      {"node-1", 0, seed, "683d5c5d418c5fdf"}, {"node-1", 511, seed, "37c44aee26b705d9"},
      {"a", 511, seed, "5847c5114d27020a"},
  };
  for (const auto& vector : vectors) {
    EXPECT_EQ(to_hex(point_of(vector.name, vector.index, vector.seed)), vector.position) << vector.name;
  }
}

// Seed 2a, 512 points per weight. Three: node-0, node-1, node-2, each of weight 1.
// Four: node-0 1, node-1 0.5, node-2 1, node-3 2.25.
TEST(Vectors, P0_01_owners) {
  const struct {
    const char* uid;
    const char* of_three;
    const char* of_four;
  } vectors[] = {
      {"alice", "node-2", "node-3"}, {"bob", "node-1", "node-3"},   {"carol", "node-0", "node-0"},
      {"dave", "node-2", "node-3"},  {"erin", "node-0", "node-0"},  {"frank", "node-0", "node-3"},
      {"grace", "node-1", "node-3"}, {"heidi", "node-0", "node-0"},
  };
  const HashRing three({{"node-0", 1, 1, {}}, {"node-1", 1, 1, {}}, {"node-2", 1, 1, {}}}, seed);
  const HashRing four({{"node-0", 1, 1, {}}, {"node-1", 1, 0.5, {}}, {"node-2", 1, 1, {}}, {"node-3", 1, 2.25, {}}},
                      seed);
  for (const auto& vector : vectors) {
    EXPECT_EQ(three.owner_of(hash_uid(vector.uid, seed))->name, vector.of_three) << vector.uid;
    EXPECT_EQ(four.owner_of(hash_uid(vector.uid, seed))->name, vector.of_four) << vector.uid;
  }
}

}  // namespace
}  // namespace wscluster::ring
