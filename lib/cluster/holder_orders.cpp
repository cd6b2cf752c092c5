// SPDX-License-Identifier: MIT
// What applications and operators order: for one session, for those of a user, or for everybody.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// An order for everybody must not keep the core from its clients: so many users are looked at for one answer.
constexpr std::size_t most_users_ordered = 2000;
/// The close code after which clients come back at once.
constexpr std::uint16_t come_back = 1012;

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
  Execution execution{order, {}, {}, {}, {}};
  execution.answer.number = order.number;
  execution.answer.epoch = service_ == nullptr ? 0 : service_->epoch();
  auto filter = protocol::Filter::parse(order.filter);
  if (!filter) {
    execution.answer.finding = wire::Finding::forbidden;  // of a newer version
  } else {
    execution.filter = std::move(*filter);
    if (order.uid.empty() && order.session.empty()) {
      order_everybody(now, execution);
    } else {
      order_one(now, execution);
    }
  }
  finish_order(path, execution);
}

void Holder::order_one(TimePoint now, Execution& execution) {
  const wire::Order& order = execution.order;
  wire::Sessions& answer = execution.answer;
  User* const user =
      order.session.empty() ? find_user(order.uid) : find_user_of(session::SessionId::from_bytes(order.session));
  answer.finding = finding_of(user);
  if (answer.finding != wire::Finding::done) return;
  if (order.operation == wire::Operation::show) {
    answer.held = user->held.size();
    answer.held_bytes = user->held_bytes;
  }
  const bool is_any_meant = order_user(now, *user, execution);
  if (!is_any_meant && !order.session.empty()) answer.finding = wire::Finding::nobody;
}

/// Users between two holders are passed over: the asker must come again.
void Holder::order_everybody(TimePoint now, Execution& execution) {
  wire::Sessions& answer = execution.answer;
  // One answer does not hold all sessions; lists have pages.
  const bool is_possible = execution.order.operation != wire::Operation::show;
  answer.finding = is_possible ? wire::Finding::done : wire::Finding::forbidden;
  if (!is_possible || service_ == nullptr) return;
  answer.came = counters_.installed;
  answer.is_settled = service_->open.empty() && misplaced_ == 0 && departing_.empty() && arriving_.empty();
  const Stretch stretch = users_behind(execution.order.after, execution.order.in_group, most_users_ordered);
  if (stretch.has_more) execution.through = stretch.users.back()->key->uid;
  for (const User* const user : stretch.users) {
    if (user->phase == User::Phase::active) {
      order_user(now, *user, execution);
    } else if (!user->sessions.empty()) {
      ++answer.moving;
    }
  }
}

/// A message of which nobody waits for a receipt. Rounds repeat it: who has had it is known by its origin.
bool Holder::send_to(TimePoint now, const User& user, Execution& execution) {
  if (user.sessions.empty()) return false;
  const wire::Order& order = execution.order;
  on_settled(now, {options_.name, order.origin, 0});  // it is remembered for a while
  wire::Message message;
  message.service = options_.name;
  message.uid = user.key->uid;
  message.origin = order.origin;
  message.counter = 1;
  message.epoch = service_->epoch();
  message.deadline_ms = static_cast<std::uint64_t>(options_.send_timeout.count());
  message.payload = order.payload;
  message.only = order.session;
  message.excluded = order.excluded;
  message.filter = order.filter;
  on_message(now, 0, message);
  ++execution.answer.count;
  return true;
}

/// False when none of its sessions is meant.
bool Holder::order_user(TimePoint now, const User& user, Execution& execution) {
  if (execution.order.operation == wire::Operation::send) return send_to(now, user, execution);
  bool is_any_meant = false;
  for (const SessionRef ref : std::vector<SessionRef>(user.sessions)) {
    Session* const session = find_session(ref);
    if (session == nullptr || !is_meant(*session, execution)) continue;
    is_any_meant = true;
    carry_out(now, *session, execution);
  }
  return is_any_meant;
}

bool Holder::is_meant(const Session& session, const Execution& execution) const {
  using enum wire::Operation;
  const wire::Order& order = execution.order;
  const bool is_possible = session.close_code == 0 || order.operation == show || order.operation == close;
  return is_possible && (order.in_group.empty() || is_in_group(session, order.in_group)) &&
         is_meant(session, order.session, order.excluded, execution.filter);
}

void Holder::carry_out(TimePoint now, Session& session, Execution& execution) {
  using enum wire::Operation;
  const wire::Order& order = execution.order;
  wire::Sessions& answer = execution.answer;
  switch (order.operation) {
    case show:
      describe_session(now, session, answer.entries);
      return;
    case close:
      if (close_by_operator(now, session, static_cast<std::uint16_t>(order.code), order.text)) ++answer.count;
      return;
    case join_groups:
      ++(order_joins(now, session, execution) ? answer.count : answer.refused);
      return;
    case leave_groups:
    case leave_all_groups:
      order_leaves(now, session, order);
      ++answer.count;
      return;
    case send:  // to users, whole
      return;
    case grant:
    case revoke:
    case check:
      order_permission(session, execution);
      return;
  }
}

/// False when it was closing already. A client that is asked to come back finds what arrives meanwhile.
bool Holder::close_by_operator(TimePoint now, Session& session, std::uint16_t code, std::string_view text) {
  if (session.close_code != 0) return false;
  session.closes = 0;
  ++counters_.closed_by_operator;
  if (code != come_back) tell_disconnected(now, session, text);
  evict_session(now, session, code == come_back ? by_operator : 0, code, text);
  return true;
}

}  // namespace wscluster::cluster
