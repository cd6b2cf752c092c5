// SPDX-License-Identifier: MIT
#pragma once

#include "base/endpoint.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace wscluster::net {

class Core;

/// An accepted socket: non-blocking, TCP_NODELAY. Whoever receives it closes it.
struct Accepted {
  int descriptor = -1;
  std::string peer;          ///< the client's address without port
  bool is_loopback = false;  ///< the client is on this host
};

/// Listens on one address and accepts on one core. Make it before the core starts or on the core; destroy it likewise.
class Listener {
 public:
  /// Throws Failure(os_error) that names the address and the remedy. Begins to accept at once (the kernel queues until
  /// the core runs).
  Listener(Core& core, const Endpoint& address, std::function<void(Accepted)> accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The address with the real port when port 0 was asked for.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;
  /// Stops and continues accepting; meanwhile the kernel's backlog fills. Core only.
  void pause();
  void resume();
  /// Connections closed at once because no descriptor was left. Core only.
  [[nodiscard]] std::uint64_t out_of_descriptors() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Hands sockets to the cores in turn: give it to a Listener. `take` runs on the chosen core; `cores` outlive the
/// listener.
[[nodiscard]] std::function<void(Accepted)> distribute(std::span<Core* const> cores,
                                                       std::function<void(Core&, Accepted)> take);

}  // namespace wscluster::net
