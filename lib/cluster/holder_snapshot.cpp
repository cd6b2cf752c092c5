// SPDX-License-Identifier: MIT
// A user's state as it travels: written by the holder, read by the owner.
#include <algorithm>
#include <array>
#include <deque>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// 0 stands for "over".
std::uint64_t left_ms(TimePoint now, TimePoint until) {
  return until <= now ? 0 : static_cast<std::uint64_t>(std::chrono::ceil<Duration>(until - now).count());
}

}  // namespace

std::string Holder::encode_user(TimePoint now, const User& user) const {
  wire::UserState state;
  state.schema = wire::user_state_schema;
  state.life = user.life;
  state.born = user.born;
  state.early_returns = user.early_returns;
  state.hold_ms = left_ms(now, user.hold_until);
  std::deque<std::array<char, 24>> ids;  // what the views point to
  std::deque<std::string> texts;
  for (const SessionRef ref : user.sessions) {
    const Session& session = *find_session(ref);
    const auto& id = ids.emplace_back(session.id.bytes());
    wire::SessionState part;
    part.id = {id.data(), id.size()};
    part.life = session.life;
    part.accepted = session.accepted;
    part.covered = session.queue.covered();
    part.sent = session.queue.sent();
    part.close_code = session.close_code;
    part.close_text = session.close_text;
    part.closes = session.closes;
    part.is_uncounted = session.closes != 0 && session.planned == session.closes;
    part.evicted = session.evicted;
    part.age_ms = milliseconds(now - session.since);
    session.queue.for_each([&](const session::FrameQueue::Node& node) {
      const session::FrameMark& mark = node.mark;
      // Its bytes are among the unacknowledged.
      const bool is_twice = mark.sequence != 0 && mark.sequence > session.client->unacknowledged.acknowledged();
      part.frames.push_back({mark.is_binary, mark.origin, mark.counter, is_twice ? std::string_view() : node.payload(),
                             mark.is_spare, mark.sequence, node.is_message()});
    });
    if (session.client) {
      part.profile = texts.emplace_back(encode_client(*session.client));
      part.acks = texts.emplace_back(session.client->acks.encode());
      part.unacknowledged = texts.emplace_back(session.client->unacknowledged.encode());
    }
    if (session.is_away) part.detached_ms = milliseconds(now - session.orphaned) + 1;
    part.is_over = session.is_over;
    part.groups = memberships_of(session);
    for (const std::uint64_t number : session.sends) {
      const OwnSend& send = *sends_.find(number);
      const auto [begun_by, begun_as] = name_of_send(send, number);
      part.sends.push_back({begun_by, begun_as, send.to, send.id, send.position, send.ack_id.has_value(),
                            send.ack_id.value_or(0), send.purpose});
    }
    state.sessions.push_back(std::move(part));
  }
  for (const Executed& e : user.executed) {
    state.executed.push_back({e.origin, e.counter, e.wait, e.pending, e.written, e.is_unsure, e.is_held, e.is_answered,
                              e.status, e.sessions, e.spares, e.first_origin, e.first_counter});
  }
  for (const User::LastSeen& seen : user.last_seen) {
    const auto known = origins_.find(seen.origin);
    state.origins.push_back({seen.origin, seen.counter, known == origins_.end() ? 0 : known->second.settled});
  }
  for (const User::Held& held : user.held) {
    state.held.push_back(
        {held.origin, held.counter, left_ms(now, held.deadline), left_ms(now, held.expires), held.message.bytes()});
  }
  for (const User::Expected& expected : user.expected) {
    const auto ago = std::chrono::duration_cast<Duration>(now - expected.closed_at);
    state.expected.push_back({expected.epoch, static_cast<std::uint64_t>(ago.count())});
  }
  for (const User::Request& request : user.requests) {
    const auto ago = std::chrono::duration_cast<Duration>(now - request.answered_at);
    state.requests.push_back({request.id, request.origin, request.counter, request.is_answered, request.status,
                              request.sessions, request.is_answered ? static_cast<std::uint64_t>(ago.count()) : 0});
  }
  if (user.group) encode_group(*user.group, state);
  return wire::encode(state);
}

