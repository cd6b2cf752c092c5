// SPDX-License-Identifier: MIT
// Messages to users: dedupe, delivery, true receipts, holding for a return.
#include <algorithm>
#include <limits>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {

void Holder::on_settled(TimePoint now, const wire::Settled& settled) {
  Origin& origin = origins_[settled.origin];
  origin.settled = std::max(origin.settled, settled.counter);
  origin.heard = now;
}

std::uint64_t Holder::settled_of(std::uint64_t origin) const {
  const auto found = origins_.find(origin);
  return found == origins_.end() ? std::numeric_limits<std::uint64_t>::max() : found->second.settled;
}

void Holder::on_message(TimePoint now, PathId path, const wire::Message& message) {
  if (!protocol::open_envelope(message.payload)) {
    // Of a program that we do not understand.
    refuse_message(path, message.counter, wire::RefuseReason::forbidden);
    return;
  }
  const std::uint64_t hash = service_ == nullptr ? 0 : service_->hash_of(message.uid);
  User* user = service_ == nullptr ? nullptr : find_user(hash, message.uid);
  if (user != nullptr && user->phase == User::Phase::frozen && has_room_to_park(*user)) {
    park(*user, path, message);
    return;
  }
  const bool is_held = user != nullptr && user->is_held();
  if (service_ == nullptr || (!is_held && !owns(hash)) || (is_held && user->phase == User::Phase::frozen)) {
    refuse_message(path, message.counter, wire::RefuseReason::not_owner);
    return;
  }
  on_settled(now, {message.service, message.origin, message.settled});
  if (user == nullptr) user = &make_user(hash, message.uid);
  const bool is_active = is_held && user->phase != User::Phase::passive;
  if (is_repeat(*user, path, message, is_active)) return;
  if (!is_active) {
    // Whether the one before is known will be seen when it is known who holds the user.
    queue_visit(now, *user, path, message);
  } else if (message.after != 0 && !has_had(*user, message.origin, message.after) && !options_.mutations.no_after) {
    refuse_message(path, message.counter, wire::RefuseReason::lacks_after);
    erase_user_if_idle(*user);
  } else {
    accept_message(now, *user, path, message);
  }
}

void Holder::queue_visit(TimePoint now, User& user, PathId path, const wire::Message& message) {
  user.visits.push_back({path, now + Duration(message.deadline_ms), {}, message.origin, message.counter});
  wire::append(user.visits.back().frame, message);
  if (user.phase == User::Phase::unresolved) start_asking(now, user);
}

bool Holder::has_had(const User& user, std::uint64_t origin, std::uint64_t counter) const {
  return std::any_of(user.last_seen.begin(), user.last_seen.end(),
                     [&](const User::LastSeen& seen) { return seen.origin == origin && seen.counter >= counter; });
}

Holder::Executed* Holder::find_executed(User& user, std::uint64_t origin, std::uint64_t counter) {
  // Newest first: that is the one asked for most of the time.
  const auto found = std::find_if(user.executed.rbegin(), user.executed.rend(),
                                  [&](const Executed& e) { return e.counter == counter && e.origin == origin; });
  return found == user.executed.rend() ? nullptr : &*found;
}

/// True when the message was here before; its fate is told on the new path.
bool Holder::is_repeat(User& user, PathId path, const wire::Message& message, bool is_active) {
  for (Visit& visit : user.visits) {
    if (visit.origin != message.origin || visit.counter != message.counter) continue;
    visit.path = path;
    return true;
  }
  if (!is_active || options_.mutations.no_dedupe || !has_had(user, message.origin, message.counter)) return false;
  ++counters_.duplicates;
  if (Executed* entry = find_executed(user, message.origin, message.counter)) {
    entry->path = path;
    if (entry->is_answered) tell(*entry);
  }
  return true;
}

void Holder::accept_message(TimePoint now, User& user, PathId path, const wire::Message& message) {
  ++counters_.unicasts;
  auto seen = std::find_if(user.last_seen.begin(), user.last_seen.end(),
                           [&](const User::LastSeen& s) { return s.origin == message.origin; });
  if (seen == user.last_seen.end()) seen = user.last_seen.insert(user.last_seen.end(), {message.origin, 0});
  seen->counter = message.counter;
  user.executed.push_back({message.origin, message.counter, path, message.wait, 0, 0, 0, false, false, false,
                           wire::ReceiptStatus::unknown, 0, 0, 0});
  Executed& entry = user.executed.back();
  clean_up_later(user);
  const bool has_id = !message.request.empty() && !options_.mutations.no_requests;
  if (has_id && joins_request(now, user, entry, message.request)) return;
  if (message.epoch < user.born) {
    // First sent before the state was lost: nobody can know whether it was delivered then.
    answer(now, user, entry, wire::ReceiptStatus::unknown, 0);
  } else if (session::is_group_key(user.key->uid)) {
    publish(now, user, entry, message);
  } else if (!user.sessions.empty() && !is_closing_for_change(user)) {
    deliver(now, user, entry, session::SharedPayload(pool_, message.payload), &message);
  } else {
    hold(now, user, entry, message);
  }
}

