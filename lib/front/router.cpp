// SPDX-License-Identifier: MIT
#include "front/router.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "front/admission.hpp"
#include "front/answers.hpp"
#include "net/http.hpp"
#include "proxy/forwarding.hpp"

namespace wscluster::front {
namespace {

std::optional<std::uint64_t> body_length(const edge::Request& request) {
  if (request.is_chunked) return std::nullopt;
  const std::string_view text = request.header("Content-Length").value_or("0");
  std::uint64_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

std::vector<std::string> offered_subprotocols(const edge::Request& request) {
  std::vector<std::string> offered;
  const std::string list = request.list("Sec-WebSocket-Protocol");
  for (const std::string_view item : split(list, ','))
    offered.emplace_back(trim(item));
  return offered;
}

}  // namespace

Router::Router(edge::Edge& edge, proxy::Proxy& proxy, const Options& options)
    : edge_(edge), proxy_(proxy), options_(options), trusted_(options.trusted_proxies) {}

std::shared_ptr<const Route> Router::route_of(const edge::Request& request) const {
  return routes_->find(host_of(request.header("Host")), request.path,
                       [this](std::string_view service) { return proxy_.knows(service); });
}

bool Router::streams(const net::HttpRequest& head) const {
  if (!routes_ || routes_->is_empty()) return false;
  const std::string* host = net::find_header(head.headers, "Host");
  const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
  const auto route = routes_->find(host_of(host == nullptr ? std::nullopt : std::optional<std::string_view>(*host)),
                                   path, [this](std::string_view service) { return proxy_.knows(service); });
  return route && proxy_.knows(route->service);
}

Router::Outcome Router::request(edge::ConnectionId id, edge::Request& request) {
  if (routes_ && request.path == "/negotiate") {
    const auto route = routes_->to_service(to_lower(request.parameter("service").value_or("")));
    if (!route || !proxy_.knows(route->service)) return Outcome::none;
    find_user(id, route, request, Purpose::negotiation);
    return Outcome::taken;
  }
  return dispatch(id, request, Purpose::request);
}

Router::Outcome Router::upgrade(edge::ConnectionId id, edge::Request& request) {
  return dispatch(id, request, Purpose::upgrade);
}

Router::Outcome Router::dispatch(edge::ConnectionId id, edge::Request& request, Purpose purpose) {
  if (!routes_ || routes_->is_empty()) return Outcome::none;
  const auto route = route_of(request);
  if (!route) return Outcome::none;
  if (climbs(request.path)) {
    ++counters_.refused_paths;
    edge_.respond(id, failure(400, "BadRequest", "the path holds '.' or '..' segments or escaped slashes"));
    return Outcome::taken;
  }
  if (purpose == Purpose::upgrade && !route->origins.allows(request)) {
    ++counters_.refused_origins;
    edge_.respond(id, failure(403, "Forbidden", "pages of this origin may not connect here"));
    return Outcome::taken;
  }
  if (!proxy_.knows(route->service)) {
    const bool is_ours = std::any_of(options_.services.begin(), options_.services.end(),
                                     [&](const ServiceDoor& door) { return door.service.name == route->service; });
    if (!is_ours) {
      edge_.respond(id, retry_later("no server of this service is known"));
      return Outcome::taken;
    }
    request.target = proxy::strip_prefix(request.target, route->strip_prefix);
    request.path = request.target.substr(0, request.target.find('?'));
    return Outcome::inner;
  }
  find_user(id, route, request, purpose);
  return Outcome::taken;
}

void Router::find_user(edge::ConnectionId id, const std::shared_ptr<const Route>& route, edge::Request& request,
                       Purpose purpose) {
  if (route->user.kind == UserSource::Kind::session) {
    ask_session(id, route, request, purpose);
  } else {
    pass(id, *route, request, purpose, user_of(*route, request));
  }
}

void Router::ask_session(edge::ConnectionId id, const std::shared_ptr<const Route>& route, edge::Request& request,
                         Purpose purpose) {
  if (sessions_ == nullptr) {
    edge_.respond(id, retry_later("sessions cannot be looked up"));
    return;
  }
  const auto inputs = session_inputs(request, sessions_->options());
  edge_.pause(id, true);
  waiting_.emplace(id, Waiting{std::move(request), route, purpose, {}, false});
  sessions_->find(inputs, [this, id](const Result<std::optional<std::string>>& user) { on_session(id, user); });
}

void Router::on_session(edge::ConnectionId id, const Result<std::optional<std::string>>& user) {
  const auto node = waiting_.extract(id);
  if (node.empty()) return;  // it has left meanwhile
  const Waiting& waiting = node.mapped();
  edge_.pause(id, false);
  if (!pass(id, *waiting.route, waiting.request, waiting.purpose, user)) return;
  if (!waiting.body.empty() || waiting.has_whole_body) proxy_.on_body(id, waiting.body, waiting.has_whole_body);
}

void Router::on_body(edge::ConnectionId id, std::string_view bytes, bool is_last) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return proxy_.on_body(id, bytes, is_last);
  found->second.body.append(bytes);
  found->second.has_whole_body = is_last;
}

bool Router::pass(edge::ConnectionId id, const Route& route, const edge::Request& request, Purpose purpose,
                  const Result<std::optional<std::string>>& user) {
  const bool needs_user =
      route.user.kind != UserSource::Kind::none && (purpose != Purpose::request || route.user_for == UserFor::all);
  // A token that is expired is no reason to refuse what needs none.
  const bool is_refused = user ? needs_user && !*user : needs_user || user.error().code == Errc::invalid;
  if (is_refused) {
    ++counters_.refused_users;
    edge_.respond(id, user ? failure(401, "Unauthorized", "this needs a user, and the request names none")
                           : failure(user.error()));
    return false;
  }
  if (purpose == Purpose::negotiation) {
    negotiate(id, route, request, user ? user->value_or("") : "");
    return true;
  }
  proxy::Call call;
  call.id = id;
  call.method = request.method;
  call.target = proxy::strip_prefix(request.target, route.strip_prefix);
  if (user) call.user = *user;
  call.headers = proxy::request_headers(request.headers, provenance_of(request, trusted_), request.peer,
                                        options_.user_header, call.user);
  if (purpose == Purpose::upgrade) {
    call.subprotocols = offered_subprotocols(request);
    proxy_.upgrade(route.service, std::move(call));
  } else {
    call.length = body_length(request);
    proxy_.request(route.service, std::move(call));
  }
  return true;
}

void Router::negotiate(edge::ConnectionId id, const Route& route, const edge::Request& request,
                       const std::string& user) {
  const std::string_view via = request.parameter("via").value_or("gateway");
  const std::string_view path = request.parameter("path").value_or("/");
  if (via != "gateway" && via != "direct") {
    edge_.respond(id, failure(400, "BadRequest", "via must be direct or gateway"));
    return;
  }
  if (user.empty() || !path.starts_with('/')) {
    edge_.respond(id, failure(400, "BadRequest", "the route names no user, or path does not begin with '/'"));
    return;
  }
  const auto owner = proxy_.owner_of(route.service, user);
  if (!owner) {
    edge_.respond(id, retry_later("no server has this user now"));
    return;
  }
  const proxy::Provenance from = provenance_of(request, trusted_);
  const std::string prefix = route.path.empty() ? "" : route.strip_prefix > 0 ? route.path : "";
  std::string url = via == "direct"
                        ? "ws://" + owner->endpoint.to_string() + std::string(path)
                        : (from.scheme == "https" ? "wss://" : "ws://") + from.host + prefix + std::string(path);
  std::string body = R"({"schema":"wscluster/negotiate/v1","url":)";
  append_json_string(body, url);
  body += R"(,"via":)";
  append_json_string(body, via);
  body += R"(,"node":)";
  append_json_string(body, owner->server);
  edge_.respond(id, private_json(body + R"(,"epoch":)" + std::to_string(owner->epoch) + "}"));
}

}  // namespace wscluster::front
