// SPDX-License-Identifier: MIT
#include "proxy/options.hpp"

namespace wscluster::proxy {

std::vector<std::string> problems(const Options& options) {
  std::vector<std::string> found;
  if (options.connect_timeout <= Duration::zero()) found.emplace_back("connect_timeout must be above 0");
  if (options.response_timeout <= Duration::zero()) found.emplace_back("response_timeout must be above 0");
  if (options.idle_timeout <= Duration::zero()) found.emplace_back("idle_timeout must be above 0");
  if (options.max_connections == 0) found.emplace_back("max_connections must be above 0");
  if (options.max_head_bytes < 1024) found.emplace_back("max_head_bytes must be at least 1KiB");
  if (options.evict_rate < 0) found.emplace_back("evict_rate must not be negative; 0 closes at once");
  if (!options.health_path.empty() && !options.health_path.starts_with('/'))
    found.push_back("health_path must begin with '/', not '" + options.health_path + "'");
  if (!options.health_path.empty() && options.health_interval < Duration(100))
    found.emplace_back("health_interval must be at least 100ms");
  return found;
}

}  // namespace wscluster::proxy
