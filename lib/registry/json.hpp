// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

/// Only for sources of this folder: reading what processes of the same or a neighbouring version wrote. Fields that are
/// missing or of a foreign type keep their default; what is not an object at all is an error.
namespace wscluster::registry {

[[nodiscard]] inline Result<boost::json::object> parse_object(std::string_view what, std::string_view text) {
  boost::json::error_code ec;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return error(Errc::invalid, std::string(what) + " in Redis: not a JSON object");
  return std::move(value.as_object());
}

inline void read(const boost::json::object& object, std::string_view name, std::string& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return;
  if (const auto* text = value->if_string()) into.assign(text->data(), text->size());
}

inline void read(const boost::json::object& object, std::string_view name, bool& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value != nullptr && value->is_bool()) into = value->get_bool();
}

template <class Number>
requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>) void read(const boost::json::object& object,
                                                                                  std::string_view name, Number& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return;
  boost::json::error_code ec;
  const auto number = value->to_number<Number>(ec);
  if (!ec) into = number;
}

/// Incarnations: as hex text, because JSON numbers of other readers lose bits.
inline void read_id(const boost::json::object& object, std::string_view name, std::uint64_t& into) {
  std::string text;
  read(object, name, text);
  if (const auto value = parse_hex(text)) into = *value;
}

inline void read(const boost::json::object& object, std::string_view name, std::vector<std::string>& into) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_array()) return;
  for (const auto& item : value->get_array()) {
    if (const auto* text = item.if_string()) into.emplace_back(text->data(), text->size());
  }
}

[[nodiscard]] inline boost::json::array to_array(const std::vector<std::string>& texts) {
  boost::json::array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

}  // namespace wscluster::registry
