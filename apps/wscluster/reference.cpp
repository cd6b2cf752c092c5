// SPDX-License-Identifier: MIT
#include "reference.hpp"

#include "commands.hpp"
#include "help.hpp"

namespace wscluster::app {
namespace {

/// A cell may not end the table's column.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + cell(text) + "`";
}

std::string default_cell(const std::string& value, const std::string& note) {
  return note.empty() ? code(value) : cell(note);
}

}  // namespace

std::string commands_reference() {
  std::string out = "| command | what it does |\n|---|---|\n";
  for (const auto& command : commands()) {
    if (command.is_hidden || command.run == nullptr) continue;
    std::string words = usage(command);
    if (words.ends_with(" [flags]")) words.resize(words.size() - 8);
    out += "| " + code(words) + " | " + cell(command.summary) + " |\n";
  }
  return out;
}

std::string config_reference() {
  std::string out = "| key | default | flag | reload | what it is |\n|---|---|---|---|---|\n";
  for (const auto& setting : config::settings()) {
    out += "| " + code(setting.key) + " | " + default_cell(config::default_text(setting), setting.default_note) +
           " | " + code(setting.flag.empty() ? "" : "--" + setting.flag) + " | " + (setting.reloadable ? "yes" : "") +
           " | " + cell(setting.text) + " |\n";
  }
  config::for_each_named_section([&](const auto& section) {
    out += "\nEach " + section.of_each + " below `" + section.key +
           ":` has these keys:\n\n| key | default | what it is |\n|---|---|---|\n";
    for (const auto& setting : section.settings) {
      out += "| " + code(setting.key) + " | " + default_cell(config::default_text(setting), setting.default_note) +
             " | " + cell(setting.text) + " |\n";
    }
  });
  return out;
}

std::string with_reference(const std::string& text, const std::string& name, const std::string& content) {
  const std::string begin = "<!-- " + name + " -->";
  const auto from = text.find(begin);
  const auto to = text.find("<!-- /" + name + " -->");
  if (from == std::string::npos || to == std::string::npos || to < from) return text;
  return text.substr(0, from + begin.size()) + "\n" + content + text.substr(to);
}

}  // namespace wscluster::app
