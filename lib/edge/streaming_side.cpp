// SPDX-License-Identifier: MIT
// Requests whose body, and answers whose body, pass in pieces.
#include "edge/state.hpp"

#include <algorithm>
#include <utility>

namespace wscluster::edge {

namespace {

using Parsed = net::RequestParser::State;

void note_whole_body(Connection& c) {
  if (c.http->parser.state() != Parsed::done || std::exchange(c.http->has_whole_body, true)) return;
  c.http->early = c.http->parser.take_rest();
}

}  // namespace

void Edge::State::dispatch_head(Connection& c) {
  Request request = take_request(c);
  note_whole_body(c);
  if (!has_good_target(c, request)) return;
  ++counters.requests;
  enter(c, Phase::streaming, options.body_timeout);
  c.is_known = true;
  const ConnectionId id = id_of(c);
  application.on_request(id, std::move(request));
  if (c.phase != Phase::streaming || id_of(c) != id) return;
  if (!c.http->has_begun && c.http->parser.takes_continue()) queue(c) += "HTTP/1.1 100 Continue\r\n\r\n";
  deliver_body(c);
}

void Edge::State::on_body_bytes(Connection& c, std::string_view bytes) {
  if (c.http->has_whole_body) {
    c.http->early.append(bytes);
    return;
  }
  c.http->parser.feed(bytes);
  deliver_body(c);
}

/// May be called from a callback of the application only by way of dispatch_head().
void Edge::State::deliver_body(Connection& c) {
  const Parsed state = c.http->parser.state();
  if (state == Parsed::failed) {
    if (!c.http->has_begun) {
      tell_gone(c, CloseReason::protocol_error, 0);
      return refuse(c, c.http->parser.failure_status(), c.http->parser.failure(), CloseReason::protocol_error);
    }
    return end(c, CloseReason::protocol_error, 0);
  }
  note_whole_body(c);
  const bool is_last = c.http->has_whole_body;
  const std::string body = c.http->parser.take_body();
  set_due(c, now() + options.body_timeout.count());
  if (is_last || !body.empty()) application.on_body(id_of(c), body, is_last);
}

void Edge::State::pause_body(Connection& c, bool is_paused) {
  if (std::exchange(c.http->is_paused, is_paused) == is_paused) return;
  c.heard = now();
  wait_for(c, !is_paused && !c.has_peer_ended, c.waits_writable);
}

void Edge::State::begin_answer(Connection& c, const ResponseHead& head) {
  HttpSide& http = *c.http;
  const bool has_body = net::may_have_body(head.status) && !http.is_head;
  net::HttpResponseHead out;
  out.status = head.status;
  out.reason = head.reason;
  out.headers = head.headers;
  out.length = head.length.value_or(0);
  out.framing = head.length                        ? net::Framing::length
                : !net::may_have_body(head.status) ? net::Framing::none
                : http.is_http11                   ? net::Framing::chunks
                                                   : net::Framing::end_of_connection;
  http.framing = has_body ? out.framing : net::Framing::none;
  // Nobody reads the rest of a request that is answered already.
  http.keeps_alive =
      http.keeps_alive && has_keep_alive && !is_draining && out.framing != net::Framing::end_of_connection;
  out.keeps_alive = http.keeps_alive && http.has_whole_body;
  http.keeps_alive = out.keeps_alive;
  http.has_begun = true;
  http.status = head.status;
  queue(c) += net::serialize_response_head(out);
}

void Edge::State::write_answer(Connection& c, std::string_view bytes) {
  if (bytes.empty() || c.http->framing == net::Framing::none) return;
  if (c.http->framing == net::Framing::chunks) {
    net::append_chunk(queue(c), bytes);
  } else {
    queue(c) += bytes;
  }
}

void Edge::State::finish_answer(Connection& c, const net::HttpFields& trailers) {
  std::string& out = queue(c);
  if (c.http->framing == net::Framing::chunks) net::append_last_chunk(out, trailers);
  c.is_known = false;
  c.ends_after_flush = !c.http->keeps_alive;
  c.reason = CloseReason::http_done;
  enter(c, Phase::answering, options.write_timeout);
  wait_for(c, !c.has_peer_ended, c.waits_writable);
}

void Edge::State::check_streaming(Connection& c) {
  const std::int64_t at = now();
  const std::int64_t body = options.body_timeout.count();
  const std::int64_t stall = options.write_timeout.count();
  const bool awaits_body = !c.http->has_whole_body && !c.http->is_paused;
  if (c.out && at - c.progress >= stall) return end(c, CloseReason::slow_consumer, 0);
  if (awaits_body && at - c.heard >= body) {
    if (c.http->has_begun) return end(c, CloseReason::handshake, 0);
    tell_gone(c, CloseReason::handshake, 0);
    return refuse(c, 408, "the HTTP body did not come in time", CloseReason::handshake);
  }
  std::int64_t next = never;
  if (c.out) next = c.progress + stall;
  if (awaits_body) next = std::min(next, c.heard + body);
  set_due(c, next);
}

}  // namespace wscluster::edge
