// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "edge/access_log.hpp"
#include "edge/state.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wscluster::edge {
namespace {

using Parsed = net::RequestParser::State;

bool split_target(Request& request) {
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark == std::string::npos || mark + 1 == request.target.size()) return true;
  for (const std::string_view item : split(std::string_view(request.target).substr(mark + 1), '&')) {
    if (item.empty()) continue;
    const std::size_t equals = std::min(item.find('='), item.size());
    auto name = percent_decode(item.substr(0, equals), true);
    auto value = percent_decode(item.substr(std::min(equals + 1, item.size())), true);
    if (!name || !value) return false;
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

CloseReason reason_for(unsigned status) {
  return status == 413 || status == 431 ? CloseReason::limit : CloseReason::protocol_error;
}

}  // namespace

void Edge::State::make_http_side(Connection& c) {
  c.http = std::make_unique<HttpSide>(
      net::HttpLimits{options.max_head_bytes, options.max_body_bytes}, [this](const net::HttpRequest& head) {
        // What asks for a WebSocket is no request that streams, whatever becomes of it.
        const bool is_upgrade = std::any_of(head.headers.begin(), head.headers.end(), [](const auto& header) {
          return iequals(header.first, "Upgrade") && websocket::has_token(header.second, "websocket");
        });
        return !is_upgrade && application.streams(head);
      });
}

void Edge::State::on_http_bytes(Connection& c, std::string_view bytes) {
  if (!c.http) {
    make_http_side(c);
    c.http->bytes_in_before = c.bytes_in - bytes.size();
  }
  if (c.phase == Phase::idle) enter(c, Phase::head, options.head_timeout);
  const Parsed state = c.http->parser.feed(bytes);
  if (c.http->parser.is_streamed()) return dispatch_head(c);
  switch (state) {
    case Parsed::head:
      return;
    case Parsed::body:
      if (c.phase == Phase::head) enter(c, Phase::body, options.body_timeout);
      if (c.http->parser.takes_continue()) queue(c) += "HTTP/1.1 100 Continue\r\n\r\n";
      return;
    case Parsed::failed:
      return refuse(c, c.http->parser.failure_status(), c.http->parser.failure(),
                    reason_for(c.http->parser.failure_status()));
    case Parsed::done:
      return dispatch(c);
  }
}

/// The parts that ordinary requests and those that stream have in common.
Request Edge::State::take_request(Connection& c) {
  net::HttpRequest parsed = c.http->parser.take_request();
  c.http->keeps_alive = parsed.keeps_alive;
  c.http->is_http11 = parsed.is_http11;
  c.http->is_head = parsed.method == "HEAD";
  if (options.access == AccessLog::all) {
    c.http->method = parsed.method;
    c.http->path = parsed.target.substr(0, parsed.target.find('?'));
    c.http->began = now();
    c.http->bytes_out_before = c.bytes_out;
  }
  Request request;
  request.is_http11 = parsed.is_http11;
  request.is_chunked = parsed.is_chunked;
  request.method = std::move(parsed.method);
  request.target = std::move(parsed.target);
  request.headers = std::move(parsed.headers);
  request.body = std::move(parsed.body);
  request.peer = c.peer;
  request.is_tls = c.is_tls;
  request.is_loopback = c.is_loopback;
  request.client_certificate = c.stream.client_certificate();
  if (options.access != AccessLog::off) c.http->client = application.client_of(request);
  return request;
}

bool Edge::State::has_good_target(Connection& c, Request& request) {
  if (split_target(request)) return true;
  refuse(c, 400, "the query holds a broken percent escape", CloseReason::protocol_error);
  return false;
}

void Edge::State::dispatch(Connection& c) {
  Request request = take_request(c);
  c.http->early = c.http->parser.take_rest();
  if (!has_good_target(c, request)) return;
  if (websocket::has_token(request.list("Upgrade"), "websocket")) {
    if (!request.is_http11) return refuse(c, 400, "a WebSocket needs HTTP/1.1", CloseReason::protocol_error);
    return dispatch_upgrade(c, std::move(request));
  }
  ++counters.requests;
  enter(c, Phase::waiting, Duration::zero());
  c.is_known = true;
  application.on_request(id_of(c), std::move(request));
}

void Edge::State::dispatch_upgrade(Connection& c, Request request) {
  c.http->is_upgrade = true;
  c.http->asked_at = Clock::now();
  const std::string connection = request.list("Connection");
  const std::string upgrade = request.list("Upgrade");
  const std::string version = request.list("Sec-WebSocket-Version");
  const std::string key = request.list("Sec-WebSocket-Key");
  const std::string length = request.list("Content-Length");
  websocket::UpgradeRequest check;
  check.method = request.method;
  check.http_version = 11;
  check.host_count = 1;
  check.connection = connection;
  check.upgrade = upgrade;
  check.version = version;
  check.key = key;
  check.has_body = (!length.empty() && length != "0") || request.header("Transfer-Encoding").has_value();
  if (const auto refusal = websocket::check_upgrade(check)) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (refusal->status == 405) headers.emplace_back("Allow", "GET");
    if (refusal->status == 426) {
      headers.emplace_back("Upgrade", "websocket");
      headers.emplace_back("Sec-WebSocket-Version", "13");
    }
    return refuse(c, refusal->status, refusal->text, CloseReason::refused, std::move(headers));
  }
  if (is_draining) return refuse(c, 503, "this process is stopping", CloseReason::drain, {{"Retry-After", "1"}});
  c.http->websocket_key = key;
  enter(c, Phase::waiting, Duration::zero());
  c.is_known = true;
  application.on_upgrade(id_of(c), std::move(request));
}

