// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "net/address.hpp"

#include <functional>
#include <string>
#include <vector>

namespace wscluster::net {

class Core;

struct ConnectOptions {
  std::string source_address;  ///< bind to this address (port by the system, chosen at connect); empty: any
  Duration user_timeout{0};    ///< TCP_USER_TIMEOUT; 0: the system's
};

/// Begins to connect without blocking; the caller owns the descriptor (TCP_NODELAY set), waits until it is writable and
/// asks finish_connect().
[[nodiscard]] Result<int> start_connect(const SocketAddress& address, const ConnectOptions& options = {});
[[nodiscard]] Result<> finish_connect(int descriptor);

/// Looks a name up on a helper thread and calls back on the core, always later, also for numeric addresses. Core only.
void resolve_later(Core& core, const Endpoint& endpoint, std::function<void(Result<std::vector<SocketAddress>>)> done);

/// Connects and waits: for commands only. Tries each address until the deadline; the descriptor stays non-blocking.
[[nodiscard]] Result<int> connect_blocking(const Endpoint& endpoint, TimePoint deadline,
                                           const ConnectOptions& options = {});

}  // namespace wscluster::net
