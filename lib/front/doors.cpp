// SPDX-License-Identifier: MIT
#include "front/doors.hpp"

#include "auth/audience.hpp"
#include "auth/link_key.hpp"
#include "auth/reconnection.hpp"
#include "auth/token.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "session/keys.hpp"

namespace wscluster::front {
namespace {

auth::Secret read_key(const std::string& file, const std::string& setting) {
  auto text = read_secret(file);
  if (!text) throw Failure(ExitCode::config, setting + ": " + text.error().message);
  return auth::Secret(*text);
}

constexpr std::string_view hub_path = "/client/hubs/";

bool is_client_path(std::string_view path) {
  return path == "/client" || path == "/client/";
}

/// A proxy on this host speaks for others; it must not widen what is meant for trials.
bool comes_from_this_host(const edge::Request& request) {
  return request.is_loopback && !request.header("X-Forwarded-For") && !request.header("Forwarded");
}

}  // namespace

Doors::Doors(const Options& options) {
  for (const ServiceDoor& service : options.services) {
    doors_.push_back({service, read_keys(service.key_files, "services." + service.service.name + ".key_files"),
                      OriginList(service.origins, service.missing_origin)});
  }
  for (const Door& door : doors_) {
    for (const std::string& path : door.options.paths)
      by_path_.emplace(path, &door);
  }
  for (const UpstreamService& service : options.upstreams) {
    upstream_keys_[service.name] = read_keys(service.key_files, "upstreams." + service.name + ".key_files");
  }
  eureka_ = options.eureka;
  if (eureka_.is_enabled && !eureka_.password_file.empty())
    eureka_password_ = read_key(eureka_.password_file, "eureka.password_file");
  for (const std::string& file : {options.cluster_key_file, options.previous_cluster_key_file}) {
    if (file.empty()) continue;
    const auth::Secret key = read_key(file, "cluster.key_file");
    operator_keys_.push_back(auth::derive_operator_key(key));
    reconnection_keys_.push_back(auth::derive_reconnection_key(key));
  }
  // Without a cluster key links are plain, and nobody but this host takes part.
  if (reconnection_keys_.empty())
    reconnection_keys_.push_back(auth::derive_reconnection_key(auth::Secret("plain:" + options.cluster)));
}

const Door* Doors::by_path(const edge::Request& request) const {
  if (const auto found = by_path_.find(request.path); found != by_path_.end()) return found->second;
  std::string_view hub;
  if (request.path.starts_with(hub_path)) {
    hub = std::string_view(request.path).substr(hub_path.size());
  } else if (is_client_path(request.path)) {
    hub = request.parameter("hub").value_or("");
  }
  const auto name = percent_decode(hub);
  return name && !name->empty() ? by_service(to_lower(*name)) : nullptr;
}

const Door* Doors::by_service(std::string_view service) const noexcept {
  for (const Door& door : doors_) {
    if (door.options.service.name == service) return &door;
  }
  return nullptr;
}

std::vector<auth::Secret> read_keys(const std::vector<std::string>& files, const std::string& setting) {
  std::vector<auth::Secret> keys;
  for (const std::string& file : files)
    keys.push_back(read_key(file, setting));
  return keys;
}

std::string_view bearer_token(const edge::Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = request.header("Authorization");
  if (!header || header->size() <= scheme.size() || !iequals(header->substr(0, scheme.size()), scheme)) return {};
  return trim(header->substr(scheme.size()));
}

Result<ClientIdentity> Doors::identify_client(const Door& door, const edge::Request& request) const {
  ClientIdentity identity;
  if (door.options.auth == AuthMode::insecure) {
    if (!comes_from_this_host(request)) {
      return error(Errc::permission, "this service takes ?uid= from this host only");
    }
    identity.uid = request.parameter("uid").value_or("");
    identity.may_do_all = true;
  } else {
    std::string_view token = bearer_token(request);
    if (token.empty()) token = request.parameter("access_token").value_or("");
    if (token.empty()) return error(Errc::permission, "a token is needed: Authorization: Bearer … or ?access_token=…");
    auto claims = auth::verify_token(token, door.keys, WallClock::now());
    if (!claims) return claims.error();
    const std::string hub = std::string(hub_path) + door.options.service.name;
    if (!auth::audience_matches(claims->audience, request.path) && !auth::audience_matches(claims->audience, hub))
      return error(Errc::permission, "the token was made for another address");
    identity.uid = std::move(claims->subject);
    identity.roles = std::move(claims->roles);
    identity.groups = std::move(claims->groups);
    identity.claims_json = std::move(claims->raw_json);
    // The application may say who it is.
    const bool may_be_nobody =
        request.path.starts_with(hub_path) || is_client_path(request.path) || door.options.webhook.sends("connect");
    if (identity.uid.empty() && may_be_nobody) {
      identity.uid = session::anonymous_uid();
      return identity;
    }
  }
  if (auto checked = check_uid(identity.uid); !checked) return checked.error();
  return identity;
}

Result<> Doors::check_application(const Door& door, const edge::Request& request) const {
  if (door.options.auth == AuthMode::insecure && comes_from_this_host(request) && bearer_token(request).empty())
    return {};
  return check_token(door.keys, request);
}

Result<> Doors::check_registrar(std::string_view service, const edge::Request& request) const {
  static const std::vector<auth::Secret> none;
  const auto found = upstream_keys_.find(service);
  return check_token(found == upstream_keys_.end() ? none : found->second, request);
}

Result<> Doors::check_eureka(const edge::Request& request) const {
  if (eureka_password_.empty()) {
    if (comes_from_this_host(request)) return {};
    return error(Errc::permission, "without eureka.password_file only this host may call");
  }
  constexpr std::string_view scheme = "Basic ";
  const auto header = request.header("Authorization");
  if (header && header->size() > scheme.size() && iequals(header->substr(0, scheme.size()), scheme)) {
    const auto credentials = base64_decode(trim(header->substr(scheme.size())));
    const auto colon = credentials ? credentials->find(':') : std::string::npos;
    if (colon != std::string::npos && eureka_password_.matches(std::string_view(*credentials).substr(colon + 1)) &&
        (eureka_.user.empty() || eureka_.user == std::string_view(*credentials).substr(0, colon))) {
      return {};
    }
  }
  return error(Errc::permission, "name and password are needed, or wrong: http://USER:PASSWORD@…/eureka/");
}

Result<> Doors::check_token(const std::vector<auth::Secret>& keys, const edge::Request& request) const {
  const std::string_view token = bearer_token(request);
  if (token.empty())
    return error(Errc::permission, "a token of the service's access key is needed: Authorization: Bearer …");
  const WallClock::time_point now = WallClock::now();
  auto claims = auth::verify_token(token, keys, now);
  if (!claims) claims = auth::verify_token(token, operator_keys_, now);
  if (!claims) return claims.error();
  if (claims->audience.empty()) {
    // A client's token says who it is; it must not open the applications' API.
    if (claims->subject.empty()) return {};
    return error(Errc::permission,
                 "this is a client's token (it has a subject and no audience); make one with 'wscluster token --api'");
  }
  if (!auth::audience_matches(claims->audience, request.target))
    return error(Errc::permission, "the token was made for another address");
  return {};
}

}  // namespace wscluster::front
