// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Shared by the sources of Inquirer.

namespace wscluster::cluster {

/// The number of a question is that of its inquiry and, below, the shard.
inline constexpr unsigned shard_bits = 16;

[[nodiscard]] inline std::uint64_t question_of(std::uint64_t inquiry, std::size_t shard = 0) {
  return inquiry << shard_bits | shard;
}
[[nodiscard]] inline std::uint64_t inquiry_of(std::uint64_t question) {
  return question >> shard_bits;
}
[[nodiscard]] inline std::size_t shard_of_question(std::uint64_t question) {
  return question & ((std::uint64_t{1} << shard_bits) - 1);
}

/// To go through while some of them end.
template <class Inquiries>
[[nodiscard]] std::vector<std::uint64_t> numbers_of(const Inquiries& inquiries) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, inquiry] : inquiries)
    numbers.push_back(number);
  return numbers;
}

}  // namespace wscluster::cluster
