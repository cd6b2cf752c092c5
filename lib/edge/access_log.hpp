// SPDX-License-Identifier: MIT
#pragma once

// Private to the sources of this folder.

#include <cstdint>

#include "edge/connection.hpp"

namespace wscluster::edge {

/// One line for each WebSocket that ended.
void log_websocket(const Connection& c, CloseReason reason, std::uint16_t code, std::int64_t now);
/// One line for each request that was answered or will never be.
void log_request(const Connection& c, CloseReason reason, std::int64_t now);

}  // namespace wscluster::edge
