// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wscluster::session {

/// A pattern of group names as it stands in a role: `?` is one character but '.', `*` any number of those, `**` any
/// number of any characters, and a backslash takes the meaning from `?`, `*` and itself. At most five '*' in all.
class GroupPattern {
 public:
  static constexpr std::size_t max_stars = 5;

  /// Errc::invalid with the rule that is broken.
  [[nodiscard]] static Result<GroupPattern> parse(std::string_view text);

  /// Of the whole name, which is UTF-8. Takes at most length of name × length of pattern steps.
  [[nodiscard]] bool matches(std::string_view group) const noexcept;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  explicit GroupPattern(std::string_view text) : text_(text) {}

  std::string text_;
};

}  // namespace wscluster::session
