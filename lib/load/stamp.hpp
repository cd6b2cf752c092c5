// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wscluster::load {

/// What every message carries at its beginning, so that whoever receives it can tell which one it is and how long it
/// took.
struct Stamp {
  std::uint32_t run = 0;         ///< a message of another run is not counted
  std::uint32_t sender = 0;      ///< index of the connection
  std::uint32_t recipient = 0;   ///< index of the connection that is to get it; the sender itself when echoed
  std::uint32_t sequence = 0;    ///< per sender, from 0, without gaps
  std::uint64_t planned_us = 0;  ///< since the start of the traffic
  std::uint64_t sent_us = 0;     ///< the same clock, when it was really written

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// A message is never shorter than this.
inline constexpr std::size_t stamp_bytes = 60;

/// Appends the stamp as printable text and padding up to `size_bytes` in all. Needs no escaping in JSON.
void append_payload(std::string& out, const Stamp& stamp, std::size_t size_bytes);
/// Nothing when it is not such a text.
[[nodiscard]] std::optional<Stamp> parse_stamp(std::string_view payload);

}  // namespace wscluster::load
