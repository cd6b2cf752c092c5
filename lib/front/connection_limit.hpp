// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "front/options.hpp"

namespace wscluster::front {

/// What the clients of one process share.
struct Capacity {
  std::uint64_t descriptors = 0;     ///< that this process may have
  unsigned cores = 1;                ///< each has links and sockets of its own
  bool relays = false;               ///< a client may need a second descriptor, to an application server
  std::uint64_t memory_ceiling = 0;  ///< bytes; 0: none
};

struct ConnectionLimit {
  std::uint64_t most = 0;
  const char* because = "";  ///< what sets it: limits.max_connections, descriptors or limits.memory
};

/// How many clients there can really be: the least of what is wanted, what the descriptors leave and what the memory
/// holds.
[[nodiscard]] ConnectionLimit connection_limit(std::uint64_t wanted, const Capacity& capacity) noexcept;

/// Whether clients of a gateway with these options may be passed on to application servers.
[[nodiscard]] bool relays_clients(const Options& options) noexcept;

}  // namespace wscluster::front
