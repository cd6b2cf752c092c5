// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "command.hpp"
#include "output.hpp"

namespace wscluster::app {

/// The configuration cannot be used; carries every problem.
class ConfigInvalid : public Failure {
 public:
  explicit ConfigInvalid(std::vector<config::Problem> problems);
  [[nodiscard]] const std::vector<config::Problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<config::Problem> problems_;
};

/// One command line, understood: every flag's value has been read once by its type, so the getters cannot fail for what
/// the user typed. Asking for a flag that the command does not declare is a bug (std::logic_error).
class Invocation {
 public:
  using Values = std::map<std::string, std::vector<std::string>>;

  Invocation(const Command& command, Values values, std::vector<std::string> arguments, config::Environment environment,
             Output output);

  [[nodiscard]] const Command& command() const noexcept { return *command_; }
  [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
  [[nodiscard]] const config::Environment& environment() const noexcept { return environment_; }
  [[nodiscard]] const Output& output() const noexcept { return output_; }

  /// Given on the command line or in the flag's variable.
  [[nodiscard]] bool has(const std::string& flag) const;
  /// The value given, else the default; "" without either.
  [[nodiscard]] std::string text(const std::string& flag) const;
  /// All values of a flag that repeats.
  [[nodiscard]] std::vector<std::string> texts(const std::string& flag) const;
  /// text() read by the flag's type: Duration, double, std::uint64_t, unsigned, bool, Endpoint.
  template <class T>
  [[nodiscard]] T value(const std::string& flag) const {
    T result{};
    if (const auto read = config::read_value(declared(flag).type, text(flag), result); !read) {
      throw Failure(ExitCode::usage, "--" + flag + ": " + read.error().message);
    }
    return result;
  }
  /// The position in the flag's choices.
  template <class Enum>
  [[nodiscard]] Enum choice(const std::string& flag) const {
    return static_cast<Enum>(config::parse_choice(declared(flag).choices, text(flag)).value());
  }

  /// File, environment and flags of configuration keys, for config::load().
  [[nodiscard]] config::Sources sources() const;
  /// The effective configuration for the command's roles. Throws ConfigInvalid; warnings go to stderr unless --quiet.
  [[nodiscard]] config::Config load_config() const;

 private:
  [[nodiscard]] const Flag& declared(const std::string& flag) const;

  const Command* command_;
  Values values_;
  std::vector<std::string> arguments_;
  config::Environment environment_;
  Output output_;
};

}  // namespace wscluster::app
