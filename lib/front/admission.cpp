// SPDX-License-Identifier: MIT
#include "front/admission.hpp"

#include <array>
#include <chrono>

#include "auth/reconnection.hpp"
#include "base/text.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/names.hpp"
#include "protocol/simple_mode.hpp"
#include "session/keys.hpp"
#include "session/permissions.hpp"
#include "websocket/handshake.hpp"
#include "wire/client_profile.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

/// Longer than connections live. What ends a session in time is its retention.
constexpr auto token_lifetime = 30 * 24h;
/// In a token. More can be joined later.
constexpr std::size_t most_first_groups = 256;

constexpr std::string_view id_parameter = "awps_connection_id";
constexpr std::string_view token_parameter = "awps_reconnection_token";

std::string_view chosen_subprotocol(const edge::Request& request) {
  static constexpr std::array supported{protocol::reliable_subprotocol, protocol::json_subprotocol};
  return websocket::select_subprotocol(request.list("Sec-WebSocket-Protocol"), supported);
}

Result<session::Permissions> permissions_of(const ClientIdentity& identity) {
  session::Permissions permissions;
  if (identity.may_do_all) {
    permissions.grant_all(session::Permission::join_leave_group);
    permissions.grant_all(session::Permission::send_to_group);
  }
  for (const std::string& role : identity.roles) {
    if (auto added = permissions.add_role(role); !added)
      return error(Errc::invalid, "role '" + role + "': " + added.error().message);
  }
  return permissions;
}

/// Empty for a client that is like all others of its service.
Result<std::string> profile_of(const edge::Request& request, const ClientIdentity& identity,
                               wire::Subprotocol subprotocol, std::string_view state) {
  wire::ClientProfile profile;
  profile.subprotocol = subprotocol;
  profile.state = state;
  std::string group;
  if (const auto mode = request.parameter("webpubsub_mode"); mode && subprotocol == wire::Subprotocol::none) {
    auto simple = protocol::parse_simple_mode(*mode, request.parameter("group"));
    if (!simple) return simple.error();
    const bool sends = simple->kind == protocol::SimpleMode::Kind::send_to_group;
    profile.simple = sends ? wire::SimpleKind::send_to_group : wire::SimpleKind::send_event;
    group = std::move(simple->group);
    profile.group = group;
  }
  const bool is_plain = subprotocol == wire::Subprotocol::none && profile.simple == wire::SimpleKind::service;
  if (is_plain && identity.groups.empty() && state.empty()) return std::string();
  if (identity.groups.size() > most_first_groups) {
    return error(Errc::invalid,
                 "the token names more than " + std::to_string(most_first_groups) + " groups to be joined at once");
  }
  for (const std::string& first : identity.groups) {
    if (auto good = protocol::check_group_name(first); !good)
      return error(Errc::invalid, "group of the token: " + good.error().message);
    profile.groups.push_back({first});
  }
  auto permissions = permissions_of(identity);
  if (!permissions) return permissions.error();
  const std::string encoded = permissions->encode();
  profile.permissions = encoded;
  return wire::encode(profile);
}

void take_over(ClientIdentity& identity, const webhook::ConnectAnswer& answer) {
  if (answer.user) identity.uid = *answer.user;
  identity.roles.insert(identity.roles.end(), answer.roles.begin(), answer.roles.end());
  identity.groups.insert(identity.groups.end(), answer.groups.begin(), answer.groups.end());
}

/// The token says who it is: the one of the first connection may be over by now.
Admission admit_again(const Doors& doors, const Door& door, std::string_view id, std::string_view token) {
  Admission admission;
  const auto& service = door.options.service.name;
  auto check = auth::check_reconnection_token(token, service, id, doors.reconnection_keys(), WallClock::now());
  admission.recovered = session::SessionId::parse(id);
  admission.is_lost = check.fault != auth::ReconnectionFault::none || !admission.recovered;
  admission.identity.uid = std::move(check.user_id);
  return admission;
}