void Holder::clean_up_later(User& user) {
  if (user.in_cleanup) return;
  user.in_cleanup = true;
  cleanup_.push_back(*user.key);
}

bool Holder::has_inbox_room(const User& user, std::size_t bytes) const {
  return user.held.size() < options_.inbox_messages && user.held_bytes + bytes <= options_.inbox_bytes;
}

/// Nobody is there: for the return of an evicted user, or into the inbox.
void Holder::hold(TimePoint now, User& user, Executed& entry, const wire::Message& message) {
  const bool is_expected = now < user.hold_until;
  const Duration lifetime = message.lifetime != 0 ? Duration(message.lifetime - 1) : inbox_time();
  const bool has_inbox = lifetime.count() > 0;
  // One that is for some of the sessions only is for those that are there.
  const bool is_for_all = message.only.empty() && message.filter.empty();
  if ((!is_expected && !has_inbox) || !is_for_all || !has_inbox_room(user, message.payload.size())) {
    answer(now, user, entry, wire::ReceiptStatus::offline, 0);
    return;
  }
  keep(now, user, entry, now + Duration(message.deadline_ms), lifetime, session::SharedPayload(pool_, message.payload));
  if (message.wait != wire::Wait::delivered || !is_expected) answer(now, user, entry, wire::ReceiptStatus::queued, 0);
}

/// For messages that do not say themselves how long they may wait.
Duration Holder::inbox_time() const noexcept {
  return options_.inbox == Inbox::memory ? options_.inbox_time : Duration(0);
}

void Holder::keep(TimePoint now, User& user, Executed& entry, TimePoint deadline, Duration lifetime,
                  session::SharedPayload message) {
  user.held_bytes += message.bytes().size();
  user.held.push_back(
      {entry.origin, entry.counter, deadline, std::max(user.hold_until, now + lifetime), std::move(message)});
  entry.is_held = true;
  wait_for_return(user);
}

void Holder::wait_for_return(User& user) {
  if (user.in_waiting || (user.held.empty() && user.expected.empty())) return;
  user.in_waiting = true;
  waiting_.push_back(*user.key);
}

/// A session without an edge may never write it, so the receipt does not wait for it when another one has.
void Holder::deliver(TimePoint now, User& user, Executed& entry, const session::SharedPayload& message,
                     const wire::Message* audience) {
  const std::uint64_t origin = entry.origin;
  const std::uint64_t counter = entry.counter;
  // A copy: a slow consumer may be closed meanwhile.
  std::vector<SessionRef> sessions = user.sessions;
  if (audience != nullptr && !(audience->only.empty() && audience->excluded.empty() && audience->filter.empty())) {
    const auto filter = protocol::Filter::parse(audience->filter);
    std::erase_if(sessions, [&](SessionRef ref) {
      return !filter || !is_meant(*find_session(ref), audience->only, audience->excluded, *filter);
    });
  }
  if (sessions.empty()) {
    answer(now, user, entry, wire::ReceiptStatus::offline, 0);
    return;
  }
  const auto has_edge = [&](SessionRef ref) { return find_session(ref)->path != 0; };
  const auto attached = static_cast<std::uint32_t>(std::count_if(sessions.begin(), sessions.end(), has_edge));
  const auto others = static_cast<std::uint32_t>(sessions.size()) - attached;
  entry.pending = attached > 0 ? attached : others;
  entry.spares = attached > 0 ? others : 0;
  entry.is_held = false;
  if (entry.wait != wire::Wait::delivered && !entry.is_answered)
    answer(now, user, entry, wire::ReceiptStatus::queued, sessions.size());
  // `entry` is not used from here on, it may move.
  for (const SessionRef ref : sessions) {
    Session* session = find_session(ref);
    if (session == nullptr) continue;
    const bool is_spare = attached > 0 && session->path == 0;
    enqueue_message(now, *session, {false, is_spare, origin, counter, 0}, message);
  }
}

bool Holder::is_meant(const Session& session, std::string_view only, std::string_view excluded,
                      const protocol::Filter& filter) const {
  const std::string_view id = session.id.view();
  if (!only.empty() && only != id) return false;
  for (std::string_view rest = excluded; rest.size() >= id.size(); rest.remove_prefix(id.size())) {
    if (rest.starts_with(id)) return false;
  }
  return filter.is_empty() || filter.fits(session::user_id_of(session.user->key->uid), session.id.text(),
                                          [&](std::string_view group) { return is_in_group(session, group); });
}

