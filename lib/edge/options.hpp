// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::edge {

/// What is written to the log about clients.
enum class AccessLog : std::uint8_t { off, websockets, all };

/// Limits and deadlines of client connections. Checked by problems().
struct Options {
  std::uint64_t max_connections = 100'000;      ///< per edge (core); beyond it new sockets are closed at once
  std::uint64_t max_handshakes = 64;            ///< TLS handshakes that work per core; further clients wait their turn
  std::uint64_t max_open_handshakes = 1'024;    ///< with those that wait for their client, which cost memory only
  std::uint64_t max_head_bytes = 16U << 10U;    ///< request line and headers
  std::uint64_t max_body_bytes = 1U << 20U;     ///< body of an ordinary request
  std::uint64_t max_message_bytes = 1U << 20U;  ///< one WebSocket message
  Duration handshake_timeout{
      10'000};                    ///< for the first byte of a TLS client, then for its handshake once its turn has come
  Duration head_timeout{10'000};  ///< first byte to end of the HTTP head
  Duration body_timeout{30'000};  ///< whole body of an ordinary request
  Duration keep_alive_timeout{60'000};  ///< idle HTTP connection between requests
  Duration ping_interval{25'000};       ///< server ping on a silent WebSocket (spread over the sessions); 0: none
  Duration idle_timeout{75'000};        ///< no frame and no pong for so long: dead; 0: never
  Duration close_timeout{2'000};        ///< waiting for the client's Close; then, without TLS, for its FIN
  Duration close_notify_flush_timeout{3'000};  ///< for the kernel to take the close_notify that ends TLS
  Duration close_notify_read_timeout{2'000};   ///< then waiting for the client's
  Duration write_timeout{30'000};              ///< queued output without any progress for so long: slow consumer
  AccessLog access = AccessLog::off;
  Duration user_timeout{30'000};  ///< TCP_USER_TIMEOUT
};

/// Contradictions between fields, each a sentence; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::edge
