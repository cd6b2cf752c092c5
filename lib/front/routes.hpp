// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/secret.hpp"
#include "edge/edge.hpp"
#include "front/options.hpp"
#include "front/origins.hpp"
#include "front/route_options.hpp"

namespace wscluster::front {

/// A route with its keys read.
struct Route {
  std::string name;
  std::string host;  ///< lower-case
  std::string path;  ///< without the "/**"
  bool covers_all_below = false;
  unsigned strip_prefix = 0;
  std::string service;  ///< also of its own servers, which make a service of that name: "route:NAME"
  UserSource user;
  UserFor user_for = UserFor::websockets;
  std::vector<auth::Secret> keys;
  OriginList origins;

  [[nodiscard]] bool matches(std::string_view wanted_host, std::string_view wanted_path) const;
};

/// Which route a request takes. Immutable; the cores share it, and get another one when keys were read again.
class Routes {
 public:
  /// Reads the key files. Throws Failure that names the file.
  explicit Routes(const Options& options);

  /// Of those that match, one with a host stands before one without, then the longest path stands before others. Our
  /// own paths belong to a route only when it names a host. `knows`: whether an upstream service of that name is there.
  [[nodiscard]] std::shared_ptr<const Route> find(std::string_view host, std::string_view path,
                                                  const std::function<bool(std::string_view)>& knows) const;
  /// The first one that leads there; null: none.
  [[nodiscard]] std::shared_ptr<const Route> to_service(const std::string& service) const;
  [[nodiscard]] bool is_empty() const noexcept { return routes_.empty() && !locator_; }

 private:
  [[nodiscard]] std::shared_ptr<const Route> located(const std::string& service) const;

  std::vector<std::shared_ptr<const Route>> routes_;  ///< the first that matches
  std::shared_ptr<const Route> locator_;              ///< the model of its routes; null: off
  std::vector<std::string> own_paths_;                ///< of our services
};

/// The service that a route's own servers make.
[[nodiscard]] std::string service_of_route(std::string_view route);

/// The Host header without its port, lower-case.
[[nodiscard]] std::string host_of(const std::optional<std::string_view>& header);
/// Some server would read it as another path: it holds . or .. segments, also escaped.
[[nodiscard]] bool climbs(std::string_view path);

/// Whose the request says it is; not for UserSource::session, which is asked elsewhere. Nothing where it says none;
/// Errc::permission (401) or Errc::invalid (400).
[[nodiscard]] Result<std::optional<std::string>> user_of(const Route& route, const edge::Request& request);

}  // namespace wscluster::front