Result<Admission> admit_new(const edge::Request& request, ClientIdentity identity, std::string subprotocol,
                            std::string_view state) {
  Admission admission;
  admission.is_reliable = subprotocol == protocol::reliable_subprotocol;
  const auto kind = admission.is_reliable                       ? wire::Subprotocol::reliable
                    : subprotocol == protocol::json_subprotocol ? wire::Subprotocol::json
                                                                : wire::Subprotocol::none;
  auto profile = profile_of(request, identity, kind, state);
  if (!profile) return profile.error();
  admission.profile = std::move(*profile);
  admission.identity = std::move(identity);
  admission.subprotocol = std::move(subprotocol);
  return admission;
}

}  // namespace

Result<Admission> admit_client(const Doors& doors, const Door& door, const edge::Request& request) {
  std::string subprotocol(chosen_subprotocol(request));
  if (!comes_back(request)) {
    auto identity = doors.identify_client(door, request);
    if (!identity) return identity.error();
    return admit_new(request, std::move(*identity), std::move(subprotocol), {});
  }
  Admission admission = admit_again(doors, door, request.parameter(id_parameter).value_or(""),
                                    request.parameter(token_parameter).value_or(""));
  admission.is_reliable = subprotocol == protocol::reliable_subprotocol;
  admission.is_lost = admission.is_lost || !admission.is_reliable;
  admission.profile = wire::encode(wire::ClientProfile{wire::Subprotocol::reliable, {}, {}, {}, {}, {}});
  admission.subprotocol = std::move(subprotocol);
  return admission;
}

bool comes_back(const edge::Request& request) {
  return request.parameter(id_parameter) || request.parameter(token_parameter);
}

websession::Inputs session_inputs(const edge::Request& request, const websession::Options& options) {
  websession::Inputs inputs;
  for (const auto& [name, value] : request.headers) {
    if (iequals(name, "Cookie")) inputs.cookies.push_back(value);
  }
  if (!options.header.empty()) inputs.header = request.header(options.header).value_or("");
  return inputs;
}

Result<Admission> admit_user(const edge::Request& request, const Result<std::optional<std::string>>& user) {
  if (!user) return user.error();
  if (!*user) return error(Errc::permission, "log in first: the request has no session of a user");
  ClientIdentity identity;
  identity.uid = **user;
  return admit_new(request, std::move(identity), std::string(chosen_subprotocol(request)), {});
}

Result<Admission> admit_as(const edge::Request& request, const Admission& asked, const webhook::ConnectAnswer& answer) {
  ClientIdentity identity = asked.identity;
  take_over(identity, answer);
  return admit_new(request, std::move(identity), answer.subprotocol.value_or(asked.subprotocol),
                   answer.state ? std::string_view(*answer.state) : std::string_view());
}

webhook::ConnectQuestion question_about(const edge::Request& request, const Admission& admission,
                                        const session::SessionId& id) {
  webhook::ConnectQuestion question;
  question.connection = id.text();
  question.user = session::user_id_of(admission.identity.uid);
  question.claims_json = admission.identity.claims_json;
  question.query = request.query;
  question.headers = request.headers;
  if (const auto& certificate = request.client_certificate)
    question.certificate = {certificate->fingerprint, certificate->pem};
  const std::string offered = request.list("Sec-WebSocket-Protocol");
  for (const std::string_view name : split(offered, ',')) {
    if (!trim(name).empty()) question.subprotocols.emplace_back(trim(name));
  }
  return question;
}

std::string reconnection_token(const Doors& doors, std::string_view service, const session::SessionId& id,
                               std::string_view uid) {
  return auth::make_reconnection_token(
      {std::string(service), id.text(), std::string(uid), WallClock::now() + token_lifetime},
      doors.reconnection_keys().front());
}

}  // namespace wscluster::front
