// SPDX-License-Identifier: MIT
#include "send_message.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "auth/token.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "net/http_client.hpp"
#include "service_key.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

const char* content_type(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::text:
      return "text/plain; charset=utf-8";
    case Message::Kind::binary:
      return "application/octet-stream";
    case Message::Kind::json:
      return "application/json";
  }
  return "text/plain";
}

template <class T>
T member(const json::object& object, const char* name, T fallback) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return fallback;
  if constexpr (std::is_same_v<T, std::string>) {
    return value->is_string() ? std::string(value->get_string()) : fallback;
  } else {
    boost::system::error_code ec;
    const auto number = value->to_number<T>(ec);
    return ec ? fallback : number;
  }
}

/// What the body of a refusal says, else its status.
std::string reason_of(const net::HttpAnswer& answer) {
  boost::system::error_code ec;
  const auto value = json::parse(answer.body, ec);
  if (!ec && value.is_object()) {
    const auto text = member<std::string>(value.get_object(), "message", "");
    if (!text.empty()) return text;
  }
  return "status " + std::to_string(answer.status);
}

Duration retry_after(const net::HttpAnswer& answer) {
  const auto* text = net::find_header(answer.headers, "Retry-After");
  unsigned value = 1;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), value);
  return std::chrono::seconds(std::clamp(value, 1U, 60U));
}

[[noreturn]] void refuse(const std::string& place, const std::string& service, const net::HttpAnswer& answer) {
  const std::string message = place + ": " + reason_of(answer);
  switch (answer.status) {
    case 400:
      throw Failure(ExitCode::data, message);
    case 401:
    case 403:
      throw Failure(ExitCode::no_permission, message,
                    "Is the access key (--key-file) one of the service '" + service + "'?");
    case 404:
      throw Failure(ExitCode::data, message, "Does the server know the service '" + service + "'? (--service)");
    case 413:
      throw Failure(ExitCode::data, message, "The limit is limits.max_message_bytes of the cluster");
    default:
      break;
  }
  if (answer.status == 503) throw Failure(ExitCode::unavailable, message, "Nothing was sent; try again");
  throw Failure(answer.status >= 500 ? ExitCode::unavailable : ExitCode::protocol, message);
}

Receipt parse_receipt(const std::string& place, const std::string& to, const std::string& body) {
  boost::system::error_code ec;
  const auto value = json::parse(body, ec);
  Receipt receipt;
  if (!ec && value.is_object()) {
    const auto& object = value.get_object();
    receipt = {to,
               member<std::string>(object, "status", ""),
               member<std::string>(object, "node", ""),
               member<std::uint64_t>(object, "sessions", 0),
               member<std::uint64_t>(object, "epoch", 0),
               member<double>(object, "latency_seconds", 0)};
  }
  if (receipt.status.empty()) {
    throw Failure(ExitCode::protocol, place + ": the answer is not a receipt",
                  "Is client.url a wscluster gateway or node of this version?");
  }
  return receipt;
}

}  // namespace

void check_recipient(const std::string& uid) {
  if (const auto good = check_uid(uid); !good) throw Failure(ExitCode::data, "--to: " + good.error().message);
}

Sender::Sender(const Invocation& invocation, const config::Config& config)
    : url_(config.client.url),
      service_(chosen_service(invocation, config)),
      key_(access_key(invocation, config, service_)),
      client_(config.client),
      wait_(invocation.text("wait")),
      timeout_(invocation.value<Duration>("timeout")) {
  if (url_.empty()) {
    throw Failure(ExitCode::config, "no gateway or node is known",
                  "Add --url https://HOST:PORT, or set WSCLUSTER_CLIENT_URL or client.url");
  }
  while (url_.ends_with('/'))
    url_.pop_back();
  if (const auto good = net::HttpUrl::parse(url_); !good)
    throw Failure(ExitCode::usage, "client.url: " + good.error().message);
}

Receipt Sender::send(const std::string& to, const Message& message, const Interrupt& interrupt) const {
  const std::string path =
      "/api/v1/services/" + percent_encode(service_) + "/users/" + percent_encode(to) + "/messages";
  const auto started = Clock::now();
  const auto deadline = started + timeout_;
  auth::Claims claims;
  claims.audience = url_ + path;
  claims.issued_at = WallClock::now();
  claims.expires = *claims.issued_at + timeout_ + std::chrono::minutes(1);
  const std::string token = auth::make_token(claims, key_);
  for (;;) {
    const auto left = std::max(Duration{1}, std::chrono::duration_cast<Duration>(deadline - Clock::now()));
    net::HttpCall call;
    call.url = url_ + path + "?wait=" + wait_ + "&timeout=" + std::to_string(left.count()) + "ms";
    call.method = "POST";
    call.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", content_type(message.kind)}};
    call.body = message.content;
    // The receipt "unknown" comes at the time-out itself, so wait a little longer for it.
    call.deadline = left + std::chrono::seconds(1);
    call.ca_file = client_.ca_file;
    call.insecure = client_.insecure;
    const auto answer = net::http_call(call);
    if (!answer) {
      const auto code = answer.error().code;
      if (code == Errc::timed_out || code == Errc::closed)
        return {to, "unknown", "", 0, 0, seconds(Clock::now() - started)};
      throw Failure(exit_code_for(code), answer.error().message, "Address: --url, WSCLUSTER_CLIENT_URL or client.url");
    }
    if (answer->status == 202) return {to, "accepted", "", 0, 0, seconds(Clock::now() - started)};
    if (answer->status == 200) return parse_receipt(url_, to, answer->body);
    const auto pause = retry_after(*answer);
    if (answer->status != 503 || Clock::now() + pause >= deadline) refuse(url_, service_, *answer);
    interrupt.sleep_for(pause);
    if (interrupt.is_requested()) refuse(url_, service_, *answer);
  }
}

}  // namespace wscluster::app
