// SPDX-License-Identifier: MIT
// Leaving: what an epoch takes away is closed at the change's rate and released.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "ring/plan.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// How long a leaving session's own sends may take, and how long its edge may take to answer the close.
constexpr Duration finish_patience = 1s;
constexpr Duration detach_patience = 8s;
/// A client behind the close comes back within this; told in the close reason.
constexpr std::uint64_t return_spread_ms = 250;

std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 31U)) * 0x9E3779B97F4A7C15U;
  return value ^ (value >> 29U);
}

}  // namespace

void Holder::plan_evictions(TimePoint now, const ServiceView* before) {
  if (before == nullptr) {
    // Changes that were made before we looked for the first time: nothing was ever here.
    for (const OpenEpoch& open : service_->open)
      donated_[open.epoch + 1].is_done = true;
    return;
  }
  // The rings of the epochs adopted at once, oldest first.
  std::vector<std::pair<std::uint64_t, const ring::HashRing*>> steps;
  for (const OpenEpoch& open : service_->open) {
    if (open.epoch > before->epoch()) steps.emplace_back(open.epoch, &open.ring);
  }
  steps.emplace_back(service_->epoch(), &service_->ring);
  const ring::HashRing* from = &before->ring;
  for (const auto& [epoch, to] : steps) {
    const ring::Plan plan = ring::plan(*from, *to);
    double ours = 0;
    for (const auto& move : plan.moves())
      ours += plan.name(move.from) == self_.name ? move.share : 0;
    donated_[epoch];
    evictions_.push_back({epoch, plan.share() > 0 ? ours / plan.share() / self_.shards : 0, 0, now, {}, {}});
    from = to;
  }
  const auto step_of = [&](std::uint64_t hash) {
    for (const auto& [epoch, ring] : steps) {
      const ring::Member* owner = ring->owner_of(hash);
      if (owner == nullptr || owner->name != self_.name) return epoch;
    }
    return service_->epoch();
  };
  std::vector<UserKey> empty;
  for (auto& [key, user] : users_) {
    if (owns(key.hash)) {
      if (user->eviction != 0 && !user->is_leaving) stay(*user);
      continue;
    }
    user->resolved = 0;
    if (user->eviction != 0) continue;
    user->eviction = step_of(key.hash);
    if (user->sessions.empty()) {
      empty.push_back(key);
      continue;
    }
    donated_[user->eviction].planned += user->sessions.size();
    for (Eviction& eviction : evictions_) {
      if (eviction.epoch == user->eviction) eviction.queue.push_back(key);
    }
  }
  for (const UserKey& key : empty) {
    if (User* user = find_user(key.hash, key.uid); user != nullptr && !user->is_asking) release(now, *user);
  }
  // Neighbours on the ring must not come back together.
  for (Eviction& eviction : evictions_) {
    std::sort(eviction.queue.begin(), eviction.queue.end(),
              [](const UserKey& a, const UserKey& b) { return mix(a.hash) < mix(b.hash); });
  }
}

/// A later epoch brought the user back before its turn.
void Holder::stay(User& user) {
  donated_[user.eviction].gone += user.sessions.size();
  user.eviction = 0;
  user.resolved = service_->epoch();
}

