// SPDX-License-Identifier: MIT
#include "help.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "output.hpp"

namespace wscluster::app {
namespace {

constexpr std::size_t page_width = 80;
constexpr std::size_t text_column = 26;

std::string heading(std::string_view text, bool color) {
  return "\n" + styled(text, Style::bold, color) + "\n";
}

/// "  head        text", the text wrapped in its own column.
std::string entry(const std::string& head, const std::string& text, std::size_t column) {
  std::string out = "  " + head;
  if (out.size() + 2 > column) {
    out += "\n" + std::string(column, ' ');
  } else {
    out += std::string(column - out.size(), ' ');
  }
  bool is_first = true;
  for (const auto& line : wrapped(text, page_width - column)) {
    out += (is_first ? "" : "\n" + std::string(column, ' ')) + line;
    is_first = false;
  }
  while (out.ends_with(' '))
    out.pop_back();
  return out + "\n";
}

std::string paragraphs(const std::string& text) {
  std::string out;
  for (const auto paragraph : split(text, '\n')) {
    for (const auto& line : wrapped(paragraph, page_width))
      out += line + "\n";
    if (paragraph.empty()) out += "\n";
  }
  return out;
}

std::string flag_list(const std::vector<Flag>& flags) {
  std::string out;
  for (const auto& flag : flags)
    out += entry(flag_head(flag), flag_text(flag), text_column);
  return out;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t line_width = 0;
  for (const auto word : split(text, ' ')) {
    const auto word_width = static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
    if (!line.empty() && line_width + 1 + word_width > width) {
      lines.push_back(std::move(line));
      line.clear();
      line_width = 0;
    }
    if (!line.empty()) line += ' ', ++line_width;
    line += word;
    line_width += word_width;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string flag_head(const Flag& flag) {
  std::string head = flag.letter != 0 ? std::string("-") + flag.letter + ", " : "    ";
  head += "--" + flag.name;
  if (!flag.implied.empty()) return head + "[=" + flag.value + "]";
  if (!flag.is_switch()) head += " " + flag.value;
  return head;
}

std::string flag_text(const Flag& flag) {
  std::string text = flag.text;
  if (!flag.choices.empty()) text += ": " + config::describe(config::Type::choice, flag.choices);
  if (flag.repeats) text += "; may be repeated";
  if (!flag.implied.empty()) text += "; without a value " + flag.implied;
  const std::string& by_default = flag.default_note.empty() ? flag.default_text : flag.default_note;
  if (!by_default.empty()) text += " [default: " + by_default + "]";
  std::string env = flag.env;
  if (const auto* setting = config::find_setting(flag.key); setting != nullptr && env.empty()) {
    env = flag.key_value == "false" ? "" : config::env_name(*setting);
  }
  if (!env.empty()) text += " [" + env + "]";
  return text;
}

std::string usage(const Command& command) {
  std::string out = "wscluster " + command.path;
  if (command.run == nullptr) return out + " <command> [flags]";
  for (const auto& argument : command.arguments) {
    std::string name = argument.name + (argument.most == 1 ? "" : "...");
    out += " " + (argument.least == 0 ? "[" + name + "]" : name);
  }
  return command.flags.empty() ? out : out + " [flags]";
}

std::string program_help(bool color) {
  std::string out = "wscluster - keep WebSocket users on the right node of a consistent-hash ring\n";
  out += heading("Usage: wscluster <command> [flags]", color);
  std::string group;
  for (const auto* command : children_of("")) {
    if (command->heading != group) {
      group = command->heading;
      out += heading(group, color);
    }
    std::string text = command->summary;
    if (command->run == nullptr) {
      std::string names;
      for (const auto* child : children_of(command->path))
        names += (names.empty() ? ": " : ", ") + child->name();
      text += names;
    }
    out += entry(command->name(), text, 18);
  }
  out += heading("Examples", color);
  out += "  wscluster demo\n";
  out += "  wscluster ring add node-4 --dry-run\n";
  out += "  wscluster send --to alice --message 'hello'\n";
  out += "\nRun 'wscluster <command> --help' for details, 'man wscluster' for everything.\n";
  return out;
}

std::string help(const Command& command, bool color) {
  std::string out = command.summary + "\n";
  out += heading("Usage: " + usage(command), color);
  if (!command.examples.empty()) out += heading("Examples", color);
  for (const auto& example : command.examples) {
    for (const auto part : split(example.line, '\n'))
      out += "  " + std::string(part) + "\n";
    for (const auto& line : wrapped(example.text, page_width - 6))
      out += "      " + line + "\n";
  }
  if (!command.description.empty()) out += "\n" + paragraphs(command.description);
  if (command.run == nullptr) {
    out += heading("Commands", color);
    for (const auto* child : children_of(command.path))
      out += entry(child->name(), child->summary, 18);
  }
  if (!command.arguments.empty()) {
    out += heading("Arguments", color);
    for (const auto& argument : command.arguments)
      out += entry(argument.name, argument.text, text_column);
  }
  std::vector<Flag> own;
  std::vector<Flag> of_config;
  for (const auto& flag : command.flags)
    (flag.key.empty() ? own : of_config).push_back(flag);
  if (!own.empty()) out += heading("Flags", color) + flag_list(own);
  if (!of_config.empty()) out += heading("Flags that stand above the configuration", color) + flag_list(of_config);
  std::vector<Flag> global;
  for (const auto& flag : global_flags()) {
    if (find_flag(command, flag.name) == &flag) global.push_back(flag);
  }
  return out + heading("Global flags", color) + flag_list(global);
}

}  // namespace wscluster::app
