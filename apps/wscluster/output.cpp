// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/text.hpp"
#include "base/units.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

std::string variable(const config::Environment& environment, const char* name) {
  const auto at = environment.find(name);
  return at == environment.end() ? "" : at->second;
}

/// Characters, not bytes; our cells hold no wide or combining ones.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// A cell of `plain` is one field of its line.
std::string plain_cell(std::string cell) {
  std::replace_if(
      cell.begin(), cell.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return cell;
}

/// boost::json writes 1E0; people and jq prefer 1.
std::string number_text(double number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.15g", number);
  return text.data();
}

/// `indent` is what stands before each line of the value; without one everything is on one line.
void append_json(std::string& out, const json::value& value, const std::optional<std::string>& indent) {
  const auto inner = indent ? std::optional(*indent + "  ") : std::nullopt;
  const auto begin_item = [&](bool is_first) {
    out += is_first ? "" : ",";
    if (inner) out += "\n" + *inner;
  };
  const auto end = [&](const char* bracket) { out += (indent ? "\n" + *indent : "") + bracket; };
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{";
    bool is_first = true;
    for (const auto& [key, member] : *object) {
      begin_item(is_first);
      out += json::serialize(json::value(key)) + (indent ? ": " : ":");
      append_json(out, member, inner);
      is_first = false;
    }
    end("}");
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += "[";
    bool is_first = true;
    for (const auto& item : *array) {
      begin_item(is_first);
      append_json(out, item, inner);
      is_first = false;
    }
    end("]");
  } else if (const auto* number = value.if_double()) {
    out += number_text(*number);
  } else {
    out += json::serialize(value);
  }
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      if (descriptor == STDERR_FILENO) return;
      if (errno == EPIPE) ::_exit(static_cast<int>(ExitCode::ok));
      throw Failure(ExitCode::os_error, "stdout: " + std::string(std::strerror(errno)));
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

bool wants_color(std::string_view when, bool is_terminal, const config::Environment& environment) {
  if (when == "always") return true;
  if (when == "never") return false;
  if (!variable(environment, "NO_COLOR").empty()) return false;
  for (const auto* name : {"FORCE_COLOR", "CLICOLOR_FORCE"}) {
    const std::string forced = variable(environment, name);
    if (!forced.empty() && forced != "0") return true;
  }
  return is_terminal && variable(environment, "TERM") != "dumb";
}

std::string styled(std::string_view text, Style style, bool on) {
  if (!on) return std::string(text);
  constexpr std::array<const char*, 4> codes{"1", "31", "32", "33"};
  return std::string("\033[") + codes.at(static_cast<std::size_t>(style)) + "m" + std::string(text) + "\033[0m";
}

std::string Table::render(const Output& output) const {
  const bool for_scripts = output.format == Format::csv || output.format == Format::plain;
  const auto shown = [&](const Column& c) { return !c.is_wide || for_scripts || output.format == Format::wide; };
  std::vector<std::string> titles;
  for (const auto& column : columns_)
    titles.push_back(column.title);
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = output.has_headers ? width_of(titles[i]) : 0;
    for (const auto& row : rows_)
      width = std::max(width, width_of(row[i]));
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    bool is_first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!shown(columns_[i])) continue;
      if (for_scripts) {
        const bool is_csv = output.format == Format::csv;
        out += (is_first ? "" : is_csv ? "," : "\t") + (is_csv ? csv_cell(cells[i]) : plain_cell(cells[i]));
      } else {
        const std::string padding(widths[i] - std::min(widths[i], width_of(cells[i])), ' ');
        out += (is_first ? "" : "  ") + (columns_[i].is_right ? padding + cells[i] : cells[i] + padding);
      }
      is_first = false;
    }
    while (!for_scripts && out.ends_with(' '))
      out.pop_back();
    return out;
  };
  std::string out;
  if (output.has_headers) out += styled(line(titles), Style::bold, output.color_stdout && !for_scripts) + "\n";
  for (const auto& row : rows_)
    out += line(row) + "\n";
  return out;
}

std::string pretty(const json::value& value) {
  std::string out;
  append_json(out, value, "");
  return out + "\n";
}

std::string one_line(const json::value& value) {
  std::string out;
  append_json(out, value, std::nullopt);
  return out + "\n";
}

std::string render_json(const json::value& value, const Output& output) {
  return output.format == Format::jsonl ? one_line(value) : pretty(value);
}

void print(std::string_view text) {
  write_all(STDOUT_FILENO, text);
}
void print_error(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

const char* code_name(ExitCode exit) {
  switch (exit) {
    case ExitCode::ok:
      return "ok";
    case ExitCode::negative:
      return "negative";
    case ExitCode::usage:
      return "usage";
    case ExitCode::data:
      return "data";
    case ExitCode::no_input:
      return "no_input";
    case ExitCode::no_session:
      return "no_session";
    case ExitCode::no_node:
      return "no_node";
    case ExitCode::unavailable:
      return "unavailable";
    case ExitCode::software:
      return "software";
    case ExitCode::os_error:
      return "os_error";
    case ExitCode::cannot_create:
      return "cannot_create";
    case ExitCode::temp_fail:
      return "temp_fail";
    case ExitCode::protocol:
      return "protocol";
    case ExitCode::no_permission:
      return "no_permission";
    case ExitCode::config:
      return "config";
    case ExitCode::interrupted:
      return "interrupted";
    case ExitCode::terminated:
      return "terminated";
  }
  return "software";
}

std::string render_complaint(const Complaint& complaint, bool as_json, bool color) {
  if (as_json) {
    json::object error{{"code", code_name(complaint.exit)},
                       {"exit", static_cast<int>(complaint.exit)},
                       {"message", complaint.message},
                       {"hint", complaint.hint.empty() ? json::value(nullptr) : json::value(complaint.hint)}};
    if (!complaint.problems.empty()) {
      json::array problems;
      for (const auto& problem : complaint.problems)
        problems.emplace_back(problem.to_string());
      error["problems"] = std::move(problems);
    }
    return one_line(json::object{{"error", std::move(error)}});
  }
  std::string out;
  for (const auto& problem : complaint.problems)
    out += problem.to_string() + "\n";
  out += styled("wscluster:", Style::red, color) + " " + complaint.message + "\n";
  if (!complaint.hint.empty()) out += "  " + complaint.hint + "\n";
  return out;
}

std::string counted(std::uint64_t n, std::string_view what) {
  std::string out = format_count(n) + " ";
  return out.append(what) + (n == 1 ? "" : "s");
}

std::string percent(double ratio) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f%%", ratio * 100);
  return text.data();
}

}  // namespace wscluster::app
