// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/data_type.hpp"

namespace wscluster::protocol {

/// A message as it travels through the cluster and waits in it: the tail of its JSON frame, written once where it came
/// in, and where in it the parts are that clients without a subprotocol get. All views into the packed bytes.
struct Envelope {
  DataType type = DataType::json;
  std::string_view tail;  ///< what follows the head of a frame (append_message_head)
  std::string_view from;  ///< JSON string of the user who sent it; empty: an application did
  std::string_view data;  ///< JSON text: the value, a string of text, a string of base64
};

/// Appends the packed envelope of a message to a group. `data_json` is JSON text that suits the type; an empty
/// `from_user_id` (an application sent it) is left out of the frame.
void append_group_envelope(std::string& out, std::string_view group, DataType type, std::string_view data_json,
                           std::string_view from_user_id);
/// The same of a message that an application sends to users or connections.
void append_server_envelope(std::string& out, DataType type, std::string_view data_json);

/// Nothing when the bytes are no packed envelope.
[[nodiscard]] std::optional<Envelope> open_envelope(std::string_view packed) noexcept;

/// What `data_json` of that type means: the text, the JSON text or the bytes. Returns whether they are binary.
bool append_content(std::string& out, DataType type, std::string_view data_json);
/// What a client without a subprotocol gets: the text, the JSON or the bytes alone. Returns whether they are binary.
bool append_bare_data(std::string& out, const Envelope& envelope);
/// What it gets in a service with `raw: relay` when another user sent it: {"from":"alice","data":…}
void append_relayed(std::string& out, const Envelope& envelope);

}  // namespace wscluster::protocol
