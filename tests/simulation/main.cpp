// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "batch.hpp"
#include "mutations.hpp"
#include "plots.hpp"

namespace wscluster::simulation {
namespace {

constexpr const char* usage =
    "usage: simulation [--seeds N] [--first S] [--story NAME] [--jobs N] [--list] [--mutations]\n"
    "  --seeds N     so many stories (10000; of one plot 300; 2000 for each mutation)\n"
    "  --first S     seeds from S on (1)\n"
    "  --story NAME  only this plot\n"
    "  --jobs N      processes (as many as there are cores)\n"
    "  --list        names the plots\n"
    "  --mutations   switches one rule off at a time; each must be noticed\n";

struct Wishes {
  std::uint64_t seeds = 0;
  std::uint64_t first = 1;
  std::string story;
  unsigned jobs = 0;
  bool lists = false;
  bool mutates = false;
};

bool read_number(const char* text, std::uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  return end != text && *end == 0;
}

bool read_arguments(int count, char** arguments, Wishes& wishes) {
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : "";
    std::uint64_t number = 0;
    if (word == "--list") {
      wishes.lists = true;
    } else if (word == "--mutations") {
      wishes.mutates = true;
    } else if (word == "--story") {
      wishes.story = value, ++i;
    } else if ((word == "--seeds" || word == "--first" || word == "--jobs") && read_number(value, number)) {
      if (word == "--seeds") wishes.seeds = number;
      if (word == "--first") wishes.first = number;
      if (word == "--jobs") wishes.jobs = static_cast<unsigned>(number);
      ++i;
    } else {
      std::cerr << "simulation: what is '" << word << "'?\n" << usage;
      return false;
    }
  }
  return true;
}

void print_failure(Story story, const Failure& failure) {
  std::cout << "\nFAILED: " << story.plot << ", seed " << story.seed << ": " << failure.what << "\n"
            << "  again with: --story " << story.plot << " --first " << story.seed << " --seeds 1\n";
  std::cout.flush();
  story = shrink(std::move(story), failure.what);
  // A story that crashes cannot be told to its end.
  const bool crashes = failure.what.starts_with("it ");
  std::cout << (crashes ? describe(story) : tell(story)) << std::flush;
}

int play_seeds(const Wishes& wishes) {
  const Plot* const plot = wishes.story.empty() ? nullptr : find_plot(wishes.story);
  const std::uint64_t count = wishes.seeds != 0 ? wishes.seeds : plot != nullptr ? 300 : 10'000;
  const auto story_at = [&](std::uint64_t index) {
    return plot != nullptr ? make_story(*plot, wishes.first + index) : make_story(wishes.first + index);
  };
  const auto begin = std::chrono::steady_clock::now();
  const BatchResult result = play_batch(count, wishes.jobs, story_at);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const Figures& sum = result.figures;
  std::printf(
      "%llu stories: %llu messages, %llu epochs, %llu moves of users, %llu deaths, %llu unknown, %llu unanswered, "
      "%.1f s\n",
      static_cast<unsigned long long>(result.played), static_cast<unsigned long long>(sum.messages),
      static_cast<unsigned long long>(sum.epochs), static_cast<unsigned long long>(sum.moves),
      static_cast<unsigned long long>(sum.deaths), static_cast<unsigned long long>(sum.unknown),
      static_cast<unsigned long long>(sum.unanswered), took.count());
  std::fflush(stdout);
  if (!result.failure) return 0;
  print_failure(story_at(result.failure->index), *result.failure);
  return 1;
}

/// The plots that are about the rule first, then everything.
std::vector<const Plot*> plots_for(const Mutation& mutation) {
  std::vector<const Plot*> chosen;
  std::istringstream words{std::string(mutation.plots)};
  for (std::string word; words >> word;)
    if (const Plot* plot = find_plot(word)) chosen.push_back(plot);
  return chosen;
}

int play_mutations(const Wishes& wishes) {
  const std::uint64_t count = wishes.seeds != 0 ? wishes.seeds : 2000;
  std::printf("%-20s %-22s %8s  %s\n", "SWITCHED OFF", "NOTICED BY", "SEED", "WHAT WAS BROKEN");
  int survivors = 0;
  for (std::uint64_t index = 1; index <= mutations().size(); ++index) {
    const Mutation& mutation = mutations()[index - 1];
    const auto chosen = plots_for(mutation);
    const auto story_at = [&](std::uint64_t i) {
      const bool is_chosen = i < count / 2 && !chosen.empty();
      Story story = is_chosen ? make_story(*chosen[i % chosen.size()], wishes.first + i) : make_story(wishes.first + i);
      story.mutation = index;
      return story;
    };
    const BatchResult result = play_batch(count, wishes.jobs, story_at);
    if (result.failure) {
      const Story story = story_at(result.failure->index);
      std::printf("%-20s %-22s %8llu  %s\n", std::string(mutation.name).c_str(), story.plot.c_str(),
                  static_cast<unsigned long long>(story.seed), result.failure->what.c_str());
    } else {
      ++survivors;
      std::printf("%-20s NOBODY in %llu stories: %s\n", std::string(mutation.name).c_str(),
                  static_cast<unsigned long long>(count), std::string(mutation.rule).c_str());
    }
    std::fflush(stdout);
  }
  return survivors == 0 ? 0 : 1;
}

int run(int count, char** arguments) {
  Wishes wishes;
  if (!read_arguments(count, arguments, wishes)) return 64;
  if (wishes.jobs == 0) wishes.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (wishes.lists) {
    for (const Plot& plot : plots())
      std::printf("%-22s %s\n", std::string(plot.name).c_str(), std::string(plot.about).c_str());
    return 0;
  }
  if (!wishes.story.empty() && find_plot(wishes.story) == nullptr) {
    std::cerr << "simulation: no story is called '" << wishes.story << "'; see --list\n";
    return 64;
  }
  return wishes.mutates ? play_mutations(wishes) : play_seeds(wishes);
}

}  // namespace
}  // namespace wscluster::simulation

int main(int count, char** arguments) {
  return wscluster::simulation::run(count, arguments);
}
