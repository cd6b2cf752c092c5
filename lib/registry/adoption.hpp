// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/alarm.hpp"
#include "ring/document.hpp"

namespace wscluster::registry {

/// How a document stands to the one that is held (DESIGN.md section 5.6). Only `newer` may be adopted.
enum class Standing : std::uint8_t { newer, same, older, other_digest, other_lineage };

/// `held` may be null: everything is newer than nothing. An immediate successor that names another predecessor than the
/// held one is other_digest.
[[nodiscard]] Standing compare(const ring::Document* held, const ring::Document& candidate);
/// Also by what the source of the candidate says is the digest of the held epoch; empty: it does not know.
[[nodiscard]] Standing compare(const ring::Document* held, const ring::Document& candidate,
                               std::string_view digest_of_held);

/// Why it is not adopted; nothing for newer and same. `source` says where the candidate is from.
[[nodiscard]] std::optional<Alarm> describe(Standing standing, const ring::Document& held,
                                            const ring::Document& candidate, const std::string& source);

}  // namespace wscluster::registry
