// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "registry/options.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {

/// A private redis-server child with nothing on disk, on a free port and a Unix socket; ended with this object, or with
/// the test program if that dies.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// kill -9 and, for start(), a new and empty server at the same address.
  void kill();
  void start();
  void freeze();
  void thaw();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string socket_path() const { return folder_ + "/redis.sock"; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }

 private:
  void launch();
  [[nodiscard]] bool answers() const;

  std::vector<std::string> arguments_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

/// Asked of the system, free a moment ago.
std::uint16_t free_port();

/// A child that ends with the test program, its output nowhere.
pid_t spawn(std::vector<std::string> words);

/// One server for all tests that need nothing special.
RedisServer& shared_redis();

/// For that server, with short leases and a cluster name that no other test has.
Options fresh_options();

/// A registration that joins `chat`, with a fresh incarnation and no cores to tick.
Registration node_named(const std::string& name);

ring::Member up_member(const Registration& registration, double weight = 1);

/// Epoch 1 with these, written; aborts the test program if that fails.
ring::Document write_first(Store& store, const std::vector<Registration>& nodes);

/// The successor with these members; not written.
ring::Document next_of(const ring::Document& from, std::vector<ring::Member> members, std::uint64_t done_through);

/// Whether it becomes true within ten seconds; asks every few milliseconds.
template <class Condition>
bool eventually(Condition condition);

}  // namespace wscluster::registry

#include <thread>

template <class Condition>
bool wscluster::registry::eventually(Condition condition) {
  const TimePoint deadline = Clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(Duration(3));
  }
  return true;
}
