// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wscluster {

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The candidate a person most likely meant, for "did you mean"; empty when none is near.
[[nodiscard]] std::string closest_match(std::string_view word, const std::vector<std::string>& candidates);

/// URL-safe alphabet, no padding (RFC 4648 section 5).
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);
/// Standard alphabet with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// 16 lower-case hex digits.
[[nodiscard]] std::string to_hex(std::uint64_t value);
[[nodiscard]] std::optional<std::uint64_t> parse_hex(std::string_view text);

/// %XX decoding of one path segment or query value; `plus_is_space` for query values. Fails on a broken escape.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
[[nodiscard]] std::string percent_encode(std::string_view text);

/// How many of the first bytes stand in a JSON string as they are: all before the first quote, backslash or control
/// character.
[[nodiscard]] std::size_t plain_json_length(std::string_view text) noexcept;
/// Appends a JSON string with quotes; the text is UTF-8 already.
void append_json_string(std::string& out, std::string_view text);

[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);

/// The whole file, or an error that names it. At most `limit_bytes`.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit_bytes = 16U << 20U);

/// A secret from a file: read_file without the trailing line end; empty is an error.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

}  // namespace wscluster
