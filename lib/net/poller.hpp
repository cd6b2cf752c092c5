// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wscluster::net {

/// What waits on one descriptor. The Poller does not own it. It may be destroyed inside any callback: use
/// Core::destroy_later() or remove() first; events of a removed watcher in the same batch are dropped.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// `readable` includes hang-up and error: the next read tells.
  virtual void on_ready(bool readable, bool writable) = 0;
};

/// An epoll set for the data path, level-triggered. Asio waits for it as for one descriptor (see Core), so a connection
/// costs no handler, no timer and no system call to wait again.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return epoll_; }
  void add(int descriptor, Watcher& watcher, bool readable = true, bool writable = false);
  /// Changes what is waited for; a system call, so only when it changes.
  void modify(int descriptor, Watcher& watcher, bool readable, bool writable);
  void remove(int descriptor, Watcher& watcher);
  /// Handles at most one batch of ready watchers without waiting; true when the batch was full (call again).
  bool poll();
  /// Callbacks that threw.
  [[nodiscard]] std::uint64_t lost_callbacks() const noexcept { return lost_; }

 private:
  int epoll_ = -1;
  std::size_t next_ = 0;         ///< first entry of batch_ that has not been called
  std::vector<Watcher*> batch_;  ///< watchers of the batch in work; null when removed meanwhile
  std::uint64_t lost_ = 0;
};

}  // namespace wscluster::net
