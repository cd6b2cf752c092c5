// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace wscluster::app {

/// Tables in Markdown for the README.
[[nodiscard]] std::string commands_reference();
[[nodiscard]] std::string config_reference();

/// `text` with what stands between <!-- NAME --> and <!-- /NAME --> replaced; unchanged without both markers.
[[nodiscard]] std::string with_reference(const std::string& text, const std::string& name, const std::string& content);

}  // namespace wscluster::app
