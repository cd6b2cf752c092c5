// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/data_type.hpp"

namespace wscluster::cluster {

/// Whose session it is, as an application is told. The views hold during the call.
struct Caller {
  std::string_view connection;   ///< connection id
  std::string_view user;         ///< empty: anonymous
  std::string_view subprotocol;  ///< empty: none
  std::string_view state;        ///< what the application has said last in EventReply::state
};

struct ClientEvent {
  std::string_view name;
  protocol::DataType type = protocol::DataType::json;
  std::string_view data;  ///< the text, the JSON text or the bytes
};

/// What an application answers to an event.
struct EventReply {
  bool is_done = true;  ///< false: it was refused, or nobody could be asked
  std::string error;    ///< for the client, when it is not done
  struct Message {
    protocol::DataType type = protocol::DataType::text;
    std::string data;
  };
  std::optional<Message> message;    ///< to this client, before its ack
  std::optional<std::string> state;  ///< kept with the session, wherever it goes; opaque
};

/// The application behind a service, on one core: hears of the sessions that are held there. A move or a recovery is no
/// event. What it has to say to a session goes through Holder::on_reply or an order, never from inside these calls.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_connected(const Caller& caller) = 0;
  /// Once for each that was connected, unless its node died. `reason` is what its client was told, or empty.
  virtual void on_disconnected(const Caller& caller, std::string_view reason) = 0;
  /// False: nobody handles events of this name. True: Holder::on_reply is called with `number`, once, later. Events of
  /// one connection are to be handled in order.
  virtual bool on_event(const Caller& caller, const ClientEvent& event, std::uint64_t number) = 0;
};

}  // namespace wscluster::cluster
