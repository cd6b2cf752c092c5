// SPDX-License-Identifier: MIT
/// @file
/// What the fuzzers of signed tokens share: the key that they sign with, and a time.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace wscluster::fuzz {

inline constexpr std::string_view key_text = "fuzz";
inline const WallClock::time_point now{std::chrono::seconds(1795340000)};

inline void demand(bool condition) {
  if (!condition) std::abort();
}

/// HMAC-SHA256, raw.
inline std::string signature_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_text.data(), static_cast<int>(key_text.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

}  // namespace wscluster::fuzz