/// One session has written the message or never will.
void Holder::resolve(TimePoint now, User& user, const session::FrameMark& mark, Fate fate,
                     const session::SharedPayload& message) {
  Executed* entry = find_executed(user, mark.origin, mark.counter);
  if (entry == nullptr) return;
  std::uint32_t& waiting = mark.is_spare ? entry->spares : entry->pending;
  if (waiting == 0) return;
  --waiting;
  entry->written += fate.was_written ? 1 : 0;
  entry->is_unsure = entry->is_unsure || (!fate.was_written && !fate.is_sure);
  if (entry->pending > 0 || (entry->written == 0 && entry->spares > 0)) return;
  const bool is_lost = entry->written == 0 && !entry->is_unsure;
  const bool is_awaited = now < user.hold_until || options_.inbox == Inbox::memory;
  if (is_lost && fate.may_keep && is_awaited && has_inbox_room(user, message.bytes().size())) {
    // Nobody has it, and its reader comes back.
    keep(now, user, *entry, std::max(user.hold_until, now), inbox_time(), message);
  } else if (entry->is_answered) {
    counters_.dropped += is_lost ? 1 : 0;
  } else if (entry->written > 0) {
    answer(now, user, *entry, wire::ReceiptStatus::delivered, entry->written);
  } else {
    answer(now, user, *entry, entry->is_unsure ? wire::ReceiptStatus::unknown : wire::ReceiptStatus::offline, 0);
  }
}

void Holder::answer(TimePoint now, User& user, Executed& entry, wire::ReceiptStatus status, std::uint64_t sessions) {
  entry.is_answered = true;
  entry.status = status;
  entry.sessions = sessions;
  ++counters_.receipts[static_cast<std::size_t>(status)];
  tell(entry);
  if (!user.requests.empty() && entry.first_origin == 0) settle_request(now, user, entry);
}

void Holder::tell(const Executed& entry) {
  network_.send(entry.path,
                wire::Receipt{entry.counter, entry.status, entry.sessions, service_->epoch(), entry.first_origin != 0});
}

void Holder::refuse_message(PathId path, std::uint64_t counter, wire::RefuseReason reason) {
  ++counters_.refusals;
  network_.send(path, wire::Refusal{counter, reason, service_ == nullptr ? 0 : service_->epoch()});
}

void Holder::flush_held(TimePoint now, User& user) {
  if (user.held.empty() || is_closing_for_change(user)) return;
  user.held_bytes = 0;
  for (const User::Held& held : std::exchange(user.held, {})) {
    if (Executed* entry = find_executed(user, held.origin, held.counter))
      deliver(now, user, *entry, held.message, nullptr);
  }
}

/// Called for every user in waiting_, which was emptied before.
void Holder::expire_held(TimePoint now, User& user) {
  user.in_waiting = false;
  // Frozen or passive: its time goes on elsewhere, or later.
  const bool is_here = user.phase == User::Phase::active;
  if (is_here) {
    std::erase_if(user.held, [&](const User::Held& held) {
      const bool is_over = now >= held.expires;
      const bool is_late = now >= held.deadline;
      Executed* entry = find_executed(user, held.origin, held.counter);
      const bool is_open = entry != nullptr && !entry->is_answered;
      const bool is_dropped = is_over || (is_late && is_open && options_.inbox == Inbox::off);
      if (is_open && is_dropped)
        answer(now, user, *entry, is_late ? wire::ReceiptStatus::expired : wire::ReceiptStatus::offline, 0);
      if (is_open && !is_dropped && is_late) answer(now, user, *entry, wire::ReceiptStatus::queued, 0);
      if (!is_dropped) return false;
      user.held_bytes -= held.message.bytes().size();
      if (entry != nullptr) entry->is_held = false;
      return true;
    });
    if (now >= user.hold_until) user.expected.clear();
  }
  wait_for_return(user);
  erase_user_if_idle(user);
}

void Holder::forget_settled(TimePoint now) {
  for (std::size_t left = std::min(cleanup_slice_, cleaning_.size()); left > 0; --left) {
    const UserKey key = std::move(cleaning_.back());
    cleaning_.pop_back();
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr) continue;
    if (user->phase == User::Phase::frozen) {
      cleanup_.push_back(key);
      continue;
    }
    std::erase_if(user->executed, [&](const Executed& e) {
      return e.is_answered && !e.is_held && e.pending == 0 && e.counter < settled_of(e.origin);
    });
    std::erase_if(user->last_seen, [&](const User::LastSeen& seen) {
      return seen.counter < settled_of(seen.origin) &&
             std::none_of(user->executed.begin(), user->executed.end(),
                          [&](const Executed& e) { return e.origin == seen.origin; });
    });
    forget_requests(now, *user);
    user->in_cleanup = !user->executed.empty() || !user->last_seen.empty() || !user->requests.empty();
    if (user->in_cleanup) {
      cleanup_.push_back(key);
    } else {
      erase_user_if_idle(*user);
    }
  }
}

}  // namespace wscluster::cluster
