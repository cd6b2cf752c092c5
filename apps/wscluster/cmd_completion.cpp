// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "completion_scripts.hpp"

namespace wscluster::app {
namespace {

int run_completion(const Invocation& invocation) {
  const std::string& shell = invocation.arguments().front();
  const std::string script = completion_script(shell);
  if (script.empty()) throw Failure(ExitCode::usage, "'" + shell + "' is not one of bash, zsh, fish");
  print(script);
  return 0;
}

}  // namespace

Command completion_command() {
  return {.path = "completion",
          .heading = "Set up",
          .summary = "Print a completion script for bash, zsh or fish",
          .description = "Touches neither network nor configuration. Packages install the same files.",
          .examples = {{"source <(wscluster completion bash)", "For this shell only."},
                       {"wscluster completion fish > ~/.config/fish/completions/wscluster.fish", ""}},
          .arguments = {{.name = "SHELL", .text = "bash, zsh or fish", .complete = Complete::shells}},
          .run = run_completion};
}

}  // namespace wscluster::app
