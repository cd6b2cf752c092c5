// SPDX-License-Identifier: MIT
// What clients of raw services send: executed here, answered with their receipt, also after the session has moved.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"
#include "protocol/names.hpp"
#include "protocol/relay.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// The earlier holder's sender answers at the deadline; only when it is gone we must.
constexpr Duration inherited_grace = 1s;

std::shared_ptr<const EventReply> reply_of(const wire::Outcome& outcome) {
  if (outcome.reply.empty()) return nullptr;
  const wire::Outcome::Reply& part = outcome.reply.front();
  auto reply = std::make_shared<EventReply>();
  reply->is_done = part.is_done;
  reply->error = part.error;
  if (part.has_message)
    reply->message = EventReply::Message{static_cast<protocol::DataType>(part.data_type), std::string(part.data)};
  if (part.has_state) reply->state = std::string(part.state);
  return reply;
}

std::vector<wire::Outcome::Reply> as_part(const EventReply* reply) {
  if (reply == nullptr) return {};
  wire::Outcome::Reply part;
  part.is_done = reply->is_done;
  part.error = reply->error;
  part.has_message = reply->message.has_value();
  if (reply->message) {
    part.data_type = static_cast<std::uint64_t>(reply->message->type);
    part.data = reply->message->data;
  }
  part.has_state = reply->state.has_value();
  if (reply->state) part.state = *reply->state;
  return {part};
}

}  // namespace

void Holder::execute(TimePoint now, Session& session, const wire::Up& up) {
  const SessionRef ref = session.ref;
  const std::uint64_t position = ++session.accepted;
  const bool is_simple = session.client && session.client->simple != wire::SimpleKind::service;
  const bool is_silent = up.is_answered || (up.maybe_executed && (options_.raw != RawMode::relay || is_simple));
  if (!is_silent) {
    ++counters_.messages_up;
    session.unanswered.push_back(position);
    if (is_simple || session.subprotocol() != wire::Subprotocol::none) {
      const bool is_answered_later = is_simple ? execute_simple(now, session, up) : execute_frame(now, session, up);
      if (Session* still = find_session(ref); still != nullptr && !is_answered_later)
        forget_unanswered(*still, position);
    } else if (options_.raw == RawMode::relay) {
      relay(now, session, up);
    } else if (options_.raw == RawMode::event) {
      if (!send_raw_event(now, session, up)) forget_unanswered(session, position);
    } else {
      enqueue(now, session, {up.is_binary, false, 0, position, 0}, up.payload);
    }
  }
  // An answer, which comes sooner or later, tells it as well.
  Session* const still = find_session(ref);
  if (still == nullptr || still->is_lazy || still->answered() <= still->answered_told) return;
  still->is_lazy = true;
  lazy_.push_back(ref);
}

void Holder::relay(TimePoint now, Session& session, const wire::Up& up) {
  if (up.is_binary) {
    say(now, session, session.accepted,
        protocol::relay_error("invalid", "a binary message; this service takes JSON text"));
    return;
  }
  const auto request = protocol::parse_relay(up.payload);
  if (!request) {
    say(now, session, session.accepted, protocol::relay_error("invalid", request.error().message));
    return;
  }
  if (up.maybe_executed) {
    say(now, session, session.accepted,
        protocol::relay_receipt(request->id, {request->to, "unknown", 0, {}, service_->epoch(), 0}));
    return;
  }
  std::string message;
  protocol::append_group_envelope(message, std::string(protocol::user_group_prefix) + request->to,
                                  protocol::DataType::json, request->data, session.user->key->uid);
  const auto [number, send] = sends_.emplace();
  send->session = session.ref;
  send->to = request->to;
  send->id = request->id;
  send->position = session.accepted;
  session.sends.push_back(number);
  const Outgoing outgoing{options_.name, request->to, message, wire::Wait::delivered, now + options_.send_timeout};
  if (sender_.send(now, outgoing, *this, number)) return;
  std::erase(session.sends, number);
  sends_.erase(number);
  say(now, session, session.accepted, protocol::relay_error("unavailable", "the service has no ring yet"));
}

void Holder::on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) {
  settle_send(now, cookie,
              {receipt.status, receipt.sessions, std::string(receipt.node), receipt.epoch, receipt.latency, nullptr});
}

void Holder::on_outcome(TimePoint now, const wire::Outcome& outcome) {
  const auto found = inherited_.find({outcome.begun_by, outcome.number});
  if (found == inherited_.end()) return;
  settle_send(now, found->second,
              {outcome.status, outcome.sessions, std::string(outcome.node), outcome.epoch,
               std::chrono::microseconds(outcome.latency_us), reply_of(outcome)});
}

