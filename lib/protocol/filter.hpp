// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wscluster::protocol {

inline constexpr std::size_t max_filter_bytes = 4096;
/// Parentheses and `not` in each other.
inline constexpr unsigned max_filter_depth = 32;

/// Which sessions an application means, as the `filter` of its calls says it in OData:
///
///     userId eq 'bob'    userId ne null    connectionId ne '…'    'blue' in groups
///
/// joined with `not`, `and`, `or` (in this order of strength) and parentheses. A quote in a text is written twice.
class Filter {
 public:
  /// Errc::invalid for all else; the message is for the application, and names the character. An empty filter fits
  /// everybody.
  [[nodiscard]] static Result<Filter> parse(std::string_view text);

  /// It fits everybody.
  [[nodiscard]] bool is_empty() const noexcept { return nodes_.empty(); }
  using IsInGroup = std::function<bool(std::string_view group)>;
  /// Of an anonymous session the user is empty.
  [[nodiscard]] bool fits(std::string_view user_id, std::string_view connection_id, const IsInGroup& is_in_group) const;

 private:
  friend class FilterParser;

  enum class Kind : std::uint8_t { any, all, none, user, anonymous, connection, group };
  /// A tree in the order of the text: what stands in a node follows it up to `end`.
  struct Node {
    Kind kind = Kind::any;
    std::size_t end = 0;
    std::string text;  ///< of user, connection and group
  };
  struct Session {
    std::string_view user_id;
    std::string_view connection_id;
    const IsInGroup& is_in_group;
  };

  [[nodiscard]] bool fits(std::size_t at, const Session& session) const;
  [[nodiscard]] bool has_inside(std::size_t at, const Session& session, bool wanted) const;

  std::vector<Node> nodes_;
};

}  // namespace wscluster::protocol
