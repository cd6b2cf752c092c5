// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>

#include "auth/secret.hpp"

namespace wscluster::auth {

/// The TLS pre-shared key of all links of a cluster, and the name by which a peer finds it among the accepted ones. The
/// identity goes over the wire in the clear.
struct LinkKey {
  std::string identity;  ///< "wscluster/" and the first 8 hex digits of SHA-256 of the psk
  std::array<unsigned char, 32> psk{};
};

/// Both are one-way: neither reveals the cluster key nor the other. Throws std::invalid_argument for an empty key. The
/// labels inside are persistent: with others, old and new processes would not find each other.
[[nodiscard]] LinkKey derive_link_key(const Secret& cluster_key);

/// Signs the REST tokens of operators; 64 hex digits, so any JWT tool can use it as text.
[[nodiscard]] Secret derive_operator_key(const Secret& cluster_key);

}  // namespace wscluster::auth
