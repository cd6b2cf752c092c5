// SPDX-License-Identifier: MIT
// Users, views and the passing of time.
#include "cluster/holder.hpp"

#include <algorithm>
#include <cassert>

#include "base/random.hpp"
#include "cluster/holder_state.hpp"
#include "ring/key.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration lazy_interval = 50ms;
constexpr Duration cleanup_interval = 1s;
/// An origin that was not heard for so long is gone.
constexpr Duration origin_memory = 60s;
constexpr Duration orphan_lifetime = 10s;
constexpr Duration loss_memory = 60s;

}  // namespace

Holder::Holder(const ServiceOptions& options, Self self, std::uint8_t service_index, Network& network, Sender& sender,
               std::pmr::memory_resource& pool)
    : options_(options),
      self_(std::move(self)),
      service_index_(service_index),
      network_(network),
      sender_(sender),
      pool_(pool),
      memberships_(network, options.name, self_.incarnation, self_.shard, *this, options.mutations),
      jitter_(random_id()) {}

Holder::~Holder() {
  sessions_.for_each(
      [&](SessionRef, Session& session) { session.queue.clear(pool_, [](const session::FrameQueue::Node&, bool) {}); });
}

Holder::User* Holder::find_user(std::uint64_t hash, std::string_view uid) const {
  // The uid is copied only on the rare equal hash.
  for (auto it = users_.lower_bound(UserKey{hash, {}}); it != users_.end() && it->first.hash == hash; ++it) {
    if (it->first.uid == uid) return it->second.get();
  }
  return nullptr;
}

Holder::User* Holder::find_user(std::string_view uid) const {
  return service_ == nullptr ? nullptr : find_user(service_->hash_of(uid), uid);
}

Holder::User& Holder::make_user(std::uint64_t hash, std::string_view uid) {
  const auto [it, is_new] = users_.try_emplace(UserKey{hash, std::string(uid)});
  assert(is_new);
  it->second = std::make_unique<User>();
  User& user = *it->second;
  user.key = &it->first;
  user.life = random_id();
  return user;
}

/// A state that is made anew: what the lost one may have done before is not known any more.
void Holder::inherit_losses(User& user) const {
  for (const Loss& loss : losses_) {
    const ring::Member* owner = loss.ring.owner_of(user.key->hash);
    if (owner == nullptr || owner->name != loss.node || owner->incarnation != loss.incarnation) continue;
    user.born = std::max(user.born, loss.epoch);
    // Its clients come back, and nobody is left to say which.
    user.hold_until = std::max(user.hold_until, loss.at + options_.hold);
  }
}

void Holder::erase_user_if_idle(User& user) {
  const bool is_waited_for = user.phase == User::Phase::unresolved ? !user.visits.empty() || user.arrival != nullptr
                                                                   : user.phase != User::Phase::active;
  if (user.group && (user.group->kept_until || !user.group->interests.empty())) return;
  if (is_waited_for || !user.sessions.empty() || !user.held.empty() || !user.executed.empty() ||
      !user.last_seen.empty() || !user.requests.empty() || !user.expected.empty() || user.in_cleanup ||
      user.in_waiting) {
    return;
  }
  erase_user(user);
}

void Holder::erase_user(User& user) {
  if (user.leaves != 0) --moves_[user.leaves].users;
  users_.erase(users_.find(*user.key));
}

bool Holder::is_us(const ring::Member& member) const {
  return member.incarnation == self_.incarnation && member.name == self_.name;
}

bool Holder::owns(std::uint64_t hash) const {
  const ring::Member* owner = service_ == nullptr ? nullptr : service_->ring.owner_of(hash);
  return owner != nullptr && is_us(*owner);
}

void Holder::adopt(TimePoint now, std::shared_ptr<const View> view) {
  const std::shared_ptr<const View> before = std::move(view_);
  const ServiceView* const service_before = service_;
  view_ = std::move(view);
  service_ = view_->service(options_.name);
  if (service_ == nullptr) return;
  if (service_before == nullptr || service_before->epoch() != service_->epoch()) {
    remember_losses(now, service_before);
    if (service_->is_broadcast) {
      move_nothing();
    } else {
      plan_moves(now, service_before);
    }
    review_arrivals(now);
    hurry_departures(now);
    ask_again(now);
  }
  memberships_.adopt(now, view_);
  for (const DeferredAsk& ask : std::exchange(deferred_asks_, {}))
    on_ask(now, ask.path, {options_.name, ask.uid, ask.epoch});
}

/// A member that left with a life that is no longer in the document took its state along.
void Holder::remember_losses(TimePoint now, const ServiceView* before) {
  const auto remember = [&](const ServiceView& view) {
    for (const auto* list : {&view.closed, &view.open}) {
      for (const OpenEpoch& open : *list)
        remember_losses_of(now, open);
    }
  };
  remember(*service_);
  // An epoch was skipped, and who left with it. Perhaps in peace: then what it had is held somewhere, and nothing is
  // made anew.
  if (before == nullptr || service_->epoch() <= before->epoch() + 1) return;
  remember(*before);
  remember_losses_of(now, {before->epoch(), before->ring});
}

