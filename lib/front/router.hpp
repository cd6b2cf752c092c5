// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "edge/edge.hpp"
#include "front/options.hpp"
#include "front/provenance.hpp"
#include "front/routes.hpp"
#include "proxy/proxy.hpp"
#include "websession/core_finder.hpp"

namespace wscluster::front {

struct RouterCounters {
  std::uint64_t refused_users = 0;    ///< 400, 401: no user, or none that may be
  std::uint64_t refused_origins = 0;  ///< 403
  std::uint64_t refused_paths = 0;    ///< 400: paths that climb
};

/// Where requests of one core go that are not for this process: finds the route and the user and gives the request to
/// the proxy. A gateway has one, a node has none. Core only.
class Router {
 public:
  Router(edge::Edge& edge, proxy::Proxy& proxy, const Options& options);

  void use_routes(std::shared_ptr<const Routes> routes) { routes_ = std::move(routes); }
  void use_sessions(websession::CoreFinder& sessions) { sessions_ = &sessions; }

  /// What becomes of a request.
  enum class Outcome : std::uint8_t {
    none,   ///< no route: it is for this process
    inner,  ///< for a service of this cluster's nodes: `request` is as if it had come without the route
    taken,  ///< answered, or will be
  };
  [[nodiscard]] bool streams(const net::HttpRequest& head) const;
  [[nodiscard]] Outcome request(edge::ConnectionId id, edge::Request& request);
  [[nodiscard]] Outcome upgrade(edge::ConnectionId id, edge::Request& request);
  void on_body(edge::ConnectionId id, std::string_view bytes, bool is_last);
  void on_gone(edge::ConnectionId id) { waiting_.erase(id); }

  [[nodiscard]] const RouterCounters& counters() const noexcept { return counters_; }

 private:
  enum class Purpose : std::uint8_t { request, upgrade, negotiation };
  /// A request about whose user somebody is asked.
  struct Waiting {
    edge::Request request;
    std::shared_ptr<const Route> route;
    Purpose purpose = Purpose::request;
    std::string body;  ///< that came meanwhile
    bool has_whole_body = false;
  };

  [[nodiscard]] std::shared_ptr<const Route> route_of(const edge::Request& request) const;
  [[nodiscard]] Outcome dispatch(edge::ConnectionId id, edge::Request& request, Purpose purpose);
  void find_user(edge::ConnectionId id, const std::shared_ptr<const Route>& route, edge::Request& request,
                 Purpose purpose);
  void ask_session(edge::ConnectionId id, const std::shared_ptr<const Route>& route, edge::Request& request,
                   Purpose purpose);
  void on_session(edge::ConnectionId id, const Result<std::optional<std::string>>& user);
  /// False: the request was refused.
  bool pass(edge::ConnectionId id, const Route& route, const edge::Request& request, Purpose purpose,
            const Result<std::optional<std::string>>& user);
  /// How to connect, as two-step clients ask.
  void negotiate(edge::ConnectionId id, const Route& route, const edge::Request& request, const std::string& user);

  edge::Edge& edge_;
  proxy::Proxy& proxy_;
  const Options& options_;
  TrustedProxies trusted_;
  std::shared_ptr<const Routes> routes_;
  websession::CoreFinder* sessions_ = nullptr;
  RouterCounters counters_;
  std::unordered_map<edge::ConnectionId, Waiting> waiting_;
};

}  // namespace wscluster::front
