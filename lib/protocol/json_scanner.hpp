// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wscluster::protocol {

/// A value as it stands in the text.
struct JsonValue {
  enum class Kind : std::uint8_t { absent, null, boolean, number, string, array, object };

  Kind kind = Kind::absent;
  bool is_escaped = false;  ///< a string with a backslash
  std::size_t at = 0;       ///< where it begins in the text
  std::string_view text;    ///< as it was written, a string with its quotes

  /// Of a string: what is between its quotes.
  [[nodiscard]] std::string_view content() const noexcept { return text.substr(1, text.size() - 2); }
};

/// Reads JSON (RFC 8259) once from front to back, and keeps nothing but where it is. The text must be UTF-8; strings
/// with a lone surrogate are refused, because nobody could send them on. After a method has returned false, only
/// fault() and position() may be called.
class JsonScanner {
 public:
  enum class Fault : std::uint8_t { none, syntax, too_deep, lone_surrogate };

  /// Arrays and objects may stand `max_depth` deep in each other.
  JsonScanner(std::string_view text, unsigned max_depth) noexcept : text_(text), depth_left_(max_depth) {}

  /// The next value with all that is in it.
  bool read_value(JsonValue& value);
  /// An object: calls on_member(key) for each, which reads the value and says whether that went well.
  template <class F>
  bool read_members(F on_member);
  /// An array: calls on_element() for each, which reads the value and says whether that went well.
  template <class F>
  bool read_elements(F on_element);
  /// Nothing but space is left.
  bool read_end();

  /// Why false was returned; what() for people, position() is the byte.
  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  [[nodiscard]] const char* what() const noexcept { return what_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }

 private:
  bool fail(const char* what, Fault fault = Fault::syntax) noexcept;
  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() noexcept;
  bool take(char expected) noexcept;
  bool enter() noexcept;
  void leave() noexcept { ++depth_left_; }

  bool read_key(JsonValue& key);
  bool read_text(JsonValue& value);
  bool skip_string(bool& is_escaped);
  bool skip_escape();
  bool take_code_unit(unsigned& unit) noexcept;
  bool skip_number();
  bool skip_digits();
  bool skip_word(std::string_view word);

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_left_;
  Fault fault_ = Fault::none;
  const char* what_ = "";
};

template <class F>
bool JsonScanner::read_members(F on_member) {
  skip_space();
  if (peek() != '{') return fail("an object is expected");
  if (!enter()) return false;
  skip_space();
  if (!take('}')) {
    do {
      JsonValue key;
      if (!read_key(key) || !on_member(key)) return false;
      skip_space();
    } while (take(','));
    if (!take('}')) return fail("',' or '}' is expected");
  }
  leave();
  return true;
}

template <class F>
bool JsonScanner::read_elements(F on_element) {
  skip_space();
  if (peek() != '[') return fail("an array is expected");
  if (!enter()) return false;
  skip_space();
  if (!take(']')) {
    do {
      if (!on_element()) return false;
      skip_space();
    } while (take(','));
    if (!take(']')) return fail("',' or ']' is expected");
  }
  leave();
  return true;
}

/// Appends the text that the content of a scanned string means.
void append_unescaped(std::string& out, std::string_view content);

}  // namespace wscluster::protocol
