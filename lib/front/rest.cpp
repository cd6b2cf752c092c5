// SPDX-License-Identifier: MIT
// What applications and clients ask over HTTP: send to a user, which node to connect to.
#include <algorithm>

#include "base/text.hpp"
#include "base/units.hpp"
#include "front/answers.hpp"
#include "front/desk.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/relay.hpp"
#include "protocol/server_frames.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

constexpr Duration max_send_timeout = 60s;
/// Chosen by the application, and kept for a minute for every message that has one.
constexpr std::size_t most_request_id_bytes = 128;

/// Empty when the call has none.
Result<std::string_view> request_id(const edge::Request& request) {
  const std::string_view id = request.header("x-ms-client-request-id").value_or("");
  const bool is_good = id.size() <= most_request_id_bytes &&
                       std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (is_good) return id;
  return error(Errc::invalid, "x-ms-client-request-id must be at most " + std::to_string(most_request_id_bytes) +
                                  " visible ASCII characters");
}

std::string websocket_url(bool is_tls, const std::string& address, const std::string& path) {
  return (is_tls ? "wss://" : "ws://") + address + path;
}

/// What the body of a call is for those who get it.
Result<std::string> envelope_of(const edge::Request& request) {
  const std::string_view type = request.header("Content-Type").value_or("text/plain");
  const bool is_binary = type.starts_with("application/octet-stream");
  const bool is_json = type.starts_with("application/json");
  if (!is_binary && !is_valid_utf8(request.body))
    return error(Errc::invalid, "the body is not UTF-8; send it as application/octet-stream");
  if (is_json) {
    protocol::JsonScanner scanner(request.body, protocol::max_frame_depth);
    protocol::JsonValue value;
    if (!scanner.read_value(value) || !scanner.read_end()) {
      return error(Errc::invalid,
                   "the body is no JSON: byte " + std::to_string(scanner.position()) + ": " + scanner.what());
    }
  }
  const auto kind = is_binary ? protocol::DataType::binary
                    : is_json ? protocol::DataType::json
                              : protocol::DataType::text;
  std::string data;
  protocol::append_data(data, kind, request.body);
  std::string envelope;
  protocol::append_server_envelope(envelope, kind, data);
  return envelope;
}

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

}  // namespace

void Desk::on_request(edge::ConnectionId id, edge::Request request) {
  const std::vector<std::string_view> segments = split(std::string_view(request.path).substr(1), '/');
  const auto at = [&](std::size_t i) { return i < segments.size() ? segments[i] : std::string_view(); };
  const bool is_v1 = at(0) == "api" && at(1) == "v1" && at(2) == "services";
  if (request.path == "/negotiate") {
    if (request.method != "GET") {
      edge_.respond(id, wrong_method("GET"));
    } else {
      negotiate(id, request);
    }
  } else if (request.path == "/api/health") {
    edge_.respond(id,
                  request.method == "HEAD" || request.method == "GET" ? edge::Response{} : wrong_method("HEAD, GET"));
  } else if (segments.size() == 6 && at(0) == "api" && at(1) == "hubs" && at(3) == "users" && at(5) == ":send") {
    send_message(id, request, {at(2), at(4)}, false);
  } else if (is_v1 && segments.size() == 5 && at(4) == "sessions") {
    list_sessions(id, request, at(3));
  } else if (is_v1 && segments.size() == 7 && at(4) == "users" && at(6) == "messages") {
    send_message(id, request, {at(3), at(5)}, true);
  } else if (is_v1 && segments.size() == 7 && at(4) == "users" && at(6) == "sessions") {
    show_user(id, request, at(3), at(5));
  } else if (is_v1 && segments.size() == 7 && at(4) == "users" && at(6) == ":evict") {
    evict_user(id, request, at(3), at(5));
  } else if (doors_->by_path(request) != nullptr) {
    edge::Response response = failure(426, "UpgradeRequired", "this is a WebSocket path");
    response.headers.emplace_back("Upgrade", "websocket");
    edge_.respond(id, response);
  } else {
    edge_.respond(id, failure(404, "NotFound", "no such resource"));
  }
}

const Door* Desk::admit_application(edge::ConnectionId id, const edge::Request& request, std::string_view service) {
  const auto name = percent_decode(service);
  const Door* door = name ? doors_->by_service(to_lower(*name)) : nullptr;
  if (door == nullptr) {
    edge_.respond(id, failure(404, "NotFound", "no service '" + std::string(service) + "' here"));
    return nullptr;
  }
  if (auto allowed = doors_->check_application(*door, request); !allowed) {
    edge_.respond(id, failure(allowed.error()));
    return nullptr;
  }
  return door;
}

