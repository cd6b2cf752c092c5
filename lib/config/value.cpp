// SPDX-License-Identifier: MIT
#include "config/value.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "base/units.hpp"

namespace wscluster::config {
namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const auto word : words)
    out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

template <class Parsed, class Field>
Result<> assign(Result<Parsed> parsed, Field& field) {
  if (!parsed) return parsed.error();
  field = static_cast<Field>(*parsed);
  return {};
}

template <class T>
Result<> only_check(Result<T> parsed) {
  if (!parsed) return parsed.error();
  return {};
}

}  // namespace

std::string describe(Type type, std::span<const std::string_view> choices) {
  switch (type) {
    case Type::text:
      return "text";
    case Type::boolean:
      return "true or false";
    case Type::count:
      return "count";
    case Type::duration:
      return "duration";
    case Type::size:
      return "size";
    case Type::size_or_auto:
      return "size or auto";
    case Type::rate:
      return "rate";
    case Type::number:
      return "number";
    case Type::endpoint:
      return "HOST:PORT";
    case Type::file:
      return "file";
    case Type::path:
      return "path";
    case Type::choice:
      return joined(choices);
    case Type::list:
      return "list";
    case Type::files:
      return "list of files";
    case Type::certificates:
      return "list of {cert_file, key_file}";
  }
  return "text";
}

std::string_view value_name(Type type) {
  switch (type) {
    case Type::text:
      return "TEXT";
    case Type::boolean:
      return "BOOL";
    case Type::count:
      return "N";
    case Type::duration:
      return "DUR";
    case Type::size:
    case Type::size_or_auto:
      return "SIZE";
    case Type::rate:
      return "RATE";
    case Type::number:
      return "X";
    case Type::endpoint:
      return "HOST:PORT";
    case Type::file:
    case Type::path:
      return "FILE";
    case Type::choice:
      return "WORD";
    case Type::list:
      return "A,B";
    case Type::files:
      return "FILE,FILE";
    case Type::certificates:
      return "CERT,KEY";
  }
  return "TEXT";
}

Result<> check(Type type, std::span<const std::string_view> choices, std::string_view text) {
  switch (type) {
    case Type::boolean:
      return only_check(parse_boolean(text));
    case Type::count:
      return only_check(parse_count(text));
    case Type::duration:
      return only_check(parse_duration(text));
    case Type::size:
      return only_check(parse_size(text));
    case Type::size_or_auto:
      return text == "auto" ? Result<>() : only_check(parse_size(text));
    case Type::rate:
      return only_check(parse_rate(text));
    case Type::number:
      return only_check(parse_number(text));
    case Type::endpoint:
      return only_check(Endpoint::parse(text));
    case Type::choice:
      return only_check(parse_choice(choices, text));
    case Type::text:
    case Type::file:
    case Type::path:
    case Type::list:
    case Type::files:
    case Type::certificates:
      return {};
  }
  return {};
}

Result<bool> parse_boolean(std::string_view text) {
  const std::string word = to_lower(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return error(Errc::invalid, quoted(text) + " is neither true nor false");
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) {
    return error(Errc::invalid, quoted(text) + " is not a number (examples: 1, 0.5)");
  }
  return value;
}

Result<unsigned> parse_choice(std::span<const std::string_view> choices, std::string_view text) {
  for (unsigned i = 0; i < choices.size(); ++i) {
    if (choices[i] == text) return i;
  }
  const std::string nearest = closest_match(text, {choices.begin(), choices.end()});
  return error(Errc::invalid, quoted(text) + " is not one of " + joined(choices) +
                                  (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"));
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  if (trim(text).empty()) return items;
  for (const auto item : split(text, ','))
    items.emplace_back(trim(item));
  return items;
}

Result<> read_value(Type, std::string_view text, std::string& field) {
  field = text;
  return {};
}
Result<> read_value(Type, std::string_view text, bool& field) {
  return assign(parse_boolean(text), field);
}
Result<> read_value(Type type, std::string_view text, std::uint64_t& field) {
  return assign(type == Type::size ? parse_size(text) : parse_count(text), field);
}
Result<> read_value(Type, std::string_view text, std::optional<std::uint64_t>& field) {
  if (text != "auto") return assign(parse_size(text), field);
  field.reset();
  return {};
}
Result<> read_value(Type, std::string_view text, unsigned& field) {
  const auto count = parse_count(text);
  if (count && *count > std::numeric_limits<unsigned>::max()) {
    return error(Errc::invalid, quoted(text) + " is too large");
  }
  return assign(count, field);
}
Result<> read_value(Type, std::string_view text, Duration& field) {
  return assign(parse_duration(text), field);
}
Result<> read_value(Type type, std::string_view text, double& field) {
  return assign(type == Type::rate ? parse_rate(text) : parse_number(text), field);
}
Result<> read_value(Type, std::string_view text, Endpoint& field) {
  return assign(Endpoint::parse(text), field);
}

Result<> read_values(const std::vector<std::string>& texts, std::vector<net::CertificateFiles>& field) {
  if (texts.size() % 2 != 0) return error(Errc::invalid, "each certificate needs its key: CERT,KEY,CERT,KEY");
  std::vector<net::CertificateFiles> pairs;
  for (std::size_t i = 0; i < texts.size(); i += 2)
    pairs.push_back({texts[i], texts[i + 1]});
  field = std::move(pairs);
  return {};
}

std::string write_value(Type, const std::string& field) {
  return field;
}
std::string write_value(Type, bool field) {
  return field ? "true" : "false";
}
std::string write_value(Type type, std::uint64_t field) {
  return type == Type::size ? format_size(field) : std::to_string(field);
}
std::string write_value(Type, const std::optional<std::uint64_t>& field) {
  return field ? format_size(*field) : "auto";
}
std::string write_value(Type, unsigned field) {
  return std::to_string(field);
}
std::string write_value(Type, Duration field) {
  return format_duration(field);
}
std::string write_value(Type type, double field) {
  if (type == Type::rate) return format_rate(field);
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), field);
  return {text.data(), ec == std::errc{} ? end : text.data()};
}
std::string write_value(Type, const Endpoint& field) {
  return field.host.empty() ? "" : field.to_string();
}
std::string write_value(Type, const std::vector<std::string>& field) {
  std::string out;
  for (const auto& item : field)
    out += (out.empty() ? "" : ",") + item;
  return out;
}
std::string write_value(Type, const std::vector<net::CertificateFiles>& field) {
  std::string out;
  for (const auto& pair : field)
    out.append(out.empty() ? "" : ",").append(pair.certificate).append(",").append(pair.key);
  return out;
}

}  // namespace wscluster::config
