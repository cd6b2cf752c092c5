// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"

namespace wscluster::app {

/// Top-level help: one screen, 80 columns.
[[nodiscard]] std::string program_help(bool color);
/// A command's or group's help, examples first.
[[nodiscard]] std::string help(const Command& command, bool color);

/// "wscluster ring add NODE [flags]"
[[nodiscard]] std::string usage(const Command& command);
/// "-n, --dry-run" or "    --rate RATE"
[[nodiscard]] std::string flag_head(const Flag& flag);
/// The text with default, words and variable behind it.
[[nodiscard]] std::string flag_text(const Flag& flag);

/// Lines of at most `width` characters, broken at spaces; words longer than that stay whole.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace wscluster::app