/// Visits that wait for it stay.
void Holder::install(TimePoint now, User& user, const wire::UserState& state) {
  user.life = state.life;
  user.born = state.born;
  user.early_returns = state.early_returns;
  user.hold_until = now + Duration(state.hold_ms);
  for (const wire::SessionState& session : state.sessions)
    install_session(now, user, session);
  for (const wire::ExecutedState& e : state.executed) {
    user.executed.push_back({e.origin, e.counter, 0, e.wait, static_cast<std::uint32_t>(e.pending),
                             static_cast<std::uint32_t>(e.spares), static_cast<std::uint32_t>(e.written), e.is_unsure,
                             e.is_held, e.is_answered, e.status, e.sessions, e.first_origin, e.first_counter});
  }
  for (const wire::OriginState& known : state.origins) {
    user.last_seen.push_back({known.origin, known.counter});
    Origin& origin = origins_[known.origin];
    origin.settled = std::max(origin.settled, known.settled);
    origin.heard = now;
  }
  for (const wire::HeldState& held : state.held) {
    user.held.push_back({held.origin, held.counter, now + Duration(held.deadline_ms), now + Duration(held.expires_ms),
                         session::SharedPayload(pool_, held.payload)});
    user.held_bytes += held.payload.size();
  }
  for (const wire::RequestState& request : state.requests) {
    user.requests.push_back({std::string(request.id), request.origin, request.counter, request.is_answered,
                             request.status, request.sessions, now - Duration(request.answered_ms_ago)});
  }
  if (!state.group.empty()) install_group(now, user, state.group.front());
  for (const wire::ExpectedState& expected : state.expected)
    user.expected.push_back({expected.epoch, now - Duration(expected.closed_ms_ago)});
}

void Holder::install_client(Client& client, const wire::SessionState& state) {
  if (auto acks = session::ExecutedAcks::decode(state.acks)) client.acks = std::move(*acks);
  if (auto kept = session::Unacknowledged::decode(state.unacknowledged, pool_))
    client.unacknowledged = std::move(*kept);
}

void Holder::install_frame(Session& session, const wire::FrameState& frame) {
  const session::FrameMark mark{frame.is_binary, frame.is_spare, frame.origin, frame.counter, frame.sequence};
  if (!frame.is_message) {
    session.queue.push(pool_, mark, frame.payload);
  } else if (!frame.payload.empty()) {
    session.queue.push(pool_, mark, session::SharedPayload(pool_, frame.payload));
  } else if (const auto* message = session.client ? session.client->unacknowledged.find(frame.sequence) : nullptr) {
    session.queue.push(pool_, mark, *message);
  }
}

void Holder::install_session(TimePoint now, User& user, const wire::SessionState& state) {
  Session& session = add_session(user, session::SessionId::from_bytes(state.id));
  session.life = state.life != 0 ? state.life : user.life;
  session.accepted = state.accepted;
  session.close_code = static_cast<std::uint16_t>(state.close_code);
  session.close_text = state.close_text;
  session.closes = state.closes;
  session.evicted = state.evicted;
  session.since = now - Duration(state.age_ms);
  session.queue.start_at(state.covered);
  session.client = make_client(state.profile);
  session.is_over = state.is_over;
  if (session.client) install_client(*session.client, state);
  install_memberships(session, state);
  if (state.detached_ms != 0) {
    session.is_away = true;
    session.orphaned = now - Duration(state.detached_ms);
  }
  for (const wire::FrameState& frame : state.frames)
    install_frame(session, frame);
  // Until an edge attaches nobody knows what became of those that were sent.
  while (session.queue.sent() < state.sent && session.queue.unsent() != nullptr)
    session.queue.mark_sent();
  for (const wire::OwnSendState& send : state.sends)
    inherit_send(now, session, send);
  if (session.evicted != 0) {
    session.closing_since = now;
    closing_.push_back(session.ref);
  }
  if (session.closes == 0) return;
  closing_move(now, session.closes).closing.push_back(session.ref);
  if (state.is_uncounted) {
    session.planned = session.closes;
    session.is_planned_elsewhere = true;
  }
}

}  // namespace wscluster::cluster
