// SPDX-License-Identifier: MIT
// Closing sessions for a change: those an edge asks for, and at the change's pace every one of a change that closes
// everybody (Evict::all).
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration finish_patience = 1s;
constexpr Duration detach_patience = 8s;

}  // namespace

/// With the part of the change's closes that are to be made on this node. Who was to make none, as far as was planned,
/// and gets sessions all the same (another change came between) makes its part as if all members did.
void Holder::set_pace(TimePoint now, Move& move, std::uint64_t epoch, double part) {
  note_policy(move, epoch);
  const auto nodes = static_cast<double>(std::max<std::size_t>(1, service_->ring.members().size()));
  move.pace = ClosePace(now, (part > 0 ? part : 1 / nodes) / self_.shards);
}

void Holder::note_policy(Move& move, std::uint64_t epoch) const {
  const ChangePolicy* policy = service_->policy_of(epoch);
  if (policy != nullptr && *policy != move.policy) move.policy = *policy;
}

/// The pace of such a change here, whether it is ours or came with a session. Who gives nothing was done at once, and
/// is not until the last one is closed.
Holder::Move& Holder::closing_move(TimePoint now, std::uint64_t epoch) {
  Move& move = moves_[epoch];
  if (!move.pace) set_pace(now, move, epoch, 0);
  if (const auto count = donated_.find(epoch); move.share == 0 && count != donated_.end())
    count->second.is_done = false;
  return move;
}

/// After the moves were planned: who gives nothing closes nobody but those that come, which any shard may count.
void Holder::plan_closes(TimePoint now, std::uint64_t epoch) {
  const ChangePolicy* policy = service_->policy_of(epoch);
  if (policy == nullptr || policy->evict != Evict::all) return;
  donated_[epoch];
  if (moves_[epoch].share == 0) return;
  Move& move = closing_move(now, epoch);
  sessions_.for_each([&](SessionRef, Session& session) {
    if (session.close_code != 0 || session.closes != 0) return;
    session.closes = epoch;
    move.closing.push_back(session.ref);
    if (session.planned != 0) return;
    session.planned = epoch;
    ++donated_[epoch].planned;
  });
}

void Holder::close_in_turn(TimePoint now) {
  for (auto& [epoch, move] : moves_) {
    if (move.closing.empty()) continue;
    note_policy(move, epoch);
    ClosePace& pace = *move.pace;
    pace.advance(now, &move.policy);
    for (const SessionRef ref : std::exchange(move.closing, {})) {
      Session* session = find_session(ref);
      if (session == nullptr || session->closes != epoch) continue;
      const bool is_here = session->user->phase == User::Phase::active;
      if (!is_here || !pace.may_close()) {
        move.closing.push_back(ref);
        continue;
      }
      pace.closed();
      const auto count = donated_.find(session->planned != 0 ? session->planned : epoch);
      if (pace.is_late() && count != donated_.end()) ++count->second.forced;
      if (session->planned != 0) ++donated_[session->planned].closed;
      session->planned = 0;
      close_for_change(now, *session, epoch, move.policy.close_code,
                       close_text(service_->epoch(), &move.policy, jitter_));
    }
  }
}

/// `evicted`: by the change to this epoch (or by_operator). Then the client comes back, and from now on messages to the
/// user wait for the return: what the old socket has not written must come before them.
void Holder::evict_session(TimePoint now, Session& session, std::uint64_t evicted, std::uint16_t code,
                           std::string_view text) {
  session.evicted = evicted;
  if (evicted != 0) session.user->hold_until = std::max(session.user->hold_until, now + options_.hold);
  session.closing_since = now;
  closing_.push_back(session.ref);
  close_session(session, code, text);
}

void Holder::close_for_change(TimePoint now, Session& session, std::uint64_t epoch, std::uint16_t code,
                              std::string_view text) {
  session.closes = 0;
  if (session.close_code != 0 || session.is_away) return;
  ++counters_.closed_for_change;
  evict_session(now, session, epoch, code, text);
}

bool Holder::is_closing_for_change(const User& user) const {
  return std::any_of(user.sessions.begin(), user.sessions.end(),
                     [&](SessionRef ref) { return find_session(ref)->evicted != 0; });
}

void Holder::on_evict(TimePoint now, const wire::Evict& evict) {
  Session* session = find_session(evict.holder);
  if (session == nullptr) return;
  if (session->user->phase == User::Phase::frozen) {
    park(*session->user, session->path, evict);
  } else {
    close_for_change(now, *session, evict.epoch, static_cast<std::uint16_t>(evict.code), evict.text);
  }
}

/// Own sends of the session, and a socket that does not take its close, have so long.
void Holder::hurry_closing(TimePoint now) {
  for (const SessionRef ref : std::exchange(closing_, {})) {
    Session* session = find_session(ref);
    if (session == nullptr) continue;
    const auto waited = now - session->closing_since;
    const bool is_here = session->user->phase == User::Phase::active;
    if (session->is_away) continue;
    if (is_here && waited > detach_patience) {
      if (session->is_reliable() && !session->is_over) {
        keep_away(now, *session);
      } else {
        end_session(now, *session, false);
      }
      continue;
    }
    if (is_here && waited > finish_patience) send_close(*session);
    closing_.push_back(ref);
  }
}

}  // namespace wscluster::cluster
