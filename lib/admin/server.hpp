// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "edge/edge.hpp"
#include "net/listener.hpp"

namespace wscluster::admin {

/// One line of /readyz?verbose.
struct Check {
  std::string name;
  bool is_good = false;
  std::string why;  ///< shown when it is not
};

/// What the server asks its process. Called on the server's core.
struct Sources {
  std::function<std::vector<Check>()> checks;
  /// Gathers the metrics of all cores and calls back, on the same core, with the text.
  std::function<void(std::function<void(std::string)>)> metrics;
};

/// The operators' HTTP listener: /livez, /readyz (?verbose, ?exclude=NAME), /metrics, and /fail, which takes the
/// process out of /readyz (PUT, with the reason as body) and back (DELETE) and touches nothing else. On one core, apart
/// from the clients' limits.
class Server final : public edge::Application {
 public:
  /// Throws Failure when it cannot listen. Refuses an address that is not loopback: there is no authentication here.
  Server(net::Core& core, const Endpoint& address, Sources sources);
  ~Server() override;

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return listener_.local_endpoint(); }
  /// An operator said so; until he takes it back, or the process ends.
  [[nodiscard]] bool is_failed_by_hand() const noexcept { return failed_because_.has_value(); }

 private:
  void on_request(edge::ConnectionId id, edge::Request request) override;
  void on_upgrade(edge::ConnectionId id, edge::Request request) override;
  void on_message(edge::ConnectionId, websocket::MessageKind, std::string_view) override {}
  void on_written(edge::ConnectionId, std::uint64_t) override {}
  void on_gone(edge::ConnectionId, edge::CloseReason, std::uint16_t) override {}
  [[nodiscard]] edge::Response readiness(const edge::Request& request) const;
  [[nodiscard]] edge::Response fail(const edge::Request& request);

  Sources sources_;
  std::optional<std::string> failed_because_;
  edge::Options options_;
  edge::Edge edge_;
  net::Listener listener_;
};

}  // namespace wscluster::admin
