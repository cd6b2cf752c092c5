// SPDX-License-Identifier: MIT
// What operators ask: which sessions are here, and an end to those of one user.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// A list must not keep the core from its clients, whatever it looks for: so many users are looked at for one answer.
constexpr std::size_t most_users_looked_at = 10'000;
/// Of sessions in one answer, far below the smallest limit of a link's frames.
constexpr std::size_t most_answered = 128;
/// The close code after which clients come back at once.
constexpr std::uint16_t come_back = 1012;

std::uint64_t milliseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<Duration>(std::chrono::duration_cast<Duration>(time), {}).count());
}

}  // namespace

/// One entry for each session; their texts point into the user, its sessions and the ring.
void Holder::describe_user(TimePoint now, const User& user, std::vector<wire::SessionEntry>& entries) const {
  const ring::Member* owner = service_->ring.owner_of(user.key->hash);
  const bool is_misplaced = owner != nullptr && !is_us(*owner);
  const auto move = moves_.find(user.leaves);
  for (const SessionRef ref : user.sessions) {
    const Session& session = *find_session(ref);
    wire::SessionEntry& entry = entries.emplace_back();
    if (ref == user.sessions.front()) entry.uid = user.key->uid;
    entry.session = session.id.view();
    entry.process = session.process;
    entry.age_ms = milliseconds(now - session.since);
    entry.is_detached = session.path == 0;
    if (entry.is_detached) entry.detached_ms = milliseconds(now - session.orphaned);
    entry.is_moving = user.phase == User::Phase::frozen;
    entry.close_code = session.close_code;
    entry.life = session.life;
    entry.in_flight = session.queue.in_flight();
    entry.in_flight_bytes = session.queue.in_flight_bytes();
    entry.waiting = session.queue.waiting();
    entry.waiting_bytes = session.queue.waiting_bytes();
    if (!is_misplaced) continue;
    entry.owner = owner->name;
    if (move != moves_.end()) entry.misplaced_ms = milliseconds(now - move->second.since);
  }
}

void Holder::on_list(TimePoint now, PathId path, const wire::ListSessions& request) const {
  wire::Sessions answer;
  answer.number = request.number;
  answer.finding = wire::Finding::done;
  if (service_ == nullptr) {
    network_.send(path, answer);
    return;
  }
  answer.epoch = service_->epoch();
  auto next = request.after.empty()
                  ? users_.begin()
                  : users_.upper_bound(UserKey{service_->hash_of(request.after), std::string(request.after)});
  const std::size_t limit = std::min<std::size_t>(request.limit, most_answered);
  for (std::size_t looked_at = 0; next != users_.end(); ++next, ++looked_at) {
    if (answer.entries.size() >= limit || looked_at == most_users_looked_at) break;
    const auto& [key, user] = *next;
    answer.through = key.uid;
    // A passive one is listed by the holder that it comes from.
    const bool is_here = user->phase == User::Phase::active || user->phase == User::Phase::frozen;
    const bool is_wanted = key.uid.starts_with(request.prefix) && (!request.is_misplaced || !owns(key.hash));
    if (is_here && is_wanted) describe_user(now, *user, answer.entries);
  }
  if (next == users_.end()) answer.through = {};
  network_.send(path, answer);
}

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

/// What an answer about one user begins with.
wire::Sessions Holder::answer_about(const User* user, std::uint64_t number) const {
  wire::Sessions answer;
  answer.number = number;
  answer.finding = finding_of(user);
  answer.epoch = service_ == nullptr ? 0 : service_->epoch();
  return answer;
}

void Holder::on_show(TimePoint now, PathId path, const wire::ShowUser& request) const {
  const User* const user = find_user(request.uid);
  wire::Sessions answer = answer_about(user, request.number);
  if (answer.finding == wire::Finding::done) {
    describe_user(now, *user, answer.entries);
    answer.held = user->held.size();
    answer.held_bytes = user->held_bytes;
  }
  network_.send(path, answer);
}

void Holder::on_evict_user(TimePoint now, PathId path, const wire::EvictUser& request) {
  const User* const user = find_user(request.uid);
  wire::Sessions answer = answer_about(user, request.number);
  if (answer.finding == wire::Finding::done) {
    for (const SessionRef ref : user->sessions) {
      if (close_by_operator(now, *find_session(ref), static_cast<std::uint16_t>(request.code), request.text))
        ++answer.closed;
    }
  }
  network_.send(path, answer);
}

/// False when it was closing already. A client that is asked to come back finds what arrives meanwhile.
bool Holder::close_by_operator(TimePoint now, Session& session, std::uint16_t code, std::string_view text) {
  if (session.close_code != 0) return false;
  session.closes = 0;
  session.is_over = code != come_back;
  ++counters_.closed_by_operator;
  evict_session(now, session, code == come_back ? by_operator : 0, code, text);
  return true;
}

}  // namespace wscluster::cluster
