// SPDX-License-Identifier: MIT
// Sessions: attachments with their counters, what clients send, what goes down to them.
#include <algorithm>

#include "base/random.hpp"
#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

constexpr Duration attach_patience{5'000};  // of an edge's handshake

}  // namespace

Holder::Session* Holder::find_session(SessionRef ref) const {
  return sessions_.find(slot_of(ref));
}

Holder::Session* Holder::find_session(const User& user, const session::SessionId& id) const {
  for (const SessionRef ref : user.sessions) {
    if (Session* session = find_session(ref); session->id == id) return session;
  }
  return nullptr;
}

Holder::Session& Holder::add_session(User& user, const session::SessionId& id) {
  const auto [slot, session] = sessions_.emplace();
  session->ref = slot | static_cast<SessionRef>(service_index_) << 56U;
  session->id = id;
  session->user = &user;
  user.sessions.push_back(session->ref);
  return *session;
}

void Holder::on_attach(TimePoint now, PathId path, const wire::Attach& request) {
  User* user = find_user(request.uid);
  const bool is_ours = service_ != nullptr && owns(service_->hash_of(request.uid));
  if (user != nullptr && user->phase == User::Phase::frozen) {
    if (has_room_to_park(*user)) {
      park(*user, path, request);
    } else {
      refuse_attach(path, request, wire::RefuseReason::not_owner);
    }
    return;
  }
  const bool is_active = user != nullptr && user->is_held() && user->phase != User::Phase::passive;
  // A socket that was here before may come back over another link, wherever the uid belongs.
  const bool is_known =
      is_active && request.life != 0 && find_session(*user, session::SessionId::from_bytes(request.session)) != nullptr;
  const bool is_expected = is_ours || (user != nullptr && user->phase == User::Phase::passive);
  if (is_known || (is_active && is_ours)) {
    attach(now, *user, path, request);
    return;
  }
  if (is_active || !is_expected) {
    refuse_attach(path, request, wire::RefuseReason::not_owner);
    return;
  }
  if (user == nullptr) user = &make_user(service_->hash_of(request.uid), request.uid);
  Visit visit;
  visit.path = path;
  visit.deadline = now + attach_patience;
  visit.is_attach = true;
  visit.edge = request.edge;
  visit.number = request.number;
  visit.life = request.life;
  visit.answered = request.answered;
  visit.received = request.received;
  visit.written = request.written;
  visit.ended = request.ended;
  visit.process = request.process;
  visit.session = request.session;
  user->visits.push_back(std::move(visit));
  if (user->phase == User::Phase::unresolved) start_asking(now, *user);
}

void Holder::refuse_attach(PathId path, const wire::Attach& attach, wire::RefuseReason reason) {
  network_.send(path, wire::Refused{attach.edge, attach.number, reason, service_ == nullptr ? 0 : service_->epoch()});
}

void Holder::attach(TimePoint now, User& user, PathId path, const wire::Attach& request) {
  const auto id = session::SessionId::from_bytes(request.session);
  Session* session = find_session(user, id);
  if (session != nullptr) {
    if (session->edge == request.edge && request.number <= session->number) return;
    // An edge that does not know this life yet has taken nothing of it.
    const bool is_same_life = request.life == session->life || options_.mutations.no_life;
    if (is_same_life) cover(now, *session, request.written);
    if (request.ended != 0) {
      network_.send(path, wire::Detached{request.edge, request.number});
      end_session(now, *session, true);
      return;
    }
    if (!options_.mutations.no_resend) session->queue.rewind(is_same_life ? request.received : 0);
    session->is_close_sent = false;
    // The edge sends them again.
    session->waiting_ups.clear();
  } else if (request.ended != 0) {
    network_.send(path, wire::Detached{request.edge, request.number});
    erase_user_if_idle(user);
    return;
  } else {
    if (user.sessions.size() >= options_.max_sessions_per_user) {
      refuse_attach(path, request, wire::RefuseReason::full);
      return;
    }
    session = &add_session(user, id);
    session->since = now;
    // The counter goes on where the edge knows it, also when our state is new: it sends again what is above.
    session->accepted = request.answered;
    // One that ended here while its edge was away: what it had executed since is forgotten with it.
    session->life = request.life == user.life ? random_id() : user.life;
    if (request.life == 0) count_return(now, user);
  }
  session->path = path;
  session->edge = request.edge;
  session->number = request.number;
  session->process = request.process;
  session->answered_told = request.answered;
  collect_unanswered(*session);
  answer_attached(*session);
  pump(*session);
  flush_held(now, user);
}

