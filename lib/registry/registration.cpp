// SPDX-License-Identifier: MIT
#include "registry/registration.hpp"

#include "registry/json.hpp"

namespace wscluster::registry {

namespace json = boost::json;

const char* to_string(Role role) noexcept {
  return role == Role::gateway ? "gateway" : "node";
}

std::string to_json(const Registration& registration) {
  return json::serialize(json::object{{"name", registration.name},
                                      {"incarnation", to_hex(registration.incarnation)},
                                      {"role", to_string(registration.role)},
                                      {"link_address", registration.link_address},
                                      {"client_address", registration.client_address},
                                      {"admin_address", registration.admin_address},
                                      {"client_tls", registration.client_tls},
                                      {"cores", registration.cores},
                                      {"shards", registration.shards},
                                      {"services", to_array(registration.services)},
                                      {"version", registration.version},
                                      {"standby", registration.is_standby},
                                      {"weight", registration.weight}});
}

std::string to_json(const MemberStats& stats) {
  json::object services;
  for (const auto& [name, service] : stats.services) {
    services[name] = json::object{{"sessions", service.sessions},
                                  {"misplaced", service.misplaced},
                                  {"adopted", service.adopted},
                                  {"digest", service.digest},
                                  {"lineage", to_hex(service.lineage)}};
  }
  return json::serialize(json::object{{"state", stats.state},
                                      {"uptime_seconds", stats.uptime_seconds},
                                      {"services", std::move(services)},
                                      {"alarms", to_array(stats.alarms)},
                                      {"linked", stats.is_linked}});
}

Result<Registration> parse_registration(std::string_view text) {
  const auto object = parse_object("registration", text);
  if (!object) return object.error();
  Registration registration;
  read(*object, "name", registration.name);
  read_id(*object, "incarnation", registration.incarnation);
  std::string role;
  read(*object, "role", role);
  registration.role = role == "gateway" ? Role::gateway : Role::node;
  read(*object, "link_address", registration.link_address);
  read(*object, "client_address", registration.client_address);
  read(*object, "admin_address", registration.admin_address);
  read(*object, "client_tls", registration.client_tls);
  read(*object, "cores", registration.cores);
  read(*object, "shards", registration.shards);
  read(*object, "services", registration.services);
  read(*object, "version", registration.version);
  read(*object, "standby", registration.is_standby);
  read(*object, "weight", registration.weight);
  if (registration.name.empty() || registration.incarnation == 0) {
    return error(Errc::invalid, "registration in Redis: name or incarnation is missing");
  }
  return registration;
}

Result<MemberStats> parse_stats(std::string_view text) {
  const auto object = parse_object("stats", text);
  if (!object) return object.error();
  MemberStats stats;
  read(*object, "state", stats.state);
  read(*object, "uptime_seconds", stats.uptime_seconds);
  read(*object, "alarms", stats.alarms);
  read(*object, "linked", stats.is_linked);
  const auto* services = object->if_contains("services");
  if (services == nullptr || !services->is_object()) return stats;
  for (const auto& [name, value] : services->get_object()) {
    if (!value.is_object()) continue;
    ServiceStats& service = stats.services[std::string(name)];
    read(value.get_object(), "sessions", service.sessions);
    read(value.get_object(), "misplaced", service.misplaced);
    read(value.get_object(), "adopted", service.adopted);
    read(value.get_object(), "digest", service.digest);
    read_id(value.get_object(), "lineage", service.lineage);
  }
  return stats;
}

}  // namespace wscluster::registry
