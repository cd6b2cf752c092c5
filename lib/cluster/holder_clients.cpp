// SPDX-License-Identifier: MIT
// Clients that speak a subprotocol (PROTOCOL B.1 to B.5): what they say, and how a reliable one comes back.
#include <map>

#include "base/random.hpp"
#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"
#include "protocol/names.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {
namespace {

constexpr std::uint16_t unsupported_data = 1003;

using Kind = protocol::ClientFrame::Kind;
using protocol::AckError;

}  // namespace

/// Null for one like all others of its service, and for bytes of a newer program.
std::unique_ptr<Holder::Client> Holder::make_client(std::string_view bytes) {
  wire::ClientProfile profile;
  if (bytes.empty() || !wire::decode_into(bytes, profile)) return nullptr;
  auto client = std::make_unique<Client>();
  client->subprotocol = profile.subprotocol;
  client->simple = profile.simple;
  client->group = profile.group;
  client->state = profile.state;
  if (auto permissions = session::Permissions::decode(profile.permissions))
    client->permissions = std::move(*permissions);
  for (const wire::ProfileGroup& group : profile.groups)
    client->first_groups.emplace_back(group.name);
  return client;
}

/// Without the groups: their memberships travel by themselves.
std::string Holder::encode_client(const Client& client) {
  const std::string permissions = client.permissions.encode();
  return wire::encode(
      wire::ClientProfile{client.subprotocol, client.simple, client.group, permissions, {}, client.state});
}

/// Always the first frame of a socket.
void Holder::greet(TimePoint now, Session& session, std::string_view token) {
  if (session.subprotocol() == wire::Subprotocol::none) return;
  std::string frame;
  protocol::append_connected(frame, session::user_id_of(session.user->key->uid), session.id.text(),
                             session.is_reliable() ? token : std::string_view());
  say(now, session, 0, frame);
}

/// Another socket for a reliable session: the client gets again what it has not acknowledged. Its answers to frames of
/// the old socket it does not wait for any more; what was executed is known, should it say it again.
void Holder::recover(TimePoint now, Session& session, std::string_view token) {
  User& user = *session.user;
  if (session.path != 0) {
    network_.send(session.path, wire::Close{session.edge, session.number, policy_violation,
                                            "the session goes on over a newer connection"});
  }
  if (session.evicted != 0) {
    user.expected.push_back({session.evicted, session.closing_since});
    session.evicted = 0;
  }
  count_return(now, user);
  // The old socket's edge may still say something.
  const SessionRef old = std::exchange(
      session.ref, sessions_.renew(slot_of(session.ref)) | static_cast<SessionRef>(service_index_) << 56U);
  std::replace(user.sessions.begin(), user.sessions.end(), old, session.ref);
  memberships_.rename(old, session.ref);
  if (session.closes != 0) closing_move(now, session.closes).closing.push_back(session.ref);
  for (const std::uint64_t number : session.sends) {
    OwnSend& send = *sends_.find(number);
    send.session = session.ref;
    send.position = 0;
  }
  session.waiting_ups.clear();
  session.is_repeating = false;
  session.unanswered.clear();
  session.accepted = 0;
  session.answered_told = 0;
  session.life = random_id();
  session.is_lazy = false;
  session.is_away = false;
  session.close_code = 0;
  session.close_text.clear();
  session.is_close_sent = false;
  session.path = 0;

  std::map<std::uint64_t, session::FrameMark> owed;  // receipts
  const session::Unacknowledged& kept = session.client->unacknowledged;
  session.queue.clear(pool_, [&](const session::FrameQueue::Node& node, bool) {
    if (node.mark.origin == 0) return;
    if (kept.find(node.mark.sequence) != nullptr) {
      owed.emplace(node.mark.sequence, node.mark);
    } else {
      // Who has acknowledged it has got it.
      resolve(now, user, node.mark, {true, true, false});
    }
  });
  session.queue = session::FrameQueue();
  greet(now, session, token);
  kept.for_each([&](std::uint64_t sequence, const session::SharedPayload& message) {
    const auto mark = owed.find(sequence);
    session.queue.push(pool_, mark != owed.end() ? mark->second : session::FrameMark{.sequence = sequence}, message);
  });
}

