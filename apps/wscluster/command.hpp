// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace wscluster::app {

class Invocation;

/// What TAB offers for a value.
enum class Complete : std::uint8_t { nothing, files, nodes, shells, roles, commands };

/// One flag, declared once: the source of parsing, help, man page, completion and README.
struct Flag {
  std::string name{};     ///< "dry-run" for --dry-run
  char letter = 0;        ///< 'n' for -n; 0: none
  std::string value{};    ///< "RATE"; empty: a switch
  std::string implied{};  ///< the value when the flag stands without one; empty: it needs one
  config::Type type = config::Type::text;
  std::vector<std::string_view> choices{};
  std::string default_text{};  ///< as it would be typed; empty: none
  std::string default_note{};  ///< shown in place of it: "the host's name"
  std::string env{};           ///< read when the flag is not given; empty: none
  std::string key{};           ///< the configuration key it sets; empty: none
  std::string key_value{};     ///< of a switch: the text that it sets ("true", --standby sets "false")
  std::string text{};          ///< one line, no full stop
  bool repeats = false;
  Complete complete = Complete::nothing;

  [[nodiscard]] bool is_switch() const { return value.empty(); }
};

struct Argument {
  std::string name{};  ///< "NODE"
  std::string text{};
  unsigned least = 1;
  unsigned most = 1;  ///< 0: any number
  Complete complete = Complete::nothing;
};

struct Example {
  std::string line{};
  std::string text{};  ///< what it does
};

using Run = int (*)(const Invocation&);

/// One command, declared once. A group (ring, config) has no `run`.
struct Command {
  std::string path{};     ///< "ring add"
  std::string heading{};  ///< of the top-level help: "Operate"
  std::string summary{};  ///< one line, no full stop
  std::string description{};
  std::vector<Example> examples{};
  std::vector<Flag> flags{};
  std::vector<Argument> arguments{};
  config::Roles roles = config::Roles::client;  ///< whose settings it reads
  bool is_hidden = false;
  bool takes_anything = false;  ///< everything after the command is its own business
  Run run = nullptr;

  [[nodiscard]] std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

/// In the order of help.
[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const std::vector<Flag>& global_flags();
/// nullptr when there is none of this path.
[[nodiscard]] const Command* find_command(const std::string& path);
/// Direct children of "" (the program) or of a group, hidden ones left out.
[[nodiscard]] std::vector<const Command*> children_of(const std::string& path);
/// The command's own flag, else the global one; nullptr when there is none.
[[nodiscard]] const Flag* find_flag(const Command& command, const std::string& name);
[[nodiscard]] const Flag* find_flag(const Command& command, char letter);

/// The flag (two for one with a negative form) that a configuration key has.
[[nodiscard]] std::vector<Flag> flags_of_key(std::string_view key);
/// All flags of keys that one of the roles uses and the others do not share globally.
[[nodiscard]] std::vector<Flag> flags_of_roles(config::Roles roles);

}  // namespace wscluster::app
