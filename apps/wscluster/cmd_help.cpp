// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "commands.hpp"
#include "help.hpp"

namespace wscluster::app {
namespace {

int run_help(const Invocation& invocation) {
  std::string path;
  for (const auto& word : invocation.arguments()) {
    const std::string longer = path.empty() ? word : path + " " + word;
    if (find_command(longer) == nullptr) {
      std::vector<std::string> names;
      for (const auto* child : children_of(path))
        names.push_back(child->name());
      const std::string nearest = closest_match(word, names);
      throw Failure(ExitCode::usage,
                    "unknown command '" + longer + "'" + (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"),
                    "All commands: wscluster --help");
    }
    path = longer;
  }
  const bool color = invocation.output().color_stdout;
  print(path.empty() ? program_help(color) : help(*find_command(path), color));
  return 0;
}

}  // namespace

Command help_command() {
  return {
      .path = "help",
      .heading = "Set up",
      .summary = "Show the help of a command",
      .examples = {{"wscluster help", ""}, {"wscluster help ring add", "The same as: wscluster ring add --help"}},
      .arguments =
          {{.name = "COMMAND", .text = "The command's words", .least = 0, .most = 0, .complete = Complete::commands}},
      .run = run_help};
}

}  // namespace wscluster::app
