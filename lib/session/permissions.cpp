// SPDX-License-Identifier: MIT
#include "session/permissions.hpp"

#include <algorithm>
#include <functional>

#include "base/varint.hpp"
#include "protocol/names.hpp"

namespace wscluster::session {
namespace {

using Names = std::vector<std::string>;

constexpr std::uint64_t permissions_schema = 1;
constexpr std::string_view role_prefix = "webpubsub.";
constexpr std::array both{Permission::join_leave_group, Permission::send_to_group};

std::string_view name_of(Permission permission) noexcept {
  return permission == Permission::join_leave_group ? "joinLeaveGroup" : "sendToGroup";
}

Error too_many() {
  return error(Errc::limit,
               "more than " + std::to_string(Permissions::max_rules) + " groups and patterns in one permission");
}

bool contains(const Names& names, std::string_view name) noexcept {
  return std::binary_search(names.begin(), names.end(), name, std::less<>());
}

void insert(Names& names, std::string_view name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name, std::less<>());
  if (at == names.end() || *at != name) names.emplace(at, name);
}

/// Whether it was there.
bool erase(Names& names, std::string_view name) {
  const auto at = std::lower_bound(names.begin(), names.end(), name, std::less<>());
  if (at == names.end() || *at != name) return false;
  names.erase(at);
  return true;
}

void append_names(std::string& out, const Names& names) {
  append_varint(out, names.size());
  for (const std::string& name : names)
    append_sized(out, name);
}

/// Calls take(name) for each, until it says no.
template <class F>
bool take_names(std::string_view& bytes, F take) {
  const auto count = take_varint(bytes);
  if (!count || *count > Permissions::max_rules) return false;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto name = take_sized(bytes);
    if (!name || !take(*name)) return false;
  }
  return true;
}

}  // namespace

std::optional<Permission> parse_permission(std::string_view name) noexcept {
  for (const Permission permission : both) {
    if (name_of(permission) == name) return permission;
  }
  return std::nullopt;
}

bool Permissions::Rules::allow_by_rule(std::string_view group) const noexcept {
  return all ||
         std::any_of(patterns.begin(), patterns.end(), [group](const GroupPattern& p) { return p.matches(group); });
}

const Permissions::Rules& Permissions::of(Permission permission) const noexcept {
  return rules_[static_cast<std::size_t>(permission)];
}

Permissions::Rules& Permissions::of(Permission permission) noexcept {
  return rules_[static_cast<std::size_t>(permission)];
}

Result<> Permissions::add_role(std::string_view role) {
  if (!role.starts_with(role_prefix)) return {};
  for (const Permission permission : both) {
    std::string_view rest = role.substr(role_prefix.size());
    if (!rest.starts_with(name_of(permission))) continue;
    rest.remove_prefix(name_of(permission).size());
    if (rest.empty()) {
      grant_all(permission);
    } else if (rest.starts_with("s.")) {
      return add_pattern(permission, rest.substr(2));
    } else if (rest.starts_with('.')) {
      const std::string_view group = rest.substr(1);
      if (auto checked = protocol::check_group_name(group); !checked) return checked;
      return grant(permission, group);
    }
  }
  return {};
}

Result<> Permissions::add_pattern(Permission permission, std::string_view pattern) {
  auto parsed = GroupPattern::parse(pattern);
  if (!parsed) return parsed.error();
  Rules& rules = of(permission);
  if (rules.size() >= max_rules) return too_many();
  std::erase_if(rules.granted, [&](const std::string& group) { return parsed->matches(group); });
  std::erase_if(rules.revoked, [&](const std::string& group) { return parsed->matches(group); });
  rules.patterns.push_back(std::move(*parsed));
  return {};
}

Result<> Permissions::grant(Permission permission, std::string_view group) {
  Rules& rules = of(permission);
  if (erase(rules.revoked, group) || rules.allow_by_rule(group)) return {};
  if (rules.size() >= max_rules && !contains(rules.granted, group)) return too_many();
  insert(rules.granted, group);
  return {};
}

void Permissions::grant_all(Permission permission) {
  of(permission) = {};
  of(permission).all = true;
}

Result<> Permissions::revoke(Permission permission, std::string_view group) {
  Rules& rules = of(permission);
  if (erase(rules.granted, group) || !rules.allow_by_rule(group)) return {};
  if (rules.size() >= max_rules && !contains(rules.revoked, group)) return too_many();
  insert(rules.revoked, group);
  return {};
}

void Permissions::revoke_all(Permission permission) {
  of(permission) = {};
}

bool Permissions::allows(Permission permission, std::string_view group) const noexcept {
  const Rules& rules = of(permission);
  if (contains(rules.granted, group)) return true;
  return !contains(rules.revoked, group) && rules.allow_by_rule(group);
}

bool Permissions::allows_all(Permission permission) const noexcept {
  return of(permission).all && of(permission).revoked.empty();
}

bool Permissions::may_join(std::string_view group, std::string_view uid) const noexcept {
  const auto user = protocol::user_of_group(group);
  return (!user || *user == uid) && allows(Permission::join_leave_group, group);
}

std::string Permissions::encode() const {
  std::string out;
  const bool is_none =
      std::all_of(rules_.begin(), rules_.end(), [](const Rules& rules) { return !rules.all && rules.size() == 0; });
  if (is_none) return out;
  append_varint(out, permissions_schema);
  for (const Rules& rules : rules_) {
    append_varint(out, std::uint64_t{rules.all});
    append_varint(out, rules.patterns.size());
    for (const GroupPattern& pattern : rules.patterns)
      append_sized(out, pattern.text());
    append_names(out, rules.granted);
    append_names(out, rules.revoked);
  }
  return out;
}

std::optional<Permissions> Permissions::decode(std::string_view bytes) {
  Permissions permissions;
  if (bytes.empty()) return permissions;
  if (take_varint(bytes) != permissions_schema) return std::nullopt;
  for (Rules& rules : permissions.rules_) {
    const auto all = take_varint(bytes);
    if (!all || *all > 1) return std::nullopt;
    rules.all = *all == 1;
    const auto take_pattern = [&rules](std::string_view text) {
      auto pattern = GroupPattern::parse(text);
      if (pattern) rules.patterns.push_back(std::move(*pattern));
      return pattern.has_value();
    };
    const auto into = [](Names& names) {
      return [&names](std::string_view name) {
        const bool is_sorted = names.empty() || names.back() < name;
        names.emplace_back(name);
        return is_sorted;
      };
    };
    if (!take_names(bytes, take_pattern) || !take_names(bytes, into(rules.granted)) ||
        !take_names(bytes, into(rules.revoked))) {
      return std::nullopt;
    }
  }
  if (!bytes.empty()) return std::nullopt;
  return permissions;
}

}  // namespace wscluster::session
