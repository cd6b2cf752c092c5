// SPDX-License-Identifier: MIT
#include "websocket/utf8.hpp"

#include <cstring>

namespace wscluster::websocket {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080U;

const char* skip_ascii(const char* p, const char* end) noexcept {
  while (end - p >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    if ((word & high_bits) != 0) break;
    p += 8;
  }
  while (p != end && static_cast<unsigned char>(*p) < 0x80)
    ++p;
  return p;
}

}  // namespace

bool Utf8Check::begin_character(unsigned char lead) noexcept {
  lowest_ = 0x80;
  highest_ = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    awaited_ = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    awaited_ = 2;
    if (lead == 0xE0) lowest_ = 0xA0;   // shorter encodings exist below
    if (lead == 0xED) highest_ = 0x9F;  // surrogates lie above
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    awaited_ = 3;
    if (lead == 0xF0) lowest_ = 0x90;
    if (lead == 0xF4) highest_ = 0x8F;  // U+10FFFF is the last
  } else {
    return false;
  }
  return true;
}

bool Utf8Check::feed(std::string_view bytes) noexcept {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end) {
    if (awaited_ == 0) {
      p = skip_ascii(p, end);
      if (p == end) return true;
      if (!begin_character(static_cast<unsigned char>(*p++))) return false;
      continue;
    }
    const auto byte = static_cast<unsigned char>(*p++);
    if (byte < lowest_ || byte > highest_) return false;
    lowest_ = 0x80;
    highest_ = 0xBF;
    --awaited_;
  }
  return true;
}

}  // namespace wscluster::websocket
