// SPDX-License-Identifier: MIT
#include "protocol/json_scanner.hpp"

#include "base/text.hpp"

namespace wscluster::protocol {
namespace {

constexpr const char* bad_escape = "a backslash is followed by none of the escapes of JSON";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_high_surrogate(unsigned unit) noexcept {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(unsigned unit) noexcept {
  return unit >= 0xDC00 && unit < 0xE000;
}

void append_utf8(std::string& out, unsigned code) {
  const auto follow = [&](unsigned shift) { out.push_back(static_cast<char>(0x80U | (code >> shift & 0x3FU))); };
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0U | code >> 6U));
    follow(0);
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | code >> 12U));
    follow(6), follow(0);
  } else {
    out.push_back(static_cast<char>(0xF0U | code >> 18U));
    follow(12), follow(6), follow(0);
  }
}

/// The four digits at `at`, which are there.
unsigned code_unit_at(std::string_view content, std::size_t at) noexcept {
  unsigned unit = 0;
  for (std::size_t i = at; i < at + 4; ++i)
    unit = unit << 4U | static_cast<unsigned>(hex_digit(content[i]));
  return unit;
}

char unescaped(char letter) noexcept {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

}  // namespace

bool JsonScanner::fail(const char* what, Fault fault) noexcept {
  what_ = what;
  fault_ = fault;
  return false;
}

void JsonScanner::skip_space() noexcept {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

bool JsonScanner::take(char expected) noexcept {
  if (at_ >= text_.size() || text_[at_] != expected) return false;
  ++at_;
  return true;
}

bool JsonScanner::enter() noexcept {
  if (depth_left_ == 0) return fail("arrays and objects are nested too deeply", Fault::too_deep);
  --depth_left_;
  ++at_;
  return true;
}

bool JsonScanner::read_value(JsonValue& value) {
  using Kind = JsonValue::Kind;
  skip_space();
  value = {Kind::null, false, at_, {}};
  bool is_good = false;
  switch (peek()) {
    case '"':
      return read_text(value);
    case '{':
      value.kind = Kind::object;
      is_good = read_members([this](const JsonValue&) {
        JsonValue ignored;
        return read_value(ignored);
      });
      break;
    case '[':
      value.kind = Kind::array;
      is_good = read_elements([this] {
        JsonValue ignored;
        return read_value(ignored);
      });
      break;
    case 't':
      value.kind = Kind::boolean;
      is_good = skip_word("true");
      break;
    case 'f':
      value.kind = Kind::boolean;
      is_good = skip_word("false");
      break;
    case 'n':
      is_good = skip_word("null");
      break;
    default:
      value.kind = Kind::number;
      is_good = skip_number();
  }
  value.text = text_.substr(value.at, at_ - value.at);
  return is_good;
}

bool JsonScanner::read_end() {
  skip_space();
  return at_ == text_.size() || fail("something follows behind the value");
}

bool JsonScanner::read_key(JsonValue& key) {
  skip_space();
  if (peek() != '"') return fail("a name in quotes is expected");
  if (!read_text(key)) return false;
  skip_space();
  return take(':') || fail("':' is expected");
}

bool JsonScanner::read_text(JsonValue& value) {
  value.kind = JsonValue::Kind::string;
  value.at = at_;
  value.is_escaped = false;
  if (!skip_string(value.is_escaped)) return false;
  value.text = text_.substr(value.at, at_ - value.at);
  return true;
}

bool JsonScanner::skip_string(bool& is_escaped) {
  ++at_;
  while (true) {
    at_ += plain_json_length(text_.substr(at_));
    if (at_ == text_.size()) return fail("a string does not end");
    if (take('"')) return true;
    if (text_[at_] != '\\') return fail("a string contains a control character");
    is_escaped = true;
    if (!skip_escape()) return false;
  }
}

bool JsonScanner::skip_escape() {
  const std::size_t begin = at_++;
  if (!take('u')) {
    if (at_ == text_.size() || std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos)
      return fail(bad_escape);
    ++at_;
    return true;
  }
  unsigned unit = 0;
  if (!take_code_unit(unit)) return fail(bad_escape);
  bool is_alone = is_low_surrogate(unit);
  if (is_high_surrogate(unit)) {
    is_alone = !take('\\') || !take('u');
    if (!is_alone && !take_code_unit(unit)) return fail(bad_escape);
    is_alone = is_alone || !is_low_surrogate(unit);
  }
  if (!is_alone) return true;
  at_ = begin;
  return fail("a string contains half of a surrogate pair", Fault::lone_surrogate);
}

bool JsonScanner::take_code_unit(unsigned& unit) noexcept {
  unit = 0;
  for (const std::size_t end = at_ + 4; at_ < end; ++at_) {
    const int digit = hex_digit(peek());
    if (digit < 0) return false;
    unit = unit << 4U | static_cast<unsigned>(digit);
  }
  return true;
}

bool JsonScanner::skip_number() {
  const std::size_t begin = at_;
  take('-');
  if (!take('0') && !skip_digits()) {
    at_ = begin;
    return fail("a value is expected");
  }
  if (take('.') && !skip_digits()) return fail("a digit is expected behind the point");
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!skip_digits()) return fail("a digit is expected in the exponent");
  }
  return true;
}

bool JsonScanner::skip_digits() {
  const std::size_t begin = at_;
  while (is_digit(peek()))
    ++at_;
  return at_ > begin;
}

bool JsonScanner::skip_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return fail("a value is expected");
  at_ += word.size();
  return true;
}

void append_unescaped(std::string& out, std::string_view content) {
  for (std::size_t at = content.find('\\'); at != std::string_view::npos; at = content.find('\\')) {
    out.append(content.substr(0, at));
    const char letter = content[at + 1];
    content.remove_prefix(at + 2);
    if (letter != 'u') {
      out.push_back(unescaped(letter));
      continue;
    }
    unsigned code = code_unit_at(content, 0);
    content.remove_prefix(4);
    if (is_high_surrogate(code)) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (code_unit_at(content, 2) - 0xDC00);
      content.remove_prefix(6);
    }
    append_utf8(out, code);
  }
  out.append(content);
}

}  // namespace wscluster::protocol
