// SPDX-License-Identifier: MIT
#include "session/keys.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

namespace wscluster::session {
namespace {

constexpr std::string_view group_prefix = "\x01group:";
constexpr std::string_view anonymous_prefix = "\x01anonymous:";

}  // namespace

std::string group_key(std::string_view group) {
  return std::string(group_prefix).append(group);
}

bool is_group_key(std::string_view key) noexcept {
  return key.starts_with(group_prefix);
}

std::string_view group_of_key(std::string_view key) noexcept {
  return key.substr(group_prefix.size());
}

std::string anonymous_uid() {
  return std::string(anonymous_prefix) + to_hex(random_id()) + to_hex(random_id());
}

std::string_view user_id_of(std::string_view uid) noexcept {
  return uid.starts_with(anonymous_prefix) ? std::string_view() : uid;
}

}  // namespace wscluster::session