/// The longest away is the first back, as far as anybody can tell.
void Holder::count_return(TimePoint now, User& user) {
  if (user.expected.empty() && is_closing_for_change(user)) {
    ++user.early_returns;
  } else if (!user.expected.empty()) {
    const User::Expected expected = user.expected.front();
    user.expected.erase(user.expected.begin());
    if (expected.epoch != by_operator) {
      ReceiverCount& received = received_[expected.epoch];
      ++received.returned;
      received.gaps.push_back(std::chrono::duration_cast<Duration>(now - expected.closed_at));
    }
  }
  if (user.expected.empty() && !is_closing_for_change(user)) user.hold_until = {};
}

void Holder::answer_attached(const Session& session) {
  network_.send(session.path, wire::Attached{session.edge, session.number, session.ref, session.life, session.accepted,
                                             service_->epoch(), self_.shard});
}

void Holder::on_up(TimePoint now, const wire::Up& up) {
  Session* session = find_session(up.holder);
  if (session == nullptr) return;
  if (session->user->phase == User::Phase::frozen) {
    park(*session->user, session->path, up);
    return;
  }
  cover(now, *session, up.written);
  // What comes after the decision to close was not executed; the client learns so by the missing answer.
  if (session->close_code != 0) return;
  if (session->inherited > 0) {
    // It must not overtake what the session has sent from its last holder.
    session->waiting_ups.emplace_back();
    wire::append(session->waiting_ups.back(), up);
  } else {
    execute(now, *session, up);
  }
}

/// The answer to the client's frame at `position`.
void Holder::say(TimePoint now, Session& session, std::uint64_t position, std::string_view text) {
  enqueue(now, session, {false, false, 0, position}, text);
}

void Holder::report_answered(Session& session) {
  const std::uint64_t answered = session.answered();
  if (session.path == 0 || answered <= session.answered_told) return;
  if (network_.send(session.path, wire::Answered{session.edge, session.number, answered}))
    session.answered_told = answered;
}

void Holder::forget_unanswered(Session& session, std::uint64_t position) {
  const auto found = std::lower_bound(session.unanswered.begin(), session.unanswered.end(), position);
  if (found != session.unanswered.end() && *found == position) session.unanswered.erase(found);
}

/// For an edge that has not got the last of what was sent.
void Holder::collect_unanswered(Session& session) {
  session.unanswered.clear();
  for (const std::uint64_t number : session.sends)
    session.unanswered.push_back(sends_.find(number)->position);
  for (const auto* node = session.queue.unsent(); node != nullptr; node = node->next) {
    if (node->mark.origin == 0 && node->mark.counter != 0) session.unanswered.push_back(node->mark.counter);
  }
  std::sort(session.unanswered.begin(), session.unanswered.end());
}

void Holder::enqueue(TimePoint now, Session& session, session::FrameMark mark, std::string_view payload) {
  if (session.is_close_sent || !make_room(now, session, payload.size())) {
    drop(now, session, mark);
    return;
  }
  session.queue.push(pool_, mark, payload);
  pump(session);
}

/// False when the new frame must not be queued.
bool Holder::make_room(TimePoint now, Session& session, std::size_t bytes) {
  const auto is_full = [&] {
    return session.queue.waiting() >= options_.outbox_messages ||
           session.queue.waiting_bytes() + bytes > options_.outbox_bytes;
  };
  if (session.queue.waiting() == 0 || !is_full()) return true;
  switch (options_.slow_consumer) {
    case SlowConsumer::drop_newest:
      return false;
    case SlowConsumer::close:
      if (session.close_code == 0) {
        ++counters_.slow_consumers;
        close_session(session, 1013, "slow consumer");
        // It does not read: the close must not wait behind what it has not read.
        send_close(session);
      }
      return false;
    case SlowConsumer::drop_oldest:
      break;
  }
  while (session.queue.waiting() > 0 && is_full()) {
    drop(now, session, session.queue.drop_unsent(pool_));
  }
  return true;
}

/// A frame that the client never gets.
void Holder::drop(TimePoint now, Session& session, const session::FrameMark& mark) {
  ++counters_.dropped;
  if (mark.origin != 0) {
    resolve(now, *session.user, mark, {false, true, false});
  } else {
    forget_unanswered(session, mark.counter);
  }
}

