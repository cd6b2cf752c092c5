// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The client's side of json.reliable.webpubsub.azure.v1, as far as the load generator speaks it. Pure.
namespace wscluster::load {

inline constexpr std::string_view reliable_subprotocol = "json.reliable.webpubsub.azure.v1";

/// What the server says.
struct ServerFrame {
  enum class Type : std::uint8_t { connected, disconnected, ack, message, pong, unknown };

  Type type = Type::unknown;
  std::string connection_id;       ///< connected
  std::string reconnection_token;  ///< connected
  std::uint64_t ack_id = 0;
  bool is_executed = false;       ///< ack: success, or an error that says it was executed before
  std::string error;              ///< ack: its name
  std::uint64_t sequence_id = 0;  ///< message
  std::string data;               ///< message
  std::string from;               ///< message: uid, empty without
};

/// Nothing when it is no JSON object.
[[nodiscard]] std::optional<ServerFrame> parse_server_frame(std::string_view payload);

void append_join(std::string& out, std::string_view group, std::uint64_t ack_id);
/// `data` needs no escaping in JSON.
void append_publish(std::string& out, std::string_view group, std::uint64_t ack_id, std::string_view data);
void append_sequence_ack(std::string& out, std::uint64_t sequence_id);

/// What a client knows of its session, beyond the life of a socket.
class ReliableSession {
 public:
  enum class Order : std::uint8_t { next, replayed, gap };

  /// The server's `connected`: of a new session, or of this one again.
  void begin(std::string connection_id, std::string reconnection_token);
  /// False: the next `connected` begins a session.
  [[nodiscard]] bool exists() const noexcept { return !connection_id_.empty(); }
  void forget();

  /// Replayed ones have been seen before.
  Order take(std::uint64_t sequence_id) noexcept;
  /// How many messages the server keeps because they were not acknowledged.
  [[nodiscard]] std::uint64_t unacknowledged() const noexcept { return latest_ - acknowledged_; }
  /// The number to acknowledge now.
  std::uint64_t acknowledge() noexcept { return acknowledged_ = latest_; }

  [[nodiscard]] const std::string& connection_id() const noexcept { return connection_id_; }
  [[nodiscard]] const std::string& reconnection_token() const noexcept { return reconnection_token_; }

 private:
  std::string connection_id_;
  std::string reconnection_token_;
  std::uint64_t latest_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace wscluster::load
