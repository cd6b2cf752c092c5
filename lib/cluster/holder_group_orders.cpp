// SPDX-License-Identifier: MIT
// What applications order about the groups and permissions of sessions. An order to join is answered when the members
// get what is published from then on.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {

bool Holder::is_in_group(const Session& session, std::string_view group) const {
  return memberships_.is_member(session.ref, session::group_key(group));
}

/// False when a group is one too many.
bool Holder::order_joins(TimePoint now, Session& session, Execution& execution) {
  if (!session.client) session.client = std::make_unique<Client>();
  return std::all_of(execution.order.groups.begin(), execution.order.groups.end(), [&](const wire::GroupName& group) {
    std::string key = session::group_key(group.name);
    const bool has_room = may_be_in_another(session, key);
    if (has_room && !memberships_.join(now, session.ref, key))
      execution.joins.emplace_back(session.ref, std::move(key));
    return has_room;
  });
}

/// Who waits to be in is told that it was, and is out.
void Holder::order_leaves(TimePoint now, Session& session, const wire::Order& order) {
  std::vector<std::string> keys;
  if (order.operation == wire::Operation::leave_all_groups) {
    for (const auto& [key, position] : memberships_.positions(session.ref))
      keys.emplace_back(key);
  }
  for (const wire::GroupName& group : order.groups)
    keys.push_back(session::group_key(group.name));
  const SessionRef ref = session.ref;
  for (const std::string& key : keys) {
    memberships_.leave(now, ref, key);
    if (Session* still = find_session(ref); still != nullptr && still->client) answer_join(now, *still, key);
  }
}

/// Without a group it is about all of them.
void Holder::order_permission(Session& session, Execution& execution) {
  using enum wire::Operation;
  const wire::Order& order = execution.order;
  const auto permission = static_cast<session::Permission>(order.permission);
  if (permission > session::Permission::send_to_group) return;
  if (!session.client) session.client = std::make_unique<Client>();
  session::Permissions& permissions = session.client->permissions;
  const bool is_for_all = order.groups.empty();
  const std::string_view group = is_for_all ? std::string_view() : order.groups.front().name;
  bool is_done = true;
  if (order.operation == check) {
    if (is_for_all ? permissions.allows_all(permission) : permissions.allows(permission, group))
      ++execution.answer.count;
    return;
  }
  if (order.operation == grant && is_for_all) {
    permissions.grant_all(permission);
  } else if (order.operation == grant) {
    is_done = permissions.grant(permission, group).has_value();
  } else if (is_for_all) {
    permissions.revoke_all(permission);
  } else {
    is_done = permissions.revoke(permission, group).has_value();
  }
  ++(is_done ? execution.answer.count : execution.answer.refused);
}

/// Now, or when the last join is done.
void Holder::finish_order(PathId path, Execution& execution) {
  execution.answer.through = execution.through;
  if (execution.joins.empty()) {
    network_.send(path, execution.answer);
    return;
  }
  const auto [number, open] = open_orders_.emplace();
  open->path = path;
  open->answer = execution.answer;
  open->through = std::move(execution.through);
  open->joins = execution.joins.size();
  for (auto& join : execution.joins)
    ordered_joins_[std::move(join)].push_back(number);
}

/// Or is out of it again.
void Holder::order_joined(SessionRef ref, std::string_view group_key) {
  if (ordered_joins_.empty()) return;
  const auto found = ordered_joins_.find({ref, std::string(group_key)});
  if (found == ordered_joins_.end()) return;
  const auto join = ordered_joins_.extract(found);
  for (const std::uint64_t number : join.mapped()) {
    OpenOrder* const open = open_orders_.find(number);
    if (open == nullptr || --open->joins > 0) continue;
    open->answer.through = open->through;
    network_.send(open->path, open->answer);
    open_orders_.erase(number);
  }
}

/// The session has ended, or goes on joining at another holder.
void Holder::order_ended(SessionRef ref) {
  while (true) {
    const auto next = ordered_joins_.lower_bound({ref, {}});
    if (next == ordered_joins_.end() || next->first.first != ref) return;
    order_joined(ref, std::string(next->first.second));
  }
}

}  // namespace wscluster::cluster
