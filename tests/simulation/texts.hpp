// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Parts of frames whose shape is known.
namespace wscluster::simulation {

/// 0 when there is none.
inline std::uint64_t number_behind(const std::string& text, std::string_view key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + key.size()));
}

inline std::string text_behind(const std::string& text, std::string_view key) {
  const auto at = text.find(key) + key.size();
  return text.substr(at, text.find('"', at) - at);
}

}  // namespace wscluster::simulation
