// SPDX-License-Identifier: MIT
// Taking a user over: the parts of its state, installed passive, active on the release.
#include <algorithm>
#include <utility>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// Far beyond what the bounds of sessions allow; a larger one is a mistake.
constexpr std::uint64_t largest_state = 1U << 30U;
constexpr Duration repeat_interval{1'000};

}  // namespace

/// Only under the equal epoch, and only by the owner in it: that makes `none` a promise (MODEL.md V3).
bool Holder::may_take(const wire::Snapshot& snapshot, std::uint64_t hash) const {
  const bool is_ours = snapshot.epoch == service_->epoch() && owns(hash);
  return (is_ours || options_.mutations.any_epoch) && snapshot.total <= largest_state;
}

void Holder::on_snapshot(TimePoint now, PathId path, const wire::Snapshot& snapshot) {
  if (service_ == nullptr) {
    decline(path, snapshot);
    return;
  }
  const std::uint64_t hash = service_->hash_of(snapshot.uid);
  User* user = find_user(hash, snapshot.uid);
  const bool is_same = user != nullptr && user->arrival && user->arrival->handover == snapshot.handover &&
                       user->arrival->incarnation == snapshot.incarnation;
  if (is_same && user->arrival->is_installed) {
    // What is installed is finished, whatever the epoch.
    user->arrival->link = link_of(path);
    tell_prepared(path, *user);
    return;
  }
  if (user != nullptr && user->is_held()) return;
  if (!may_take(snapshot, hash)) {
    if (is_same) drop_parts(*user);
    decline(path, snapshot);
    return;
  }
  if (user == nullptr) user = &make_user(hash, snapshot.uid);
  if (!take_part(path, *user, snapshot)) {
    erase_user_if_idle(*user);
    return;
  }
  wire::UserState state;
  const std::string bytes = std::move(user->arrival->bytes);
  if (!wire::decode_into(bytes, state) || state.schema > wire::user_state_schema) {
    ++counters_.unreadable_snapshots;
    drop_parts(*user);
    decline(path, snapshot);
    return;
  }
  install(now, *user, state);
  ++counters_.installed;
  user->arrival->is_installed = true;
  user->arrival->repeat_at = now + repeat_interval;
  user->phase = User::Phase::passive;
  user->asked_epoch = 0;
  user->questions.clear();
  tell_prepared(path, *user);
  if (options_.mutations.active_install) activate(now, *user);
}

/// True when the state is whole.
bool Holder::take_part(PathId path, User& user, const wire::Snapshot& snapshot) {
  if (snapshot.offset == 0) {
    if (!user.arrival) arriving_.push_back(*user.key);
    user.arrival = std::make_unique<Arrival>();
    user.arrival->handover = snapshot.handover;
    user.arrival->node = snapshot.node;
    user.arrival->incarnation = snapshot.incarnation;
    user.arrival->shard = static_cast<unsigned>(snapshot.shard);
    user.arrival->total = snapshot.total;
  }
  Arrival* const arrival = user.arrival.get();
  const bool is_next = arrival != nullptr && arrival->handover == snapshot.handover &&
                       arrival->incarnation == snapshot.incarnation && arrival->bytes.size() == snapshot.offset;
  if (!is_next) return false;
  arrival->link = link_of(path);
  arrival->bytes.append(snapshot.bytes);
  if (arrival->bytes.size() >= arrival->total) return true;
  tell_prepared(path, user);
  return false;
}

void Holder::drop_parts(User& user) {
  user.arrival.reset();
  std::erase(arriving_, *user.key);
  erase_user_if_idle(user);
}

void Holder::decline(PathId path, const wire::Snapshot& snapshot) {
  network_.send(path, wire::Declined{options_.name, snapshot.uid, snapshot.handover,
                                     service_ == nullptr ? 0 : service_->epoch()});
}

void Holder::tell_prepared(PathId path, const User& user) {
  const Arrival& arrival = *user.arrival;
  network_.send(path, wire::Prepared{options_.name, user.key->uid, arrival.handover, self_.incarnation,
                                     arrival.bytes.size(), arrival.is_installed});
}

void Holder::on_release(TimePoint now, const wire::Release& release) {
  User* user = find_user(release.uid);
  if (user == nullptr || user->phase != User::Phase::passive || user->arrival->handover != release.handover ||
      user->arrival->incarnation != release.incarnation) {
    return;
  }
  activate(now, *user);
}

/// The user may be gone afterwards.
void Holder::activate(TimePoint now, User& user) {
  user.phase = User::Phase::active;
  user.arrival.reset();
  std::erase(arriving_, *user.key);
  for (const SessionRef ref : user.sessions) {
    Session& session = *find_session(ref);
    if (!session.is_away) session.orphaned = now;
    if (std::exchange(session.is_planned_elsewhere, false)) ++donated_[session.planned].taken_on;
    orphans_.push_back(ref);
  }
  for (const SessionRef ref : std::vector<SessionRef>(user.sessions))
    join_on_arrival(now, *find_session(ref));
  thaw_sends(now, user);
  if (!user.executed.empty() || !user.last_seen.empty() || !user.requests.empty()) clean_up_later(user);
  wait_for_return(user);
  if (!owns(user.key->hash)) {
    // A newer epoch has taken it away meanwhile; it was planned then.
    if (user.leaves != 0) moves_[user.leaves].queue.push_back(*user.key);
    if (!user.askers.empty()) begin_move(now, user);
  }
  work_off_visits(now, user);
}

/// Under a new epoch: parts go on under no other one, and what came from a life that is gone is ours.
void Holder::review_arrivals(TimePoint now) {
  for (const UserKey& key : std::vector<UserKey>(arriving_)) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || !user->arrival) continue;
    if (!user->arrival->is_installed) {
      drop_parts(*user);
    } else if (!service_->has_member(user->arrival->node, user->arrival->incarnation)) {
      activate(now, *user);
    }
  }
}

/// The release may be lost: with this link, or unnoticed here with another one of the two nodes.
void Holder::repeat_prepared(TimePoint now) {
  if (options_.mutations.no_repeats) return;
  for (const UserKey& key : arriving_) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || !user->arrival || !user->arrival->is_installed) continue;
    if (user->arrival->link != 0 && now < user->arrival->repeat_at) continue;
    const PathId path = network_.path_to(user->arrival->node, user->arrival->incarnation, user->arrival->shard);
    if (path == 0) continue;
    user->arrival->link = link_of(path);
    user->arrival->repeat_at = now + repeat_interval;
    tell_prepared(path, *user);
  }
}

}  // namespace wscluster::cluster
