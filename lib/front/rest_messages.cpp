// SPDX-License-Identifier: MIT
// Messages of applications: to users, connections, groups and everybody.
#include <algorithm>

#include "base/random.hpp"
#include "base/units.hpp"
#include "front/answers.hpp"
#include "front/parameters.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"
#include "protocol/content.hpp"
#include "protocol/envelope.hpp"
#include "protocol/names.hpp"
#include "protocol/relay.hpp"
#include "protocol/server_frames.hpp"
#include "ring/key.hpp"
#include "session/keys.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;
using protocol::DataType;

constexpr Duration max_send_timeout = 60s;

struct ReceiptOptions {
  wire::Wait wait = wire::Wait::delivered;
  Duration timeout{0};
};

Result<ReceiptOptions> receipt_options(const edge::Request& request, const Door& door) {
  ReceiptOptions options{wire::Wait::delivered, door.options.service.send_timeout};
  if (const auto wait = request.parameter("wait")) {
    if (*wait == "none") {
      options.wait = wire::Wait::none;
    } else if (*wait == "queued") {
      options.wait = wire::Wait::queued;
    } else if (*wait != "delivered") {
      return error(Errc::invalid, "wait must be delivered, queued or none");
    }
  }
  if (const auto timeout = request.parameter("timeout")) {
    const auto parsed = parse_duration(*timeout);
    if (!parsed) return error(Errc::invalid, "timeout: " + parsed.error().message);
    options.timeout = std::clamp<Duration>(*parsed, 1ms, max_send_timeout);
  }
  return options;
}

/// The body as the value that frames have.
Result<std::string> data_of(const edge::Request& request, DataType type) {
  if (const auto checked = protocol::check_content(type, request.body); !checked) return checked.error();
  std::string data;
  protocol::append_data(data, type, request.body);
  return data;
}

edge::Response accepted() {
  edge::Response response;
  response.status = 202;
  return response;
}

/// 202 says: the owner has it, or knows that nobody is there. SDKs repeat a call after a 5xx, so 503 must mean "not
/// executed".
edge::Response acceptance(wire::ReceiptStatus status) {
  if (status == wire::ReceiptStatus::expired) return retry_later("no node took the message in time");
  if (status == wire::ReceiptStatus::unknown)
    return failure(504, "Unknown", "it is not known whether the message was taken");
  return accepted();
}

}  // namespace

// ---- the SDKs' calls

Result<> Rest::send_to_user(const Call& call) {
  auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  auto message = read_message(call, {});
  if (!message) return message.error();
  message->to = std::move(*uid);
  return send(call.connection, *message, false);
}

Result<> Rest::send_to_group(const Call& call) {
  const auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  auto message = read_message(call, *group);
  if (!message) return message.error();
  const auto user = protocol::user_of_group(*group);
  message->to = user ? std::string(*user) : session::group_key(*group);
  return send(call.connection, *message, false);
}

/// To everybody: an order for all shards, since no single node could say when all have it.
Result<> Rest::send_to_everybody(const Call& call) {
  return order_message(call, {});
}

Result<> Rest::send_to_connection(const Call& call) {
  cluster::Order order;
  order.session = connection_in_path(call.names[0]);
  if (order.session) return order_message(call, std::move(order));
  edge_.respond(call.connection, accepted());
  return {};
}

/// Repeats of one call are one message for a minute.
Result<> Rest::order_message(const Call& call, cluster::Order order) {
  auto message = read_message(call, {});
  if (!message) return message.error();
  order.operation = wire::Operation::send;
  order.origin = message->request.empty() ? random_id() : ring::hash_uid(message->request, 0);
  order.payload = std::move(message->envelope);
  order.filter = std::move(message->audience.filter);
  order.excluded = excluded_sessions(call.request);
  this->order(call, std::move(order), answer_with(202));
  return {};
}

