// SPDX-License-Identifier: MIT
#include "ring/key.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace wscluster::ring {

std::uint64_t hash_uid(std::string_view uid, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(uid.data(), uid.size(), seed);
}

std::uint64_t point_of(std::string_view name, unsigned index, std::uint64_t seed) noexcept {
  std::array<char, 96> text{};
  constexpr std::size_t longest_name = 80;
  const std::size_t size = std::min(name.size(), longest_name);
  char* at = std::copy_n(name.data(), size, text.data());
  *at++ = '#';
  at = std::to_chars(at, text.data() + text.size(), index).ptr;
  return XXH3_64bits_withSeed(text.data(), static_cast<std::size_t>(at - text.data()), seed);
}

std::uint64_t thousandths(double weight) noexcept {
  return static_cast<std::uint64_t>(std::llround(weight * 1000));
}

std::uint64_t point_count(double weight, unsigned points_per_weight) noexcept {
  const std::uint64_t parts = thousandths(weight);
  if (parts == 0) return 0;
  return std::max<std::uint64_t>((parts * points_per_weight + 500) / 1000, 1);
}

}  // namespace wscluster::ring
