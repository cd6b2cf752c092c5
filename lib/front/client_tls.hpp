// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "front/options.hpp"
#include "net/tls.hpp"

namespace wscluster::front {

/// What the client listener presents; null when it is plain. Session tickets are sealed with keys derived from the
/// cluster key, so that clients of a gateway that has gone resume at any other one; without a cluster key, with random
/// ones. Throws Failure that names the file.
[[nodiscard]] std::unique_ptr<net::TlsServer> make_client_tls(const Options& options);

}  // namespace wscluster::front
