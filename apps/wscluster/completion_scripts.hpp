// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace wscluster::app {

/// The adaptor for "bash", "zsh" or "fish": it only calls `wscluster __complete`, so that an installed one never gets
/// old. Empty for another shell.
[[nodiscard]] std::string completion_script(const std::string& shell);

}  // namespace wscluster::app