/// The socket of a reliable session has ended. Messages to it are kept as unacknowledged ones.
void Holder::keep_away(TimePoint now, Session& session) {
  User& user = *session.user;
  if (session.evicted != 0) {
    user.expected.push_back({session.evicted, now});
    user.hold_until = std::max(user.hold_until, now + options_.hold);
    session.evicted = 0;
  }
  session.path = 0;
  session.is_away = true;
  session.close_code = 0;
  session.close_text.clear();
  session.is_close_sent = false;
  session.waiting_ups.clear();
  session.is_repeating = false;
  session.orphaned = now;
  orphans_.push_back(session.ref);
  wait_for_return(user);
  if (user.phase == User::Phase::active) flush_held(now, user);
}

/// The message's sequence id; nothing when the session is over, or is so now, because its client does not acknowledge.
std::optional<std::uint64_t> Holder::keep_unacknowledged(Session& session, const session::SharedPayload& message) {
  if (session.is_over) return std::nullopt;
  const auto sequence =
      session.client->unacknowledged.push(message, {options_.unacknowledged_messages, options_.unacknowledged_bytes});
  if (!sequence) {
    session.is_over = true;  // one that is away ends with the next tick
    if (session.path == 0) return std::nullopt;
    constexpr std::string_view text = "too many messages are not acknowledged";
    std::string frame;
    protocol::append_disconnected(frame, text);
    session.queue.push(pool_, {}, frame);
    close_session(session, policy_violation, text);
    return std::nullopt;
  }
  if (session.path != 0 && is_outbox_full(session, message.bytes().size())) close_slow(session);
  return sequence;
}

/// True when an answer is under way or follows.
bool Holder::execute_frame(TimePoint now, Session& session, const wire::Up& up) {
  if (up.is_binary) {
    refuse_frame(now, session, unsupported_data, "frames of this subprotocol are text");
    return false;
  }
  const protocol::ParsedFrame parsed = parser_.parse(up.payload);
  if (!parsed) {
    const protocol::FrameFault& fault = parsed.error();
    if (fault.ack_id) return say_error(now, session, fault.ack_id, AckError::bad_request, fault.what);
    refuse_frame(now, session, protocol::bad_frame_close_code, fault.what);
    return false;
  }
  const protocol::ClientFrame& frame = *parsed;
  if (frame.kind == Kind::ping) {
    std::string pong;
    protocol::append_pong(pong);
    say(now, session, session.accepted, pong);
    return true;
  }
  if (frame.kind == Kind::sequence_ack) {
    if (session.is_reliable()) session.client->unacknowledged.acknowledge(frame.sequence_id);
    return false;
  }
  if (frame.ack_id && session.client->acks.contains(*frame.ack_id)) {
    std::string duplicate;
    protocol::append_duplicate(duplicate, *frame.ack_id);
    say(now, session, session.accepted, duplicate);
    return true;
  }
  if (frame.ack_id && is_in_flight(session, *frame.ack_id)) {
    postpone(session, up);
    return false;
  }
  switch (frame.kind) {
    case Kind::send_to_group:
      return send_to_group(now, session, frame);
    case Kind::join_group:
      return join_group(now, session, frame);
    case Kind::leave_group:
      return leave_group(now, session, frame);
    case Kind::event: {
      std::string data;
      protocol::append_content(data, frame.data_type, frame.data);
      return send_event(now, session, {frame.event, frame.data_type, data}, frame.ack_id);
    }
    default:
      return say_error(now, session, frame.ack_id, AckError::bad_request, "frames of this type are not known here");
  }
}

bool Holder::is_in_flight(const Session& session, std::uint64_t ack_id) const {
  const auto& joins = session.client->joins;
  return std::any_of(session.sends.begin(), session.sends.end(),
                     [&](std::uint64_t number) { return sends_.find(number)->ack_id == ack_id; }) ||
         std::any_of(joins.begin(), joins.end(), [&](const Client::Join& join) { return join.ack_id == ack_id; });
}

/// PROTOCOL C.3: it was said before the Close was read. Frames with an ack id the client says again, as it hears no
/// ack.
void Holder::execute_behind_close(TimePoint now, Session& session, const wire::Up& up) {
  if (session.subprotocol() == wire::Subprotocol::none || up.is_binary) return;
  const protocol::ParsedFrame frame = parser_.parse(up.payload);
  const bool is_meant =
      frame && !frame->ack_id && (frame->kind == Kind::send_to_group || frame->kind == Kind::sequence_ack);
  if (!is_meant) return;
  const std::uint64_t position = ++session.accepted;
  ++counters_.messages_up;
  session.unanswered.push_back(position);
  if (!execute_frame(now, session, up)) forget_unanswered(session, position);
}