void Edge::State::answer(Connection& c, const Response& response, CloseReason reason) {
  const bool has_unread_body = c.http && c.http->parser.is_streamed() && !c.http->has_whole_body;
  const bool keeps = c.http && c.http->keeps_alive && !c.http->is_upgrade && !has_unread_body && !response.close &&
                     has_keep_alive && !is_draining;
  queue(c) += net::serialize_response(response.status, response.content_type, response.headers, response.body, keeps,
                                      c.http && c.http->is_head);
  if (c.http) c.http->status = response.status;
  if (c.http && c.http->is_upgrade) count_refusal(response.status);
  c.is_known = false;
  c.ends_after_flush = !keeps;
  c.reason = reason;
  enter(c, Phase::answering, options.write_timeout);
}

/// As all errors of the API look like (PROTOCOL.md B.6).
void Edge::State::refuse(Connection& c, unsigned status, std::string_view text, CloseReason reason,
                         std::vector<std::pair<std::string, std::string>> headers) {
  std::string code(net::reason_phrase(status));
  std::erase(code, ' ');
  Response response;
  response.status = status;
  response.body = R"({"code":")" + code + R"(","message":)";
  append_json_string(response.body, text);
  response.body += R"(,"target":null,"details":[],"inner":{}})";
  response.headers = std::move(headers);
  response.headers.emplace_back("x-ms-error-code", code);
  response.close = true;
  answer(c, response, reason);
}

void Edge::State::count_refusal(unsigned status) {
  const auto at = std::find(upgrade_refusals.begin(), std::prev(upgrade_refusals.end()), status);
  ++counters.upgrades_refused[at - upgrade_refusals.begin()];
}

void Edge::State::tell_request(Connection& c, CloseReason reason) {
  if (!c.http || c.http->method.empty()) return;
  log_request(c, reason, now());
  c.http->method.clear();
}

void Edge::State::next_request(Connection& c) {
  std::string early = std::move(c.http->early);
  c.http.reset();
  c.ends_after_flush = false;
  enter(c, Phase::idle, options.keep_alive_timeout);
  wait_for(c, true, false);
  if (early.empty()) {
    if (is_draining || !has_keep_alive) linger(c);
    return;
  }
  // Not from inside the flush: what the application then sends elsewhere shall leave in the same turn.
  make_http_side(c);
  c.http->early = std::move(early);
  enter(c, Phase::answering, options.write_timeout);
  later(c, [](State& state, Connection& next) {
    if (next.phase != Phase::answering) return;
    const std::string bytes = std::move(next.http->early);
    next.http.reset();
    state.enter(next, Phase::idle, state.options.head_timeout);
    state.on_http_bytes(next, bytes);
  });
}

}  // namespace wscluster::edge
