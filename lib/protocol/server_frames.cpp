// SPDX-License-Identifier: MIT
#include "protocol/server_frames.hpp"

#include <array>
#include <charconv>

#include "base/text.hpp"

namespace wscluster::protocol {
namespace {

void append_integer(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  static_cast<void>(failed);
  out.append(digits.data(), end);
}

/// Returns where the data begins.
std::size_t append_typed_data(std::string& out, DataType type, std::string_view data_json) {
  out += R"("dataType":")";
  out += to_string(type);
  out += R"(","data":)";
  const std::size_t at = out.size();
  out += data_json;
  out.push_back('}');
  return at;
}

}  // namespace

std::string_view to_string(AckError error) noexcept {
  switch (error) {
    case AckError::bad_request:
      return "BadRequest";
    case AckError::forbidden:
      return "Forbidden";
    case AckError::not_found:
      return "NotFound";
    case AckError::duplicate:
      return "Duplicate";
    case AckError::invocation_failed:
      return "InvocationFailed";
    case AckError::timeout:
      return "Timeout";
    case AckError::internal_server_error:
      break;
  }
  return "InternalServerError";
}

void append_connected(std::string& out, std::string_view user_id, std::string_view connection_id,
                      std::string_view reconnection_token) {
  out += R"({"type":"system","event":"connected")";
  if (!user_id.empty()) {
    out += R"(,"userId":)";
    append_json_string(out, user_id);
  }
  out += R"(,"connectionId":)";
  append_json_string(out, connection_id);
  if (!reconnection_token.empty()) {
    out += R"(,"reconnectionToken":)";
    append_json_string(out, reconnection_token);
  }
  out.push_back('}');
}

void append_disconnected(std::string& out, std::string_view message) {
  out += R"({"type":"system","event":"disconnected","message":)";
  append_json_string(out, message);
  out.push_back('}');
}

void append_ack(std::string& out, std::uint64_t ack_id) {
  out += R"({"type":"ack","ackId":)";
  append_integer(out, ack_id);
  out += R"(,"success":true})";
}

void append_ack_error(std::string& out, std::uint64_t ack_id, AckError error, std::string_view message) {
  out += R"({"type":"ack","ackId":)";
  append_integer(out, ack_id);
  out += R"(,"success":false,"error":{"name":")";
  out += to_string(error);
  out += R"(","message":)";
  append_json_string(out, message);
  out += "}}";
}

void append_duplicate(std::string& out, std::uint64_t ack_id) {
  append_ack_error(out, ack_id, AckError::duplicate,
                   "Message with ack-id: " + std::to_string(ack_id) + " has been processed");
}

void append_pong(std::string& out) {
  out += R"({"type":"pong"})";
}

void append_message_head(std::string& out, std::uint64_t sequence_id) {
  out.push_back('{');
  if (sequence_id == 0) return;
  out += R"("sequenceId":)";
  append_integer(out, sequence_id);
  out.push_back(',');
}

TailParts append_group_tail(std::string& out, std::string_view group, DataType type, std::string_view data_json,
                            std::string_view from_user_id) {
  out += R"("type":"message","from":"group","group":)";
  append_json_string(out, group);
  out.push_back(',');
  TailParts parts{out.size(), 0, 0};
  if (!from_user_id.empty()) {
    out += R"("fromUserId":)";
    parts.from_at = out.size();
    append_json_string(out, from_user_id);
    parts.from_size = out.size() - parts.from_at;
    out.push_back(',');
  }
  parts.data_at = append_typed_data(out, type, data_json);
  return parts;
}

TailParts append_server_tail(std::string& out, DataType type, std::string_view data_json) {
  out += R"("type":"message","from":"server",)";
  const std::size_t here = out.size();
  return {here, 0, append_typed_data(out, type, data_json)};
}

void append_data(std::string& out, DataType type, std::string_view body) {
  if (type == DataType::json) {
    out += body;
  } else if (type == DataType::text) {
    append_json_string(out, body);
  } else {
    out.push_back('"');
    out += base64_encode(body);
    out.push_back('"');
  }
}

}  // namespace wscluster::protocol
