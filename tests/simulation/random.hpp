// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace wscluster::simulation {

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  return mix(mix(a) ^ b);
}
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::string_view text) noexcept {
  for (const char c : text)
    a = mix(a, static_cast<unsigned char>(c));
  return a;
}

/// A small generator. Everything that draws has its own, so that leaving something out of a story changes little of the
/// rest.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept { return mix(state_++); }
  std::uint64_t between(std::uint64_t from, std::uint64_t to) noexcept { return from + next() % (to - from + 1); }
  /// Once in `n`.
  bool chance(std::uint64_t n) noexcept { return next() % n == 0; }
  Clock::duration micros(std::uint64_t from, std::uint64_t to) noexcept {
    return std::chrono::microseconds(between(from, to));
  }
  Duration millis(std::uint64_t from, std::uint64_t to) noexcept { return Duration(between(from, to)); }
  template <class Container>
  auto& pick(Container& from) noexcept {
    return from[static_cast<std::size_t>(next() % from.size())];
  }

 private:
  std::uint64_t state_;
};

/// From here on base/random.hpp answers from this seed.
void seed_ids(std::uint64_t seed) noexcept;

}  // namespace wscluster::simulation