void Holder::evict_in_turn(TimePoint now) {
  for (Eviction& eviction : evictions_) {
    const ChangePolicy* policy = service_->policy_of(eviction.epoch);
    const double rate = (policy == nullptr ? ChangePolicy{}.rate : policy->rate) * eviction.share;
    const bool is_paced = policy == nullptr || policy->rate > 0;
    eviction.allowance = std::min(eviction.allowance + rate * seconds(now - eviction.last), std::max(1.0, rate * 0.05));
    eviction.last = now;
    while (!eviction.queue.empty() && (!is_paced || eviction.allowance >= 1)) {
      const UserKey key = std::move(eviction.queue.back());
      eviction.queue.pop_back();
      User* user = find_user(key.hash, key.uid);
      if (user == nullptr || user->eviction != eviction.epoch || user->is_leaving) continue;
      eviction.allowance -= static_cast<double>(user->sessions.size());
      begin_eviction(now, *user);
    }
  }
  hurry_leaving(now);
  std::erase_if(evictions_, [&](const Eviction& eviction) {
    const bool is_done = eviction.queue.empty() && eviction.leaving.empty();
    if (is_done) donated_[eviction.epoch].is_done = true;
    return is_done;
  });
  std::erase_if(donated_, [&](const auto& entry) {
    const bool is_open = std::any_of(service_->open.begin(), service_->open.end(),
                                     [&](const OpenEpoch& open) { return open.epoch + 1 == entry.first; });
    return entry.second.is_done && !is_open && entry.first < service_->epoch();
  });
  std::erase_if(evicted_, [&](const auto& entry) {
    const bool is_open = std::any_of(service_->open.begin(), service_->open.end(),
                                     [&](const OpenEpoch& open) { return open.epoch + 1 == entry.second.epoch; });
    return !is_open && now - entry.second.at > options_.hold;
  });
}

std::string Holder::close_text(const ChangePolicy& policy) {
  jitter_ = jitter_ * 6364136223846793005U + 1442695040888963407U;
  std::string text = "epoch=" + std::to_string(service_->epoch()) +
                     " after=" + std::to_string((jitter_ >> 33U) % return_spread_ms) + "ms";
  if (!policy.close_text.empty()) text += " " + policy.close_text;
  return text;
}

void Holder::begin_eviction(TimePoint now, User& user) {
  user.is_leaving = true;
  user.leaving_since = now;
  user.leaving_sessions = user.sessions.size();
  for (Eviction& eviction : evictions_) {
    if (eviction.epoch == user.eviction) eviction.leaving.push_back(*user.key);
  }
  const ChangePolicy* found = service_->policy_of(user.eviction);
  const ChangePolicy policy = found == nullptr ? ChangePolicy{} : *found;
  // A copy: an orphan ends at once and takes itself out of the list, the last one ends the user.
  const std::vector<SessionRef> sessions = user.sessions;
  for (const SessionRef ref : sessions) {
    Session* session = find_session(ref);
    if (session->path == 0) {
      end_session(now, *session, false);
    } else {
      close_session(*session, policy.close_code, close_text(policy));
    }
  }
}

/// Deadlines of users on their way out.
void Holder::hurry_leaving(TimePoint now) {
  for (Eviction& eviction : evictions_) {
    const std::vector<UserKey> leaving = std::exchange(eviction.leaving, {});
    for (const UserKey& key : leaving) {
      User* user = find_user(key.hash, key.uid);
      if (user == nullptr || !user->is_leaving) continue;
      const auto waited = now - user->leaving_since;
      const std::vector<SessionRef> sessions = user->sessions;
      for (const SessionRef ref : sessions) {
        Session* session = find_session(ref);
        if (waited > detach_patience || session->path == 0) {
          ++donated_[eviction.epoch].forced;
          send_close(*session);
          end_session(now, *session, false);
        } else if (waited > finish_patience) {
          send_close(*session);
        }
      }
      if (find_user(key.hash, key.uid) != nullptr) eviction.leaving.push_back(key);
    }
  }
}

/// Nothing of the user is left here: say so to those who asked, and let their owner go on.
void Holder::release(TimePoint now, User& user) {
  if (user.is_leaving) {
    evicted_[*user.key] = {user.leaving_sessions, user.eviction, now};
  }
  for (const Visit& held : user.held) {
    const Executed* entry = find_executed(user, held.origin, held.counter);
    if (entry->is_answered) {
      send_after(now, user, held.is_binary, held.payload);
    } else {
      refuse_message(entry->path, held.counter, wire::RefuseReason::not_owner);
    }
  }
  for (const PathId asker : user.askers)
    answer_asker(asker, user.key->hash, user.key->uid, now);
  users_.erase(users_.find(*user.key));
}

std::size_t Holder::eviction_pending() const noexcept {
  std::size_t count = 0;
  for (const Eviction& eviction : evictions_)
    count += eviction.queue.size() + eviction.leaving.size();
  return count;
}

}  // namespace wscluster::cluster
