// SPDX-License-Identifier: MIT
#pragma once

#include "base/endpoint.hpp"

#include <sys/socket.h>
#include <string>
#include <vector>

namespace wscluster::net {

/// A numeric address and port as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  /// Without port; an IPv4 client of an IPv6 socket is shown as IPv4.
  [[nodiscard]] std::string host() const;
  [[nodiscard]] bool is_loopback() const noexcept;
};

/// Never blocks: fails when the host is a name.
[[nodiscard]] Result<SocketAddress> numeric_address(const Endpoint& endpoint);
/// Blocks while names are looked up: at start and in commands only. At least one address, best first.
[[nodiscard]] Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint);
[[nodiscard]] std::uint16_t local_port(int descriptor);

}  // namespace wscluster::net
