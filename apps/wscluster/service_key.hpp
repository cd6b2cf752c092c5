// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "auth/secret.hpp"
#include "invocation.hpp"

namespace wscluster::app {

/// --service, else the only one of the configuration; the error lists them. The command declares --service and
/// --key-file.
[[nodiscard]] std::string chosen_service(const Invocation& invocation, const config::Config& config);

/// The access key: of --key-file, else the newest of the service in the configuration.
[[nodiscard]] auth::Secret access_key(const Invocation& invocation, const config::Config& config,
                                      const std::string& service);

/// --service and --key-file.
[[nodiscard]] std::vector<Flag> service_flags();
/// What a RestClient takes beside the service: --key-file and where the server is.
[[nodiscard]] std::vector<Flag> rest_flags();

}  // namespace wscluster::app
