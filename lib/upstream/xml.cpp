// SPDX-License-Identifier: MIT
#include "upstream/xml.hpp"

#include <boost/json.hpp>

namespace wscluster::upstream {
namespace {

namespace json = boost::json;

void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      out += "?";  // XML 1.0 has no way to write it
    } else {
      out.push_back(c);
    }
  }
}

std::string name_of(std::string_view key) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name;
  for (const char c : key) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool is_inner = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (is_letter || (is_inner && !name.empty())) {
      name.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name += "_x";
    name.push_back(digits[byte >> 4U]);
    name.push_back(digits[byte & 0x0FU]);
    name.push_back('_');
  }
  return name.empty() ? "_" : name;
}

std::string content_of(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  return value.is_null() ? std::string() : json::serialize(value);
}

/// Lists do not nest in what we write; the depth is that of the registration's parser.
void append_element(std::string& out, std::string_view name, const json::value& value) {
  if (const auto* list = value.if_array()) {
    for (const json::value& item : *list)
      append_element(out, name, item);
    return;
  }
  const std::string tag = name_of(name);
  out += "<" + tag;
  const auto* object = value.if_object();
  if (object == nullptr) {
    out += ">";
    append_text(out, content_of(value));
    out += "</" + tag + ">";
    return;
  }
  for (const auto& [key, item] : *object) {
    if (!key.starts_with("@")) continue;
    out += " " + name_of({key.data() + 1, key.size() - 1}) + "=\"";
    append_text(out, content_of(item));
    out += "\"";
  }
  out += ">";
  for (const auto& [key, item] : *object) {
    if (key.starts_with("@")) continue;
    if (key == "$") {
      append_text(out, content_of(item));
    } else {
      append_element(out, {key.data(), key.size()}, item);
    }
  }
  out += "</" + tag + ">";
}

}  // namespace

std::string to_xml(std::string_view root, const json::object& object) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
  append_element(out, root, object);
  return out;
}

}  // namespace wscluster::upstream
