// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "net/connect.hpp"

namespace wscluster::net {
class Core;
}

namespace wscluster::proxy {

class Connection;

/// The connections of one core to the application servers of one service: those that wait for the next request, and
/// where each server is found. Core only.
class Pool {
 public:
  explicit Pool(net::Core& core);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// One that waits, else null.
  [[nodiscard]] std::unique_ptr<Connection> take(const std::string& target);
  /// For the next request, if there are not more than `most` already.
  void put(std::unique_ptr<Connection> connection, std::uint64_t most);
  /// Later, when it may be inside one of its own events.
  void discard(std::unique_ptr<Connection> connection);
  /// A fresh one, whose connecting has begun or will; its user hears.
  [[nodiscard]] std::unique_ptr<Connection> make(const std::string& target);
  /// Calls back later with where it is, or why that is not known.
  void locate(const Endpoint& endpoint, std::function<void(Result<net::SocketAddress>)> done);

  /// Ends those that have waited for longer than `keep_alive`, and all of servers that `is_wanted` does not know.
  void sweep(TimePoint now, Duration keep_alive, const std::function<bool(const std::string&)>& is_wanted);
  [[nodiscard]] std::size_t idle() const;

  // For Connection.
  [[nodiscard]] net::Core& core() noexcept { return core_; }
  [[nodiscard]] std::span<char> input() noexcept;
  void flush_later(Connection& connection);
  void forget(Connection& connection);
  void drop_idle(Connection& connection);

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    TimePoint since;
  };
  /// Names are asked anew after a while.
  struct Place {
    std::vector<net::SocketAddress> addresses;
    std::size_t next = 0;
    TimePoint until;
    bool is_asked = false;
    std::vector<std::function<void(Result<net::SocketAddress>)>> waiting;
  };
  struct State;

  void on_located(const Endpoint& endpoint, Result<std::vector<net::SocketAddress>> found);

  net::Core& core_;
  std::map<std::string, std::vector<Idle>> idle_;
  std::map<Endpoint, Place> places_;
  std::shared_ptr<State> state_;  ///< the core's hooks know it weakly
};

}  // namespace wscluster::proxy
