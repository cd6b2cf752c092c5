// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>

#include "commands.hpp"
#include "config/show.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using config::Roles;

constexpr std::array<std::string_view, 3> role_choices{"gateway", "node", "client"};
constexpr std::array<Roles, 3> role_values{Roles::gateway, Roles::node, Roles::client};

/// --role, else what the configuration is evidently for.
config::Loaded load_for(const Invocation& invocation, const config::Sources& sources) {
  if (invocation.has("role")) {
    return config::load(sources, role_values.at(invocation.choice<std::size_t>("role")));
  }
  auto loaded = config::load(sources, Roles::client);
  return config::concerns_servers(loaded) ? config::load(sources, Roles::all) : loaded;
}

json::object to_json(const config::Problem& problem) {
  const bool has_place = problem.line > 0;
  return {{"severity", problem.severity == config::Severity::error ? "error" : "warning"},
          {"file", problem.file},
          {"line", has_place ? json::value(problem.line) : json::value(nullptr)},
          {"column", has_place ? json::value(problem.column) : json::value(nullptr)},
          {"path", problem.path},
          {"text", problem.text}};
}

int run_check(const Invocation& invocation) {
  std::vector<std::optional<std::string>> files(invocation.arguments().begin(), invocation.arguments().end());
  if (files.empty()) files.push_back(invocation.sources().file);
  std::vector<config::Problem> problems;
  std::string checked;
  for (const auto& file : files) {
    auto sources = invocation.sources();
    sources.file = file;
    auto loaded = load_for(invocation, sources);
    checked += (checked.empty() ? "" : ", ") + (loaded.file.empty() ? "defaults (no file was found)" : loaded.file);
    for (auto& problem : loaded.problems) {
      const auto same = [&](const auto& other) { return other.to_string() == problem.to_string(); };
      if (std::none_of(problems.begin(), problems.end(), same)) problems.push_back(std::move(problem));
    }
  }
  if (invocation.has("strict")) {
    for (auto& problem : problems)
      problem.severity = config::Severity::error;
  }
  const std::size_t errors = config::count_errors(problems);
  const std::size_t warnings = problems.size() - errors;
  const auto& output = invocation.output();
  if (output.is_json()) {
    json::array list;
    for (const auto& problem : problems)
      list.push_back(to_json(problem));
    print(render_json(json::object{{"schema", "wscluster/config-check/v1"},
                                   {"valid", errors == 0},
                                   {"errors", errors},
                                   {"warnings", warnings},
                                   {"problems", std::move(list)}},
                      output));
  } else {
    for (const auto& problem : problems)
      print(problem.to_string() + "\n");
    if (!problems.empty()) print(counted(errors, "error") + ", " + counted(warnings, "warning") + "\n");
    if (problems.empty() && !output.is_quiet) print(checked + ": valid\n");
  }
  return static_cast<int>(errors == 0 ? ExitCode::ok : ExitCode::config);
}

json::object to_json(const config::ShownValue& row) {
  constexpr std::array<const char*, 4> kinds{"default", "file", "env", "flag"};
  const auto& origin = row.origin;
  return {{"key", row.key},
          {"value", row.value},
          {"from", kinds.at(static_cast<std::size_t>(origin.kind))},
          {"name", origin.name.empty() ? json::value(nullptr) : json::value(origin.name)},
          {"line", origin.line > 0 ? json::value(origin.line) : json::value(nullptr)},
          {"reloadable", row.reloadable}};
}

int run_show(const Invocation& invocation) {
  const auto loaded = load_for(invocation, invocation.sources());
  const std::string prefix = invocation.arguments().empty() ? "" : invocation.arguments().front();
  Table table({{"KEY"}, {"VALUE"}, {"FROM"}, {"RELOADABLE", false, true}});
  json::array rows;
  for (const auto& row : config::show(loaded)) {
    if (!row.key.starts_with(prefix)) continue;
    if (invocation.has("changed") && row.origin.kind == config::Origin::Kind::builtin) continue;
    table.add({row.key, row.value.empty() ? "-" : row.value, row.origin.to_string(), row.reloadable ? "yes" : "no"});
    rows.push_back(to_json(row));
  }
  if (invocation.output().is_json()) {
    print(render_json(json::object{{"schema", "wscluster/config/v1"},
                                   {"file", loaded.file.empty() ? json::value(nullptr) : json::value(loaded.file)},
                                   {"values", std::move(rows)}},
                      invocation.output()));
  } else {
    print(table.render(invocation.output()));
  }
  if (!loaded.usable()) throw ConfigInvalid(loaded.problems);
  return 0;
}

int run_init(const Invocation& invocation) {
  const std::string word = invocation.arguments().empty() ? "node" : invocation.arguments().front();
  const auto index = config::parse_choice(role_choices, word);
  if (!index) throw Failure(ExitCode::usage, "ROLE: " + index.error().message);
  print(config::example(role_values.at(*index)));
  return 0;
}

Flag role_flag() {
  return {.name = "role",
          .value = "ROLE",
          .type = config::Type::choice,
          .choices = {role_choices.begin(), role_choices.end()},
          .default_note = "what it is evidently for",
          .text = "Check for this program only"};
}

}  // namespace

std::vector<Command> config_commands() {
  return {{.path = "config",
           .heading = "Set up",
           .summary = "Check, show or create a configuration",
           .examples = {{"wscluster config init node > wscluster.yaml", ""},
                        {"wscluster config check wscluster.yaml", ""},
                        {"wscluster config show", ""}}},
          {.path = "config check",
           .summary = "Report every problem of a configuration",
           .description =
               "Reads the files as the servers do, opens the certificates and keys they name, and prints each problem "
               "as 'file:line:column: error: key: text'. Exit 0 when there is none, else 78.",
           .examples = {{"wscluster config check", "The file that would be used."},
                        {"wscluster config check node.yaml gateway.yaml", ""},
                        {"wscluster config check --strict --role node node.yaml", ""}},
           .flags = {role_flag(), {.name = "strict", .text = "Warnings are errors"}},
           .arguments = {{.name = "FILE",
                          .text = "Files to check, each on its own",
                          .least = 0,
                          .most = 0,
                          .complete = Complete::files}},
           .run = run_check},
          {.path = "config show",
           .summary = "Show effective values and where each one comes from",
           .examples = {{"wscluster config show", ""},
                        {"wscluster config show redis", "Keys that begin with 'redis'."},
                        {"wscluster config show --changed -o json", ""}},
           .flags = {role_flag(), {.name = "changed", .text = "Only values that are not the default"}},
           .arguments = {{.name = "PREFIX", .text = "Only keys that begin with it", .least = 0}},
           .run = run_show},
          {.path = "config init",
           .summary = "Print a commented configuration",
           .examples = {{"wscluster config init gateway > gateway.yaml", ""}, {"wscluster config init node", ""}},
           .arguments = {{.name = "ROLE",
                          .text = "gateway, node or client; default: node",
                          .least = 0,
                          .complete = Complete::roles}},
           .run = run_init}};
}

}  // namespace wscluster::app
