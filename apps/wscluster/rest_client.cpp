// SPDX-License-Identifier: MIT
#include "rest_client.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "auth/token.hpp"
#include "base/text.hpp"
#include "service_key.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// What the body of a refusal says, else its status.
std::string reason_of(const net::HttpAnswer& answer) {
  boost::system::error_code ec;
  const auto value = json::parse(answer.body, ec);
  if (!ec && value.is_object()) {
    const auto text = text_of(value.get_object(), "message");
    if (!text.empty()) return text;
  }
  return "status " + std::to_string(answer.status);
}

template <class T>
T number_or_zero(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code ec;
  const auto number = value->to_number<T>(ec);
  return ec ? T{} : number;
}

}  // namespace

std::string text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t count_of(const json::object& object, const char* name) {
  return number_or_zero<std::uint64_t>(object, name);
}

double number_of(const json::object& object, const char* name) {
  return number_or_zero<double>(object, name);
}

Duration retry_after(const net::HttpAnswer& answer) {
  const auto* text = net::find_header(answer.headers, "Retry-After");
  unsigned value = 1;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), value);
  return std::chrono::seconds(std::clamp(value, 1U, 60U));
}

RestClient::RestClient(const Invocation& invocation, const config::Config& config, std::string service)
    : url_(config.client.url),
      service_(std::move(service)),
      key_(access_key(invocation, config, service_)),
      client_(config.client),
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

Result<net::HttpAnswer> RestClient::attempt(const RestCall& call, Duration deadline) const {
  const std::string address = url_ + "/api/v1/services/" + percent_encode(service_) + call.path;
  auth::Claims claims;
  claims.audience = address;
  claims.issued_at = WallClock::now();
  claims.expires = *claims.issued_at + deadline + std::chrono::minutes(1);
  net::HttpCall http;
  http.url = address + (call.query.empty() ? "" : "?" + call.query);
  http.method = call.method;
  http.headers = call.headers;
  http.headers.emplace_back("Authorization", "Bearer " + auth::make_token(claims, key_));
  http.body = call.body;
  http.deadline = deadline;
  http.ca_file = client_.ca_file;
  http.insecure = client_.insecure;
  return net::http_call(http);
}

json::object RestClient::ask(const RestCall& call, const Interrupt& interrupt) const {
  const auto deadline = Clock::now() + timeout_;
  for (;;) {
    const auto left = std::max(Duration{1}, std::chrono::duration_cast<Duration>(deadline - Clock::now()));
    const auto answer = attempt(call, left);
    if (!answer) refuse(answer.error());
    if (answer->status == 200) {
      boost::system::error_code ec;
      auto value = json::parse(answer->body, ec);
      if (!ec && value.is_object()) return std::move(value.get_object());
      throw Failure(ExitCode::protocol, url_ + ": the answer is not JSON",
                    "Is client.url a wscluster gateway or node of this version?");
    }
    const auto pause = retry_after(*answer);
    if (answer->status != 503 || Clock::now() + pause >= deadline) refuse(*answer);
    interrupt.sleep_for(pause);
    if (interrupt.is_requested()) refuse(*answer);
  }
}

void RestClient::refuse(const Error& error) const {
  if (error.code == Errc::timed_out || error.code == Errc::closed) {
    throw Failure(ExitCode::temp_fail, error.message, "It is not known whether the call was carried out");
  }
  throw Failure(exit_code_for(error.code), error.message, "Address: --url, WSCLUSTER_CLIENT_URL or client.url");
}

void RestClient::refuse(const net::HttpAnswer& answer) const {
  const std::string message = url_ + ": " + reason_of(answer);
  const auto* code = net::find_header(answer.headers, "x-ms-error-code");
  switch (answer.status) {
    case 400:
      throw Failure(ExitCode::data, message);
    case 401:
    case 403:
      throw Failure(ExitCode::no_permission, message,
                    "Is the access key (--key-file) one of the service '" + service_ + "'?");
    case 404:
      if (code != nullptr && *code == "NoNode")
        throw Failure(ExitCode::no_node, message, "Names: wscluster ring show --service " + service_);
      throw Failure(ExitCode::data, message, "Does the server know the service '" + service_ + "'? (--service)");
    case 413:
      throw Failure(ExitCode::data, message, "The limit is limits.max_message_bytes of the cluster");
    case 503:
      throw Failure(ExitCode::unavailable, message, "Nothing was done; try again");
    case 504:
      throw Failure(ExitCode::temp_fail, message);
    default:
      throw Failure(answer.status >= 500 ? ExitCode::unavailable : ExitCode::protocol, message);
  }
}

}  // namespace wscluster::app
