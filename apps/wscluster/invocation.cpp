// SPDX-License-Identifier: MIT
#include "invocation.hpp"

#include <algorithm>
#include <stdexcept>

namespace wscluster::app {
namespace {

/// Nothing but flags is wrong: the call, not the configuration.
ExitCode exit_of(const std::vector<config::Problem>& problems) {
  const bool only_flags = std::all_of(problems.begin(), problems.end(), [](const config::Problem& p) {
    return p.severity == config::Severity::warning || p.file.starts_with("--");
  });
  return only_flags ? ExitCode::usage : ExitCode::config;
}

}  // namespace

ConfigInvalid::ConfigInvalid(std::vector<config::Problem> problems)
    : Failure(exit_of(problems), "the configuration has " + counted(config::count_errors(problems), "error"),
              "Look again with: wscluster config check"),
      problems_(std::move(problems)) {}

Invocation::Invocation(const Command& command, Values values, std::vector<std::string> arguments,
                       config::Environment environment, Output output)
    : command_(&command),
      values_(std::move(values)),
      arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      output_(output) {}

const Flag& Invocation::declared(const std::string& flag) const {
  if (const auto* found = find_flag(*command_, flag)) return *found;
  throw std::logic_error("'" + command_->path + "' asks for --" + flag + ", which it does not declare");
}

bool Invocation::has(const std::string& flag) const {
  static_cast<void>(declared(flag));
  return values_.contains(flag);
}

std::string Invocation::text(const std::string& flag) const {
  const auto at = values_.find(flag);
  return at == values_.end() ? declared(flag).default_text : at->second.back();
}

std::vector<std::string> Invocation::texts(const std::string& flag) const {
  static_cast<void>(declared(flag));
  const auto at = values_.find(flag);
  return at == values_.end() ? std::vector<std::string>{} : at->second;
}

config::Sources Invocation::sources() const {
  config::Sources sources{std::nullopt, environment_, {}};
  for (const auto& [name, values] : values_) {
    const auto& flag = declared(name);
    if (name == "config") sources.file = values.back();
    if (flag.key.empty()) continue;
    sources.flags.push_back({flag.key, flag.is_switch() ? flag.key_value : values.back(), "--" + name});
  }
  return sources;
}

config::Config Invocation::load_config() const {
  auto loaded = config::load(sources(), command_->roles);
  if (!loaded.usable()) throw ConfigInvalid(std::move(loaded.problems));
  if (!output_.is_quiet && !output_.is_json()) {
    for (const auto& problem : loaded.problems)
      print_error(problem.to_string() + "\n");
  }
  return std::move(loaded.config);
}

}  // namespace wscluster::app
