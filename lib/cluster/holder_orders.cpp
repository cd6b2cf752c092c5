// SPDX-License-Identifier: MIT
// What applications and operators order: for one session, for those of a user, or for everybody.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/filter.hpp"

namespace wscluster::cluster {
namespace {

/// An order for everybody must not keep the core from its clients: so many users are looked at for one answer.
constexpr std::size_t most_users_looked_at = 2000;
/// The close code after which clients come back at once.
constexpr std::uint16_t come_back = 1012;

bool is_one_of(std::string_view ids, const session::SessionId& id) {
  const std::string_view wanted = id.view();
  for (; ids.size() >= wanted.size(); ids.remove_prefix(wanted.size())) {
    if (ids.starts_with(wanted)) return true;
  }
  return false;
}

}  // namespace

wire::Finding Holder::finding_of(const User* user) {
  if (user == nullptr) return wire::Finding::nobody;
  switch (user->phase) {
    case User::Phase::unresolved:
      return user->visits.empty() && !user->arrival ? wire::Finding::nobody : wire::Finding::unresolved;
    case User::Phase::active:
      return wire::Finding::done;
    case User::Phase::frozen:
    case User::Phase::passive:
      break;
  }
  return wire::Finding::moving;
}

/// Of users with the same hash the one with that session, or else any.
Holder::User* Holder::find_user_of(const session::SessionId& id) const {
  User* other = nullptr;
  for (auto it = users_.lower_bound(UserKey{id.hash, {}}); it != users_.end() && it->first.hash == id.hash; ++it) {
    if (find_session(*it->second, id) != nullptr) return it->second.get();
    other = it->second.get();
  }
  return other;
}

void Holder::on_order(TimePoint now, PathId path, const wire::Order& order) {
  wire::Sessions answer;
  answer.number = order.number;
  answer.epoch = service_ == nullptr ? 0 : service_->epoch();
  const auto filter = protocol::Filter::parse(order.filter);
  std::string through;  // its user may be gone when the answer is sent
  if (!filter) {
    answer.finding = wire::Finding::forbidden;  // of a newer version
  } else if (order.uid.empty() && order.session.empty()) {
    order_everybody(now, order, *filter, answer, through);
    answer.through = through;
  } else {
    order_one(now, order, *filter, answer);
  }
  network_.send(path, answer);
}

void Holder::order_one(TimePoint now, const wire::Order& order, const protocol::Filter& filter,
                       wire::Sessions& answer) {
  User* const user =
      order.session.empty() ? find_user(order.uid) : find_user_of(session::SessionId::from_bytes(order.session));
  answer.finding = finding_of(user);
  if (answer.finding != wire::Finding::done) return;
  const bool is_any_meant = order_user(now, *user, order, filter, answer);
  if (!is_any_meant && !order.session.empty()) answer.finding = wire::Finding::nobody;
  if (order.operation != wire::Operation::show) return;
  answer.held = user->held.size();
  answer.held_bytes = user->held_bytes;
}

/// Users between two holders are passed over: the asker must come again.
void Holder::order_everybody(TimePoint now, const wire::Order& order, const protocol::Filter& filter,
                             wire::Sessions& answer, std::string& through) {
  // One answer does not hold all sessions; lists have pages.
  answer.finding = order.operation == wire::Operation::show ? wire::Finding::forbidden : wire::Finding::done;
  if (answer.finding != wire::Finding::done || service_ == nullptr) return;
  answer.came = counters_.installed;
  answer.is_settled = service_->open.empty() && misplaced_ == 0 && departing_.empty() && arriving_.empty();
  auto next = order.after.empty()
                  ? users_.begin()
                  : users_.upper_bound(UserKey{service_->hash_of(order.after), std::string(order.after)});
  for (std::size_t looked_at = 1; next != users_.end(); ++looked_at) {
    const auto here = next++;  // it may be gone afterwards
    User& user = *here->second;
    const bool is_last = looked_at == most_users_looked_at && next != users_.end();
    if (is_last) through = here->first.uid;
    if (user.phase == User::Phase::active) {
      order_user(now, user, order, filter, answer);
    } else if (!user.sessions.empty()) {
      ++answer.moving;
    }
    if (is_last) return;
  }
}

/// False when none of its sessions is meant.
bool Holder::order_user(TimePoint now, const User& user, const wire::Order& order, const protocol::Filter& filter,
                        wire::Sessions& answer) {
  bool is_any_meant = false;
  for (const SessionRef ref : std::vector<SessionRef>(user.sessions)) {
    Session* const session = find_session(ref);
    if (session == nullptr || !is_meant(*session, order, filter)) continue;
    is_any_meant = true;
    carry_out(now, *session, order, answer);
  }
  return is_any_meant;
}

bool Holder::is_meant(const Session& session, const wire::Order& order, const protocol::Filter& filter) const {
  using enum wire::Operation;
  const bool is_possible = session.close_code == 0 || order.operation == show || order.operation == close;
  if (!is_possible || (!order.session.empty() && order.session != session.id.view())) return false;
  if (!order.in_group.empty() && !is_in_group(session, order.in_group)) return false;
  if (is_one_of(order.excluded, session.id)) return false;
  return order.filter.empty() || filter.fits(session.user->key->uid, session.id.text(),
                                             [&](std::string_view group) { return is_in_group(session, group); });
}

void Holder::carry_out(TimePoint now, Session& session, const wire::Order& order, wire::Sessions& answer) {
  using enum wire::Operation;
  switch (order.operation) {
    case show:
      describe_session(now, session, answer.entries);
      return;
    case close:
      if (close_by_operator(now, session, static_cast<std::uint16_t>(order.code), order.text)) ++answer.count;
      return;
    case join_groups: {
      const bool has_joined = std::all_of(order.groups.begin(), order.groups.end(), [&](const wire::GroupName& group) {
        return order_join(now, session, group.name);
      });
      ++(has_joined ? answer.count : answer.refused);
      return;
    }
    case leave_groups:
      for (const wire::GroupName& group : order.groups)
        order_leave(now, session, group.name);
      ++answer.count;
      return;
    case leave_all_groups:
      order_leave_all(now, session);
      ++answer.count;
      return;
    case grant:
    case revoke:
    case check:
      carry_out_permission(session, order, answer);
      return;
  }
}

/// Without a group it is about all of them.
void Holder::carry_out_permission(Session& session, const wire::Order& order, wire::Sessions& answer) {
  session::Permissions* const permissions = permissions_of(session);
  if (permissions == nullptr || order.permission > static_cast<std::uint64_t>(session::Permission::send_to_group))
    return;
  const auto permission = static_cast<session::Permission>(order.permission);
  const bool is_for_all = order.groups.empty();
  const std::string_view group = is_for_all ? std::string_view() : order.groups.front().name;
  bool is_done = true;
  switch (order.operation) {
    case wire::Operation::grant:
      if (is_for_all) {
        permissions->grant_all(permission);
      } else {
        is_done = permissions->grant(permission, group).has_value();
      }
      break;
    case wire::Operation::revoke:
      if (is_for_all) {
        permissions->revoke_all(permission);
      } else {
        is_done = permissions->revoke(permission, group).has_value();
      }
      break;
    default:
      if (is_for_all ? permissions->allows_all(permission) : permissions->allows(permission, group)) ++answer.count;
      return;
  }
  ++(is_done ? answer.count : answer.refused);
}

/// False when it was closing already. A client that is asked to come back finds what arrives meanwhile.
bool Holder::close_by_operator(TimePoint now, Session& session, std::uint16_t code, std::string_view text) {
  if (session.close_code != 0) return false;
  session.closes = 0;
  ++counters_.closed_by_operator;
  evict_session(now, session, code == come_back ? by_operator : 0, code, text);
  return true;
}

}  // namespace wscluster::cluster
