// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace wscluster::app {

enum class Format : std::uint8_t { table, wide, json, jsonl, csv, plain };
enum class ProgressStyle : std::uint8_t { bar, plain, json, none };

/// How this run talks: decided once from flags, environment and what stdout and stderr are.
struct Output {
  Format format = Format::table;
  bool has_headers = true;
  bool color_stdout = false;
  bool color_stderr = false;
  ProgressStyle progress = ProgressStyle::plain;
  bool is_terminal = false;  ///< stdout is one that can be drawn on
  bool is_quiet = false;
  bool is_verbose = false;
  bool may_ask = false;  ///< stdin and stderr are terminals and nobody forbade it

  [[nodiscard]] bool is_json() const { return format == Format::json || format == Format::jsonl; }
};

/// `when`: auto, always, never. NO_COLOR beats FORCE_COLOR, an explicit flag beats both.
[[nodiscard]] bool wants_color(std::string_view when, bool is_terminal, const config::Environment& environment);

/// ESC sequences around the text when `on`.
enum class Style : std::uint8_t { bold, red, green, yellow };
[[nodiscard]] std::string styled(std::string_view text, Style style, bool on);

struct Column {
  std::string title;
  bool is_right = false;  ///< aligned to the right
  bool is_wide = false;   ///< only with --output wide, csv and plain
};

/// Rows for people (table, wide) and scripts (csv, plain).
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string render(const Output& output) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Indented by two, members in their order, a line end last.
[[nodiscard]] std::string pretty(const boost::json::value& value);
/// The same without spaces and line ends but the last.
[[nodiscard]] std::string one_line(const boost::json::value& value);
/// json: pretty; jsonl: one line.
[[nodiscard]] std::string render_json(const boost::json::value& value, const Output& output);

/// Everything at once; a closed stdout ends the process like SIGPIPE would.
void print(std::string_view text);
void print_error(std::string_view text);

/// Failures as the last line of stderr, or as JSON.
struct Complaint {
  ExitCode exit = ExitCode::software;
  std::string message;
  std::string hint;
  std::vector<config::Problem> problems;  ///< of the configuration
};
[[nodiscard]] std::string render_complaint(const Complaint& complaint, bool as_json, bool color);
/// "usage", "no_session": the word of JSON errors and man pages.
[[nodiscard]] const char* code_name(ExitCode exit);

/// "1 node", "2,000 nodes"
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view what);
/// 0.251 -> "25.1%"
[[nodiscard]] std::string percent(double ratio);

}  // namespace wscluster::app
