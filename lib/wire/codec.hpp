// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/frames.hpp"

/// Bytes of a frame: u32 little-endian length of what follows, u8 type, u8 destination core, then fields, each
/// a varint key (number × 4 + kind: 0 varint, 1 fixed 8 bytes, 2 length and bytes) and its value. Fields equal to 0 or
/// empty are left out.
namespace wscluster::wire {

inline constexpr std::size_t header_bytes = 6;
/// Destination of answers: the core that holds the link.
inline constexpr std::uint8_t this_core = 0xFF;

/// One frame found in a byte stream; `body` points into it.
struct Raw {
  FrameType type{};
  std::uint8_t to = this_core;
  std::string_view body;
  std::size_t size = 0;  ///< whole frame with header
};

/// Appends the whole frame.
template <class F>
void append(std::string& out, const F& frame, std::uint8_t to = this_core);
void append(std::string& out, const Frame& frame, std::uint8_t to = this_core);

enum class CutStatus : std::uint8_t { ok, incomplete, too_large };
/// Finds the first frame in `bytes`.
[[nodiscard]] CutStatus cut(std::string_view bytes, std::size_t max_frame_bytes, Raw& raw) noexcept;

/// Reads the fields. Fails on a known type with broken fields; unknown fields are skipped. An unknown type is
/// Errc::not_found: the caller skips the frame.
[[nodiscard]] Result<Frame> decode(const Raw& raw);

/// For the hot path: decodes the body of a type the caller has already seen in `raw.type`. False when broken.
template <class F>
[[nodiscard]] bool decode_into(std::string_view body, F& frame);

/// Decodes the body as an F and calls `call(frame)`; a broken one is skipped.
template <class F, class Call>
void with(const Raw& raw, Call call) {
  F frame;
  if (decode_into(raw.body, frame)) call(frame);
}

}  // namespace wscluster::wire
