// SPDX-License-Identifier: MIT
#include "net/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <array>
#include <cstring>

namespace wscluster::net {
namespace {

const sockaddr_in& as_v4(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in&>(storage);
}
const sockaddr_in6& as_v6(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in6&>(storage);
}

bool is_mapped(const sockaddr_storage& storage) {
  return storage.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&as_v6(storage).sin6_addr);
}

Result<std::vector<SocketAddress>> look_up(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (code != 0) {
    return error(code == EAI_AGAIN ? Errc::unavailable : Errc::not_found,
                 "cannot resolve '" + endpoint.host + "': " + ::gai_strerror(code));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* item = found; item != nullptr; item = item->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &as_v4(storage).sin_addr, text.data(), text.size());
  } else if (is_mapped(storage)) {
    ::inet_ntop(AF_INET, as_v6(storage).sin6_addr.s6_addr + 12, text.data(), text.size());
  } else if (family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &as_v6(storage).sin6_addr, text.data(), text.size());
  }
  return text.data();
}

bool SocketAddress::is_loopback() const noexcept {
  if (family() == AF_INET) return (ntohl(as_v4(storage).sin_addr.s_addr) >> 24U) == 127;
  if (is_mapped(storage)) return as_v6(storage).sin6_addr.s6_addr[12] == 127;
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&as_v6(storage).sin6_addr);
}

Result<SocketAddress> numeric_address(const Endpoint& endpoint) {
  const auto found = look_up(endpoint, AI_NUMERICHOST);
  if (!found) return found.error();
  return found->front();
}

Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint) {
  return look_up(endpoint, 0);
}

std::uint16_t local_port(int descriptor) {
  SocketAddress address;
  ::getsockname(descriptor, address.data(), &address.size);
  return ntohs(address.family() == AF_INET6 ? as_v6(address.storage).sin6_port : as_v4(address.storage).sin_port);
}

}  // namespace wscluster::net
