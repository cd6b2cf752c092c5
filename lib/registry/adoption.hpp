// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "ring/document.hpp"

namespace wscluster::registry {

/// How a document stands to the one that is held (DESIGN.md section 5.6). Only `newer` may be adopted.
enum class Standing : std::uint8_t { newer, same, older, other_digest, other_lineage };

/// `held` may be null: everything is newer than nothing. An immediate successor that names another predecessor than the
/// held one is other_digest.
[[nodiscard]] Standing compare(const ring::Document* held, const ring::Document& candidate);

/// One line for an alarm; empty for newer and same. `source` says where the candidate is from.
[[nodiscard]] std::string describe(Standing standing, const ring::Document& held, const ring::Document& candidate,
                                   const std::string& source);

}  // namespace wscluster::registry
