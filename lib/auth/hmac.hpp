// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "auth/secret.hpp"

namespace wscluster::auth {

using Mac = std::array<unsigned char, 32>;

/// HMAC-SHA256 (RFC 2104).
[[nodiscard]] Mac hmac_sha256(std::string_view bytes, const Secret& key);

}  // namespace wscluster::auth
