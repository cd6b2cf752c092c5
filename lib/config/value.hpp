// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/endpoint.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "net/tls_options.hpp"

namespace wscluster::config {

/// How the text of a key or flag is read. The same for YAML, environment and command line.
enum class Type : std::uint8_t {
  text,          ///< any text
  boolean,       ///< true false yes no on off
  count,         ///< 2500 10k 1m
  duration,      ///< 250ms 5s 1m30s
  size,          ///< 64KiB 1MB
  size_or_auto,  ///< 512MiB 0 auto
  rate,          ///< 500/s 30/m
  number,        ///< 1.5
  endpoint,      ///< HOST:PORT
  file,          ///< a file that must be readable
  path,          ///< a file that will be written
  choice,        ///< one of a list
  list,          ///< several texts; separated by commas where only one text is possible
  files,         ///< several files that must be readable
  certificates,  ///< several {cert_file, key_file}; where only one text is possible CERT,KEY,CERT,KEY
};

/// For help and errors: "duration", "one of a, b".
[[nodiscard]] std::string describe(Type type, std::span<const std::string_view> choices);
/// What stands for the value in help: DUR, SIZE, HOST:PORT.
[[nodiscard]] std::string_view value_name(Type type);
/// Reads the text and throws the value away.
[[nodiscard]] Result<> check(Type type, std::span<const std::string_view> choices, std::string_view text);

[[nodiscard]] Result<bool> parse_boolean(std::string_view text);
[[nodiscard]] Result<double> parse_number(std::string_view text);
/// The position in `choices`; the error suggests the nearest one.
[[nodiscard]] Result<unsigned> parse_choice(std::span<const std::string_view> choices, std::string_view text);
/// Comma separated, spaces around an item do not count; empty text is an empty list.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);

/// Reading into and writing from the field types of the modules' option structs.
[[nodiscard]] Result<> read_value(Type type, std::string_view text, std::string& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, bool& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, std::uint64_t& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, unsigned& field);
/// Empty: auto.
[[nodiscard]] Result<> read_value(Type type, std::string_view text, std::optional<std::uint64_t>& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, Duration& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, double& field);
[[nodiscard]] Result<> read_value(Type type, std::string_view text, Endpoint& field);

/// Certificate and key in turn.
[[nodiscard]] Result<> read_values(const std::vector<std::string>& texts, std::vector<net::CertificateFiles>& field);

[[nodiscard]] std::string write_value(Type type, const std::string& field);
[[nodiscard]] std::string write_value(Type type, bool field);
[[nodiscard]] std::string write_value(Type type, std::uint64_t field);
[[nodiscard]] std::string write_value(Type type, unsigned field);
[[nodiscard]] std::string write_value(Type type, const std::optional<std::uint64_t>& field);
[[nodiscard]] std::string write_value(Type type, Duration field);
[[nodiscard]] std::string write_value(Type type, double field);
[[nodiscard]] std::string write_value(Type type, const Endpoint& field);
[[nodiscard]] std::string write_value(Type type, const std::vector<std::string>& field);
[[nodiscard]] std::string write_value(Type type, const std::vector<net::CertificateFiles>& field);

}  // namespace wscluster::config
