// SPDX-License-Identifier: MIT
// What operators and applications ask: which sessions are here.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {
namespace {

/// A list must not keep the core from its clients, whatever it looks for: so many users are looked at for one answer.
constexpr std::size_t most_users_looked_at = 10'000;
/// Of sessions in one answer, far below the smallest limit of a link's frames.
constexpr std::size_t most_answered = 128;

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

/// Those behind `after` in the order of the ring, or of them those with a session in the group.
Holder::Stretch Holder::users_behind(std::string_view after, std::string_view in_group, std::size_t most) const {
  const UserKey start{after.empty() ? 0 : service_->hash_of(after), std::string(after)};
  Stretch stretch;
  if (in_group.empty()) {
    auto next = users_.upper_bound(start);
    for (; next != users_.end() && stretch.users.size() < most; ++next)
      stretch.users.push_back(next->second.get());
    stretch.has_more = next != users_.end();
    return stretch;
  }
  auto& users = stretch.users;
  for (const SessionRef ref : memberships_.members(session::group_key(in_group))) {
    const Session* session = find_session(ref);
    if (session != nullptr && *session->user->key > start) users.push_back(session->user);
  }
  std::sort(users.begin(), users.end(), [](const User* a, const User* b) { return *a->key < *b->key; });
  users.erase(std::unique(users.begin(), users.end()), users.end());
  stretch.has_more = users.size() > most;
  if (stretch.has_more) users.resize(most);
  return stretch;
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
  const std::size_t limit = std::min<std::size_t>(request.limit, most_answered);
  const bool is_picky = !request.prefix.empty() || request.is_misplaced;
  const Stretch stretch = users_behind(request.after, request.in_group, is_picky ? most_users_looked_at : limit);
  bool has_more = false;
  for (const User* const user : stretch.users) {
    has_more = answer.entries.size() >= limit;
    if (has_more) break;
    answer.through = user->key->uid;
    // A passive one is listed by the holder that it comes from.
    const bool is_here = user->phase == User::Phase::active || user->phase == User::Phase::frozen;
    const bool is_wanted =
        user->key->uid.starts_with(request.prefix) && (!request.is_misplaced || !owns(user->key->hash));
    if (!is_here || !is_wanted) continue;
    for (const SessionRef ref : user->sessions) {
      const Session& session = *find_session(ref);
      if (request.in_group.empty() || is_in_group(session, request.in_group))
        describe_session(now, session, answer.entries);
    }
  }
  if (!has_more && !stretch.has_more) answer.through = {};
  network_.send(path, answer);
}

}  // namespace wscluster::cluster
