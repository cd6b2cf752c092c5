// SPDX-License-Identifier: MIT
#include "net/listener.hpp"

#include "base/log.hpp"
#include "net/address.hpp"
#include "net/core.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace wscluster::net {
namespace {

/// The kernel takes the lesser of this and net.core.somaxconn.
constexpr int backlog = 65'535;
/// What is established does not wait for more of them.
constexpr int max_accepts_per_turn = 16;
constexpr Duration back_off{100};

[[noreturn]] void fail_to_listen(const Endpoint& address, int code) {
  std::string hint;
  if (code == EADDRINUSE)
    hint = "another process listens there: stop it or choose another port (0: the system chooses)";
  if (code == EACCES) hint = "ports below 1024 need CAP_NET_BIND_SERVICE: choose another port or grant it";
  if (code == EADDRNOTAVAIL) hint = "this host has no such address: see `ip address`";
  throw Failure(ExitCode::os_error, "cannot listen on " + address.to_string() + ": " + std::strerror(code), hint);
}

int open_socket(const Endpoint& address, const SocketAddress& where) {
  const int fd = ::socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_to_listen(address, errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, where.data(), where.size) != 0 || ::listen(fd, backlog) != 0) {
    const int code = errno;
    ::close(fd);
    fail_to_listen(address, code);
  }
  return fd;
}

SocketAddress resolve_or_throw(const Endpoint& address) {
  auto found = resolve(address);
  if (!found)
    throw Failure(ExitCode::os_error, "cannot listen on " + address.to_string() + ": " + found.error().message);
  return found->front();
}

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

struct Listener::State final : Watcher {
  State(Core& on, const Endpoint& address, std::function<void(Accepted)> take)
      : core(on),
        accepted(std::move(take)),
        fd(open_socket(address, resolve_or_throw(address))),
        spare(open_spare()),
        local(address) {
    local.port = local_port(fd);
  }
  ~State() override {
    if (is_listening) core.poller().remove(fd, *this);
    ::close(fd);
    if (spare >= 0) ::close(spare);
  }

  void on_ready(bool, bool) override {
    for (int i = 0; i < max_accepts_per_turn && is_listening; ++i) {
      SocketAddress from;
      const int socket = ::accept4(fd, from.data(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        accepted({socket, from.host(), from.is_loopback()});
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        refuse_one();
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      }
    }
  }

  /// No descriptor left: the spare one is given up for a moment to close the waiting client in order instead of letting
  /// it hang.
  void refuse_one() {
    if (refused++ == 0) {
      log::error("net", "no file descriptor left for a new client: raise `ulimit -n`", {{"listen", local.to_string()}});
    }
    if (spare >= 0) {
      ::close(spare);
      if (const int socket = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); socket >= 0) ::close(socket);
      spare = open_spare();
    }
    if (spare < 0) {
      listen(false);
      retry_at = core.now() + back_off;
    }
  }

  void on_tick(TimePoint now) {
    if (retry_at == TimePoint{} || now < retry_at) return;
    retry_at = {};
    spare = open_spare();
    if (!is_paused) listen(true);
  }

  void listen(bool on) {
    if (on == is_listening) return;
    is_listening = on;
    if (on) {
      core.poller().add(fd, *this);
    } else {
      core.poller().remove(fd, *this);
    }
  }

  Core& core;
  std::function<void(Accepted)> accepted;
  int fd;
  int spare;
  Endpoint local;
  bool is_listening = false;
  bool is_paused = false;
  TimePoint retry_at{};  ///< none: the epoch of the clock
  std::uint64_t refused = 0;
};

Listener::Listener(Core& core, const Endpoint& address, std::function<void(Accepted)> accepted)
    : state_(std::make_shared<State>(core, address, std::move(accepted))) {
  state_->listen(true);
  core.on_tick([weak = std::weak_ptr<State>(state_)](TimePoint now) {
    if (const auto state = weak.lock()) state->on_tick(now);
  });
}

Listener::~Listener() = default;

const Endpoint& Listener::local_endpoint() const noexcept {
  return state_->local;
}

void Listener::pause() {
  state_->is_paused = true;
  state_->listen(false);
}

void Listener::resume() {
  state_->is_paused = false;
  if (state_->retry_at == TimePoint{}) state_->listen(true);
}

std::uint64_t Listener::out_of_descriptors() const noexcept {
  return state_->refused;
}

std::function<void(Accepted)> distribute(std::span<Core* const> cores, std::function<void(Core&, Accepted)> take) {
  using Take = const std::function<void(Core&, Accepted)>;
  return [all = std::vector<Core*>(cores.begin(), cores.end()), shared = std::make_shared<Take>(std::move(take)),
          next = std::size_t{0}](Accepted accepted) mutable {
    Core& core = *all[next++ % all.size()];
    if (core.is_current()) return (*shared)(core, std::move(accepted));
    core.post([&core, shared, accepted = std::move(accepted)]() mutable { (*shared)(core, std::move(accepted)); });
  };
}

}  // namespace wscluster::net
