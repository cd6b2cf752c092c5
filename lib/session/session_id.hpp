// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wscluster::session {

/// A connection id: the key's hash (so it routes under any ring, DESIGN section 4 and PROTOCOL C.1) and 128 random
/// bits. 24 bytes on links, base64url for people.
struct SessionId {
  std::uint64_t hash = 0;
  std::array<std::uint64_t, 2> random{};

  [[nodiscard]] static SessionId make(std::uint64_t hash);
  /// From the 24 bytes of a link frame; all zero when the size is wrong.
  [[nodiscard]] static SessionId from_bytes(std::string_view bytes) noexcept;
  /// From the text that people, tokens and REST paths have; nothing when it is none.
  [[nodiscard]] static std::optional<SessionId> parse(std::string_view text);
  [[nodiscard]] std::array<char, 24> bytes() const noexcept;
  /// The same in place.
  [[nodiscard]] std::string_view view() const noexcept { return {reinterpret_cast<const char*>(this), sizeof *this}; }
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

static_assert(sizeof(SessionId) == 24);

}  // namespace wscluster::session
