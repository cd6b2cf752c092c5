// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "upstream/instance.hpp"

namespace wscluster::upstream {

/// The body of a Eureka client's registration. The service is the lower case of `app` in the body, which must be that
/// of the path. Numbers may be texts, booleans too, ports plain or {"$":…}, and what is not needed may be absent or
/// null. Errc::invalid; the messages for what is missing are those of Netflix's server.
[[nodiscard]] Result<Instance> parse_eureka_registration(std::string_view body, std::string_view app_in_path);

}  // namespace wscluster::upstream
