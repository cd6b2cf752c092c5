// SPDX-License-Identifier: MIT
#include "front/path.hpp"

#include "base/names.hpp"
#include "base/text.hpp"
#include "protocol/names.hpp"

namespace wscluster::front {
namespace {

/// Up to the next slash.
std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool take_slash(std::string_view& path) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  return true;
}

Result<std::string> decode(std::string_view segment, const char* what) {
  auto text = percent_decode(segment);
  if (!text) return error(Errc::invalid, std::string("the ") + what + " in the path is not percent-encoded text");
  return std::move(*text);
}

}  // namespace

std::optional<std::vector<std::string_view>> match_path(std::string_view pattern, std::string_view path) {
  std::vector<std::string_view> names;
  while (take_slash(pattern)) {
    if (!take_slash(path)) return std::nullopt;
    const std::string_view wanted = take_segment(pattern);
    const std::string_view found = take_segment(path);
    if (wanted == "*") {
      names.push_back(found);
    } else if (wanted != found) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return names;
}

Result<std::string> uid_in_path(std::string_view segment) {
  auto uid = decode(segment, "uid");
  if (!uid) return uid;
  if (auto checked = check_uid(*uid); !checked) return checked.error();
  return uid;
}

Result<std::string> group_in_path(std::string_view segment) {
  auto group = decode(segment, "group");
  if (!group) return group;
  if (auto checked = protocol::check_group_name(*group); !checked) return checked.error();
  return group;
}

Result<session::Permission> permission_in_path(std::string_view segment) {
  const auto permission = session::parse_permission(segment);
  if (!permission) return error(Errc::invalid, "the permission in the path must be joinLeaveGroup or sendToGroup");
  return *permission;
}

std::optional<session::SessionId> connection_in_path(std::string_view segment) {
  const auto text = percent_decode(segment);
  return text ? session::SessionId::parse(*text) : std::nullopt;
}

}  // namespace wscluster::front
