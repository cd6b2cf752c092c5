// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "story.hpp"
#include "world.hpp"

namespace wscluster::simulation {

/// A story that broke a promise, or the program.
struct Failure {
  std::uint64_t index = 0;  ///< in its batch
  std::string what;         ///< the first broken promise
};

struct BatchResult {
  std::uint64_t played = 0;
  Figures figures;
  std::optional<Failure> failure;  ///< the first one
};

/// Plays stories 0 to count-1 in `jobs` processes, until one fails.
[[nodiscard]] BatchResult play_batch(std::uint64_t count, unsigned jobs,
                                     const std::function<Story(std::uint64_t)>& story_at);

/// The first promise that it breaks, in a process of its own: also a crash is an answer. Empty when all is well.
[[nodiscard]] std::string first_broken(const Story& story);

/// As small as it can be made while it still breaks the same promise.
[[nodiscard]] Story shrink(Story story, const std::string& what);

/// The story and what happened in it, as far as it concerns what broke.
[[nodiscard]] std::string tell(const Story& story);

}  // namespace wscluster::simulation
