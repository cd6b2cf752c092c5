// SPDX-License-Identifier: MIT
// Sessions: attachments with their counters, what clients send, what goes down to them.
#include <algorithm>

#include "base/random.hpp"
#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"

namespace wscluster::cluster {
namespace {

constexpr Duration attach_patience{5'000};  // of an edge's handshake
constexpr std::uint64_t normal_closure = 1000;

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
  const bool was_here = request.life != 0 || request.recovers;
  const bool is_known =
      is_active && was_here && find_session(*user, session::SessionId::from_bytes(request.session)) != nullptr;
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
  user->visits.push_back({path, now + attach_patience, {}, 0, 0});
  wire::append(user->visits.back().frame, request);
  if (user->phase == User::Phase::unresolved) start_asking(now, *user);
}

void Holder::refuse_attach(PathId path, const wire::Attach& attach, wire::RefuseReason reason) {
  network_.send(path, wire::Refused{attach.edge, attach.number, reason, service_ == nullptr ? 0 : service_->epoch()});
}

void Holder::attach(TimePoint now, User& user, PathId path, const wire::Attach& request) {
  const auto id = session::SessionId::from_bytes(request.session);
  Session* session = find_session(user, id);
  const bool is_return = request.recovers && request.life == 0;
  if (session != nullptr && is_return && request.ended == 0) {
    if (!session->is_reliable() || session->is_over) {
      refuse_attach(path, request, wire::RefuseReason::gone);
      return;
    }
    recover(now, *session, request.token);
  } else if (session != nullptr) {
    // A reliable session has another life with each socket: the client has left this one and come back since.
    const bool is_left = session->is_reliable() && request.life != 0 && request.life != session->life;
    if (is_left && request.ended == 0) return refuse_attach(path, request, wire::RefuseReason::gone);
    if (is_left) {
      network_.send(path, wire::Detached{request.edge, request.number});
      return;
    }
    if (session->edge == request.edge && request.number <= session->number) return;
    // An edge that does not know this life yet has taken nothing of it.
    const bool is_same_life = request.life == session->life || options_.mutations.no_life;
    if (is_same_life) cover(now, *session, request.written);
    if (request.ended != 0) {
      network_.send(path, wire::Detached{request.edge, request.number});
      // One that came to recover it and left before it heard an answer may not have been the last.
      if (!is_return || session->path == path) on_socket_end(now, *session, request.ended);
      return;
    }
    if (!options_.mutations.no_resend) session->queue.rewind(is_same_life ? request.received : 0);
    session->is_close_sent = false;
    // The edge sends them again.
    session->waiting_ups.clear();
    session->is_repeating = false;
  } else if (request.ended != 0) {
    network_.send(path, wire::Detached{request.edge, request.number});
    erase_user_if_idle(user);
    return;
  } else if (auto client = make_client(request.profile);
             request.recovers || (request.life != 0 && client && client->subprotocol != wire::Subprotocol::none)) {
    // Its state is lost, and the client must know: it has groups and messages that are in no state we could make anew.
    refuse_attach(path, request, wire::RefuseReason::gone);
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
    session->client = std::move(client);
    if (request.life == 0) count_return(now, user);
    greet(now, *session, request.token);
    join_first_groups(now, *session);
    if (request.life == 0) tell_connected(*session);
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
  if (session->is_away || session->is_over) return;
  if (session->close_code != 0) {
    execute_behind_close(now, *session, up);
    return;
  }
  if (session->inherited > 0 || session->is_repeating) {
    // It must not overtake what the session has sent from its last holder.
    session->waiting_ups.emplace_back();
    wire::append(session->waiting_ups.back(), up);
  } else {
    execute(now, *session, up);
  }
}

/// The answer to the client's frame at `position`.
void Holder::say(TimePoint now, Session& session, std::uint64_t position, std::string_view text) {
  enqueue(now, session, {false, false, 0, position, 0}, text);
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

void Holder::enqueue_message(TimePoint now, Session& session, session::FrameMark mark,
                             const session::SharedPayload& message) {
  if (!session.is_reliable()) {
    if (session.is_close_sent || !make_room(now, session, message.bytes().size())) {
      drop(now, session, mark);
      return;
    }
  } else if (const auto sequence = keep_unacknowledged(session, message)) {
    mark.sequence = *sequence;
  } else {
    drop(now, session, mark);
    return;
  }
  session.queue.push(pool_, mark, message);
  pump(session);
}

/// One frame goes in, whatever its size.
bool Holder::is_outbox_full(const Session& session, std::size_t bytes) const {
  const session::FrameQueue& queue = session.queue;
  return queue.waiting() > 0 &&
         (queue.waiting() >= options_.outbox_messages || queue.waiting_bytes() + bytes > options_.outbox_bytes);
}

/// False when the new frame must not be queued.
bool Holder::make_room(TimePoint now, Session& session, std::size_t bytes) {
  if (!is_outbox_full(session, bytes)) return true;
  switch (options_.slow_consumer) {
    case SlowConsumer::drop_newest:
      return false;
    case SlowConsumer::close:
      close_slow(session);
      return false;
    case SlowConsumer::drop_oldest:
      break;
  }
  while (is_outbox_full(session, bytes))
    drop(now, session, session.queue.drop_unsent(pool_));
  return true;
}

void Holder::close_slow(Session& session) {
  if (session.close_code != 0) return;
  ++counters_.slow_consumers;
  close_session(session, 1013, "slow consumer");
  // It does not read: the close must not wait behind what it has not read.
  send_close(session);
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
    wire::Down down{session.edge,          session.number,  node->mark.is_binary,   node->mark.origin != 0,
                    session.answered_told, node->payload(), is_ahead ? answers : 0, 0};
    if (node->is_message()) render(session, *node, down);
    wire::append(*out, down, destination_of(session.path));
    session.queue.mark_sent();
    ++counters_.messages_down;
  }
  if (session.close_code != 0 && session.sends.empty()) send_close(session);
}

/// As the client of this session reads it.
void Holder::render(const Session& session, const session::FrameQueue::Node& node, wire::Down& down) {
  const auto envelope = protocol::open_envelope(node.payload());
  if (!envelope) return;  // was checked when it came
  if (session.subprotocol() != wire::Subprotocol::none) {
    down.payload = envelope->tail;
    down.head = node.mark.sequence + 1;
    return;
  }
  rendered_.clear();
  const bool is_simple = session.client && session.client->simple != wire::SimpleKind::service;
  if (options_.raw == RawMode::relay && !is_simple && !envelope->from.empty()) {
    protocol::append_relayed(rendered_, *envelope);
  } else {
    down.is_binary = protocol::append_bare_data(rendered_, *envelope);
  }
  down.payload = rendered_;
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
  on_socket_end(now, *session, detach.code);
}

/// The edge has said what was written. A reliable session waits for its client, unless that has said that it is over.
void Holder::on_socket_end(TimePoint now, Session& session, std::uint64_t code) {
  if (session.is_reliable() && !session.is_over && code != normal_closure) {
    keep_away(now, session);
  } else {
    end_session(now, session, true);
  }
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
  settle(now, user, 1);
  const bool may_keep = was_evicted || user.sessions.empty();
  // What it did not write stands before what was kept for the return since its close.
  std::vector<User::Held> since_close = std::exchange(user.held, {});
  session.queue.clear(pool_, [&](const session::FrameQueue::Node& node, bool was_sent) {
    if (node.mark.origin != 0)
      resolve(now, user, node.mark, {false, edge_is_known || !was_sent, may_keep}, node.message);
  });
  std::move(since_close.begin(), since_close.end(), std::back_inserter(user.held));
  wait_for_return(user);
  memberships_.leave_all(now, session.ref);
  order_ended(session.ref);
  tell_gone(session);
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
