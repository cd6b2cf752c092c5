// SPDX-License-Identifier: MIT
// What operators and applications ask: which sessions are here.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// A list must not keep the core from its clients, whatever it looks for: so many users are looked at for one answer.
constexpr std::size_t most_users_looked_at = 10'000;
/// Of sessions in one answer, far below the smallest limit of a link's frames.
constexpr std::size_t most_answered = 128;

std::uint64_t milliseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<Duration>(std::chrono::duration_cast<Duration>(time), {}).count());
}

}  // namespace

/// The entry's texts point into the user, its session and the ring.
void Holder::describe_session(TimePoint now, const Session& session, std::vector<wire::SessionEntry>& entries) const {
  const User& user = *session.user;
  wire::SessionEntry& entry = entries.emplace_back();
  entry.uid = user.key->uid;
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
  const ring::Member* owner = service_->ring.owner_of(user.key->hash);
  if (owner == nullptr || is_us(*owner)) return;
  entry.owner = owner->name;
  const auto move = moves_.find(user.leaves);
  if (move != moves_.end()) entry.misplaced_ms = milliseconds(now - move->second.since);
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
    if (!is_here || !is_wanted) continue;
    for (const SessionRef ref : user->sessions) {
      const Session& session = *find_session(ref);
      if (request.in_group.empty() || is_in_group(session, request.in_group))
        describe_session(now, session, answer.entries);
    }
  }
  if (next == users_.end()) answer.through = {};
  network_.send(path, answer);
}

}  // namespace wscluster::cluster
