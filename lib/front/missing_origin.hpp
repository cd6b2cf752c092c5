// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace wscluster::front {

/// What becomes of a WebSocket whose client says no Origin where only some may come: browsers always say one.
enum class MissingOrigin : std::uint8_t { allow, refuse };

}  // namespace wscluster::front