void Desk::send_message(edge::ConnectionId id, const edge::Request& request,
                        const std::vector<std::string_view>& segments, bool wants_receipt) {
  const Door* door = admit_application(id, request, segments[0]);
  if (door == nullptr) return;
  if (request.method != "POST") {
    edge_.respond(id, wrong_method("POST"));
    return;
  }
  const auto uid = uid_in_path(segments[1]);
  if (!uid) {
    edge_.respond(id, failure(uid.error()));
    return;
  }
  const auto options = send_options(request, *door);
  if (!options) {
    edge_.respond(id, failure(options.error()));
    return;
  }
  const auto repeatable = request_id(request);
  if (!repeatable) {
    edge_.respond(id, failure(repeatable.error()));
    return;
  }
  const auto envelope = envelope_of(request);
  if (!envelope) {
    edge_.respond(id, failure(envelope.error()));
    return;
  }
  const std::uint64_t call = next_call_++;
  const wire::Wait wait = wants_receipt ? options->wait : wire::Wait::queued;
  calls_.emplace(call, PendingCall{id, *uid, wants_receipt});
  const cluster::Outgoing message{door->options.service.name,     *uid,       *envelope, wait,
                                  core_.now() + options->timeout, *repeatable};
  if (!sender_.send(core_.now(), message, *this, call)) {
    calls_.erase(call);
    edge_.respond(id, retry_later("the service has no ring yet"));
  } else if (wants_receipt && wait == wire::Wait::none) {
    calls_.erase(call);
    edge::Response response;
    response.status = 202;
    response.body =
        protocol::rest_receipt({*uid, "unknown", 0, {}, view_->service(door->options.service.name)->epoch(), 0, false});
    edge_.respond(id, response);
  }
}

void Desk::on_receipt(TimePoint, std::uint64_t cookie, const cluster::Receipt& receipt) {
  const auto found = calls_.find(cookie);
  if (found == calls_.end()) return;
  const PendingCall call = std::move(found->second);
  calls_.erase(found);
  if (call.wants_receipt) {
    edge::Response response;
    response.body = protocol::rest_receipt({call.to, cluster::to_string(receipt.status), receipt.sessions, receipt.node,
                                            receipt.epoch, seconds(receipt.latency), receipt.is_duplicate});
    edge_.respond(call.connection, response);
    return;
  }
  // 202 says: the owner has it, or knows that nobody is there. A 5xx makes SDKs repeat the call, so it must mean "not
  // executed".
  if (receipt.status == wire::ReceiptStatus::expired) {
    edge_.respond(call.connection, retry_later("no node took the message in time"));
  } else if (receipt.status == wire::ReceiptStatus::unknown) {
    edge_.respond(call.connection, failure(504, "Unknown", "it is not known whether the message was taken"));
  } else {
    edge::Response response;
    response.status = 202;
    edge_.respond(call.connection, response);
  }
}

void Desk::negotiate(edge::ConnectionId id, const edge::Request& request) {
  const auto wanted = request.parameter("service");
  const Door* door = wanted                      ? doors_->by_service(*wanted)
                     : doors_->all().size() == 1 ? &doors_->all().front()
                                                 : nullptr;
  if (door == nullptr) {
    edge_.respond(id, wanted ? failure(404, "NotFound", "no service '" + std::string(*wanted) + "' here")
                             : failure(400, "BadRequest", "several services are here: add ?service=NAME"));
    return;
  }
  const auto client = doors_->identify_client(*door, request);
  if (!client) {
    edge_.respond(id, failure(client.error()));
    return;
  }
  const std::string& uid = client->uid;
  const std::string_view via = request.parameter("via").value_or(is_gateway_ ? "gateway" : "direct");
  if (via != "gateway" && via != "direct") {
    edge_.respond(id, failure(400, "BadRequest", "via must be direct or gateway"));
    return;
  }
  const cluster::ServiceView* service = view_ ? view_->service(door->options.service.name) : nullptr;
  const ring::Member* owner = service == nullptr ? nullptr : service->ring.owner_of(service->hash_of(uid));
  const cluster::Peer* peer = owner == nullptr ? nullptr : view_->peer(owner->name);
  if (via == "gateway" && view_) {
    peer = is_gateway_ ? view_->peer(options_.name) : nullptr;
    std::vector<const cluster::Peer*> gateways;
    for (const auto& [name, other] : view_->peers) {
      if (other.is_gateway && other.is_alive) gateways.push_back(&other);
    }
    if (peer == nullptr && !gateways.empty() && service != nullptr)
      peer = gateways[service->hash_of(uid) % gateways.size()];
  }
  if (peer == nullptr || owner == nullptr) {
    edge_.respond(id, retry_later(via == "gateway" ? "no gateway is known" : "no node owns this user now"));
    return;
  }
  std::string body = R"({"schema":"wscluster/negotiate/v1","url":)";
  append_json_string(body, websocket_url(peer->client_is_tls, peer->client_address, door->options.paths.front()));
  body += R"(,"via":)";
  append_json_string(body, via);
  body += R"(,"node":)";
  append_json_string(body, owner->name);
  body += R"(,"epoch":)" + std::to_string(service->epoch()) + "}";
  edge::Response response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  edge_.respond(id, response);
}

}  // namespace wscluster::front
