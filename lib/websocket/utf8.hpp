// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace wscluster::websocket {

/// Checks UTF-8 that arrives in pieces cut anywhere and fails at the first byte that no valid text can contain.
class Utf8Check {
 public:
  /// False once the bytes so far cannot begin a valid text. Do not go on after false.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;
  /// False inside a character.
  [[nodiscard]] bool is_complete() const noexcept { return awaited_ == 0; }

 private:
  [[nodiscard]] bool begin_character(unsigned char lead) noexcept;

  std::uint8_t awaited_ = 0;    ///< continuation bytes still to come
  std::uint8_t lowest_ = 0x80;  ///< bounds of the next one: the first after some lead bytes is narrower
  std::uint8_t highest_ = 0xBF;
};

}  // namespace wscluster::websocket
