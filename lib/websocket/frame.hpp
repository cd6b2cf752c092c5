// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// RFC 6455 without I/O: bytes in, messages out, and the other way round. Nothing here is shared between cores.
namespace wscluster::websocket {

/// Wire values; persistent, do not renumber.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Which of the two kinds of message; both ends of a link agree on these numbers: persistent, do not renumber.
enum class MessageKind : std::uint8_t { text = 1, binary = 2 };

/// Wire values (RFC 6455 section 7.4 and the IANA registry); persistent, do not renumber. A peer may also send 3000 to
/// 4999.
struct CloseCode {
  static constexpr std::uint16_t normal = 1000;
  static constexpr std::uint16_t going_away = 1001;
  static constexpr std::uint16_t protocol_error = 1002;
  static constexpr std::uint16_t unsupported_data = 1003;
  static constexpr std::uint16_t no_status = 1005;  ///< stands for a close frame without a code; never on the wire
  static constexpr std::uint16_t abnormal = 1006;   ///< stands for a connection lost without a close; never on the wire
  static constexpr std::uint16_t invalid_payload = 1007;
  static constexpr std::uint16_t policy_violation = 1008;
  static constexpr std::uint16_t message_too_big = 1009;
  static constexpr std::uint16_t internal_error = 1011;
  static constexpr std::uint16_t service_restart = 1012;
  static constexpr std::uint16_t try_again_later = 1013;
  static constexpr std::uint16_t bad_gateway = 1014;
};

/// Whether the code may appear in a close frame.
[[nodiscard]] bool is_valid_close_code(std::uint16_t code) noexcept;

inline constexpr std::size_t max_control_payload_bytes = 125;
inline constexpr std::size_t max_close_reason_bytes = max_control_payload_bytes - 2;
/// Of the longest frame header: two bytes, a 64-bit length, a mask.
inline constexpr std::size_t max_header_bytes = 14;

/// Only the header of an unmasked frame, for a payload that is written from elsewhere right after it.
void append_frame_header(std::string& out, Opcode opcode, bool fin, std::uint64_t payload_bytes);
/// A server's frame.
void append_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload);
/// A client's frame. The four bytes of `mask` go out as they lie in memory; take them from a random source.
void append_masked_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload, std::uint32_t mask);

/// A close frame, masked when `mask` is given. The reason is cut at max_close_reason_bytes, never inside a character.
/// A code that may not stand on the wire (no_status, abnormal, …) makes a close frame without a body, so that whatever
/// ended one side can be passed on to the other.
void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  std::optional<std::uint32_t> mask = std::nullopt);

/// XORs in place (masking and unmasking are the same) and returns the mask for the byte that follows.
std::uint32_t apply_mask(std::span<char> bytes, std::uint32_t mask) noexcept;

}  // namespace wscluster::websocket
