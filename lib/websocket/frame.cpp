// SPDX-License-Identifier: MIT
#include "websocket/frame.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace wscluster::websocket {
namespace {

constexpr unsigned fin_bit = 0x80;
constexpr unsigned mask_bit = 0x80;

void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned shift = bytes * 8; shift != 0; shift -= 8)
    out.push_back(static_cast<char>(value >> (shift - 8)));
}

void append_header(std::string& out, Opcode opcode, bool fin, std::uint64_t payload_bytes, unsigned masked) {
  out.push_back(static_cast<char>(static_cast<unsigned>(opcode) | (fin ? fin_bit : 0U)));
  if (payload_bytes < 126) {
    out.push_back(static_cast<char>(static_cast<unsigned>(payload_bytes) | masked));
  } else if (payload_bytes <= 0xFFFF) {
    out.push_back(static_cast<char>(126U | masked));
    append_big_endian(out, payload_bytes, 2);
  } else {
    out.push_back(static_cast<char>(127U | masked));
    append_big_endian(out, payload_bytes, 8);
  }
}

std::string_view cut_between_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end);
}

}  // namespace

bool is_valid_close_code(std::uint16_t code) noexcept {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= CloseCode::normal && code <= CloseCode::unsupported_data) ||
         (code >= CloseCode::invalid_payload && code <= CloseCode::bad_gateway);
}

void append_frame_header(std::string& out, Opcode opcode, bool fin, std::uint64_t payload_bytes) {
  append_header(out, opcode, fin, payload_bytes, 0);
}

void append_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload) {
  append_header(out, opcode, fin, payload.size(), 0);
  out.append(payload);
}

void append_masked_frame(std::string& out, Opcode opcode, bool fin, std::string_view payload, std::uint32_t mask) {
  append_header(out, opcode, fin, payload.size(), mask_bit);
  std::array<char, sizeof mask> key{};
  std::memcpy(key.data(), &mask, sizeof mask);
  out.append(key.data(), key.size());
  const std::size_t begin = out.size();
  out.append(payload);
  apply_mask(std::span(out).subspan(begin), mask);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason, std::optional<std::uint32_t> mask) {
  std::array<char, max_control_payload_bytes> payload{};
  std::size_t size = 0;
  if (is_valid_close_code(code)) {
    const std::string_view kept = cut_between_characters(reason, max_close_reason_bytes);
    payload[0] = static_cast<char>(code >> 8U);
    payload[1] = static_cast<char>(code & 0xFFU);
    kept.copy(payload.data() + 2, kept.size());
    size = 2 + kept.size();
  }
  const std::string_view body(payload.data(), size);
  if (mask) {
    append_masked_frame(out, Opcode::close, true, body, *mask);
  } else {
    append_frame(out, Opcode::close, true, body);
  }
}

std::uint32_t apply_mask(std::span<char> bytes, std::uint32_t mask) noexcept {
  if (mask == 0) return 0;
  const std::uint64_t wide = std::uint64_t{mask} << 32U | mask;
  char* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof wide; left -= sizeof wide, p += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    word ^= wide;
    std::memcpy(p, &word, sizeof word);
  }
  std::array<char, sizeof mask> key{};
  std::memcpy(key.data(), &mask, sizeof mask);
  for (std::size_t i = 0; i < left; ++i)
    p[i] = static_cast<char>(p[i] ^ key[i % key.size()]);
  const int turn = static_cast<int>(bytes.size() % sizeof mask * 8);
  return std::endian::native == std::endian::little ? std::rotr(mask, turn) : std::rotl(mask, turn);
}

}  // namespace wscluster::websocket
