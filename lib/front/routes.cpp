// SPDX-License-Identifier: MIT
#include "front/routes.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "auth/token.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "front/doors.hpp"

namespace wscluster::front {
namespace {

std::shared_ptr<const Route> make_route(const RouteOptions& options) {
  auto route = std::make_shared<Route>();
  route->name = options.name;
  route->host = to_lower(options.host);
  route->path = options.path;
  if (route->path.ends_with("/**")) {
    route->path.resize(route->path.size() - 3);
    route->covers_all_below = true;
  }
  route->strip_prefix = static_cast<unsigned>(options.strip_prefix);
  constexpr std::string_view balanced = "lb://";
  route->service = options.to.front().starts_with(balanced) ? to_lower(options.to.front().substr(balanced.size()))
                                                            : service_of_route(options.name);
  route->user = UserSource::parse(options.user).value();
  route->user_for = options.user_for;
  route->keys = read_keys(options.key_files, "routes." + options.name + ".key_files");
  route->origins = OriginList(options.origins, options.missing_origin);
  return route;
}

bool matches_host(std::string_view pattern, std::string_view host) {
  if (pattern.empty()) return true;
  if (!pattern.starts_with("*.")) return pattern == host;
  return host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1));
}

/// Those that say more stand first.
bool is_closer(const std::shared_ptr<const Route>& a, const std::shared_ptr<const Route>& b) {
  const auto rank = [](const Route& route) { return route.host.empty() ? 0 : route.host.starts_with('*') ? 1 : 2; };
  if (rank(*a) != rank(*b)) return rank(*a) > rank(*b);
  if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
  return !a->covers_all_below && b->covers_all_below;
}

Result<std::optional<std::string>> checked(std::string_view uid) {
  std::string user(uid);
  if (const auto good = check_uid(user); !good) return good.error();
  return std::optional<std::string>(std::move(user));
}

Result<std::optional<std::string>> user_in_token(const Route& route, const edge::Request& request) {
  std::string_view token = bearer_token(request);
  if (token.empty()) token = request.parameter("access_token").value_or("");
  if (token.empty()) return std::optional<std::string>();
  const auto claims = auth::verify_token(token, route.keys, WallClock::now());
  if (!claims) return claims.error();
  if (route.user.name == "sub") return checked(claims->subject);
  boost::system::error_code failed;
  const auto payload = boost::json::parse(claims->raw_json, failed);
  const auto* value = payload.is_object() ? payload.get_object().if_contains(route.user.name) : nullptr;
  if (value == nullptr || !value->is_string())
    return error(Errc::permission, "the token has no text under the claim '" + route.user.name + "'");
  return checked(value->get_string());
}

std::optional<std::string> cookie_in(const edge::Request& request, std::string_view wanted) {
  for (const auto& [name, value] : request.headers) {
    if (!iequals(name, "Cookie")) continue;
    for (const std::string_view item : split(value, ';')) {
      const std::string_view pair = trim(item);
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == wanted)
        return percent_decode(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

}  // namespace

bool Route::matches(std::string_view wanted_host, std::string_view wanted_path) const {
  if (!matches_host(host, wanted_host)) return false;
  if (wanted_path == path) return true;
  return covers_all_below && wanted_path.starts_with(path) && wanted_path.substr(path.size()).starts_with('/');
}

Routes::Routes(const Options& options) {
  for (const RouteOptions& route : options.routes)
    routes_.push_back(make_route(route));
  std::stable_sort(routes_.begin(), routes_.end(), is_closer);
  if (options.locator.is_enabled) {
    RouteOptions model;
    model.name = "locator";
    model.to = {"lb://locator"};
    model.strip_prefix = 1;
    model.user = options.locator.user;
    model.user_for = options.locator.user_for;
    auto route = std::make_shared<Route>(*make_route(model));
    route->keys = read_keys(options.locator.key_files, "locator.key_files");
    locator_ = std::move(route);
  }
  for (const ServiceDoor& door : options.services)
    own_paths_.insert(own_paths_.end(), door.paths.begin(), door.paths.end());
}

std::shared_ptr<const Route> Routes::find(std::string_view host, std::string_view path,
                                          const std::function<bool(std::string_view)>& knows) const {
  const bool is_own = is_reserved_path(path) || path == "/client" || path.starts_with("/client/") ||
                      std::find(own_paths_.begin(), own_paths_.end(), path) != own_paths_.end();
  for (const auto& route : routes_) {
    if ((!is_own || !route->host.empty()) && route->matches(host, path)) return route;
  }
  if (!locator_ || is_own || !path.starts_with('/')) return nullptr;
  const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
  const std::string service = to_lower(segment);
  if (service.empty() || !knows(service)) return nullptr;
  return located(service);
}

std::shared_ptr<const Route> Routes::to_service(const std::string& service) const {
  for (const auto& route : routes_) {
    if (route->service == service) return route;
  }
  return locator_ && !service.empty() ? located(service) : nullptr;
}

std::shared_ptr<const Route> Routes::located(const std::string& service) const {
  auto route = std::make_shared<Route>(*locator_);
  route->service = service;
  route->path = "/" + service;
  return route;
}

std::string service_of_route(std::string_view route) {
  return "route:" + std::string(route);
}

std::string host_of(const std::optional<std::string_view>& header) {
  if (!header) return {};
  std::string_view host = *header;
  const std::size_t end = host.starts_with('[') ? host.find(']') : host.find(':');
  if (host.starts_with('[')) {
    host = host.substr(0, end == std::string_view::npos ? end : end + 1);
  } else {
    host = host.substr(0, end);
  }
  return to_lower(host);
}

bool climbs(std::string_view path) {
  const auto segments = split(path, '/');
  return std::any_of(segments.begin(), segments.end(), [](std::string_view segment) {
    const auto name = percent_decode(segment);
    if (!name) return true;
    // What stands behind a semicolon some servers take off first.
    const std::string_view bare = std::string_view(*name).substr(0, name->find(';'));
    return bare == "." || bare == ".." || bare.find('/') != std::string_view::npos ||
           bare.find('\\') != std::string_view::npos;
  });
}

Result<std::optional<std::string>> user_of(const Route& route, const edge::Request& request) {
  const auto said = [](const auto& value) -> Result<std::optional<std::string>> {
    if (!value) return std::optional<std::string>();
    return checked(*value);
  };
  switch (route.user.kind) {
    case UserSource::Kind::none:
    case UserSource::Kind::session:
      return std::optional<std::string>();
    case UserSource::Kind::jwt:
      return user_in_token(route, request);
    case UserSource::Kind::query:
      return said(request.parameter(route.user.name));
    case UserSource::Kind::header:
      return said(request.header(route.user.name));
    case UserSource::Kind::cookie:
      return said(cookie_in(request, route.user.name));
  }
  return std::optional<std::string>();
}

}  // namespace wscluster::front
