// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/edge.hpp"
#include "metrics/histogram.hpp"
#include "net/http_pool.hpp"
#include "proxy/outgoing.hpp"
#include "proxy/pool.hpp"
#include "proxy/table.hpp"

namespace wscluster::proxy {

class Exchange;
class Relay;

/// What one core knows of one service, copied out for a scrape.
struct ServiceReport {
  ServiceCounters counters;
  std::size_t requests = 0;    ///< under way
  std::size_t websockets = 0;  ///< open
  std::size_t misplaced = 0;   ///< of them, whose user belongs elsewhere
  metrics::Histogram misplaced_times{metrics::change_bounds};
  std::size_t servers = 0;
  std::size_t ejected = 0;
  std::size_t sick = 0;
  std::uint64_t epoch = 0;
};

/// The reverse proxy of one core: HTTP requests and WebSockets of clients, carried to application servers. Evicts the
/// WebSockets whose user a ring change moves, at a set rate. Core only.
class Proxy {
 public:
  /// `cores`: how many share the rate of evictions.
  Proxy(net::Core& core, edge::Edge& edge, unsigned cores, std::uint64_t max_message_bytes);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// WebSockets of a service that has no server left stay, until their server ends them.
  void adopt(std::shared_ptr<const Table> table);
  [[nodiscard]] bool knows(std::string_view service) const;
  /// Where the user's requests go now.
  struct Owner {
    std::string server;
    Endpoint endpoint;
    std::uint64_t epoch = 0;
  };
  [[nodiscard]] std::optional<Owner> owner_of(std::string_view service, std::string_view user) const;

  /// A request that streams, or an upgrade; both are answered.
  void request(const std::string& service, Call call);
  void upgrade(const std::string& service, Call call);

  // What the edge says of connections; of others than ours nothing happens.
  void on_body(edge::ConnectionId id, std::string_view bytes, bool is_last);
  void on_drained(edge::ConnectionId id);
  void on_message(edge::ConnectionId id, bool is_binary, std::string_view payload);
  void on_written(edge::ConnectionId id);
  void on_gone(edge::ConnectionId id, std::uint16_t code);

  [[nodiscard]] std::map<std::string, ServiceReport> report() const;
  [[nodiscard]] std::size_t idle_connections() const { return pool_.idle(); }
  [[nodiscard]] std::size_t open() const noexcept { return exchanges_.size() + relays_.size(); }

 private:
  void tick(TimePoint now);
  void find_moved();
  void evict(TimePoint now);
  void note_settled(Group& group) const;
  void check_health(TimePoint now);
  [[nodiscard]] std::shared_ptr<Group> group_of(std::string_view service);
  void drop_finished();

  net::Core& core_;
  edge::Edge& edge_;
  unsigned cores_;
  std::uint64_t max_message_bytes_;
  std::shared_ptr<const Table> table_ = std::make_shared<const Table>();
  Pool pool_;
  net::HttpPool checks_;
  std::map<std::string, std::shared_ptr<Group>, std::less<>> groups_;
  std::unordered_map<edge::ConnectionId, std::shared_ptr<Exchange>> exchanges_;
  std::unordered_map<edge::ConnectionId, std::shared_ptr<Relay>> relays_;
  std::vector<std::shared_ptr<Relay>> leaving_;  ///< the client has gone, the server's end is awaited
  TimePoint next_sweep_;
  std::uint64_t jitter_ = 1;
  std::deque<edge::ConnectionId> moved_;                                    ///< to be closed
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  ///< later callbacks look
};

}  // namespace wscluster::proxy
