// SPDX-License-Identifier: MIT
// What a client of the subprotocol does: it joins its group, publishes with acks, acknowledges what it got, and comes
// back to its session.
#include "load/client.hpp"
#include "load/worker.hpp"

namespace wscluster::load {
namespace {

constexpr std::uint64_t join_ack_id = 1;
/// The ack id of message 0; those behind it follow.
constexpr std::uint64_t first_ack_id = 2;
/// More than so many are not left unacknowledged until the next turn.
constexpr std::uint64_t most_unacknowledged = 256;

}  // namespace

void Client::await_session() {
  phase_ = Phase::joining;  // the time-out of the attempt goes on: not enter()
  if (!session_) session_ = std::make_unique<ReliableSession>();
}

void Client::take_frame(std::string_view payload) {
  const auto frame = parse_server_frame(payload);
  using Type = ServerFrame::Type;
  switch (frame ? frame->type : Type::unknown) {
    case Type::connected:
      return on_connected(*frame);
    case Type::ack:
      return frame->ack_id == join_ack_id ? on_joined(*frame) : take_ack(*frame);
    case Type::message:
      return take_published(*frame);
    case Type::disconnected:
    case Type::pong:
      return;
    case Type::unknown:
      return worker_.count_error("messages that were not expected");
  }
}

void Client::on_connected(const ServerFrame& frame) {
  if (phase_ != Phase::joining) return worker_.count_error("messages that were not expected");
  const bool is_recovered = session_->exists() && session_->connection_id() == frame.connection_id;
  session_->begin(frame.connection_id, frame.reconnection_token);
  if (is_recovered) ++worker_.found_.closes.recovered;
  if (is_recovered || !is_member()) return become_ready();
  std::string text;
  append_join(text, group_of(index_), join_ack_id);
  send_text(text);
}

void Client::on_joined(const ServerFrame& frame) {
  if (phase_ != Phase::joining) return;
  if (!frame.is_executed) {
    joining_failure_ = "joinGroup was refused: " + frame.error;
    return;
  }
  if (!was_open_) worker_.setup_.members.fetch_add(1, std::memory_order_relaxed);
  if (!was_open_) worker_.ledger_.record_member();
  become_ready();
}

void Client::take_ack(const ServerFrame& frame) {
  if (!frame.is_executed) worker_.count_error("answered with error " + frame.error);
  const auto status = frame.is_executed ? ReceiptStatus::queued : ReceiptStatus::unknown;
  take_receipt(static_cast<std::uint32_t>(frame.ack_id - first_ack_id), to_string(status), {}, 0);
}

void Client::take_published(const ServerFrame& frame) {
  switch (session_->take(frame.sequence_id)) {
    case ReliableSession::Order::replayed:
      return;
    case ReliableSession::Order::gap:
      worker_.count_error("sequence ids with a gap");
      break;
    case ReliableSession::Order::next:
      break;
  }
  if (session_->unacknowledged() >= most_unacknowledged) acknowledge();
  take_arrival(frame.data, frame.from, true);
}

void Client::acknowledge() {
  if (phase_ != Phase::open || !session_ || session_->unacknowledged() == 0) return;
  std::string text;
  append_sequence_ack(text, session_->acknowledge());
  send_text(text);
}

void Client::drop() {
  if (phase_ != Phase::open) return;
  auto& closes = worker_.found_.closes;
  ++closes.dropped;
  if (!was_closed_) ++closes.connections;
  was_closed_ = true;
  release_stream();
  keep_pending(true, true);
  go_away({}, websocket::CloseCode::abnormal);
}

void Client::append_published(std::string& text, const Pending& message, const Stamp& stamp) const {
  std::string payload;
  append_payload(payload, stamp, worker_.setup_.options.size_bytes);
  append_publish(text, group_of(message.recipient), first_ack_id + message.sequence, payload);
}

void Client::send_text(std::string_view text) {
  std::string frame;
  websocket::append_masked_frame(frame, websocket::Opcode::text, true, text,
                                 static_cast<std::uint32_t>(worker_.random_()));
  write(frame);
}

bool Client::is_member() const {
  return worker_.setup_.flow != Flow::fan_out || index_ >= worker_.setup_.options.publishers;
}

/// One for all, or one for each client.
std::string Client::group_of(std::uint32_t connection) const {
  const std::string run = "load-" + std::to_string(worker_.setup_.run);
  return worker_.setup_.flow == Flow::fan_out ? run : run + "-" + std::to_string(connection);
}

}  // namespace wscluster::load