Result<Rest::Message> Rest::read_message(const Call& call, std::string_view group) const {
  const auto type = type_of_body(call.request);
  if (!type) return type.error();
  const auto data = data_of(call.request, *type);
  if (!data) return data.error();
  auto filter = filter_parameter(call.request);
  if (!filter) return filter.error();
  const auto id = request_id(call.request);
  if (!id) return id.error();
  const auto lifetime = message_lifetime(call.request);
  if (!lifetime) return lifetime.error();
  Message message;
  message.lifetime = *lifetime;
  message.service = call.service();
  if (group.empty()) {
    protocol::append_server_envelope(message.envelope, *type, *data);
  } else {
    protocol::append_group_envelope(message.envelope, group, *type, *data, {});
  }
  for (const session::SessionId& excluded : excluded_sessions(call.request))
    message.audience.excluded += excluded.view();
  message.audience.filter = std::move(*filter);
  message.wait = wire::Wait::queued;
  message.deadline = now() + call.door->options.service.send_timeout;
  message.request = *id;
  return message;
}

// ---- with a receipt

Result<> Rest::send_with_receipt(const Call& call) {
  auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  const auto options = receipt_options(call.request, *call.door);
  if (!options) return options.error();
  auto message = read_message(call, {});
  if (!message) return message.error();
  message->to = std::move(*uid);
  message->wait = options->wait;
  message->deadline = now() + options->timeout;
  return send(call.connection, *message, true);
}

/// `queued` to so many sessions when every shard with members has it, else `offline`.
Result<> Rest::publish_with_receipt(const Call& call) {
  const auto group = group_in_path(call.names[0]);
  if (!group) return group.error();
  const auto options = receipt_options(call.request, *call.door);
  if (!options) return options.error();
  auto message = read_message(call, *group);
  if (!message) return message.error();
  const auto user = protocol::user_of_group(*group);
  message->to = user ? std::string(*user) : session::group_key(*group);
  message->deadline = now() + options->timeout;
  return send(call.connection, *message, true);
}

Result<> Rest::send(edge::ConnectionId id, const Message& message, bool wants_receipt) {
  cluster::Outgoing outgoing;
  outgoing.service = message.service;
  outgoing.uid = message.to;
  outgoing.payload = message.envelope;
  outgoing.wait = message.wait;
  outgoing.deadline = message.deadline;
  outgoing.request = message.request;
  outgoing.lifetime = message.lifetime;
  const auto& [only, excluded, filter] = message.audience;
  if (!only.empty() || !excluded.empty() || !filter.empty()) outgoing.audience = &message.audience;
  const std::uint64_t number = next_send_++;
  const std::string_view to = session::is_group_key(message.to) ? session::group_of_key(message.to) : message.to;
  sends_.emplace(number, PendingSend{id, std::string(to), wants_receipt});
  if (!sender_.send(now(), outgoing, *this, number)) {
    sends_.erase(number);
    return error(Errc::unavailable, "the service has no ring yet");
  }
  if (!wants_receipt || message.wait != wire::Wait::none) return {};
  sends_.erase(number);
  edge::Response response = accepted();
  response.body =
      protocol::rest_receipt({message.to, "unknown", 0, {}, view_->service(message.service)->epoch(), 0, false});
  edge_.respond(id, response);
  return {};
}

void Rest::on_receipt(TimePoint, std::uint64_t cookie, const cluster::Receipt& receipt) {
  const auto found = sends_.find(cookie);
  if (found == sends_.end()) return;
  const PendingSend send = std::move(found->second);
  sends_.erase(found);
  if (!send.wants_receipt) {
    edge_.respond(send.connection, acceptance(receipt.status));
    return;
  }
  edge::Response response;
  response.body = protocol::rest_receipt({send.to, cluster::to_string(receipt.status), receipt.sessions, receipt.node,
                                          receipt.epoch, seconds(receipt.latency), receipt.is_duplicate});
  edge_.respond(send.connection, response);
}

}  // namespace wscluster::front
