// SPDX-License-Identifier: MIT
#include "protocol/envelope.hpp"

#include <array>

#include "base/text.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/server_frames.hpp"

namespace wscluster::protocol {
namespace {

/// Before the tail: u8 type; u32 each: where `from` begins, its size, where `data` begins. Little-endian. Data is the
/// last of the tail, before its brace.
constexpr std::size_t header_bytes = 13;

void put(std::string& out, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i)
    out[at + i] = static_cast<char>(value >> (8 * i));
}

std::uint32_t get(std::string_view bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

void append_packed(std::string& out, DataType type, std::string_view group, std::string_view data_json,
                   std::string_view from_user_id) {
  const std::size_t start = out.size();
  const std::size_t tail = start + header_bytes;
  out.resize(tail);
  out[start] = static_cast<char>(type);
  const TailParts parts = group.empty() ? append_server_tail(out, type, data_json)
                                        : append_group_tail(out, group, type, data_json, from_user_id);
  put(out, start + 1, static_cast<std::uint32_t>(parts.from_at - tail));
  put(out, start + 5, static_cast<std::uint32_t>(parts.from_size));
  put(out, start + 9, static_cast<std::uint32_t>(parts.data_at - tail));
}

}  // namespace

void append_group_envelope(std::string& out, std::string_view group, DataType type, std::string_view data_json,
                           std::string_view from_user_id) {
  append_packed(out, type, group, data_json, from_user_id);
}

void append_server_envelope(std::string& out, DataType type, std::string_view data_json) {
  append_packed(out, type, {}, data_json, {});
}

std::optional<Envelope> open_envelope(std::string_view packed) noexcept {
  if (packed.size() <= header_bytes) return std::nullopt;
  Envelope envelope;
  const auto type = static_cast<std::uint8_t>(packed.front());
  if (type < static_cast<std::uint8_t>(DataType::json) || type > static_cast<std::uint8_t>(DataType::protobuf))
    return std::nullopt;
  envelope.type = static_cast<DataType>(type);
  envelope.tail = packed.substr(header_bytes);
  const std::size_t from_at = get(packed, 1);
  const std::size_t from_size = get(packed, 5);
  const std::size_t data_at = get(packed, 9);
  const std::size_t end = envelope.tail.size() - 1;
  if (from_at > end || from_size > end - from_at || data_at >= end) return std::nullopt;
  envelope.from = envelope.tail.substr(from_at, from_size);
  envelope.data = envelope.tail.substr(data_at, end - data_at);
  return envelope;
}

bool append_bare_data(std::string& out, const Envelope& envelope) {
  return append_content(out, envelope.type, envelope.data);
}

bool append_content(std::string& out, DataType type, std::string_view data_json) {
  const bool is_string = data_json.size() >= 2 && data_json.front() == '"';
  if (type == DataType::json || !is_string) {
    out += data_json;
    return false;
  }
  const std::string_view content = data_json.substr(1, data_json.size() - 2);
  if (type == DataType::text) {
    append_unescaped(out, content);
    return false;
  }
  out += base64_decode(content).value_or("");
  return true;
}

void append_relayed(std::string& out, const Envelope& envelope) {
  out += R"({"from":)";
  out += envelope.from;
  out += R"(,"data":)";
  out += envelope.data;
  out.push_back('}');
}

}  // namespace wscluster::protocol
