// SPDX-License-Identifier: MIT
// Where clients connect, and with which token.
#include "auth/token.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/parameters.hpp"
#include "front/rest.hpp"
#include "protocol/names.hpp"
#include "session/permissions.hpp"

namespace wscluster::front {
namespace {

constexpr std::uint64_t default_minutes = 60;
constexpr std::uint64_t most_minutes = 60 * 24 * 365;

std::string websocket_url(bool is_tls, const std::string& address, const std::string& path) {
  return (is_tls ? "wss://" : "ws://") + address + path;
}

}  // namespace

Result<> Rest::tell_health(const Call& call) {
  edge_.respond(call.connection, {});
  return {};
}

Result<> Rest::negotiate(const Call& call) {
  const auto wanted = call.request.parameter("service");
  const Door* door = wanted                      ? doors_->by_service(*wanted)
                     : doors_->all().size() == 1 ? &doors_->all().front()
                                                 : nullptr;
  if (door == nullptr) {
    return wanted ? error(Errc::not_found, "no service '" + std::string(*wanted) + "' here")
                  : error(Errc::invalid, "several services are here: add ?service=NAME");
  }
  const auto client = doors_->identify_client(*door, call.request);
  if (!client) return client.error();
  const std::string_view via = call.request.parameter("via").value_or(is_gateway_ ? "gateway" : "direct");
  if (via != "gateway" && via != "direct") return error(Errc::invalid, "via must be direct or gateway");
  const cluster::ServiceView* service = view_ ? view_->service(door->options.service.name) : nullptr;
  const ring::Member* owner = service == nullptr ? nullptr : service->ring.owner_of(service->hash_of(client->uid));
  const cluster::Peer* peer = owner == nullptr ? nullptr : view_->peer(owner->name);
  if (via == "gateway" && view_) {
    peer = is_gateway_ ? view_->peer(options_.name) : nullptr;
    std::vector<const cluster::Peer*> gateways;
    for (const auto& [name, other] : view_->peers) {
      if (other.is_gateway && other.is_alive) gateways.push_back(&other);
    }
    if (peer == nullptr && !gateways.empty() && service != nullptr)
      peer = gateways[service->hash_of(client->uid) % gateways.size()];
  }
  if (peer == nullptr || owner == nullptr)
    return error(Errc::unavailable, via == "gateway" ? "no gateway is known" : "no node owns this user now");
  std::string body = R"({"schema":"wscluster/negotiate/v1","url":)";
  append_json_string(body, websocket_url(peer->client_is_tls, peer->client_address, door->options.paths.front()));
  body += R"(,"via":)";
  append_json_string(body, via);
  body += R"(,"node":)";
  append_json_string(body, owner->name);
  body += R"(,"epoch":)" + std::to_string(service->epoch()) + "}";
  edge_.respond(call.connection, private_json(std::move(body)));
  return {};
}

/// A client's token, as the SDKs sign it themselves when they have the key.
Result<> Rest::generate_token(const Call& call) {
  const auto minutes = number_parameter(call.request, "minutesToExpire", default_minutes, 1, most_minutes);
  if (!minutes) return minutes.error();
  const std::string_view type = call.request.parameter("clientType").value_or("Default");
  if (!iequals(type, "Default")) return error(Errc::invalid, "clientType must be Default");
  auth::Claims claims;
  claims.subject = call.request.parameter("userId").value_or("");
  claims.roles = all_parameters(call.request, "role");
  claims.groups = all_parameters(call.request, "group");
  if (const auto checked = claims.subject.empty() ? Result<>{} : check_uid(claims.subject); !checked)
    return checked.error();
  session::Permissions permissions;
  for (const std::string& role : claims.roles) {
    if (!is_valid_utf8(role)) return error(Errc::invalid, "a role is not UTF-8");
    if (const auto added = permissions.add_role(role); !added) return error(Errc::invalid, added.error().message);
  }
  for (const std::string& group : claims.groups) {
    if (const auto checked = protocol::check_group_name(group); !checked) return checked.error();
  }
  if (call.door->keys.empty()) return error(Errc::invalid, "the service has no access key to sign tokens with");
  claims.audience = origin_of(call.request, trusted_) + "/client/hubs/" + percent_encode(call.service());
  claims.issued_at = WallClock::now();
  claims.expires = *claims.issued_at + std::chrono::minutes(*minutes);
  std::string body = R"({"token":)";
  append_json_string(body, auth::make_token(claims, call.door->keys.front()));
  edge_.respond(call.connection, private_json(body + "}"));
  return {};
}

}  // namespace wscluster::front
