// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wscluster::websession {

/// An attribute of a Spring session, serialised by the JDK or as JSON with or without the names of classes. All of
/// these give nothing for null, and an error for what is not what they look for.

/// A text, or a whole number in digits.
[[nodiscard]] Result<std::optional<std::string>> read_text(std::string_view value);
[[nodiscard]] Result<std::optional<std::int64_t>> read_integer(std::string_view value);
/// Who is logged in by the attribute SPRING_SECURITY_CONTEXT: its principal, the name of that, or the name of the
/// authentication. Nothing where nobody is, or only Spring's "anonymousUser".
[[nodiscard]] Result<std::optional<std::string>> read_security_context(std::string_view value);

}  // namespace wscluster::websession
