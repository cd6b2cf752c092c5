// SPDX-License-Identifier: MIT
#include "websession/modified_utf8.hpp"

#include <cstdint>

namespace wscluster::websession {
namespace {

/// Takes one UTF-16 unit from the front.
std::optional<std::uint32_t> take_unit(std::string_view& rest) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  const auto continues = [&](std::size_t at) { return at < rest.size() && (byte(at) & 0xc0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    rest.remove_prefix(1);
    return first;
  }
  if ((first & 0xe0U) == 0xc0U && continues(1)) {
    const std::uint32_t unit = (first & 0x1fU) << 6U | (byte(1) & 0x3fU);
    rest.remove_prefix(2);
    if (unit != 0 && unit < 0x80) return std::nullopt;
    return unit;
  }
  if ((first & 0xf0U) == 0xe0U && continues(1) && continues(2)) {
    const std::uint32_t unit = (first & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
    rest.remove_prefix(3);
    if (unit < 0x800) return std::nullopt;
    return unit;
  }
  return std::nullopt;
}

void append(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      put(0xe0U | point >> 12U);
    } else {
      put(0xf0U | point >> 18U);
      put(0x80U | (point >> 12U & 0x3fU));
    }
    put(0x80U | (point >> 6U & 0x3fU));
  }
  put(0x80U | (point & 0x3fU));
}

bool is_high(std::uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low(std::uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

}  // namespace

std::optional<std::string> decode_modified_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    auto point = take_unit(bytes);
    if (!point || is_low(*point)) return std::nullopt;
    if (is_high(*point)) {
      const auto low = bytes.empty() ? std::nullopt : take_unit(bytes);
      if (!low || !is_low(*low)) return std::nullopt;
      point = 0x10000 + ((*point - 0xd800) << 10U) + (*low - 0xdc00);
    }
    append(out, *point);
  }
  return out;
}

}  // namespace wscluster::websession
