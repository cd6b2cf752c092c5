// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wscluster::websession {

/// Java's encoding of texts (UTF-16 units in one to three bytes each, 0 in two) as UTF-8; nothing for what it never
/// writes, and for half a surrogate pair, which is no text elsewhere.
[[nodiscard]] std::optional<std::string> decode_modified_utf8(std::string_view bytes);

}  // namespace wscluster::websession
