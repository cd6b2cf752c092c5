// SPDX-License-Identifier: MIT
#include "load/json_members.hpp"

namespace wscluster::load {

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
}

std::uint64_t number_of(const boost::json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  if (member == nullptr) return 0;
  if (member->is_uint64()) return member->get_uint64();
  return member->is_int64() && member->get_int64() > 0 ? static_cast<std::uint64_t>(member->get_int64()) : 0;
}

}  // namespace wscluster::load
