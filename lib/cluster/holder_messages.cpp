// SPDX-License-Identifier: MIT
// Messages to users: dedupe, delivery, true receipts, holding for a return.
#include <algorithm>
#include <limits>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// An origin that was not heard for so long is gone.
constexpr Duration origin_memory = 60s;

}  // namespace

void Holder::on_settled(TimePoint now, const wire::Settled& settled) {
  OriginState& origin = origins_[settled.origin];
  origin.settled = std::max(origin.settled, settled.counter);
  origin.heard = now;
}

std::uint64_t Holder::settled_of(std::uint64_t origin) const {
  const auto found = origins_.find(origin);
  return found == origins_.end() ? std::numeric_limits<std::uint64_t>::max() : found->second.settled;
}

void Holder::on_message(TimePoint now, PathId path, const wire::Message& message) {
  const std::uint64_t hash = service_ == nullptr ? 0 : service_->hash_of(message.uid);
  User* user = service_ == nullptr ? nullptr : find_user(hash, message.uid);
  const bool is_held = user != nullptr && !user->is_leaving && !user->sessions.empty();
  if (service_ == nullptr || (user != nullptr && user->is_leaving) || (!is_held && !owns(hash))) {
    refuse_message(path, message.counter, wire::RefuseReason::not_owner);
    return;
  }
  on_settled(now, {message.service, message.origin, message.settled});
  if (user != nullptr && !is_held && !user->elsewhere.empty() && now < user->elsewhere_until) {
    refuse_message(path, message.counter, wire::RefuseReason::held, user->elsewhere);
    return;
  }
  if (user == nullptr) user = &make_user(hash, message.uid);
  if (is_repeat(*user, path, message)) return;
  if (message.after != 0 && !has_had(*user, message.origin, message.after)) {
    refuse_message(path, message.counter, wire::RefuseReason::lacks_after);
    erase_user_if_idle(*user);
    return;
  }
  if (!is_held && user->resolved == 0) {
    queue_visit(now, *user, path, message);
  } else {
    accept_message(now, *user, path, message);
  }
}

void Holder::queue_visit(TimePoint now, User& user, PathId path, const wire::Message& message) {
  Visit visit;
  visit.path = path;
  visit.deadline = now + Duration(message.deadline_ms);
  visit.origin = message.origin;
  visit.counter = message.counter;
  visit.epoch = message.epoch;
  visit.wait = message.wait;
  visit.is_binary = message.is_binary;
  visit.payload = message.payload;
  user.visits.push_back(std::move(visit));
  start_asking(now, user, false);
}

bool Holder::has_had(const User& user, std::uint64_t origin, std::uint64_t counter) const {
  const bool was_seen = std::any_of(user.last_seen.begin(), user.last_seen.end(), [&](const User::LastSeen& seen) {
    return seen.origin == origin && seen.counter >= counter;
  });
  return was_seen || std::any_of(user.visits.begin(), user.visits.end(), [&](const Visit& visit) {
           return !visit.is_attach && visit.origin == origin && visit.counter == counter;
         });
}

Holder::Executed* Holder::find_executed(User& user, std::uint64_t origin, std::uint64_t counter) {
  // Newest first: that is the one asked for most of the time.
  const auto found = std::find_if(user.executed.rbegin(), user.executed.rend(),
                                  [&](const Executed& e) { return e.counter == counter && e.origin == origin; });
  return found == user.executed.rend() ? nullptr : &*found;
}

/// True when the message was here before; its fate is told on the new path.
bool Holder::is_repeat(User& user, PathId path, const wire::Message& message) {
  for (Visit& visit : user.visits) {
    if (visit.is_attach || visit.origin != message.origin || visit.counter != message.counter) continue;
    visit.path = path;
    return true;
  }
  const bool was_seen = std::any_of(user.last_seen.begin(), user.last_seen.end(), [&](const User::LastSeen& seen) {
    return seen.origin == message.origin && seen.counter >= message.counter;
  });
  if (!was_seen) return false;
  ++counters_.duplicates;
  if (Executed* entry = find_executed(user, message.origin, message.counter)) {
    entry->path = path;
    if (entry->is_answered)
      network_.send(path, wire::Receipt{entry->counter, entry->status, entry->sessions, service_->epoch()});
  }
  return true;
}

void Holder::accept_message(TimePoint now, User& user, PathId path, const wire::Message& message) {
  ++counters_.unicasts;
  auto seen = std::find_if(user.last_seen.begin(), user.last_seen.end(),
                           [&](const User::LastSeen& s) { return s.origin == message.origin; });
  if (seen == user.last_seen.end()) seen = user.last_seen.insert(user.last_seen.end(), {message.origin, 0});
  seen->counter = message.counter;
  user.executed.push_back({message.origin, message.counter, path, message.wait, 0, 0, false, false, false,
                           wire::ReceiptStatus::unknown, 0});
  Executed& entry = user.executed.back();
  if (!user.in_cleanup) {
    user.in_cleanup = true;
    cleanup_.push_back(*user.key);
  }
  if (message.epoch < user.born) {
    // First sent before the state was lost: nobody can know whether it was delivered then.
    answer(entry, wire::ReceiptStatus::unknown, 0);
    return;
  }
  if (!user.sessions.empty()) {
    deliver(now, user, entry, message.is_binary, message.payload);
    return;
  }
  const bool has_room =
      user.held.size() < options_.hold_messages && user.held_bytes + message.payload.size() <= options_.hold_bytes;
  if (now >= user.hold_until || !has_room) {
    answer(entry, wire::ReceiptStatus::offline, 0);
    return;
  }
  Visit held;
  held.deadline = now + Duration(message.deadline_ms);
  held.origin = message.origin;
  held.counter = message.counter;
  held.wait = message.wait;
  held.is_binary = message.is_binary;
  held.payload = message.payload;
  entry.is_held = true;
  user.held_bytes += held.payload.size();
  user.held.push_back(std::move(held));
  if (message.wait != wire::Wait::delivered) answer(entry, wire::ReceiptStatus::queued, 0);
  wait_for_return(user);
}

