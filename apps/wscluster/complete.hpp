// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace wscluster::app {

struct Candidate {
  std::string value;
  std::string text;  ///< may be empty
};

/// What fits the last word. Pure: nodes are asked for with `wants_nodes` and come from elsewhere.
struct Completion {
  std::vector<Candidate> candidates;
  bool wants_files = false;
  bool wants_nodes = false;
  std::string prefix;  ///< what the candidate must begin with
  std::string lead;    ///< what stands before it in the same word: "--color="
};

/// `words` are those behind the program's name; the last one is being typed and may be empty.
[[nodiscard]] Completion complete(std::vector<std::string> words);

}  // namespace wscluster::app
