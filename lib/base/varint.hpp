// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Numbers of 1 to 10 bytes, 7 bits each, the low ones first; texts with their length before them.
namespace wscluster {

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

inline void append_sized(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

/// Takes one from the front of `bytes`; nothing when they end too early or the number has more than 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> take_varint(std::string_view& bytes) noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      if (shift == 63 && byte > 1) return std::nullopt;
      return value;
    }
  }
  return std::nullopt;
}

[[nodiscard]] inline std::optional<std::string_view> take_sized(std::string_view& bytes) noexcept {
  const auto size = take_varint(bytes);
  if (!size || *size > bytes.size()) return std::nullopt;
  const std::string_view text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return text;
}

}  // namespace wscluster
