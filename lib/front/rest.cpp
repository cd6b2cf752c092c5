// SPDX-License-Identifier: MIT
// Which call a request is, and whether it may come in.
#include "front/rest.hpp"

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/path.hpp"
#include "net/core.hpp"

namespace wscluster::front {
namespace {

constexpr std::size_t max_broadcast_answer_bytes = 64U << 10U;

/// Their first name is the service, and an application needs a token for it.
bool is_for_a_service(std::string_view path) {
  return path.starts_with("/api/hubs/") || path.starts_with("/api/v1/services/");
}

/// Those for upstream services, which have no door.
bool is_for_instances(std::string_view path) {
  return path.starts_with("/api/v1/services/*/instances") || path == "/api/v1/services/*/broadcast";
}

}  // namespace

std::span<const Rest::Route> Rest::routes() {
  static constexpr Route all[] = {
      {"GET", "/negotiate", &Rest::negotiate},
      {"HEAD", "/api/health", &Rest::tell_health},
      {"GET", "/api/health", &Rest::tell_health},

      {"POST", "/api/hubs/*/:send", &Rest::send_to_everybody},
      {"POST", "/api/hubs/*/:closeConnections", &Rest::close_everybody},
      {"POST", "/api/hubs/*/:addToGroups", &Rest::add_everybody},
      {"POST", "/api/hubs/*/:removeFromGroups", &Rest::remove_everybody},
      {"POST", "/api/hubs/*/:generateToken", &Rest::generate_token},
      {"HEAD", "/api/hubs/*/users/*", &Rest::find_user},
      {"POST", "/api/hubs/*/users/*/:send", &Rest::send_to_user},
      {"POST", "/api/hubs/*/users/*/:closeConnections", &Rest::close_user},
      {"DELETE", "/api/hubs/*/users/*/groups", &Rest::remove_user_from_all},
      {"PUT", "/api/hubs/*/users/*/groups/*", &Rest::add_user},
      {"DELETE", "/api/hubs/*/users/*/groups/*", &Rest::remove_user},
      {"HEAD", "/api/hubs/*/connections/*", &Rest::find_connection},
      {"DELETE", "/api/hubs/*/connections/*", &Rest::close_connection},
      {"POST", "/api/hubs/*/connections/*/:send", &Rest::send_to_connection},
      {"DELETE", "/api/hubs/*/connections/*/groups", &Rest::remove_connection_from_all},
      {"HEAD", "/api/hubs/*/groups/*", &Rest::find_group},
      {"POST", "/api/hubs/*/groups/*/:send", &Rest::send_to_group},
      {"POST", "/api/hubs/*/groups/*/:closeConnections", &Rest::close_group},
      {"GET", "/api/hubs/*/groups/*/connections", &Rest::list_members},
      {"PUT", "/api/hubs/*/groups/*/connections/*", &Rest::add_connection},
      {"DELETE", "/api/hubs/*/groups/*/connections/*", &Rest::remove_connection},
      {"PUT", "/api/hubs/*/permissions/*/connections/*", &Rest::grant},
      {"DELETE", "/api/hubs/*/permissions/*/connections/*", &Rest::revoke},
      {"HEAD", "/api/hubs/*/permissions/*/connections/*", &Rest::check},

      {"GET", "/api/v1/services/*/sessions", &Rest::list_sessions},
      {"POST", "/api/v1/services/*/users/*/messages", &Rest::send_with_receipt},
      {"POST", "/api/v1/services/*/groups/*/messages", &Rest::publish_with_receipt},
      {"GET", "/api/v1/services/*/users/*/sessions", &Rest::show_user},
      {"POST", "/api/v1/services/*/users/*/:evict", &Rest::evict_user},

      {"POST", "/api/v1/services/*/broadcast", &Rest::broadcast},
      {"GET", "/api/v1/services/*/instances", &Rest::list_instances},
      {"GET", "/api/v1/services/*/instances/*", &Rest::show_instance},
      {"PUT", "/api/v1/services/*/instances/*", &Rest::put_instance},
      {"DELETE", "/api/v1/services/*/instances/*", &Rest::delete_instance},
      {"PUT", "/api/v1/services/*/instances/*/status", &Rest::set_instance_status},
      {"DELETE", "/api/v1/services/*/instances/*/status", &Rest::clear_instance_status},
  };
  return all;
}

Rest::Rest(net::Core& core, const Options& options, unsigned cores, bool is_gateway, edge::Edge& edge,
           cluster::Sender& sender, cluster::Inquirer& inquirer, Registrar& registrar)
    : core_(core),
      options_(options),
      is_gateway_(is_gateway),
      edge_(edge),
      sender_(sender),
      inquirer_(inquirer),
      trusted_(options.trusted_proxies),
      broadcasts_(core, max_broadcast_answer_bytes),
      registrar_(registrar),
      files_(edge, options.max_unsent_files / cores) {}

TimePoint Rest::now() const {
  return core_.now();
}

void Rest::serve(edge::ConnectionId id, const edge::Request& request) {
  std::string allowed;
  Call call{id, request, {}, nullptr};
  for (const Route& route : routes()) {
    auto names = match_path(route.path, request.path);
    if (!names) continue;
    if (allowed.empty()) {
      call.names = std::move(*names);
      if (is_for_instances(route.path)) {
        if (!admit_registrar(call)) return;
      } else if (is_for_a_service(route.path)) {
        call.door = admit_application(id, request, call.names.front());
        if (call.door == nullptr) return;
        call.names.erase(call.names.begin());
      }
    }
    if (route.method == request.method) {
      if (const auto done = (this->*route.handler)(call); !done) edge_.respond(id, failure(done.error()));
      return;
    }
    allowed.append(allowed.empty() ? "" : ", ").append(route.method);
  }
  if (allowed.empty()) {
    serve_no_call(id, request);
  } else {
    edge_.respond(id, wrong_method(allowed));
  }
}

/// A file, if none of our paths is meant.
void Rest::serve_no_call(edge::ConnectionId id, const edge::Request& request) {
  if (doors_->by_path(request) == nullptr) {
    files_.serve(id, request);
    return;
  }
  edge::Response response = failure(426, "UpgradeRequired", "this is a WebSocket path");
  response.headers.emplace_back("Upgrade", "websocket");
  edge_.respond(id, response);
}

/// The service if it is here and this application may call it; else answers the request.
const Door* Rest::admit_application(edge::ConnectionId id, const edge::Request& request, std::string_view service) {
  const auto name = percent_decode(service);
  const Door* door = name ? doors_->by_service(to_lower(*name)) : nullptr;
  if (door == nullptr) {
    edge_.respond(id, failure(404, "NotFound", "no service '" + name.value_or(std::string(service)) + "' here"));
    return nullptr;
  }
  if (auto allowed = doors_->check_application(*door, request); !allowed) {
    edge_.respond(id, failure(allowed.error()));
    return nullptr;
  }
  return door;
}

}  // namespace wscluster::front
