// SPDX-License-Identifier: MIT
#pragma once

#include "net/core.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <functional>
#include <future>
#include <string>
#include <utility>

namespace wscluster::net::test {

/// Runs on the core's thread and waits for it.
template <class Function>
auto run_on(Core& core, Function function) {
  std::packaged_task<decltype(function())()> task(std::move(function));
  auto result = task.get_future();
  core.post([&task] { task(); });
  return result.get();
}

/// Declared after everything that the core calls: the core stands still before they go.
struct StopAtExit {
  explicit StopAtExit(Core& running) : core(running) {}
  ~StopAtExit() {
    core.stop();
    core.join();
  }
  StopAtExit(const StopAtExit&) = delete;
  StopAtExit& operator=(const StopAtExit&) = delete;
  Core& core;
};

/// A connected, non-blocking pair with small buffers when asked for.
inline std::pair<int, int> socket_pair(int buffer_bytes = 0) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  for (const int fd : fds) {
    if (buffer_bytes > 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  }
  return {fds[0], fds[1]};
}

inline bool is_readable(int fd, int milliseconds = 0) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, milliseconds) == 1;
}

/// Both ends in turn until both are done or one failed.
inline std::pair<IoStatus, IoStatus> handshake(Stream& client, Stream& server) {
  IoStatus at_client = IoStatus::would_block;
  IoStatus at_server = IoStatus::would_block;
  for (int i = 0; i < 50; ++i) {
    if (at_client == IoStatus::would_block) at_client = client.handshake();
    if (at_server == IoStatus::would_block) at_server = server.handshake();
    if (at_client != IoStatus::would_block && at_server != IoStatus::would_block) break;
  }
  return {at_client, at_server};
}

/// Everything that is there now, as the contract of Stream::read() demands.
inline std::string read_all(Stream& stream, std::size_t buffer_bytes = 4096, IoStatus* end = nullptr) {
  std::string all;
  std::string buffer(buffer_bytes, '\0');
  for (;;) {
    const IoResult result = stream.read(buffer);
    if (result.status != IoStatus::ok) {
      if (end != nullptr) *end = result.status;
      return all;
    }
    all.append(buffer.data(), result.bytes);
  }
}

inline const SelfSigned& certificate() {
  static const SelfSigned made = make_self_signed("localhost", {"localhost", "127.0.0.1"}, 30);
  return made;
}

inline TlsServer tls_server() {
  return TlsServer::from_pem(certificate().certificate, certificate().key).value();
}

}  // namespace wscluster::net::test
