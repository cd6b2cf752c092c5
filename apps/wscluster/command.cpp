// SPDX-License-Identifier: MIT
#include "command.hpp"

#include <algorithm>

namespace wscluster::app {

using config::Type;

const std::vector<Flag>& global_flags() {
  static const std::vector<Flag> flags = [] {
    std::vector<Flag> all{{.name = "config",
                           .letter = 'c',
                           .value = "FILE",
                           .type = Type::file,
                           .default_note = "see FILES in wscluster(1)",
                           .env = "WSCLUSTER_CONFIG",
                           .text = "Configuration file",
                           .complete = Complete::files}};
    for (const auto* key : {"redis.url", "cluster.name"}) {
      for (auto& flag : flags_of_key(key))
        all.push_back(std::move(flag));
    }
    const std::vector<Flag> more{
        {.name = "output",
         .letter = 'o',
         .value = "FORMAT",
         .type = Type::choice,
         .choices = {"table", "wide", "json", "jsonl", "csv", "plain"},
         .default_text = "table",
         .env = "WSCLUSTER_OUTPUT",
         .text = "Form of the result"},
        {.name = "json", .text = "The same as --output json"},
        {.name = "no-headers", .text = "No line with the names of the columns"},
        {.name = "color",
         .value = "WHEN",
         .type = Type::choice,
         .choices = {"auto", "always", "never"},
         .default_text = "auto",
         .env = "WSCLUSTER_COLOR",
         .text = "Colours (auto: on a terminal without NO_COLOR)"},
        {.name = "progress",
         .value = "HOW",
         .type = Type::choice,
         .choices = {"auto", "bar", "plain", "json", "none"},
         .default_text = "auto",
         .env = "WSCLUSTER_PROGRESS",
         .text = "Progress on stderr"},
        {.name = "timeout",
         .value = "DUR",
         .type = Type::duration,
         .default_text = "5s",
         .env = "WSCLUSTER_TIMEOUT",
         .text = "Deadline of one request"},
        {.name = "no-input", .env = "WSCLUSTER_NO_INPUT", .text = "Never ask"},
        {.name = "quiet", .letter = 'q', .text = "Only the result, no hints"},
        {.name = "verbose", .letter = 'v', .text = "More on stderr"},
        {.name = "help", .letter = 'h', .text = "Show help"},
        {.name = "version", .text = "Show the version"},
    };
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return flags;
}

const Command* find_command(const std::string& path) {
  const auto& all = commands();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.path == path; });
  return at == all.end() ? nullptr : &*at;
}

std::vector<const Command*> children_of(const std::string& path) {
  std::vector<const Command*> children;
  for (const auto& command : commands()) {
    const auto space = command.path.rfind(' ');
    const std::string parent = space == std::string::npos ? "" : command.path.substr(0, space);
    if (parent == path && !command.is_hidden) children.push_back(&command);
  }
  return children;
}

namespace {

template <class Test>
const Flag* first_flag(const Command& command, Test test) {
  for (const auto* flags : {&command.flags, &global_flags()}) {
    const auto at = std::find_if(flags->begin(), flags->end(), test);
    if (at != flags->end()) return &*at;
  }
  return nullptr;
}

}  // namespace

const Flag* find_flag(const Command& command, const std::string& name) {
  return first_flag(command, [&](const Flag& flag) { return flag.name == name; });
}

const Flag* find_flag(const Command& command, char letter) {
  return first_flag(command, [&](const Flag& flag) { return letter != 0 && flag.letter == letter; });
}

std::vector<Flag> flags_of_key(std::string_view key) {
  const auto* setting = config::find_setting(key);
  if (setting == nullptr || setting->flag.empty()) return {};
  const bool is_switch = setting->type == Type::boolean;
  Flag flag{.name = setting->flag,
            .value = is_switch ? "" : setting->flag_value,
            .type = setting->type,
            .choices = setting->choices,
            .key = setting->key,
            .key_value = is_switch ? "true" : "",
            .text = setting->text};
  if (!is_switch && flag.value.empty()) flag.value = std::string(config::value_name(setting->type));
  if (setting->default_note.empty() && !is_switch) flag.default_text = config::default_text(*setting);
  flag.default_note = setting->default_note;
  if (setting->type == Type::file || setting->type == Type::path) flag.complete = Complete::files;
  std::vector<Flag> flags{flag};
  if (setting->negative_flag.empty()) return flags;
  Flag negative{.name = setting->negative_flag, .key = setting->key, .key_value = "false"};
  negative.text = "The opposite of --" + setting->flag;
  flags.push_back(std::move(negative));
  return flags;
}

std::vector<Flag> flags_of_roles(config::Roles roles) {
  std::vector<Flag> flags;
  for (const auto& setting : config::settings()) {
    if (!any_of(setting.roles, roles) || setting.roles == config::Roles::all) continue;
    for (auto& flag : flags_of_key(setting.key))
      flags.push_back(std::move(flag));
  }
  return flags;
}

}  // namespace wscluster::app
