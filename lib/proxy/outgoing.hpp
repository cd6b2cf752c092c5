// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/close_pace.hpp"
#include "edge/edge.hpp"
#include "metrics/histogram.hpp"
#include "net/http.hpp"
#include "proxy/balancer.hpp"
#include "proxy/connection.hpp"

namespace wscluster::proxy {

/// A request of a client as it is to leave for an application server.
struct Call {
  edge::ConnectionId id = 0;
  std::string method;
  std::string target;                                      ///< path and query
  net::HttpFields headers;                                 ///< as request_headers() made them; Host among them
  std::optional<std::uint64_t> length = std::uint64_t{0};  ///< of the body; not known: it comes in chunks
  std::optional<std::string> user;                         ///< whose owner on the ring gets it; none: anyone
  std::vector<std::string> subprotocols;                   ///< of an upgrade: what the client offers
};

/// Counters of one service on one core.
struct ServiceCounters {
  std::uint64_t requests = 0;
  std::uint64_t answered[6] = {};  ///< by the first digit of the status, ours among them
  std::uint64_t upgrades = 0;      ///< accepted
  std::uint64_t refused = 0;       ///< upgrades
  std::uint64_t connects = 0;
  std::uint64_t reused = 0;  ///< connections
  std::uint64_t retries = 0;
  std::uint64_t unreachable = 0;  ///< 503 of ours
  std::uint64_t broken = 0;       ///< 502 of ours, and answers that were cut
  std::uint64_t timed_out = 0;    ///< 504 of ours
  std::uint64_t ejections = 0;
  std::uint64_t evicted = 0;  ///< WebSockets closed because the ring moved their user

  ServiceCounters& operator+=(const ServiceCounters& other) noexcept;
};

/// What one core knows of one service.
struct Group {
  Balancer balancer;
  ServiceCounters counters;
  TimePoint next_check;
  cluster::ClosePace evictions;
  TimePoint changed_at;                                        ///< the ring, the last time
  metrics::Histogram misplaced_times{metrics::change_bounds};  ///< of WebSockets that were, until their close
};

/// A way to an application server: chooses it, connects, and tries another one where nothing has been sent. Lives on
/// its core in a shared_ptr.
class Outgoing : protected Connection::User, public std::enable_shared_from_this<Outgoing> {
 public:
  Outgoing(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call);
  virtual ~Outgoing();
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  void start();
  /// The client has left.
  virtual void abandon() { release(false); }
  virtual void tick(TimePoint now) = 0;
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] Group& group() const noexcept { return *group_; }

 protected:
  /// There is a connection.
  virtual void on_reached() = 0;
  /// Answers the client with an error of ours; the end.
  void refuse(unsigned status, std::string_view text);
  /// The server is given up: another one if there is time for it, else 503.
  void try_next(std::string_view why);
  void start_again();
  /// Gives the connection back to the pool, or ends it. Nothing comes from it after that.
  void release(bool may_serve_others);
  void count_failure();
  [[nodiscard]] bool has_expired(TimePoint now) const noexcept { return now >= deadline_; }
  void on_connected() override;

  [[nodiscard]] const Options& options() const { return group_->balancer.service().options; }
  [[nodiscard]] std::optional<std::uint64_t> place() const;
  [[nodiscard]] TimePoint now() const;

  Pool& pool_;
  edge::Edge& edge_;
  std::shared_ptr<Group> group_;
  Call call_;
  std::unique_ptr<Connection> connection_;
  std::string server_;  ///< name of the target; empty: none now
  TimePoint deadline_ = TimePoint::max();
  bool is_over_ = false;

 private:
  void dial(const Target& target);

  std::vector<std::string> tried_;
  std::uint64_t attempt_ = 0;
  std::uint64_t retries_ = 0;
};

}  // namespace wscluster::proxy
