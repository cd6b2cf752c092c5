// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "upstream/instance.hpp"

namespace wscluster::upstream {

/// An instance of the configuration: `[NAME=]http://HOST:PORT[*WEIGHT]`, or https. Without a name its address is its
/// id.
[[nodiscard]] Result<Instance> parse_configured(const std::string& service, std::string_view text);

/// http://HOST:PORT or https://HOST:PORT, the port being 80 or 443 when none is named; no path. Sets address and
/// is_secure.
[[nodiscard]] Result<> set_address(Instance& instance, std::string_view url);

}  // namespace wscluster::upstream
