// SPDX-License-Identifier: MIT
#include "parse.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace wscluster::app {
namespace {

constexpr const char* positional = "words";

std::string variable(const config::Environment& environment, const std::string& name) {
  const auto at = environment.find(name);
  return at == environment.end() || name.empty() ? "" : at->second;
}

[[noreturn]] void refuse(const Command* command, const std::string& message) {
  const std::string path = command == nullptr ? "wscluster" : "wscluster " + command->path;
  throw Failure(ExitCode::usage, message, "Help: " + path + " --help");
}

void add_flag(CLI::App& app, const Flag& flag) {
  const std::string names = (flag.letter != 0 ? std::string("-") + flag.letter + "," : "") + "--" + flag.name;
  if (flag.is_switch()) {
    app.add_flag(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return;
  }
  auto* option = app.add_option(names);
  if (flag.implied.empty()) {
    option->expected(1);
  } else {
    option->expected(0, 1);
  }
  option->multi_option_policy(flag.repeats ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
}

/// CLI11's picture of the table.
class Tree {
 public:
  Tree() {
    prepare(root_);
    for (const auto& flag : global_flags())
      add_flag(root_, flag);
    for (const auto& command : commands()) {
      const auto space = command.path.rfind(' ');
      CLI::App& parent = space == std::string::npos ? root_ : *apps_.at(command.path.substr(0, space));
      CLI::App& app = *parent.add_subcommand(command.name());
      prepare(app);
      apps_[command.path] = &app;
      for (const auto& flag : command.flags)
        add_flag(app, flag);
      if (command.run != nullptr)
        app.add_option(positional)->expected(0, CLI::detail::expected_max_vector_size)->allow_extra_args();
    }
  }

  void parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    root_.parse(std::move(words));
  }

  const Command* chosen() const {
    const Command* deepest = nullptr;
    for (const auto& command : commands()) {
      if (apps_.at(command.path)->parsed()) deepest = deepest_of(deepest, &command);
    }
    return deepest;
  }

  /// Values by name; those of the command stand above global ones.
  Invocation::Values values(const Command* command) const {
    Invocation::Values values;
    collect(root_, global_flags(), command, values);
    if (command != nullptr) collect(*apps_.at(command->path), command->flags, command, values);
    return values;
  }

  std::vector<std::string> arguments(const Command& command) const {
    const auto* option = apps_.at(command.path)->get_option_no_throw(positional);
    return option == nullptr ? std::vector<std::string>{} : option->results();
  }

  std::vector<std::string> strangers() const { return root_.remaining(true); }

 private:
  static void prepare(CLI::App& app) {
    app.set_help_flag();
    app.fallthrough();
    app.allow_extras();
    app.require_subcommand(0, 1);
  }

  static const Command* deepest_of(const Command* a, const Command* b) {
    return a == nullptr || b->path.size() > a->path.size() ? b : a;
  }

  static void collect(const CLI::App& app, const std::vector<Flag>& flags, const Command* command,
                      Invocation::Values& values) {
    for (const auto& flag : flags) {
      const auto* option = app.get_option("--" + flag.name);
      if (option->count() == 0) continue;
      auto results = option->results();
      if (flag.is_switch() && results.back() != "true") refuse(command, "--" + flag.name + " takes no value");
      if (!flag.implied.empty() && (results.back().empty() || results.back() == "true")) results.back() = flag.implied;
      values[flag.name] = std::move(results);
    }
  }

  CLI::App root_;
  std::map<std::string, CLI::App*> apps_;
};

std::vector<std::string> flag_names(const Command* command) {
  std::vector<std::string> names;
  for (const auto& flag : global_flags())
    names.push_back("--" + flag.name);
  if (command == nullptr) return names;
  for (const auto& flag : command->flags)
    names.push_back("--" + flag.name);
  return names;
}

std::vector<std::string> command_names(const std::string& path) {
  std::vector<std::string> names;
  for (const auto* child : children_of(path))
    names.push_back(child->name());
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string nearest = closest_match(word, candidates);
  return nearest.empty() ? "" : " (did you mean '" + nearest + "'?)";
}

[[noreturn]] void refuse_stranger(const Command* command, const std::string& word) {
  if (word.starts_with('-') && word.size() > 1) {
    const std::string flag = word.substr(0, word.find('='));
    const std::string where = command == nullptr ? "" : " of '" + command->path + "'";
    refuse(command, "unknown flag '" + flag + "'" + where + did_you_mean(flag, flag_names(command)));
  }
  if (command == nullptr) refuse(nullptr, "unknown command '" + word + "'" + did_you_mean(word, command_names("")));
  refuse(command, "unknown command '" + word + "' of '" + command->path + "'" +
                      did_you_mean(word, command_names(command->path)));
}

void check_arguments(const Command& command, const std::vector<std::string>& given) {
  unsigned least = 0;
  unsigned most = 0;
  bool is_unbounded = false;
  for (const auto& argument : command.arguments) {
    least += argument.least;
    most += argument.most;
    is_unbounded = is_unbounded || argument.most == 0;
    if (given.size() < least) refuse(&command, argument.name + " is missing");
  }
  if (!is_unbounded && given.size() > most) {
    refuse(&command, "'" + given[most] + "' is one word too many for '" + command.path + "'");
  }
}

/// Values from variables where no flag was given, then every value by its type.
void check_values(const Command& command, const config::Environment& environment, Invocation::Values& values) {
  const auto check_all = [&](const std::vector<Flag>& flags) {
    for (const auto& flag : flags) {
      std::string place = "--" + flag.name;
      if (const auto text = variable(environment, flag.env); !text.empty() && !values.contains(flag.name)) {
        // A variable that names the file is read where files are looked for; an empty or "0" switch is off.
        if (flag.name == "config" || (flag.is_switch() && text == "0")) continue;
        values[flag.name] = {text};
        place = flag.env;
      }
      const auto at = values.find(flag.name);
      if (at == values.end() || flag.is_switch()) continue;
      for (const auto& text : at->second) {
        if (const auto good = config::check(flag.type, flag.choices, text); !good) {
          refuse(&command, place + ": " + good.error().message);
        }
      }
    }
  };
  check_all(command.flags);
  std::vector<Flag> others;
  for (const auto& flag : global_flags()) {
    if (find_flag(command, flag.name) == &flag) others.push_back(flag);
  }
  check_all(others);
}

bool has_word(const std::vector<std::string>& words, std::initializer_list<const char*> wanted) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find_first_of(words.begin(), end, wanted.begin(), wanted.end()) != end;
}

}  // namespace

