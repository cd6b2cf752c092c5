// SPDX-License-Identifier: MIT
// Messages of applications to users.
#include <algorithm>

#include "base/units.hpp"
#include "front/answers.hpp"
#include "front/parameters.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"
#include "protocol/relay.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

constexpr Duration max_send_timeout = 60s;

struct SendOptions {
  wire::Wait wait = wire::Wait::delivered;
  Duration timeout{0};
};

Result<SendOptions> send_options(const edge::Request& request, const Door& door) {
  SendOptions options{wire::Wait::delivered, door.options.service.send_timeout};
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

Result<> Rest::send_to_user(const Call& call) {
  const auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  const auto type = type_of_body(call.request);
  if (!type) {
    edge_.respond(call.connection,
                  failure(415, "UnsupportedMediaType",
                          "the body must be application/json, text/plain or application/octet-stream"));
    return {};
  }
  if (const auto checked = check_body(call.request, *type); !checked) return checked.error();
  if (const auto filter = filter_parameter(call.request); !filter) return filter.error();
  if (const auto lifetime = message_lifetime(call.request); !lifetime) return lifetime.error();
  cluster::Outgoing message;
  message.uid = *uid;
  message.is_binary = *type == protocol::DataType::binary;
  message.wait = wire::Wait::queued;
  message.deadline = now() + call.door->options.service.send_timeout;
  return send(call, message, false);
}

Result<> Rest::send_with_receipt(const Call& call) {
  const auto uid = uid_in_path(call.names[0]);
  if (!uid) return uid.error();
  const auto options = send_options(call.request, *call.door);
  if (!options) return options.error();
  const bool is_binary = type_of_body(call.request) == protocol::DataType::binary;
  const auto type = is_binary ? protocol::DataType::binary : protocol::DataType::text;
  if (const auto checked = check_body(call.request, type); !checked) return checked.error();
  cluster::Outgoing message;
  message.uid = *uid;
  message.is_binary = is_binary;
  message.wait = options->wait;
  message.deadline = now() + options->timeout;
  return send(call, message, true);
}

Result<> Rest::send(const Call& call, cluster::Outgoing message, bool wants_receipt) {
  const auto id = request_id(call.request);
  if (!id) return id.error();
  message.service = call.service();
  message.payload = call.request.body;
  message.request = *id;
  const std::uint64_t number = next_send_++;
  sends_.emplace(number, PendingSend{call.connection, std::string(message.uid), wants_receipt});
  if (!sender_.send(now(), message, *this, number)) {
    sends_.erase(number);
    return error(Errc::unavailable, "the service has no ring yet");
  }
  if (!wants_receipt || message.wait != wire::Wait::none) return {};
  sends_.erase(number);
  edge::Response response = accepted();
  response.body =
      protocol::rest_receipt({message.uid, "unknown", 0, {}, view_->service(call.service())->epoch(), 0, false});
  edge_.respond(call.connection, response);
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
