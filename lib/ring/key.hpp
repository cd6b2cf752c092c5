// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

/// What another implementation must reproduce to compute the same owners; persistent, never change it.
/// Vectors (more, with owners, in tests/unit/ring/vectors_test.cpp):
///
///   hash_uid("alice", 0)                  = 4da10dd61a0116b0
///   hash_uid("alice", 2a)                 = 7fb9c39591c12626
///   point_of("node-1", 0, 0)              = 3452cf15246fac7f     (XXH3-64 of the text "node-1#0")
///   point_of("node-1", 511, 2a)           = 37c44aee26b705d9
namespace wscluster::ring {

/// The position of a uid on the circle: XXH3-64 of its bytes with the document's seed.
[[nodiscard]] std::uint64_t hash_uid(std::string_view uid, std::uint64_t seed) noexcept;

/// The shard of a process that has `shards` of them. Uses the low 32 bits, the ring's index the high ones.
[[nodiscard]] constexpr unsigned shard_of(std::uint64_t hash, unsigned shards) noexcept {
  return static_cast<unsigned>(((hash & 0xFFFF'FFFFU) * shards) >> 32U);
}

/// The position of a node's point number `index`: XXH3-64 of "NAME#INDEX" (decimal) with the document's seed.
[[nodiscard]] std::uint64_t point_of(std::string_view name, unsigned index, std::uint64_t seed) noexcept;

/// Weights count in thousandths, so that they survive every JSON library; the nearest number of them.
[[nodiscard]] std::uint64_t thousandths(double weight) noexcept;

/// points_per_weight * weight, rounded half up in whole thousandths; at least 1 unless the weight is 0.
[[nodiscard]] std::uint64_t point_count(double weight, unsigned points_per_weight) noexcept;

}  // namespace wscluster::ring
