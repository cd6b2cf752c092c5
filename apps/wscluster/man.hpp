// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace wscluster::app {

struct Page {
  std::string file;  ///< "wscluster-ring.1"
  std::string text;  ///< roff
};

/// Every man page, from the declarations of commands, flags and keys and from the prose of man_prose.cpp.
[[nodiscard]] std::vector<Page> man_pages();

/// Text as roff shows it: nothing in it is taken for a request or an escape.
[[nodiscard]] std::string roff(const std::string& text);

/// Sections of prose in roff, by page: "wscluster.1", "wscluster.yaml.5", "wscluster-concepts.7".
[[nodiscard]] std::string concepts_prose();
[[nodiscard]] std::string configuration_prose();
[[nodiscard]] std::string program_prose();

}  // namespace wscluster::app
