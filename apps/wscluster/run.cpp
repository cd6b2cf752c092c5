// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <unistd.h>
#include <csignal>

#include "commands.hpp"
#include "help.hpp"
#include "parse.hpp"

namespace wscluster::app {
namespace {

/// The flag, else its variable, else the default; the words are good already.
std::string global_text(const Parsed& parsed, const config::Environment& environment, const std::string& name) {
  if (const auto at = parsed.values.find(name); at != parsed.values.end()) return at->second.back();
  for (const auto& flag : global_flags()) {
    if (flag.name != name) continue;
    const auto at = flag.env.empty() ? environment.end() : environment.find(flag.env);
    return at == environment.end() || at->second.empty() ? flag.default_text : at->second;
  }
  return {};
}

ProgressStyle progress_style(const std::string& word, bool is_quiet, bool is_terminal) {
  if (word == "bar") return ProgressStyle::bar;
  if (word == "plain") return ProgressStyle::plain;
  if (word == "json") return ProgressStyle::json;
  if (word == "none" || is_quiet) return ProgressStyle::none;
  return is_terminal ? ProgressStyle::bar : ProgressStyle::plain;
}

Format format_of(const Parsed& parsed, const config::Environment& environment) {
  if (parsed.values.contains("json")) return Format::json;
  const std::string word = global_text(parsed, environment, "output");
  for (const auto& flag : global_flags()) {
    if (flag.name != "output") continue;
    if (const auto index = config::parse_choice(flag.choices, word)) return static_cast<Format>(*index);
  }
  return Format::table;
}

Output output_for(const Parsed& parsed, const config::Environment& environment) {
  const bool is_terminal_err = ::isatty(STDERR_FILENO) != 0;
  const std::string color = global_text(parsed, environment, "color");
  Output output;
  output.format = format_of(parsed, environment);
  output.has_headers = !parsed.values.contains("no-headers");
  output.color_stdout = wants_color(color, ::isatty(STDOUT_FILENO) != 0, environment);
  const auto term = environment.find("TERM");
  output.is_terminal = ::isatty(STDOUT_FILENO) != 0 && term != environment.end() && term->second != "dumb";
  output.color_stderr = wants_color(color, is_terminal_err, environment);
  output.is_quiet = parsed.values.contains("quiet");
  output.is_verbose = parsed.values.contains("verbose");
  output.progress = progress_style(global_text(parsed, environment, "progress"), output.is_quiet, is_terminal_err);
  const auto no_input = global_text(parsed, environment, "no-input");
  output.may_ask = is_terminal_err && ::isatty(STDIN_FILENO) != 0 && (no_input.empty() || no_input == "0");
  return output;
}

int short_help(const Command* group, const Output& output) {
  print_error(group == nullptr ? program_help(output.color_stderr) : help(*group, output.color_stderr));
  return static_cast<int>(ExitCode::usage);
}

int dispatch(const std::vector<std::string>& words, const config::Environment& environment) {
  const auto parsed = parse(words, environment);
  const Output output = output_for(parsed, environment);
  if (parsed.wants_help) {
    print(parsed.command == nullptr ? program_help(output.color_stdout) : help(*parsed.command, output.color_stdout));
    return 0;
  }
  const auto* command = parsed.wants_version ? find_command("version") : parsed.command;
  if (command == nullptr || command->run == nullptr) return short_help(command, output);
  return command->run(Invocation(*command, parsed.values, parsed.arguments, environment, output));
}

}  // namespace

int run(const std::vector<std::string>& words, const config::Environment& environment) {
  std::signal(SIGPIPE, SIG_IGN);
  Complaint complaint;
  try {
    return dispatch(words, environment);
  } catch (const ConfigInvalid& e) {
    complaint = {e.exit(), e.what(), e.hint(), e.problems()};
  } catch (const Failure& e) {
    complaint = {e.exit(), e.what(), e.hint(), {}};
  } catch (const std::exception& e) {
    complaint = {ExitCode::software,
                 std::string("a bug: ") + e.what(),
                 "This is a fault of wscluster. Please report it with the command line.",
                 {}};
  }
  const bool color = wants_color("auto", ::isatty(STDERR_FILENO) != 0, environment);
  print_error(render_complaint(complaint, asks_for_json(words, environment), color));
  return static_cast<int>(complaint.exit);
}

}  // namespace wscluster::app
