// SPDX-License-Identifier: MIT
#pragma once

#include <string>
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

/// Every key outside `services`, in the order of documentation.
[[nodiscard]] const std::vector<Setting>& settings();
/// Every key of one entry of `services`.
[[nodiscard]] const std::vector<ServiceSetting>& service_settings();
/// nullptr when there is no such key.
[[nodiscard]] const Setting* find_setting(std::string_view key);

/// The variable that sets it: its own name or the derived one.
[[nodiscard]] std::string env_name(const Setting& setting);
/// For people: the default's text or the note that describes it; empty when there is none.
[[nodiscard]] std::string default_text(const Setting& setting);
[[nodiscard]] std::string default_text(const ServiceSetting& setting);

}  // namespace wscluster::config
