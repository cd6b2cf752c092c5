// SPDX-License-Identifier: MIT
#include "front/connection_limit.hpp"

#include <algorithm>

namespace wscluster::front {
namespace {

/// Files, listeners, Redis, the admin listener and its clients; then links and idle upstream connections of each core.
constexpr std::uint64_t reserve = 256;
constexpr std::uint64_t reserve_per_core = 32;
/// Of an idle TLS connection, resident: 14 KB as measured (README), rounded up.
constexpr std::uint64_t bytes_per_client = 16U << 10U;
/// The rest is for the process itself, handshakes and what is on its way.
constexpr double share_of_clients = 0.7;

}  // namespace

ConnectionLimit connection_limit(std::uint64_t wanted, const Capacity& capacity) noexcept {
  ConnectionLimit limit{wanted, "limits.max_connections"};
  const auto lower = [&](std::uint64_t most, const char* because) {
    if (most < limit.most) limit = {std::max<std::uint64_t>(most, 1), because};
  };
  const std::uint64_t kept = std::min(reserve + reserve_per_core * capacity.cores, capacity.descriptors / 2);
  lower((capacity.descriptors - kept) / (capacity.relays ? 2 : 1), "descriptors");
  if (capacity.memory_ceiling > 0) {
    const double room = share_of_clients * static_cast<double>(capacity.memory_ceiling);
    lower(static_cast<std::uint64_t>(room) / bytes_per_client, "limits.memory");
  }
  return limit;
}

bool relays_clients(const Options& options) noexcept {
  return !options.upstreams.empty() || !options.routes.empty() || options.locator.is_enabled ||
         options.eureka.is_enabled;
}

}  // namespace wscluster::front
