// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::proxy {

/// Who gets a request that belongs to no user.
enum class Balance : std::uint8_t { round_robin, least_connections };

/// What becomes of a user whose owner cannot be reached.
enum class Unreachable : std::uint8_t {
  fail,  ///< 503: the ring decides, and a registry changes the ring
  next,  ///< the next one on the ring, until the owner is back; then the WebSocket is closed with 1012
};

/// How the application servers of one service are spoken to. Counts are per core.
struct Options {
  Balance balance = Balance::round_robin;
  Unreachable unreachable = Unreachable::fail;
  Duration connect_timeout{2'000};
  Duration response_timeout{30'000};       ///< from the end of the request to the head of the answer
  Duration idle_timeout{60'000};           ///< between two pieces of a body, either way
  Duration keep_alive{30'000};             ///< a connection without a request is kept so long
  std::uint64_t max_idle = 64;             ///< of them, per server
  std::uint64_t max_connections = 10'000;  ///< per server: requests and WebSockets; beyond it 503
  std::uint64_t retries = 2;               ///< of what was certainly not executed
  std::uint64_t eject_after = 5;           ///< failures in a row; 0: never
  Duration eject_time{10'000};             ///< times how often in a row, at most ten times
  std::string health_path;                 ///< asked for with GET; empty: no checks
  Duration health_interval{5'000};
  std::uint64_t max_head_bytes = 32U << 10U;  ///< of an answer
  double evict_rate = 500;  ///< WebSockets closed per second by the whole gateway, when the ring moves them
};

/// Contradictions between fields, each a sentence; empty when usable.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::proxy
