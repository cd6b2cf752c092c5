// SPDX-License-Identifier: MIT
#include "config/serve.hpp"

#include <sys/resource.h>

#include "base/log.hpp"
#include "config/show.hpp"

namespace wscluster::config {
namespace {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

/// Ends the log also when the server throws.
struct Logging {
  explicit Logging(const log::Options& options) { log::start(options); }
  ~Logging() { log::stop(); }
};

/// The process reads the files themselves again, whether or not these have changed.
void take_keys_and_origins(front::Options& current, const front::Options& loaded) {
  current.cluster_key_file = loaded.cluster_key_file;
  current.previous_cluster_key_file = loaded.previous_cluster_key_file;
  for (auto& door : current.services) {
    for (const auto& other : loaded.services) {
      if (other.service.name != door.service.name) continue;
      door.key_files = other.key_files;
      door.origins = other.origins;
      door.missing_origin = other.missing_origin;
    }
  }
  for (auto& service : current.upstreams) {
    for (const auto& other : loaded.upstreams) {
      if (other.name == service.name) service.key_files = other.key_files;
    }
  }
  current.eureka.user = loaded.eureka.user;
  current.eureka.password_file = loaded.eureka.password_file;
  current.tls_cert_file = loaded.tls_cert_file;
  current.tls_key_file = loaded.tls_key_file;
  current.tls_certificates = loaded.tls_certificates;
  current.tls = loaded.tls;
}

void reload(const Sources& sources, Roles roles, Config& config) {
  const auto loaded = load(sources, roles);
  if (!loaded.usable()) {
    for (const auto& problem : loaded.problems)
      log::error("config", "the configuration is invalid; the old one stays", {{"err", problem.to_string()}});
    return;
  }
  const auto changed = differences(config, loaded.config);
  for (const std::string& key : changed.restart)
    log::warning("config", "changed, but needs a restart", {{"key", key}});
  for (const std::string& key : changed.reloadable)
    log::info("config", "changed", {{"key", key}});
  if (changed.restart.empty() && changed.reloadable.empty()) log::info("config", "nothing has changed");
  log::set_level(loaded.config.log.level);
  config.log.level = loaded.config.log.level;
  for (auto* front : {&config.node.front, &config.gateway.front}) {
    front->drain_grace = loaded.config.node.front.drain_grace;
    front->drain_timeout = loaded.config.node.front.drain_timeout;
    front->drain_rate = loaded.config.node.front.drain_rate;
    front->memory = loaded.config.node.front.memory;
    front->static_dir = loaded.config.node.front.static_dir;
    take_keys_and_origins(*front, loaded.config.node.front);
  }
}

}  // namespace

void serve(const Sources& sources, Roles roles, const Config& config, const std::string& name,
           const std::function<void(const Config& config, std::function<void()> reload)>& run) {
  raise_descriptor_limit();
  Config current = config;
  log::Options options = current.log;
  options.member = name;
  const Logging logging(options);
  run(current, [&] { reload(sources, roles, current); });
}

}  // namespace wscluster::config
