// SPDX-License-Identifier: MIT
#include "embed/hosted.hpp"

#include <exception>

#include "base/log.hpp"
#include "base/names.hpp"
#include "base/random.hpp"
#include "protocol/content.hpp"
#include "protocol/envelope.hpp"
#include "protocol/names.hpp"
#include "protocol/server_frames.hpp"
#include "session/keys.hpp"

namespace wscluster::embed {
namespace {

constexpr Duration order_patience{5'000};

Client client_of(const cluster::Caller& caller) {
  return {std::string(caller.connection), std::string(caller.user), std::string(caller.subprotocol)};
}

protocol::DataType type_of(Message::Type type) noexcept {
  switch (type) {
    case Message::Type::json:
      return protocol::DataType::json;
    case Message::Type::text:
      return protocol::DataType::text;
    case Message::Type::binary:
      break;
  }
  return protocol::DataType::binary;
}

Message::Type type_of(protocol::DataType type) noexcept {
  if (type == protocol::DataType::json) return Message::Type::json;
  return type == protocol::DataType::text ? Message::Type::text : Message::Type::binary;
}

/// Throws std::invalid_argument for what could not be a frame.
std::string data_of(const Message& message) {
  const auto type = type_of(message.type);
  if (const auto good = protocol::check_content(type, message.data); !good)
    throw std::invalid_argument(good.error().message);
  std::string data;
  protocol::append_data(data, type, message.data);
  return data;
}

std::string envelope_of(const Message& message) {
  std::string envelope;
  protocol::append_server_envelope(envelope, type_of(message.type), data_of(message));
  return envelope;
}

Receipt::Status status_of(wire::ReceiptStatus status) noexcept {
  switch (status) {
    case wire::ReceiptStatus::delivered:
      return Receipt::Status::delivered;
    case wire::ReceiptStatus::queued:
      return Receipt::Status::queued;
    case wire::ReceiptStatus::offline:
      return Receipt::Status::offline;
    case wire::ReceiptStatus::expired:
      return Receipt::Status::expired;
    default:
      return Receipt::Status::unknown;
  }
}

void check(const Result<>& good) {
  if (!good) throw std::invalid_argument(good.error().message);
}

}  // namespace

Hosted::Hosted(const node::Place& place, const MakeApplication& make) : place_(place), application_(make(*this)) {}

unsigned Hosted::core() const noexcept {
  return place_.desk.core().index();
}

/// What the application throws is about one client.
template <class Call>
void Hosted::guard(Call call) const {
  try {
    call();
  } catch (const std::exception& thrown) {
    log::error("embed", "the application has thrown", {{"service", place_.service}, {"err", thrown.what()}});
  } catch (...) {
    log::error("embed", "the application has thrown", {{"service", place_.service}, {"err", "not a std::exception"}});
  }
}

void Hosted::on_connected(const cluster::Caller& caller) {
  guard([&] { application_->connected(client_of(caller)); });
}

void Hosted::on_disconnected(const cluster::Caller& caller, std::string_view reason) {
  guard([&] { application_->disconnected(client_of(caller), reason); });
}

bool Hosted::on_event(const cluster::Caller& caller, const cluster::ClientEvent& event, std::uint64_t number) {
  cluster::EventReply reply{false, "the application failed", {}, {}};
  guard([&] {
    Answer answer =
        application_->message(client_of(caller), {event.name, {type_of(event.type), std::string(event.data)}});
    if (answer.message) {
      // What is not the JSON it says it is fails here.
      static_cast<void>(data_of(*answer.message));
      reply.message = cluster::EventReply::Message{type_of(answer.message->type), std::move(answer.message->data)};
    }
    reply.is_done = answer.is_done;
    reply.error = std::move(answer.error);
  });
  place_.desk.core().post(
      [this, number, reply = std::move(reply)]() mutable { place_.reply(number, std::move(reply)); });
  return true;
}

// ---- what it does

void Hosted::order_for(const Client& client, cluster::Order order) {
  order.service = place_.service;
  order.session = session::SessionId::parse(client.connection);
  if (!order.session) throw std::invalid_argument("'" + client.connection + "' is no connection id");
  // Not from inside: the holder may be in the middle of this very session.
  place_.desk.core().post([this, order = std::move(order)]() mutable {
    place_.desk.inquirer().order(std::move(order), Clock::now() + order_patience, [](const cluster::OrderReport&) {});
  });
}

void Hosted::send(const Client& client, const Message& message) {
  cluster::Order order;
  order.operation = wire::Operation::send;
  order.origin = random_id();
  order.payload = envelope_of(message);
  order_for(client, std::move(order));
}

void Hosted::order_groups(const Client& client, wire::Operation operation, std::string_view group) {
  check(protocol::check_group_name(group));
  cluster::Order order;
  order.operation = operation;
  order.groups.emplace_back(group);
  order_for(client, std::move(order));
}

void Hosted::join(const Client& client, std::string_view group) {
  order_groups(client, wire::Operation::join_groups, group);
}

void Hosted::leave(const Client& client, std::string_view group) {
  order_groups(client, wire::Operation::leave_groups, group);
}

void Hosted::close(const Client& client, std::uint16_t code, std::string_view reason) {
  constexpr std::size_t longest_reason = 123;
  if (code != 1000 && (code < 3000 || code > 4999))
    throw std::invalid_argument("a connection is closed with 1000 or 3000 to 4999, not " + std::to_string(code));
  if (reason.size() > longest_reason) throw std::invalid_argument("the reason of a close is longer than 123 bytes");
  cluster::Order order;
  order.operation = wire::Operation::close;
  order.code = code;
  order.text = reason;
  order_for(client, std::move(order));
}

void Hosted::send_to_user(std::string_view user, const Message& message, Told told) {
  check(check_uid(user));
  transmit(std::string(user), envelope_of(message), std::move(told));
}

void Hosted::send_to_group(std::string_view group, const Message& message, Told told) {
  check(protocol::check_group_name(group));
  std::string envelope;
  protocol::append_group_envelope(envelope, group, type_of(message.type), data_of(message), {});
  const auto user = protocol::user_of_group(group);
  transmit(user ? std::string(*user) : session::group_key(group), std::move(envelope), std::move(told));
}

void Hosted::transmit(const std::string& to, std::string payload, Told told) {
  place_.desk.core().post([this, to, payload = std::move(payload), told = std::move(told)]() mutable {
    const TimePoint now = Clock::now();
    const std::uint64_t cookie = ++last_cookie_;
    if (told) open_.emplace(cookie, std::move(told));
    const cluster::Outgoing outgoing{place_.service, to, payload, wire::Wait::delivered, now + order_patience};
    if (!place_.desk.sender().send(now, outgoing, *this, cookie)) on_receipt(now, cookie, {});
  });
}

void Hosted::on_receipt(TimePoint, std::uint64_t cookie, const cluster::Receipt& receipt) {
  const auto told = open_.extract(cookie);
  if (told.empty()) return;
  const Receipt plain{status_of(receipt.status), receipt.sessions};
  guard([&] { told.mapped()(plain); });
}

void Hosted::post(std::function<void()> work) {
  place_.desk.core().post([this, work = std::move(work)] { guard(work); });
}

}  // namespace wscluster::embed