void Holder::remember_losses_of(TimePoint now, const OpenEpoch& open) {
  for (const ring::Member& member : open.ring.members()) {
    const bool is_known = std::any_of(losses_.begin(), losses_.end(), [&](const Loss& l) {
      return l.incarnation == member.incarnation && l.ring_epoch == open.epoch;
    });
    if (is_known || member.weight == 0 || service_->has_member(member.name, member.incarnation)) continue;
    losses_.push_back(
        {open.ring, open.epoch, member.name, member.incarnation, service_->epoch(), now, now + loss_memory});
  }
}

void Holder::on_link_down(TimePoint now, LinkId link) {
  sessions_.for_each([&](SessionRef ref, Session& session) {
    if (session.path == 0 || link_of(session.path) != link) return;
    session.path = 0;
    session.orphaned = now;
    orphans_.push_back(ref);
  });
  for (const UserKey& key : asking_) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr) continue;
    for (User::Question& question : user->questions) {
      if (link_of(question.path) == link) question.path = 0;
    }
  }
  for (const UserKey& key : std::vector<UserKey>(arriving_)) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || !user->arrival || user->arrival->link != link) continue;
    user->arrival->link = 0;
    if (!user->arrival->is_installed) drop_parts(*user);
  }
  for (const UserKey& key : departing_) {
    User* user = find_user(key.hash, key.uid);
    if (user != nullptr && user->departure && link_of(user->departure->path) == link) user->departure->path = 0;
  }
  for (Forwarded& forwarded : forwarded_)
    if (link_of(forwarded.path) == link) forwarded.path = 0;
  std::erase_if(deferred_asks_, [&](const DeferredAsk& ask) { return link_of(ask.path) == link; });
  memberships_.on_link_down(now, link);
  for (const UserKey& key : groups_here_) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || !user->group) continue;
    for (Interest& interest : user->group->interests) {
      if (link_of(interest.path) == link) interest.path = 0;
    }
  }
}

void Holder::tick(TimePoint now) {
  if (service_ == nullptr) return;
  move_in_turn(now);
  hurry_departures(now);
  close_in_turn(now);
  repeat_prepared(now);
  repeat_outcomes(now);
  finish_changes();
  for (const UserKey& key : arriving_) {
    if (User* user = find_user(key.hash, key.uid)) expire_visits(now, *user);
  }
  for (const UserKey& key : std::exchange(asking_, {})) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || user->asked_epoch == 0) continue;
    expire_visits(now, *user);
    if (user->visits.empty()) {
      user->asked_epoch = 0;
      erase_user_if_idle(*user);
      continue;
    }
    asking_.push_back(key);
    continue_asking(now, *user);
  }
  memberships_.tick(now);
  tick_groups(now);
  if (now >= next_lazy_) tick_slowly(now);
}

void Holder::tick_slowly(TimePoint now) {
  next_lazy_ = now + lazy_interval;
  for (const SessionRef ref : std::exchange(lazy_, {})) {
    Session* session = find_session(ref);
    if (session == nullptr) continue;
    session->is_lazy = false;
    report_answered(*session);
  }
  for (const SessionRef ref : std::exchange(orphans_, {})) {
    Session* session = find_session(ref);
    if (session == nullptr || session->path != 0) continue;
    // The edge that held a reliable one may have died, and its client comes back to another.
    const Duration lifetime = session->is_away         ? options_.retention
                              : session->is_reliable() ? std::max(options_.retention, orphan_lifetime)
                                                       : orphan_lifetime;
    const bool is_over = session->is_over || now - session->orphaned >= lifetime;
    if (!is_over || session->user->phase == User::Phase::frozen) {
      orphans_.push_back(ref);
    } else {
      end_session(now, *session, session->is_away);
    }
  }
  hurry_closing(now);
  expire_inherited(now);
  for (const UserKey& key : std::exchange(waiting_, {})) {
    if (User* user = find_user(key.hash, key.uid)) expire_held(now, *user);
  }
  if (now >= next_cleanup_) {
    next_cleanup_ = now + cleanup_interval;
    std::erase_if(losses_, [&](const Loss& loss) { return now >= loss.until; });
    std::erase_if(origins_, [&](const auto& origin) { return now - origin.second.heard > origin_memory; });
    if (cleaning_.empty()) cleaning_.swap(cleanup_);
    cleanup_slice_ = 1 + cleaning_.size() * lazy_interval / cleanup_interval;
  }
  forget_settled(now);
}

std::size_t Holder::sessions_of(std::string_view uid) const {
  return is_active(uid) ? find_user(uid)->sessions.size() : 0;
}

bool Holder::is_active(std::string_view uid) const {
  const User* user = find_user(uid);
  return user != nullptr && user->is_held() && user->phase != User::Phase::passive;
}

}  // namespace wscluster::cluster
