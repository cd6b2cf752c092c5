// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/data_type.hpp"

/// What clients of the JSON subprotocols are told. Each function appends one frame, or the part of it that it names.
/// All texts are UTF-8.
namespace wscluster::protocol {

/// Names of ack errors that SDKs know. They send again after every one but Duplicate.
enum class AckError : std::uint8_t {
  bad_request,
  forbidden,
  not_found,
  duplicate,
  invocation_failed,
  timeout,
  internal_server_error,
};

[[nodiscard]] std::string_view to_string(AckError error) noexcept;

/// An empty `user_id` (anonymous) and an empty `reconnection_token` (not reliable) are left out.
void append_connected(std::string& out, std::string_view user_id, std::string_view connection_id,
                      std::string_view reconnection_token);
void append_disconnected(std::string& out, std::string_view message);
void append_ack(std::string& out, std::uint64_t ack_id);
void append_ack_error(std::string& out, std::uint64_t ack_id, AckError error, std::string_view message);
/// The ack error for an id that was executed before.
void append_duplicate(std::string& out, std::uint64_t ack_id);
void append_pong(std::string& out);

/// A message is a head, different for each session, and a tail, the same for all. Without `sequence_id` (0) it is for
/// sessions that are not reliable.
void append_message_head(std::string& out, std::uint64_t sequence_id);

/// Where in `out` the parts of a tail stand; its data ends before the last character.
struct TailParts {
  std::size_t from_at = 0;  ///< the JSON string of the user
  std::size_t from_size = 0;
  std::size_t data_at = 0;
};
/// `data_json` is JSON text that suits the type. An empty `from_user_id` (an application sent it) is left out.
TailParts append_group_tail(std::string& out, std::string_view group, DataType type, std::string_view data_json,
                            std::string_view from_user_id);
TailParts append_server_tail(std::string& out, DataType type, std::string_view data_json);

/// The `data_json` of a body as applications send it: JSON as it is, text as a string, bytes as base64.
void append_data(std::string& out, DataType type, std::string_view body);

}  // namespace wscluster::protocol
