// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <memory>

#include "base/text.hpp"
#include "base/time.hpp"

namespace wscluster::log {
namespace {

struct Writer {
  Options options;
  std::shared_ptr<spdlog::async_logger> logger;
  std::shared_ptr<spdlog::details::thread_pool> pool;
};

Writer& writer() {
  static Writer instance;
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "info";
}

/// Bytes that are not UTF-8 would make the whole line unreadable for JSON parsers.
std::string printable(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text)
    out.push_back(static_cast<unsigned char>(c) < 0x80 ? c : '?');
  return out;
}

template <class AppendString>
void append_value(std::string& out, const Field& field, AppendString append_string) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string_view>) {
          append_string(out, value);
        } else if constexpr (std::is_same_v<T, bool>) {
          out += value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          out += fmt::format("{:.6g}", value);
        } else {
          out += std::to_string(value);
        }
      },
      field.value);
}

std::string json_line(const Options& options, Level level, std::string_view component, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = R"({"ts":")" + format_rfc3339(WallClock::now()) + R"(","level":")";
  line += name_of(level);
  line += R"(","msg":)";
  append_json_string(line, message);
  line += R"(,"component":)";
  append_json_string(line, component);
  if (!options.member.empty()) {
    line += R"(,"node":)";
    append_json_string(line, options.member);
  }
  for (const auto& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    append_value(line, field, [](std::string& out, std::string_view v) { append_json_string(out, printable(v)); });
  }
  line.push_back('}');
  return line;
}

std::string text_line(Level level, std::string_view component, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = format_rfc3339(WallClock::now()) + " ";
  line += name_of(level);
  line.append(8 - name_of(level).size(), ' ');
  line += component;
  line += ": ";
  line += message;
  for (const auto& field : fields) {
    line.push_back(' ');
    line += field.name;
    line.push_back('=');
    append_value(line, field, [](std::string& out, std::string_view v) {
      const std::string text = printable(v);
      if (text.find_first_of(" \"\n\t=") == std::string::npos && !text.empty()) {
        out += text;
      } else {
        append_json_string(out, text);
      }
    });
  }
  return line;
}

}  // namespace

void start(const Options& options) {
  auto& w = writer();
  w.options = options;
  if (w.options.format == Format::automatic)
    w.options.format = isatty(STDERR_FILENO) != 0 ? Format::text : Format::json;
  w.pool = std::make_shared<spdlog::details::thread_pool>(8192, 1);
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(spdlog::color_mode::never);
  w.logger =
      std::make_shared<spdlog::async_logger>("wscluster", sink, w.pool, spdlog::async_overflow_policy::overrun_oldest);
  w.logger->set_pattern("%v");
  w.logger->set_level(to_spdlog(options.level));
  w.logger->flush_on(spdlog::level::info);
}

void stop() {
  auto& w = writer();
  if (w.logger) w.logger->flush();
  // Writes what is queued and joins the thread, so that it is not the last one that holds the logger.
  w.pool.reset();
  w.logger.reset();
}

void set_level(Level level) {
  if (writer().logger) writer().logger->set_level(to_spdlog(level));
}

std::uint64_t dropped_lines() {
  return writer().pool ? writer().pool->overrun_counter() : 0;
}

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields) {
  auto& w = writer();
  if (!w.logger || !w.logger->should_log(to_spdlog(level))) return;
  const std::string line = w.options.format == Format::json ? json_line(w.options, level, component, message, fields)
                                                            : text_line(level, component, message, fields);
  w.logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace wscluster::log
