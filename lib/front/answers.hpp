// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "edge/edge.hpp"

namespace wscluster::front {

/// 200, for nobody to keep.
[[nodiscard]] edge::Response private_json(std::string body);
/// An error answer of REST or of a refused upgrade: body as in PROTOCOL.md B.6, code also in the header
/// x-ms-error-code.
[[nodiscard]] edge::Response failure(unsigned status, std::string_view code, std::string_view message);
/// 401 for permission, 404 for not_found, 413 for limit, 415 for protocol, retry_later() for unavailable, 400
/// otherwise.
[[nodiscard]] edge::Response failure(const Error& error);
/// 405.
[[nodiscard]] edge::Response wrong_method(std::string_view allowed);
/// 404 as the SDKs know it.
[[nodiscard]] edge::Response no_such_connection();
/// 503 with Retry-After: nothing was executed.
[[nodiscard]] edge::Response retry_later(std::string_view message);

}  // namespace wscluster::front
