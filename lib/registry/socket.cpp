// SPDX-License-Identifier: MIT
#include "registry/socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "registry/tls.hpp"

namespace wscluster::registry {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};
using Addresses = Result<std::vector<Address>>;

std::string text_of(int code) {
  return std::generic_category().message(code);
}

Addresses resolve_now(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) return error(Errc::unavailable, std::string("the name is not known: ") + gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

// The system's resolver knows no deadline: past ours its thread is left behind and ends by itself.
Addresses resolve(const std::string& host, std::uint16_t port, TimePoint deadline) {
  if (auto numeric = resolve_now(host, port, AI_NUMERICHOST)) return numeric;
  std::packaged_task<Addresses()> task([host, port] { return resolve_now(host, port, 0); });
  std::future<Addresses> answer = task.get_future();
  std::thread(std::move(task)).detach();
  if (answer.wait_until(deadline) != std::future_status::ready) {
    return error(Errc::timed_out, "the name was not resolved in time");
  }
  return answer.get();
}

Result<Address> unix_address(const std::string& path) {
  Address address;
  sockaddr_un local{};
  if (path.size() >= sizeof local.sun_path) return error(Errc::invalid, "the path is too long");
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  std::memcpy(&address.storage, &local, sizeof local);
  address.length = sizeof local;
  return address;
}

Error connect_error(int code) {
  if (code == ECONNREFUSED || code == ENOENT) {
    return error(Errc::unavailable, text_of(code) + "; is redis-server running there?");
  }
  if (code == EACCES || code == EPERM) return error(Errc::permission, text_of(code));
  return error(Errc::unavailable, text_of(code));
}

Result<Socket> connect_to(const Address& address, TimePoint deadline) {
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return error(Errc::io, "socket: " + text_of(errno));
  if (address.storage.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket.descriptor(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) {
    return socket;
  }
  if (errno != EINPROGRESS && errno != EINTR) return connect_error(errno);
  if (!wait_for(socket.descriptor(), POLLOUT, deadline)) return error(Errc::timed_out, "no answer to connect");
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return connect_error(code);
  return socket;
}

}  // namespace

int milliseconds_until(TimePoint deadline) {
  const auto left = std::chrono::ceil<Duration>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

bool wait_for(int descriptor, short events, TimePoint deadline) {
  for (;;) {
    pollfd entry{descriptor, events, 0};
    const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;  // the next read or write tells why
  }
}

Socket::Socket() noexcept = default;

Socket::Socket(int descriptor) noexcept : descriptor_(descriptor) {}

Socket::~Socket() {
  close();
}

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    tls_ = std::move(other.tls_);
  }
  return *this;
}

void Socket::close() noexcept {
  tls_.reset();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

bool Socket::has_pending() const noexcept {
  return tls_ != nullptr && tls_->has_pending();
}

Result<Socket> Socket::connect(const Target& target, const Options& options, TimePoint deadline) {
  if (!target.path.empty()) {
    const auto address = unix_address(target.path);
    if (!address) return address.error();
    return connect_to(*address, deadline);
  }
  const auto addresses = resolve(target.host, target.port, deadline);
  if (!addresses) return addresses.error();
  Error last = error(Errc::unavailable, "the name has no address");
  for (const Address& address : *addresses) {
    auto socket = connect_to(address, deadline);
    if (!socket) {
      last = socket.error();
      continue;
    }
    if (!target.tls) return socket;
    auto tls = Tls::connect(socket->descriptor_, options, target.host, deadline);
    if (!tls) return tls.error();
    socket->tls_ = std::move(*tls);
    return socket;
  }
  return last;
}

Result<std::size_t> Socket::read_some(std::span<char> into, TimePoint deadline) {
  if (tls_) return tls_->read_some(into, deadline);
  for (;;) {
    const ssize_t count = ::recv(descriptor_, into.data(), into.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return error(Errc::closed, "the server closed the connection");
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return error(Errc::closed, text_of(errno));
    if (!wait_for(descriptor_, POLLIN, deadline)) return error(Errc::timed_out, "no answer in time");
  }
}

Result<> Socket::write_all(std::string_view bytes, TimePoint deadline) {
  if (tls_) return tls_->write_all(bytes, deadline);
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return error(Errc::closed, text_of(errno));
    if (!wait_for(descriptor_, POLLOUT, deadline)) return error(Errc::timed_out, "the server takes no more bytes");
  }
  return {};
}

}  // namespace wscluster::registry
