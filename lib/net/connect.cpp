// SPDX-License-Identifier: MIT
#include "net/connect.hpp"

#include "net/core.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace asio = boost::asio;

namespace wscluster::net {
namespace {

using Resolver = asio::ip::tcp::resolver;

Error system_error(const std::string& what, int code) {
  return error(code == ECONNREFUSED || code == EHOSTUNREACH || code == ENETUNREACH || code == ETIMEDOUT
                   ? Errc::unavailable
                   : Errc::io,
               what + ": " + std::strerror(code));
}

Result<> bind_source(int fd, const std::string& source) {
  const auto address = numeric_address({source, 0});
  if (!address) return address.error();
  // Without it each source port is taken for good at bind, and 64k connections per address are the end.
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(fd, address->data(), address->size) != 0) return system_error("cannot bind to " + source, errno);
  return {};
}

std::vector<SocketAddress> addresses_of(const Resolver::results_type& found) {
  std::vector<SocketAddress> addresses;
  for (const auto& entry : found) {
    const auto endpoint = entry.endpoint();
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, endpoint.data(), endpoint.size());
    address.size = static_cast<socklen_t>(endpoint.size());
  }
  return addresses;
}

bool wait_writable(int fd, TimePoint deadline) {
  const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now()).count();
  pollfd item{fd, POLLOUT, 0};
  return ::poll(&item, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000))) == 1;
}

}  // namespace

Result<int> start_connect(const SocketAddress& address, const ConnectOptions& options) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error("cannot open a socket", errno);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (const auto timeout = static_cast<unsigned>(options.user_timeout.count()); timeout > 0) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  }
  if (!options.source_address.empty()) {
    if (const auto bound = bind_source(fd, options.source_address); !bound) {
      ::close(fd);
      return bound.error();
    }
  }
  if (::connect(fd, address.data(), address.size) != 0 && errno != EINPROGRESS) {
    const int code = errno;
    ::close(fd);
    return system_error("cannot connect to " + address.host(), code);
  }
  return fd;
}

Result<> finish_connect(int descriptor) {
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
  if (code != 0) return system_error("cannot connect", code);
  return {};
}

void resolve_later(Core& core, const Endpoint& endpoint, std::function<void(Result<std::vector<SocketAddress>>)> done) {
  auto resolver = std::make_shared<Resolver>(core.context());
  Resolver& resolving = *resolver;
  resolving.async_resolve(endpoint.host, std::to_string(endpoint.port), Resolver::numeric_service,
                          [resolver = std::move(resolver), done = std::move(done), host = endpoint.host](
                              const boost::system::error_code& failed, const Resolver::results_type& found) {
                            if (failed) {
                              done(error(Errc::unavailable, "cannot resolve '" + host + "': " + failed.message()));
                            } else {
                              done(addresses_of(found));
                            }
                          });
}

Result<int> connect_blocking(const Endpoint& endpoint, TimePoint deadline, const ConnectOptions& options) {
  const auto addresses = resolve(endpoint);
  if (!addresses) return addresses.error();
  Error last;
  for (const SocketAddress& address : *addresses) {
    const auto fd = start_connect(address, options);
    if (!fd) {
      last = fd.error();
      continue;
    }
    if (!wait_writable(*fd, deadline)) {
      last = error(Errc::timed_out, "no answer in time");
    } else if (const auto connected = finish_connect(*fd); !connected) {
      last = connected.error();
    } else {
      return *fd;
    }
    ::close(*fd);
  }
  return error(last.code, "cannot connect to " + endpoint.to_string() + ": " + last.message);
}

}  // namespace wscluster::net
