// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "config/config.hpp"

namespace wscluster::config {

/// Appends eureka, locator, user_header, trusted_proxies and http_session to the table of settings().
void add_application_servers(std::vector<Setting>& table);

}  // namespace wscluster::config
