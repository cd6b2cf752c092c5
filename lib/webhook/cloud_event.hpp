// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "auth/secret.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "cluster/handler.hpp"
#include "net/http.hpp"

/// How an application is told and asked (PROTOCOL B.7): CloudEvents 1.0 in HTTP headers, with the attributes of Web
/// PubSub. No I/O.
namespace wscluster::webhook {

/// Of an event to be told.
struct Occurrence {
  std::string_view hub;
  std::string_view name;  ///< "connect", …, or of a client's event
  bool is_user_event = false;
  std::string_view connection;
  std::string_view user;         ///< empty: anonymous
  std::string_view subprotocol;  ///< empty: none
  std::string_view state;        ///< empty: none
  WallClock::time_point time;
};

/// The URL of an event; the names in {hub} and {event} are percent-encoded.
[[nodiscard]] std::string url_of(std::string_view pattern, std::string_view hub, std::string_view event);

/// All headers but ce-id and those of the body. Texts that cannot stand in a header are percent-encoded.
[[nodiscard]] net::HttpFields headers_of(const Occurrence& occurrence, std::string_view origin,
                                         std::span<const auth::Secret> keys);
/// "sha256=HEX[,sha256=HEX]": of the connection id under each key, by which an application knows that it is we.
[[nodiscard]] std::string signature_of(std::string_view connection, std::span<const auth::Secret> keys);

/// Whether the answer to the handshake (OPTIONS) allows our origin.
[[nodiscard]] bool allows_origin(const net::HttpFields& headers, std::string_view origin);

/// What an application answers to a client's event with a status of success; its body is for the client.
[[nodiscard]] Result<cluster::EventReply> reply_of(const net::HttpFields& headers, std::string body);

}  // namespace wscluster::webhook
