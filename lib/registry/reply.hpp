// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wscluster::registry {

/// One answer of Redis; a value that owns everything. Reading what it is not gives an empty text, 0 or a nil element,
/// so that the shape is tested once where it matters.
struct Reply {
  enum class Kind : std::uint8_t { nil, text, integer, list, error };

  Kind kind = Kind::nil;
  std::string text;  ///< of a text, a status or an error
  std::int64_t integer = 0;
  std::vector<Reply> list;

  [[nodiscard]] bool is_nil() const noexcept { return kind == Kind::nil; }
  [[nodiscard]] bool is_error() const noexcept { return kind == Kind::error; }
  [[nodiscard]] const Reply& at(std::size_t index) const noexcept {
    static const Reply none;
    return index < list.size() ? list[index] : none;
  }
  /// The integer, or the decimal number a text begins with; 0 for anything else and for negative ones.
  [[nodiscard]] std::uint64_t number() const noexcept;
};

}  // namespace wscluster::registry
