// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "story.hpp"

namespace wscluster::simulation {

/// A kind of story: with a seed it becomes one.
struct Plot {
  std::string_view name;
  std::string_view about;
  unsigned weight;  ///< among the seeds
  void (*write)(Story& story, Random& random);
};

[[nodiscard]] const std::vector<Plot>& plots();
/// Null when there is none of that name.
[[nodiscard]] const Plot* find_plot(std::string_view name);
[[nodiscard]] Story make_story(const Plot& plot, std::uint64_t seed);
/// Of any plot, by weight.
[[nodiscard]] Story make_story(std::uint64_t seed);

// The parts, one source each.
void add_calm_plots(std::vector<Plot>& into);
void add_fault_plots(std::vector<Plot>& into);
void add_hand_over_plots(std::vector<Plot>& into);
void add_group_plots(std::vector<Plot>& into);
void add_redis_plots(std::vector<Plot>& into);

}  // namespace wscluster::simulation
