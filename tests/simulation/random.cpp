// SPDX-License-Identifier: MIT
// Takes the place of lib/base/random.cpp in this program: the same seed must be the same story.
#include "base/random.hpp"

#include "base/text.hpp"
#include "random.hpp"

namespace wscluster {
namespace {

simulation::Random& ids() {
  static simulation::Random random(0);
  return random;
}

}  // namespace

void fill_random(std::span<unsigned char> bytes) {
  for (unsigned char& byte : bytes)
    byte = static_cast<unsigned char>(ids().next());
}

std::uint64_t random_id() {
  return ids().next() | 1U;
}

std::string random_token(std::size_t bytes) {
  std::string raw(bytes, '\0');
  for (char& byte : raw)
    byte = static_cast<char>(ids().next());
  return base64url_encode(raw);
}

void simulation::seed_ids(std::uint64_t seed) noexcept {
  ids() = Random(mix(seed, "ids"));
}

}  // namespace wscluster