void Holder::deliver(TimePoint now, User& user, Executed& entry, bool is_binary, std::string_view payload) {
  const session::FrameMark mark{is_binary, entry.origin, entry.counter};
  entry.pending = static_cast<std::uint32_t>(user.sessions.size());
  entry.is_held = false;
  if (entry.wait != wire::Wait::delivered && !entry.is_answered)
    answer(entry, wire::ReceiptStatus::queued, user.sessions.size());
  // A copy: a slow consumer may be closed meanwhile. (`entry` is not used after the first enqueue, it may move.)
  const std::vector<SessionRef> sessions = user.sessions;
  for (const SessionRef ref : sessions) {
    if (Session* session = find_session(ref)) enqueue(now, *session, mark, payload);
  }
}

/// One session has written the message or never will.
void Holder::resolve(TimePoint now, User& user, const session::FrameMark& mark, bool was_written, bool is_sure,
                     std::string_view payload) {
  Executed* entry = find_executed(user, mark.origin, mark.counter);
  if (entry == nullptr || entry->pending == 0) return;
  --entry->pending;
  entry->written += was_written ? 1 : 0;
  entry->is_unsure = entry->is_unsure || (!was_written && !is_sure);
  if (entry->pending > 0) return;
  const bool is_lost = entry->written == 0 && !entry->is_unsure;
  if (entry->is_answered) {
    // It was promised as queued, and nobody has it: it goes after the evicted user.
    if (is_lost && user.is_leaving) send_after(now, user, mark.is_binary, payload);
    return;
  }
  if (entry->written > 0) {
    answer(*entry, wire::ReceiptStatus::delivered, entry->written);
  } else if (entry->is_unsure) {
    answer(*entry, wire::ReceiptStatus::unknown, 0);
  } else if (user.is_leaving) {
    refuse_message(entry->path, entry->counter, wire::RefuseReason::not_owner);
    entry->is_answered = true;
  } else {
    answer(*entry, wire::ReceiptStatus::offline, 0);
  }
}

/// To the user at its new owner, from us.
void Holder::send_after(TimePoint now, const User& user, bool is_binary, std::string_view payload) {
  const Outgoing outgoing{options_.name, user.key->uid, payload, is_binary, wire::Wait::none, now + options_.hold};
  static_cast<void>(sender_.send(now, outgoing, *this, 0));
}

void Holder::answer(Executed& entry, wire::ReceiptStatus status, std::uint64_t sessions) {
  entry.is_answered = true;
  entry.status = status;
  entry.sessions = sessions;
  ++counters_.receipts[static_cast<std::size_t>(status)];
  network_.send(entry.path, wire::Receipt{entry.counter, status, sessions, service_->epoch()});
}

void Holder::refuse_message(PathId path, std::uint64_t counter, wire::RefuseReason reason, std::string_view node) {
  ++counters_.refusals;
  network_.send(path, wire::Refusal{counter, reason, service_ == nullptr ? 0 : service_->epoch(), node});
}

void Holder::flush_held(TimePoint now, User& user) {
  user.held_bytes = 0;
  for (const Visit& held : std::exchange(user.held, {})) {
    deliver(now, user, *find_executed(user, held.origin, held.counter), held.is_binary, held.payload);
  }
}

/// Called for every user in waiting_, which was emptied before.
void Holder::expire_held(TimePoint now, User& user) {
  user.in_waiting = false;
  const bool is_over = now >= user.hold_until;
  std::erase_if(user.held, [&](const Visit& held) {
    if (!is_over && now < held.deadline) return false;
    user.held_bytes -= held.payload.size();
    Executed* entry = find_executed(user, held.origin, held.counter);
    entry->is_held = false;
    if (!entry->is_answered) {
      answer(*entry, now >= held.deadline ? wire::ReceiptStatus::expired : wire::ReceiptStatus::offline, 0);
    }
    return true;
  });
  if (is_over) user.expected = 0;
  if (now >= user.elsewhere_until) user.elsewhere.clear();
  if (user.expected > 0 || !user.held.empty() || !user.elsewhere.empty()) {
    wait_for_return(user);
  } else {
    erase_user_if_idle(user);
  }
}

void Holder::forget_settled(TimePoint now) {
  std::erase_if(origins_, [&](const auto& origin) { return now - origin.second.heard > origin_memory; });
  for (const UserKey& key : std::exchange(cleanup_, {})) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr) continue;
    std::erase_if(user->executed, [&](const Executed& e) {
      return e.is_answered && !e.is_held && e.pending == 0 && e.counter < settled_of(e.origin);
    });
    std::erase_if(user->last_seen, [&](const User::LastSeen& seen) {
      return seen.counter < settled_of(seen.origin) &&
             std::none_of(user->executed.begin(), user->executed.end(),
                          [&](const Executed& e) { return e.origin == seen.origin; });
    });
    user->in_cleanup = !user->executed.empty() || !user->last_seen.empty();
    if (user->in_cleanup) {
      cleanup_.push_back(key);
    } else {
      erase_user_if_idle(*user);
    }
  }
}

}  // namespace wscluster::cluster
