// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace wscluster::net {

/// What waits on one descriptor. The Poller does not own it. It may be destroyed inside any callback: use
/// Core::destroy_later() or remove() first; events of a removed watcher in the same batch are dropped.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// `readable` includes hang-up and error: the next read tells.
  virtual void on_ready(bool readable, bool writable) = 0;
};

/// An epoll set, level-triggered: what a core sleeps in. A connection costs no handler, no timer and no system call to
/// wait again.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int descriptor, Watcher& watcher, bool readable = true, bool writable = false);
  /// Changes what is waited for; a system call, so only when it changes.
  void modify(int descriptor, Watcher& watcher, bool readable, bool writable);
  void remove(int descriptor, Watcher& watcher);
  /// Waits at most so long for ready watchers; true when there may be more than the batch takes.
  bool wait(Duration patience);
  /// Calls the watchers that wait() found.
  void dispatch();
  /// Callbacks that threw.
  [[nodiscard]] std::uint64_t lost_callbacks() const noexcept { return lost_; }

 private:
  int epoll_ = -1;
  std::size_t next_ = 0;  ///< first entry of batch_ that has not been called
  struct Ready {
    Watcher* watcher;  ///< null when removed meanwhile
    std::uint32_t mask;
  };
  std::vector<Ready> batch_;
  std::uint64_t lost_ = 0;
};

}  // namespace wscluster::net
