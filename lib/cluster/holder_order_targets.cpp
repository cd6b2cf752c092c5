// SPDX-License-Identifier: MIT
// Groups and permissions of a session as applications order them.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {

bool Holder::order_join(TimePoint, Session& session, std::string_view group) {
  if (!is_in_group(session, group)) session.groups.emplace_back(group);
  return true;
}

bool Holder::order_leave(TimePoint, Session& session, std::string_view group) {
  return std::erase(session.groups, group) > 0;
}

void Holder::order_leave_all(TimePoint, Session& session) {
  session.groups.clear();
}

session::Permissions* Holder::permissions_of(Session& session) {
  return &session.permissions;
}

bool Holder::is_in_group(const Session& session, std::string_view group) const {
  return std::find(session.groups.begin(), session.groups.end(), group) != session.groups.end();
}

}  // namespace wscluster::cluster
