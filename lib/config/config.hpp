// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "config/setting.hpp"
#include "gateway/options.hpp"
#include "node/options.hpp"
#include "registry/options.hpp"

namespace wscluster::config {

/// What client commands need to reach a cluster over its REST API.
struct Client {
  std::string url;      ///< http:// or https:// of a gateway or node, without a path
  std::string ca_file;  ///< instead of the system's certificates
  bool insecure = false;
};

/// The plain option structs of all modules, filled. A value, read once, handed out by parts.
struct Config {
  registry::Options redis;
  std::string redis_password_file;           ///< its content is in redis.password after load()
  std::string redis_sentinel_password_file;  ///< likewise, in redis.sentinel_password
  std::string http_session_password_file;    ///< likewise, in front.http_session.redis_password of both servers
  node::Options node;                        ///< node.front holds what gateway and node share
  gateway::Options gateway;                  ///< after load(): node.front with the gateway's name
  log::Options log;
  Client client;
};

using Setting = BasicSetting<Config>;
using ServiceSetting = BasicSetting<front::ServiceDoor>;
using UpstreamSetting = BasicSetting<front::UpstreamService>;
using RouteSetting = BasicSetting<front::RouteOptions>;

/// A section that is a map from names to records, each with the same keys.
template <class Record>
struct NamedSection {
  std::string key;      ///< "services"
  std::string of_each;  ///< for documentation: "service"
  std::string comment;  ///< in an example file, above it
  std::string example;  ///< a name
  Roles roles = Roles::servers;
  std::vector<BasicSetting<Record>> settings;
  Result<> (*check_name)(std::string_view name) = nullptr;
  std::vector<Record> front::Options::*records = nullptr;
  Record (*make)(const std::string& name) = nullptr;
  const std::string& (*name_of)(const Record& record) = nullptr;

  [[nodiscard]] const std::vector<Record>& records_of(const Config& config) const { return config.node.front.*records; }
  /// nullptr when there is no such key.
  [[nodiscard]] const BasicSetting<Record>* find(std::string_view wanted) const {
    const auto at = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.key == wanted; });
    return at == settings.end() ? nullptr : &*at;
  }
};

/// Every key outside the sections of names, in the order of documentation.
[[nodiscard]] const std::vector<Setting>& settings();
[[nodiscard]] const NamedSection<front::ServiceDoor>& services_section();
[[nodiscard]] const NamedSection<front::UpstreamService>& upstreams_section();
[[nodiscard]] const NamedSection<front::RouteOptions>& routes_section();
/// Visits them all, in the order of documentation.
template <class Visit>
void for_each_named_section(Visit visit) {
  visit(services_section());
  visit(upstreams_section());
  visit(routes_section());
}
/// nullptr when there is no such key.
[[nodiscard]] const Setting* find_setting(std::string_view key);

/// The variable that sets it: its own name or the derived one.
[[nodiscard]] std::string env_name(const Setting& setting);
/// For people: the default's text or the note that describes it; empty when there is none.
[[nodiscard]] std::string default_text(const Setting& setting);
[[nodiscard]] std::string default_text(const ServiceSetting& setting);
[[nodiscard]] std::string default_text(const UpstreamSetting& setting);
[[nodiscard]] std::string default_text(const RouteSetting& setting);

}  // namespace wscluster::config
