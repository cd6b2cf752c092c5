// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::cluster {

/// What a message of a client without a subprotocol does.
enum class RawMode : std::uint8_t {
  echo,   ///< comes back to the same session
  relay,  ///< {"to":"uid","data":…} goes to that user and is answered with its receipt
};

/// What happens when a client does not read and its outbox is full.
enum class SlowConsumer : std::uint8_t { close, drop_oldest, drop_newest };

/// One service as its holders and senders see it. The same values on every process of the cluster.
struct ServiceOptions {
  std::string name;
  RawMode raw = RawMode::relay;
  SlowConsumer slow_consumer = SlowConsumer::close;
  std::uint64_t outbox_messages = 4096;      ///< waiting for one session, beyond the window in flight
  std::uint64_t outbox_bytes = 4U << 20U;    ///< the same in bytes
  std::uint64_t window_messages = 1024;      ///< sent to the edge and not yet written to the client's socket
  std::uint64_t window_bytes = 512U << 10U;  ///< the same in bytes; also what an edge may send ahead of `accepted`
  std::uint64_t max_open_sends = 256;  ///< of one session, waiting for a receipt; beyond it the client is not read
  std::uint64_t max_sessions_per_user = 64;
  Duration hold{10'000};                 ///< messages for an evicted user wait so long for the return
  std::uint64_t hold_messages = 256;     ///< of one user
  std::uint64_t hold_bytes = 1U << 20U;  ///< of one user
  Duration send_timeout{5'000};          ///< of a send that names no deadline
};

[[nodiscard]] std::vector<std::string> problems(const ServiceOptions& options);

}  // namespace wscluster::cluster
