// SPDX-License-Identifier: MIT
#include "plots.hpp"

#include <algorithm>

namespace wscluster::simulation {

const std::vector<Plot>& plots() {
  static const std::vector<Plot> all = [] {
    std::vector<Plot> list;
    add_calm_plots(list);
    add_hand_over_plots(list);
    add_fault_plots(list);
    add_redis_plots(list);
    add_group_plots(list);
    return list;
  }();
  return all;
}

const Plot* find_plot(std::string_view name) {
  const auto found = std::find_if(plots().begin(), plots().end(), [&](const Plot& plot) { return plot.name == name; });
  return found == plots().end() ? nullptr : &*found;
}

Story make_story(const Plot& plot, std::uint64_t seed) {
  Story story;
  story.seed = seed;
  story.plot = plot.name;
  Random random(mix(mix(seed, "story"), plot.name));
  plot.write(story, random);
  return story;
}

Story make_story(std::uint64_t seed) {
  unsigned total = 0;
  for (const Plot& plot : plots())
    total += plot.weight;
  auto at = Random(mix(seed, "plot")).between(0, total - 1);
  for (const Plot& plot : plots()) {
    if (at < plot.weight) return make_story(plot, seed);
    at -= plot.weight;
  }
  return make_story(plots().front(), seed);
}

}  // namespace wscluster::simulation
