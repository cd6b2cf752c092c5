// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace wscluster::websocket {

/// What an upgrade depends on, taken from any HTTP parser. A field that is absent is empty; one that stands on several
/// lines is joined with commas.
struct UpgradeRequest {
  std::string_view method;
  unsigned http_version = 0;  ///< as Beast counts: 10, 11
  std::size_t host_count = 0;
  std::string_view connection;
  std::string_view upgrade;
  std::string_view version;  ///< Sec-WebSocket-Version
  std::string_view key;      ///< Sec-WebSocket-Key
  bool has_body = false;     ///< a Content-Length other than 0, or a Transfer-Encoding
};

/// The answer to a request that is no valid upgrade. With 405 belongs "Allow: GET", with 426 "Upgrade: websocket" and
/// "Sec-WebSocket-Version: 13".
struct Refusal {
  unsigned status = 400;
  std::string_view text;  ///< a constant
};

/// Nothing when the request may become a WebSocket.
[[nodiscard]] std::optional<Refusal> check_upgrade(const UpgradeRequest& request) noexcept;

/// Whether a comma-separated header value names the token, in any case of letters.
[[nodiscard]] bool has_token(std::string_view list, std::string_view token) noexcept;

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);

/// The first of the client's offer (a Sec-WebSocket-Protocol value) that is supported, empty for none. Points into
/// `supported`. Names are compared exactly.
[[nodiscard]] std::string_view select_subprotocol(std::string_view offered,
                                                  std::span<const std::string_view> supported);

/// The head of the 101 answer. No Sec-WebSocket-Protocol line for an empty subprotocol.
[[nodiscard]] std::string upgrade_response(std::string_view accept_key, std::string_view subprotocol = {});

/// A fresh Sec-WebSocket-Key.
[[nodiscard]] std::string make_key();

using HeaderField = std::pair<std::string_view, std::string_view>;

/// The head of a client's request. Neither target nor fields may contain line ends.
[[nodiscard]] std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                                          std::span<const HeaderField> fields = {});

/// The status of an HTTP/1.x answer, 0 when its first line is none.
[[nodiscard]] unsigned status_of(std::string_view head) noexcept;

/// The subprotocol that the server chose (or empty), when `head` (up to and with the empty line) accepts the upgrade
/// asked with `key`. Errc::unavailable for another status than 101, Errc::protocol for a 101 that breaks the rules.
[[nodiscard]] Result<std::string> check_accept(std::string_view head, std::string_view key);

}  // namespace wscluster::websocket