/// Said again before it was answered: this frame and all behind it wait for what became of the first.
void Holder::postpone(Session& session, const wire::Up& up) {
  forget_unanswered(session, session.accepted);
  --session.accepted;
  session.is_repeating = true;
  session.waiting_ups.emplace_back();
  wire::append(session.waiting_ups.back(), up);
}

/// What a client sends whose URL says what its messages are. It has no way to hear of an error.
bool Holder::execute_simple(TimePoint now, Session& session, const wire::Up& up) {
  if (session.client->simple != wire::SimpleKind::send_to_group) return send_raw_event(now, session, up);
  const auto type = up.is_binary ? protocol::DataType::binary : protocol::DataType::text;
  std::string data;
  protocol::append_data(data, type, up.payload);
  protocol::ClientFrame frame;
  frame.kind = Kind::send_to_group;
  frame.group = session.client->group;
  frame.data_type = type;
  frame.data = data;
  return send_to_group(now, session, frame);
}

/// It broke the rules, and what it meant nobody can know: its session is over.
void Holder::refuse_frame(TimePoint now, Session& session, std::uint16_t code, std::string_view text) {
  tell_disconnected(now, session, text);
  close_session(session, code, text);
}

/// The session is over: its client will not find it again.
void Holder::tell_disconnected(TimePoint now, Session& session, std::string_view reason) {
  session.is_over = true;
  if (session.subprotocol() == wire::Subprotocol::none) return;
  std::string frame;
  protocol::append_disconnected(frame, reason);
  say(now, session, 0, frame);
}

bool Holder::say_error(TimePoint now, Session& session, std::optional<std::uint64_t> ack_id, AckError error,
                       std::string_view message) {
  if (!ack_id) return false;
  std::string frame;
  protocol::append_ack_error(frame, *ack_id, error, message);
  say(now, session, session.accepted, frame);
  return true;
}

bool Holder::send_to_group(TimePoint now, Session& session, const protocol::ClientFrame& frame) {
  if (!session.client->permissions.allows(session::Permission::send_to_group, frame.group)) {
    return say_error(now, session, frame.ack_id, AckError::forbidden,
                     "no role allows sending to the group '" + std::string(frame.group) + "'");
  }
  std::string message;
  protocol::append_group_envelope(message, frame.group, frame.data_type, frame.data,
                                  session::user_id_of(session.user->key->uid));
  const auto user = protocol::user_of_group(frame.group);
  const auto [number, send] = sends_.emplace();
  send->session = session.ref;
  send->purpose = wire::SendPurpose::publication;
  send->to = user ? std::string(*user) : session::group_key(frame.group);
  send->ack_id = frame.ack_id;
  send->position = session.accepted;
  Audience audience;
  if (frame.no_echo) audience.excluded = session.id.view();
  session.sends.push_back(number);
  const std::string to = send->to;
  Outgoing outgoing{options_.name, to, message, wire::Wait::queued, now + options_.send_timeout};
  if (frame.no_echo) outgoing.audience = &audience;
  if (sender_.send(now, outgoing, *this, number)) return true;
  std::erase(session.sends, number);
  sends_.erase(number);
  return say_error(now, session, frame.ack_id, AckError::internal_server_error, "the service has no ring yet");
}

/// That nobody was there is no error: the message was executed.
void Holder::say_ack(TimePoint now, Session& session, const OwnSend& send, const Outcome& outcome) {
  using enum wire::ReceiptStatus;
  const bool is_done = outcome.status == delivered || outcome.status == queued || outcome.status == offline;
  if (is_done || !send.ack_id) {
    say_success(now, session, send.position, send.ack_id);
    if (!send.ack_id && send.position != 0) report_answered(session);
    return;
  }
  if (send.position == 0) return;
  std::string frame;
  if (outcome.status == expired) {
    protocol::append_ack_error(frame, *send.ack_id, AckError::timeout, "not executed: no node took it in time");
  } else {
    protocol::append_ack_error(frame, *send.ack_id, AckError::internal_server_error,
                               "it is not known whether it was executed");
  }
  say(now, session, send.position, frame);
}

}  // namespace wscluster::cluster