Parsed parse(const std::vector<std::string>& words, const config::Environment& environment) {
  Parsed parsed;
  if (!words.empty()) {
    if (const auto* command = find_command(words.front()); command != nullptr && command->takes_anything) {
      parsed.command = command;
      parsed.arguments.assign(words.begin() + 1, words.end());
      return parsed;
    }
  }
  Tree tree;
  try {
    tree.parse(words);
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string text = e.what();
    parsed.command = tree.chosen();
    if (!has_word(words, {"-h", "--help"})) refuse(parsed.command, text.substr(0, text.find(':')) + " needs a value");
    parsed.wants_help = true;
    return parsed;
  } catch (const CLI::Error& e) {
    refuse(tree.chosen(), e.what());
  }
  parsed.command = tree.chosen();
  parsed.values = tree.values(parsed.command);
  parsed.wants_help = parsed.values.contains("help");
  parsed.wants_version = parsed.values.contains("version");
  if (parsed.wants_help || parsed.wants_version) return parsed;
  if (const auto strangers = tree.strangers(); !strangers.empty()) refuse_stranger(parsed.command, strangers.front());
  if (parsed.command == nullptr || parsed.command->run == nullptr) return parsed;
  parsed.arguments = tree.arguments(*parsed.command);
  check_values(*parsed.command, environment, parsed.values);
  check_arguments(*parsed.command, parsed.arguments);
  return parsed;
}

bool asks_for_json(const std::vector<std::string>& words, const config::Environment& environment) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    if (words[i] == "--json" || words[i].starts_with("--output=json") || words[i].starts_with("-ojson")) return true;
    if (words[i] == "-o" || words[i] == "--output") return next.starts_with("json");
  }
  return variable(environment, "WSCLUSTER_OUTPUT").starts_with("json");
}

}  // namespace wscluster::app
