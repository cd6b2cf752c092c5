// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// Structured log lines on stderr: a constant sentence plus fields. Sole user of spdlog. May be called from any thread;
/// never blocks a core (the queue drops its oldest lines when stderr is slow, and counts them).
namespace wscluster::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Format : std::uint8_t { automatic, text, json };

struct Options {
  Level level = Level::info;
  Format format = Format::automatic;  ///< text on a terminal, JSON lines otherwise
  std::string member;                 ///< written as "node" into every JSON line when not empty
};

/// Fields that everybody uses: node, uid, conn, epoch, service, err; durations end in _s.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  Field(std::string_view n, int v) : name(n), value(std::int64_t{v}) {}
  Field(std::string_view n, unsigned v) : name(n), value(std::uint64_t{v}) {}
  Field(std::string_view n, long v) : name(n), value(std::int64_t{v}) {}
  Field(std::string_view n, unsigned long v) : name(n), value(std::uint64_t{v}) {}
};

/// Call once from the main thread before other threads exist. Without it nothing is written.
void start(const Options& options);
/// Flushes and ends the writer. Call last.
void stop();
void set_level(Level level);
/// Lines thrown away because stderr was too slow.
[[nodiscard]] std::uint64_t dropped_lines();

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, component, message, fields);
}
inline void info(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, component, message, fields);
}
inline void warning(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warning, component, message, fields);
}
inline void error(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, component, message, fields);
}

}  // namespace wscluster::log