void Holder::pump(Session& session) {
  if (session.path == 0 || session.is_close_sent) return;
  std::string* out = network_.output(session.path);
  if (out == nullptr) return;
  while (const auto* node = session.queue.unsent()) {
    if (session.queue.in_flight() >= options_.window_messages) return;
    if (session.queue.in_flight() > 0 && session.queue.in_flight_bytes() + node->size > options_.window_bytes) return;
    const std::uint64_t answers = node->mark.origin == 0 ? node->mark.counter : 0;
    if (answers != 0) forget_unanswered(session, answers);
    session.answered_told = std::max(session.answered_told, session.answered());
    const bool is_ahead = answers > session.answered_told;
    const wire::Down down{session.edge,          session.number,  node->mark.is_binary,  node->mark.origin != 0,
                          session.answered_told, node->payload(), is_ahead ? answers : 0};
    wire::append(*out, down, destination_of(session.path));
    session.queue.mark_sent();
    ++counters_.messages_down;
  }
  if (session.close_code != 0 && session.sends.empty()) send_close(session);
}

/// Frames that are not sent yet stay behind; they are resolved as not written when the session ends.
void Holder::send_close(Session& session) {
  if (session.is_close_sent || session.path == 0) return;
  network_.send(session.path, wire::Close{session.edge, session.number, session.close_code, session.close_text});
  session.is_close_sent = true;
}

void Holder::on_progress(TimePoint now, const wire::Progress& progress) {
  Session* session = find_session(progress.holder);
  if (session == nullptr) return;
  if (session->user->phase == User::Phase::frozen) {
    park(*session->user, session->path, progress);
  } else {
    cover(now, *session, progress.written);
  }
}

void Holder::cover(TimePoint now, Session& session, std::uint64_t written) {
  if (written <= session.queue.covered()) return;
  User& user = *session.user;
  session.queue.cover(pool_, written, [&](const session::FrameMark& mark) {
    if (mark.origin != 0) resolve(now, user, mark, {true, true, false});
  });
  if (session.queue.unsent() != nullptr) pump(session);
}

void Holder::close_session(Session& session, std::uint16_t code, std::string_view text) {
  if (session.close_code != 0) return;
  session.close_code = code;
  session.close_text = text;
  pump(session);
}

void Holder::on_detach(TimePoint now, PathId path, const wire::Detach& detach) {
  Session* session = find_session(detach.holder);
  if (session != nullptr && session->user->phase == User::Phase::frozen) {
    park(*session->user, path, detach);
    return;
  }
  // Where the session has moved away, Moved is before this.
  network_.send(path, wire::Detached{detach.edge, detach.number});
  if (session == nullptr) return;
  cover(now, *session, detach.written);
  end_session(now, *session, true);
}

/// The socket is gone. `edge_is_known`: the edge has said what was written, so what is left was not.
void Holder::end_session(TimePoint now, Session& session, bool edge_is_known) {
  User& user = *session.user;
  std::erase(user.sessions, session.ref);
  const bool was_evicted = session.evicted != 0;
  if (was_evicted) {
    user.expected.push_back({session.evicted, now});
    user.hold_until = std::max(user.hold_until, now + options_.hold);
  }
  if (session.planned != 0) ++donated_[session.planned].gone;
  if (user.leaves != 0) --misplaced_;
  const bool may_keep = was_evicted || user.sessions.empty();
  // What it did not write stands before what was kept for the return since its close.
  std::vector<User::Held> since_close = std::exchange(user.held, {});
  session.queue.clear(pool_, [&](const session::FrameQueue::Node& node, bool was_sent) {
    if (node.mark.origin != 0)
      resolve(now, user, node.mark, {false, edge_is_known || !was_sent, may_keep}, node.payload());
  });
  std::move(since_close.begin(), since_close.end(), std::back_inserter(user.held));
  wait_for_return(user);
  sessions_.erase(slot_of(session.ref));
  if (was_evicted && !user.sessions.empty()) {
    // Its client was faster than the news of the old socket's end.
    if (user.early_returns > 0) {
      --user.early_returns;
      count_return(now, user);
    }
    if (user.phase == User::Phase::active) flush_held(now, user);
  }
  erase_user_if_idle(user);
}

}  // namespace wscluster::cluster
