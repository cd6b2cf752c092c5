// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace wscluster::websession {

/// One value of a stream. Values refer to one another as Java's do, so walking all of them may go in circles.
struct JavaValue {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, object, array, constant, type };

  Kind kind = Kind::null;
  std::int64_t integer = 0;     ///< of a boolean, byte, char, short, int or long
  std::string text;             ///< UTF-8; of a constant its name
  std::string_view class_name;  ///< of objects, arrays, constants and types: java.lang.Long
  /// Of objects: those of the superclasses first.
  std::vector<std::pair<std::string_view, const JavaValue*>> fields;
  /// Of arrays of objects; of objects: what their own writeObject has added, without plain bytes.
  std::vector<const JavaValue*> elements;

  [[nodiscard]] bool is_null() const noexcept { return kind == Kind::null; }
  [[nodiscard]] bool is_text() const noexcept { return kind == Kind::text; }
  /// A null value when there is no such field.
  [[nodiscard]] const JavaValue& field(std::string_view name) const noexcept;
};

/// What the serialisation of Java (Object Serialization Stream Protocol, version 5) wrote as one object. No class is
/// needed to read it and none is known. What it costs is bounded, whatever the bytes are.
class JavaStream {
 public:
  JavaStream(JavaStream&&) noexcept = default;
  JavaStream& operator=(JavaStream&&) noexcept = default;

  [[nodiscard]] static bool begins(std::string_view bytes) noexcept;
  /// Bytes behind the first object are not looked at. The bytes need not outlive the call.
  [[nodiscard]] static Result<JavaStream> parse(std::string_view bytes);

  [[nodiscard]] const JavaValue& root() const noexcept { return *root_; }

  static constexpr unsigned max_depth = 100;       ///< of objects within objects
  static constexpr std::size_t max_work = 50'000;  ///< values, fields and classes together

 private:
  struct Class;
  class Parser;

  JavaStream() = default;

  std::deque<JavaValue> values_;
  std::deque<std::string> names_;
  const JavaValue* root_ = nullptr;
};

}  // namespace wscluster::websession
