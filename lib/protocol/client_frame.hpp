// SPDX-License-Identifier: MIT
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/data_type.hpp"

/// What clients of the JSON subprotocols say.
namespace wscluster::protocol {

inline constexpr std::string_view json_subprotocol = "json.webpubsub.azure.v1";
inline constexpr std::string_view reliable_subprotocol = "json.reliable.webpubsub.azure.v1";

/// Arrays and objects in each other, the frame itself included.
inline constexpr unsigned max_frame_depth = 64;
/// The close code for a frame that is no JSON, or a wrong one without an ack id.
inline constexpr std::uint16_t bad_frame_close_code = 1007;

struct ClientFrame {
  enum class Kind : std::uint8_t {
    join_group,
    leave_group,
    send_to_group,
    event,
    sequence_ack,
    ping,
    unsupported,  ///< a type that is not known here; answered only when it has an ack id
  };

  Kind kind = Kind::ping;
  std::optional<std::uint64_t> ack_id;
  std::string_view group;  ///< of the first three: checked
  std::string_view event;  ///< of an event: checked
  DataType data_type = DataType::json;
  std::string_view data;  ///< JSON as it was written; base64 in quotes for binary and protobuf, checked
  bool no_echo = false;
  std::uint64_t sequence_id = 0;
};

/// Why a frame was not accepted. One that is JSON but breaks a rule and has an ack id is answered with an ack error,
/// any other with bad_frame_close_code.
struct FrameFault {
  enum class Kind : std::uint8_t { not_json, too_deep, lone_surrogate, bad_field };

  Kind kind = Kind::not_json;
  std::size_t at = 0;                   ///< byte of the frame
  std::string what;                     ///< for the client
  std::optional<std::uint64_t> ack_id;  ///< only with bad_field
};

using ParsedFrame = boost::system::result<ClientFrame, FrameFault>;

/// Reads frames once from front to back. Order of fields is free, unknown fields are skipped, of a field that stands
/// twice the last one counts, null in an optional field is like none. Allocates nothing but room for texts that are
/// written with escapes, which it keeps.
class ClientFrameParser {
 public:
  /// `text` is UTF-8. The frame points into it and into this parser, so it holds until the next call.
  [[nodiscard]] ParsedFrame parse(std::string_view text);

 private:
  std::string unescaped_;
};

}  // namespace wscluster::protocol
