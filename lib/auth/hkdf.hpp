// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "auth/secret.hpp"

namespace wscluster::auth {

/// HKDF with SHA-256 (RFC 5869), extract and expand; fills `out`, at most 8,160 bytes. Throws std::invalid_argument for
/// an empty key: whatever it derives, everybody can derive.
void hkdf_sha256(const Secret& key, std::string_view salt, std::string_view info, std::span<unsigned char> out);

}  // namespace wscluster::auth
