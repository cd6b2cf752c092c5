// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/codec.hpp"

namespace wscluster::cluster {

/// A way to one core of one process: over a link, over a mailbox to another core of this process, or back to this core.
/// The low 8 bits are the destination core (wire::this_core for answers), the rest names the link. 0: none. A broken
/// link's id never comes back.
using PathId = std::uint64_t;
using LinkId = std::uint64_t;

[[nodiscard]] constexpr LinkId link_of(PathId path) noexcept {
  return path >> 8U;
}
[[nodiscard]] constexpr std::uint8_t destination_of(PathId path) noexcept {
  return static_cast<std::uint8_t>(path);
}
[[nodiscard]] constexpr PathId make_path(LinkId link, std::uint8_t destination) noexcept {
  return link << 8U | destination;
}

/// The world outside of the pure machines of one core. Frames on one path arrive in order or, when its link breaks, not
/// at all; the machines are then told by on_link_down().
class Network {
 public:
  virtual ~Network() = default;
  /// The way to a shard of that life of a node; 0 when there is no link now. Always the same one while the link lives.
  [[nodiscard]] virtual PathId path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) = 0;
  /// Where frames for that path are collected until the end of the turn; null when the link is broken.
  [[nodiscard]] virtual std::string* output(PathId path) = 0;
  /// It does not leave this process.
  [[nodiscard]] virtual bool is_local(PathId path) const = 0;

  /// False when the link is broken.
  template <class F>
  bool send(PathId path, const F& frame) {
    std::string* out = output(path);
    if (out == nullptr) return false;
    wire::append(*out, frame, destination_of(path));
    return true;
  }
};

}  // namespace wscluster::cluster
