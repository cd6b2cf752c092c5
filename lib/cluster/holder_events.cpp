// SPDX-License-Identifier: MIT
// What the application behind the service hears of sessions, and what it answers to their events. An event is on its
// way like a message: when the session moves, its answer goes after it.
#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"
#include "protocol/names.hpp"
#include "protocol/server_frames.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {
namespace {

constexpr std::uint16_t internal_error = 1011;
/// What a client says that names no event.
constexpr std::string_view unnamed_event = "message";

std::string_view name_of(wire::Subprotocol subprotocol) noexcept {
  switch (subprotocol) {
    case wire::Subprotocol::reliable:
      return protocol::reliable_subprotocol;
    case wire::Subprotocol::json:
      return protocol::json_subprotocol;
    case wire::Subprotocol::none:
      break;
  }
  return {};
}

}  // namespace

template <class Tell>
void Holder::with_caller(const Session& session, Tell tell) const {
  const std::string connection = session.id.text();
  tell(Caller{connection, session::user_id_of(session.user->key->uid), name_of(session.subprotocol()),
              session.client ? std::string_view(session.client->state) : std::string_view()});
}

void Holder::tell_connected(const Session& session) {
  if (handler_ == nullptr) return;
  with_caller(session, [&](const Caller& caller) { handler_->on_connected(caller); });
}

void Holder::tell_gone(const Session& session) {
  if (handler_ == nullptr) return;
  with_caller(session, [&](const Caller& caller) { handler_->on_disconnected(caller, session.close_text); });
}

/// True when an answer is under way or follows.
bool Holder::send_event(TimePoint now, Session& session, const ClientEvent& event,
                        std::optional<std::uint64_t> ack_id) {
  bool is_handled = false;
  if (handler_ != nullptr) {
    const auto slot = sends_.emplace();
    const std::uint64_t number = slot.first;
    OwnSend& send = *slot.second;
    send.session = session.ref;
    send.purpose = wire::SendPurpose::event;
    send.to = event.name;
    send.position = session.accepted;
    send.ack_id = ack_id;
    with_caller(session, [&](const Caller& caller) { is_handled = handler_->on_event(caller, event, number); });
    if (is_handled) {
      session.sends.push_back(number);
    } else {
      sends_.erase(number);
    }
  }
  if (is_handled) return true;
  ++counters_.unhandled_events;
  return say_error(now, session, ack_id, protocol::AckError::invocation_failed,
                   "nobody handles the event '" + std::string(event.name) + "' of this service");
}

bool Holder::send_raw_event(TimePoint now, Session& session, const wire::Up& up) {
  const auto type = up.is_binary ? protocol::DataType::binary : protocol::DataType::text;
  return send_event(now, session, {unnamed_event, type, up.payload}, std::nullopt);
}

void Holder::on_reply(TimePoint now, std::uint64_t number, EventReply reply) {
  Outcome outcome;
  outcome.reply = std::make_shared<const EventReply>(std::move(reply));
  settle_send(now, number, outcome);
}

/// A client that can be told no error loses its connection: else it would take its event for handled.
void Holder::answer_event(TimePoint now, Session& session, const OwnSend& send, const Outcome& outcome) {
  static const EventReply unknown{false, "it is not known whether the application got it", {}, {}};
  const EventReply& reply = outcome.reply ? *outcome.reply : unknown;
  if (reply.state) {
    if (!session.client) session.client = std::make_unique<Client>();
    session.client->state = *reply.state;
  }
  if (reply.is_done) {
    if (reply.message) {
      std::string data;
      protocol::append_data(data, reply.message->type, reply.message->data);
      std::string envelope;
      protocol::append_server_envelope(envelope, reply.message->type, data);
      enqueue_message(now, session, {}, session::SharedPayload(pool_, envelope));
    }
    say_success(now, session, send.position, send.ack_id);
    if (!send.ack_id && send.position != 0) report_answered(session);
    return;
  }
  ++counters_.failed_events;
  if (send.position == 0) return;
  forget_unanswered(session, send.position);
  if (!send.ack_id) {
    report_answered(session);
    if (session.subprotocol() == wire::Subprotocol::none)
      close_session(session, internal_error, "the application failed");
    return;
  }
  std::string frame;
  protocol::append_ack_error(
      frame, *send.ack_id,
      outcome.reply ? protocol::AckError::invocation_failed : protocol::AckError::internal_server_error, reply.error);
  say(now, session, send.position, frame);
}

}  // namespace wscluster::cluster
