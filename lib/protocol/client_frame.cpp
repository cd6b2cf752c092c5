// SPDX-License-Identifier: MIT
#include "protocol/client_frame.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "protocol/json_scanner.hpp"
#include "protocol/names.hpp"

namespace wscluster::protocol {
namespace {

using ValueKind = JsonValue::Kind;

enum class Field : std::uint8_t { type, group, event, ack_id, sequence_id, data_type, data, no_echo, stream };

constexpr std::array<std::string_view, 9> field_names{"type",     "group", "event",  "ackId", "sequenceId",
                                                      "dataType", "data",  "noEcho", "stream"};

struct TypeName {
  std::string_view name;
  ClientFrame::Kind kind;
};

constexpr std::array<TypeName, 6> types{{{"sendToGroup", ClientFrame::Kind::send_to_group},
                                         {"sequenceAck", ClientFrame::Kind::sequence_ack},
                                         {"event", ClientFrame::Kind::event},
                                         {"joinGroup", ClientFrame::Kind::join_group},
                                         {"leaveGroup", ClientFrame::Kind::leave_group},
                                         {"ping", ClientFrame::Kind::ping}}};

bool is_base64(std::string_view text) noexcept {
  if (text.size() % 4 != 0) return false;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

FrameFault::Kind kind_of(JsonScanner::Fault fault) noexcept {
  switch (fault) {
    case JsonScanner::Fault::too_deep:
      return FrameFault::Kind::too_deep;
    case JsonScanner::Fault::lone_surrogate:
      return FrameFault::Kind::lone_surrogate;
    default:
      return FrameFault::Kind::not_json;
  }
}

/// One frame on its way from text to meaning: first all its fields are found, then those of its type are read.
class Reading {
 public:
  Reading(std::string_view text, std::string& unescaped) noexcept
      : scanner_(text, max_frame_depth), unescaped_(unescaped) {}

  ParsedFrame run() {
    if (!find_fields()) return std::move(fault_);
    // First, so that whatever else is wrong can be answered with it.
    if (!read_number(Field::ack_id, frame_.ack_id)) return std::move(fault_);
    if (read_kind() && read_body()) return frame_;
    fault_.ack_id = frame_.ack_id;
    return std::move(fault_);
  }

 private:
  bool find_fields();
  JsonValue* value_of(const JsonValue& key);
  bool read_kind();
  bool read_body();
  bool read_message();
  bool read_data();
  bool read_number(Field field, std::optional<std::uint64_t>& number);
  bool read_flag(Field field, bool& flag);
  bool read_name(Field field, std::string_view& name, Result<> (*check)(std::string_view));
  bool read_text(Field field, std::string_view& text);

  [[nodiscard]] const JsonValue& value_in(Field field) const noexcept {
    return values_[static_cast<std::size_t>(field)];
  }
  [[nodiscard]] bool is_absent(Field field) const noexcept {
    return value_in(field).kind == ValueKind::absent || value_in(field).kind == ValueKind::null;
  }
  /// What a scanned string means; if it has escapes, only until the next one is asked for.
  std::string_view meaning_of(const JsonValue& string);
  bool wrong(Field field, const std::string& what);

  JsonScanner scanner_;
  std::string& unescaped_;
  std::array<JsonValue, field_names.size()> values_{};
  ClientFrame frame_;
  FrameFault fault_;
};

std::string_view Reading::meaning_of(const JsonValue& string) {
  if (!string.is_escaped) return string.content();
  unescaped_.clear();
  append_unescaped(unescaped_, string.content());
  return unescaped_;
}

bool Reading::wrong(Field field, const std::string& what) {
  fault_.kind = FrameFault::Kind::bad_field;
  fault_.at = value_in(field).at;
  fault_.what = "field \"" + std::string(field_names[static_cast<std::size_t>(field)]) + "\" " + what;
  return false;
}

bool Reading::find_fields() {
  const auto take = [this](const JsonValue& key) {
    JsonValue ignored;
    JsonValue* const value = value_of(key);
    return scanner_.read_value(value != nullptr ? *value : ignored);
  };
  if (scanner_.read_members(take) && scanner_.read_end()) return true;
  fault_ = {kind_of(scanner_.fault()), scanner_.position(), scanner_.what(), {}};
  return false;
}

JsonValue* Reading::value_of(const JsonValue& key) {
  const std::string_view name = meaning_of(key);
  const auto found = std::find(field_names.begin(), field_names.end(), name);
  return found == field_names.end() ? nullptr : &values_[static_cast<std::size_t>(found - field_names.begin())];
}

bool Reading::read_kind() {
  std::string_view name;
  if (!read_text(Field::type, name)) return false;
  const auto known = std::find_if(types.begin(), types.end(), [name](const TypeName& t) { return t.name == name; });
  frame_.kind = known == types.end() ? ClientFrame::Kind::unsupported : known->kind;
  return true;
}

bool Reading::read_body() {
  switch (frame_.kind) {
    case ClientFrame::Kind::join_group:
    case ClientFrame::Kind::leave_group:
      return read_name(Field::group, frame_.group, check_group_name);
    case ClientFrame::Kind::send_to_group:
      if (!is_absent(Field::stream)) {
        frame_.kind = ClientFrame::Kind::unsupported;
        return true;
      }
      return read_message() && read_name(Field::group, frame_.group, check_group_name);
    case ClientFrame::Kind::event:
      return read_message() && read_name(Field::event, frame_.event, check_event_name);
    case ClientFrame::Kind::sequence_ack: {
      std::optional<std::uint64_t> number;
      if (!read_number(Field::sequence_id, number)) return false;
      if (!number) return wrong(Field::sequence_id, "is missing");
      frame_.sequence_id = *number;
      return true;
    }
    case ClientFrame::Kind::ping:
    case ClientFrame::Kind::unsupported:
      return true;
  }
  return true;
}

bool Reading::read_message() {
  if (!is_absent(Field::data_type)) {
    std::string_view name;
    if (!read_text(Field::data_type, name)) return false;
    const auto known = parse_data_type(name);
    if (!known) return wrong(Field::data_type, "must be json, text, binary or protobuf");
    frame_.data_type = *known;
  }
  return read_flag(Field::no_echo, frame_.no_echo) && read_data();
}

bool Reading::read_data() {
  const JsonValue& value = value_in(Field::data);
  if (value.kind == ValueKind::absent) return wrong(Field::data, "is missing");
  if (frame_.data_type != DataType::json) {
    if (value.kind != ValueKind::string)
      return wrong(Field::data, "must be a string, because dataType is " + std::string(to_string(frame_.data_type)));
    if (frame_.data_type != DataType::text && !is_base64(meaning_of(value)))
      return wrong(Field::data, "must be base64, because dataType is " + std::string(to_string(frame_.data_type)));
  }
  frame_.data = value.text;
  return true;
}

bool Reading::read_number(Field field, std::optional<std::uint64_t>& number) {
  if (is_absent(field)) return true;
  const JsonValue& value = value_in(field);
  std::uint64_t read = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, failed] = std::from_chars(value.text.data(), end, read);
  if (value.kind != ValueKind::number || failed != std::errc{} || stop != end)
    return wrong(field, "must be a whole number from 0 to 18446744073709551615");
  number = read;
  return true;
}

bool Reading::read_flag(Field field, bool& flag) {
  if (is_absent(field)) return true;
  if (value_in(field).kind != ValueKind::boolean) return wrong(field, "must be true or false");
  flag = value_in(field).text == "true";
  return true;
}

bool Reading::read_name(Field field, std::string_view& name, Result<> (*check)(std::string_view)) {
  if (!read_text(field, name)) return false;
  const auto checked = check(name);
  return checked || wrong(field, "is refused: " + checked.error().message);
}

bool Reading::read_text(Field field, std::string_view& text) {
  if (is_absent(field)) return wrong(field, "is missing");
  if (value_in(field).kind != ValueKind::string) return wrong(field, "must be a string");
  text = meaning_of(value_in(field));
  return true;
}

}  // namespace

ParsedFrame ClientFrameParser::parse(std::string_view text) {
  return Reading(text, unescaped_).run();
}

}  // namespace wscluster::protocol