/// Told to the session, or sent after it; while it is frozen nobody knows which.
void Holder::settle_send(TimePoint now, std::uint64_t number, const Outcome& outcome) {
  OwnSend* send = sends_.find(number);
  if (send == nullptr) return;
  Session* session = find_session(send->session);
  if (session != nullptr && session->user->phase != User::Phase::active) {
    // The deadline may come before the answer, or after it.
    if (!send->outcome || send->outcome->status == wire::ReceiptStatus::unknown) send->outcome = outcome;
    return;
  }
  const OwnSend done = *send;
  sends_.erase(number);
  if (done.begun_by != 0) inherited_.erase({done.begun_by, done.number});
  if (done.session == 0) forward_outcome(now, done, number, outcome);
  if (session == nullptr) return;
  if (done.purpose == wire::SendPurpose::event) {
    answer_event(now, *session, done, outcome);
  } else if (done.purpose == wire::SendPurpose::publication) {
    say_ack(now, *session, done, outcome);
  } else {
    say(now, *session, done.position,
        protocol::relay_receipt(done.id, {done.to, to_string(outcome.status), outcome.sessions, outcome.node,
                                          outcome.epoch, seconds(outcome.latency)}));
  }
  // The answer may have ended the session (slow consumer).
  session = find_session(done.session);
  if (session == nullptr) return;
  // Only now: a Close waits for the whole answer.
  std::erase(session->sends, number);
  if (session->close_code != 0) pump(*session);
  const bool was_inherited = done.begun_by != 0;
  if (was_inherited) --session->inherited;
  if ((was_inherited || session->is_repeating) && session->inherited == 0) work_off_ups(now, session->ref);
}

/// The same at every holder it comes to: the life where it began, and the number there with its shard in the top byte.
std::pair<std::uint64_t, std::uint64_t> Holder::name_of_send(const OwnSend& send, std::uint64_t number) const {
  if (send.begun_by != 0) return {send.begun_by, send.number};
  return {self_.incarnation, number | static_cast<std::uint64_t>(self_.shard) << 56U};
}

void Holder::forward_outcome(TimePoint now, const OwnSend& send, std::uint64_t number, const Outcome& outcome) {
  forwarded_.push_back({send, number, outcome, 0, now + options_.send_timeout});
  send_outcome(forwarded_.back());
}

void Holder::send_outcome(Forwarded& forwarded) {
  const auto& [send, number, outcome, path, until] = forwarded;
  forwarded.path = path_to_shard(network_, view_->peer(send.node, send.incarnation), service_->hash_of(send.uid));
  if (path == 0) return;
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(outcome.latency).count();
  const auto [begun_by, begun_as] = name_of_send(send, number);
  network_.send(path, wire::Outcome{options_.name, begun_by, begun_as, outcome.status, outcome.sessions, outcome.node,
                                    outcome.epoch, static_cast<std::uint64_t>(latency), as_part(outcome.reply.get())});
}

/// Its link was broken, or has broken since: then nobody knows whether it has arrived. Twice does no harm.
void Holder::repeat_outcomes(TimePoint now) {
  std::erase_if(forwarded_, [&](const Forwarded& forwarded) { return now >= forwarded.until; });
  for (Forwarded& forwarded : forwarded_)
    if (forwarded.path == 0) send_outcome(forwarded);
}

void Holder::work_off_ups(TimePoint now, SessionRef ref) {
  Session* session = find_session(ref);
  if (session == nullptr || session->user->phase != User::Phase::active) return;
  session->is_repeating = false;
  for (const std::string& bytes : std::exchange(session->waiting_ups, {})) {
    wire::Raw raw;
    static_cast<void>(wire::cut(bytes, bytes.size(), raw));
    wire::with<wire::Up>(raw, [&](const wire::Up& up) { on_up(now, up); });
  }
}

void Holder::inherit_send(TimePoint now, Session& session, const wire::OwnSendState& state) {
  const auto [number, send] = sends_.emplace();
  send->session = session.ref;
  send->purpose = state.purpose;
  send->to = state.to;
  send->id = state.id;
  send->position = state.position;
  if (state.has_ack_id) send->ack_id = state.ack_id;
  send->begun_by = state.begun_by;
  send->number = state.number;
  send->deadline = now + options_.send_timeout + inherited_grace;
  session.sends.push_back(number);
  ++session.inherited;
  inherited_[{state.begun_by, state.number}] = number;
}

void Holder::expire_inherited(TimePoint now) {
  std::vector<std::uint64_t> late;
  for (const auto& [key, number] : inherited_) {
    if (now >= sends_.find(number)->deadline) late.push_back(number);
  }
  for (const std::uint64_t number : late)
    settle_send(now, number, {});
}

/// The session is with another holder now.
void Holder::release_sends(TimePoint now, const Session& session, const Departure& departure) {
  for (const std::uint64_t number : session.sends) {
    OwnSend& send = *sends_.find(number);
    send.session = 0;
    send.uid = session.user->key->uid;
    send.node = departure.node;
    send.incarnation = departure.incarnation;
    if (send.outcome) settle_send(now, number, Outcome(*send.outcome));
  }
}

void Holder::thaw_sends(TimePoint now, const User& user) {
  std::vector<std::uint64_t> numbers;
  for (const SessionRef ref : user.sessions) {
    const auto& sends = find_session(ref)->sends;
    numbers.insert(numbers.end(), sends.begin(), sends.end());
  }
  for (const std::uint64_t number : numbers) {
    const OwnSend* send = sends_.find(number);
    if (send != nullptr && send->outcome) settle_send(now, number, Outcome(*send->outcome));
  }
}

}  // namespace wscluster::cluster
