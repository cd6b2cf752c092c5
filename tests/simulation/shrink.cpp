// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>

#include "batch.hpp"

namespace wscluster::simulation {
namespace {

constexpr int most_attempts = 500;
constexpr std::size_t most_lines = 160;

/// Without numbers: which message it was depends on how many there are.
std::string kind_of(const std::string& what) {
  std::string kind;
  for (const char c : what)
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) kind.push_back(c);
  return kind;
}

class Shrinking {
 public:
  Shrinking(Story story, const std::string& what) : best_(std::move(story)), kind_(kind_of(what)) {}

  Story run() {
    drop_actions();
    for (std::size_t i = 0; i < best_.devices.size(); ++i) {
      if (!is_needed(i)) attempt([i](Story& story) { story.devices[i].is_late = true; });
      attempt([i](Story& story) { story.devices[i].reading = Reading::fast; });
    }
    for (std::size_t i = 0; i < best_.cast.size(); ++i)
      attempt([i](Story& story) { story.cast[i].cores = 1; });
    attempt([](Story& story) { story.window_messages = 1024; });
    for (std::size_t i = 0; i < best_.actions.size(); ++i)
      attempt([i](Story& story) { story.actions[i].count = 1; });
    drop_actions();
    return best_;
  }

 private:
  template <class F>
  bool attempt(F change) {
    Story story = best_;
    change(story);
    if (++attempts_ > most_attempts || kind_of(first_broken(story)) != kind_) return false;
    best_ = std::move(story);
    return true;
  }

  /// Somebody writes to the user, and this is the only device.
  [[nodiscard]] bool is_needed(std::size_t device) const {
    const std::string& uid = best_.devices[device].uid;
    const bool is_addressed = std::any_of(best_.actions.begin(), best_.actions.end(),
                                          [&](const Action& action) { return action.other == uid; });
    const auto there = std::count_if(best_.devices.begin(), best_.devices.end(),
                                     [&](const Device& other) { return other.uid == uid && !other.is_late; });
    return is_addressed && there <= 1;
  }

  void drop_actions() {
    for (std::size_t size = std::max<std::size_t>(best_.actions.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t from = 0; from < best_.actions.size();) {
        const bool could = attempt([from, size](Story& story) {
          const auto begin = story.actions.begin() + static_cast<std::ptrdiff_t>(from);
          const auto left = static_cast<std::size_t>(story.actions.end() - begin);
          story.actions.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, left)));
        });
        if (!could) from += size;
      }
    }
  }

  Story best_;
  const std::string kind_;
  int attempts_ = 0;
};

}  // namespace

Story shrink(Story story, const std::string& what) {
  return Shrinking(std::move(story), what).run();
}

std::string tell(const Story& story) {
  World world(story, true);
  world.play();
  std::string text = describe(story);
  for (std::size_t i = 0; i < world.checker().broken().size() && i < 5; ++i)
    text += "  BROKEN: " + world.checker().broken()[i] + "\n";
  std::vector<std::string> lines;
  for (const std::string& line : world.notes()) {
    const auto at = line.find('#');
    const auto& culprits = world.checker().culprits();
    const std::uint64_t number = at == std::string::npos ? 0 : std::strtoull(line.c_str() + at + 1, nullptr, 10);
    if (number == 0 || std::find(culprits.begin(), culprits.end(), number) != culprits.end()) lines.push_back(line);
  }
  const std::size_t skipped = lines.size() > most_lines ? lines.size() - most_lines : 0;
  if (skipped > 0) text += "    … " + std::to_string(skipped) + " lines before\n";
  for (std::size_t i = skipped; i < lines.size(); ++i)
    text += "    " + lines[i] + "\n";
  return text;
}

}  // namespace wscluster::simulation
