// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/group_pattern.hpp"

namespace wscluster::session {

/// Persistent, do not renumber: they stand in snapshots.
enum class Permission : std::uint8_t { join_leave_group = 0, send_to_group = 1 };

/// joinLeaveGroup or sendToGroup, as roles and REST paths have it.
[[nodiscard]] std::optional<Permission> parse_permission(std::string_view name) noexcept;

/// What a session may do with groups: nothing, until a role of its token or a grant of the application says so. What is
/// said of a single group stands above what is said of all and of patterns, and the later word above the earlier.
class Permissions {
 public:
  /// Single groups and patterns of one permission.
  static constexpr std::size_t max_rules = 1024;

  /// A role that is not one of ours is none of our business. Errc::invalid: a pattern or group that is none;
  /// Errc::limit: more than max_rules.
  Result<> add_role(std::string_view role);
  /// Errc::limit as above.
  Result<> grant(Permission permission, std::string_view group);
  /// For all groups; what was revoked before is granted again.
  void grant_all(Permission permission);
  /// Errc::limit as above.
  Result<> revoke(Permission permission, std::string_view group);
  /// All of it, patterns too.
  void revoke_all(Permission permission);

  [[nodiscard]] bool allows(Permission permission, std::string_view group) const noexcept;
  /// For every group there may ever be.
  [[nodiscard]] bool allows_all(Permission permission) const noexcept;
  /// Whether the user `uid` (empty: anonymous) may join; nobody may join the group of another user.
  [[nodiscard]] bool may_join(std::string_view group, std::string_view uid) const noexcept;

  /// For a snapshot; empty when there are none.
  [[nodiscard]] std::string encode() const;
  /// Nothing when the bytes are broken or of a newer schema.
  [[nodiscard]] static std::optional<Permissions> decode(std::string_view bytes);

 private:
  struct Rules {
    bool all = false;
    std::vector<GroupPattern> patterns;
    std::vector<std::string> granted;  ///< sorted, and not allowed without it
    std::vector<std::string> revoked;  ///< sorted, and allowed without it

    [[nodiscard]] std::size_t size() const noexcept { return patterns.size() + granted.size() + revoked.size(); }
    [[nodiscard]] bool allow_by_rule(std::string_view group) const noexcept;
  };

  [[nodiscard]] const Rules& of(Permission permission) const noexcept;
  [[nodiscard]] Rules& of(Permission permission) noexcept;
  Result<> add_pattern(Permission permission, std::string_view pattern);

  std::array<Rules, 2> rules_;
};

}  // namespace wscluster::session
