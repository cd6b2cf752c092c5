// SPDX-License-Identifier: MIT
#include "proxy/exchange.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "proxy/forwarding.hpp"

namespace wscluster::proxy {
namespace {

using State = net::ResponseParser::State;

/// May be sent twice without harm (RFC 9110 section 9.2.2).
bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::optional<std::uint64_t> number_in(const std::string* text) {
  std::uint64_t value = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

}  // namespace

Exchange::Exchange(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call)
    : Outgoing(pool, edge, std::move(group), std::move(call)) {}

void Exchange::on_reached() {
  is_reached_ = true;
  has_heard_ = false;
  parser_.emplace(options().max_head_bytes, call_.method == "HEAD");
  net::HttpFields headers = call_.headers;
  if (!call_.length) {
    headers.emplace_back("Transfer-Encoding", "chunked");
  } else if (*call_.length > 0 || call_.method == "POST" || call_.method == "PUT" || call_.method == "PATCH") {
    headers.emplace_back("Content-Length", std::to_string(*call_.length));
  }
  connection_->write(net::serialize_request_head(call_.method, call_.target, headers));
  pass_body(std::exchange(early_body_, {}), has_whole_body_);
}

void Exchange::on_body(std::string_view bytes, bool is_last) {
  has_whole_body_ = has_whole_body_ || is_last;
  if (is_over_) return;
  if (is_reached_) return pass_body(bytes, is_last);
  early_body_.append(bytes);
  if (early_body_.size() > most_unsent_bytes) edge_.pause(call_.id, true);
}

void Exchange::pass_body(std::string_view bytes, bool is_last) {
  if (call_.length) {
    connection_->write(bytes);
  } else {
    std::string chunks;
    net::append_chunk(chunks, bytes);
    if (is_last) net::append_last_chunk(chunks, {});
    connection_->write(chunks);
  }
  edge_.pause(call_.id, connection_->unsent_bytes() > most_unsent_bytes);
  await_answer();
}

/// Only the server's time counts: a client that is slow has its own deadlines at the edge.
void Exchange::await_answer() {
  if (!has_whole_body_ && connection_->unsent_bytes() == 0) {
    deadline_ = TimePoint::max();
    return;
  }
  deadline_ = now() + (has_whole_body_ && !has_begun_ ? options().response_timeout : options().idle_timeout);
}

void Exchange::on_flushed() {
  edge_.pause(call_.id, false);
  await_answer();
}

void Exchange::on_bytes(std::span<char> bytes) {
  has_heard_ = true;
  read_answer({bytes.data(), bytes.size()});
}

void Exchange::read_answer(std::string_view bytes) {
  await_answer();
  parser_->feed(bytes);
  while (parser_->state() == State::done && parser_->head().status < 200) {
    if (!take_interim()) return;
  }
  if (parser_->state() == State::failed) return fail(502, parser_->failure());
  if (parser_->state() == State::head) return;
  if (!has_begun_) begin_answer();
  pass_answer();
}

bool Exchange::take_interim() {
  const net::HttpResponseHead& head = parser_->head();
  if (head.status == 101) {
    fail(502, "the server wants to change the protocol, which nobody has asked for");
    return false;
  }
  // 100 was said by the edge already.
  if (head.status != 100) edge_.inform(call_.id, head.status, response_headers(head.headers));
  const std::string rest = parser_->take_rest();
  parser_.emplace(options().max_head_bytes, call_.method == "HEAD");
  parser_->feed(rest);
  return true;
}

void Exchange::begin_answer() {
  const net::HttpResponseHead& head = parser_->head();
  has_begun_ = true;
  ++group_->counters.answered[std::min(head.status / 100, 5U)];
  if (head.status == 502 || head.status == 503 || head.status == 504) {
    count_failure();
  } else {
    group_->balancer.succeeded(server_);
  }
  edge::ResponseHead answer{head.status, head.reason, response_headers(head.headers), std::nullopt};
  if (head.framing == net::Framing::length) answer.length = head.length;
  if (head.framing == net::Framing::none && net::may_have_body(head.status))
    answer.length = call_.method == "HEAD" ? number_in(net::find_header(head.headers, "Content-Length")) : 0;
  edge_.begin(call_.id, answer);
}

void Exchange::pass_answer() {
  edge_.write(call_.id, parser_->take_body());
  if (parser_->state() == State::failed) return fail(502, parser_->failure());
  if (parser_->state() == State::done) return finish_answer();
  if (edge_.unsent_bytes(call_.id) > most_unsent_bytes) {
    connection_->pause(true);
    deadline_ = TimePoint::max();
  }
}

void Exchange::on_drained() {
  if (!connection_ || is_over_) return;
  connection_->pause(false);
  await_answer();
}

void Exchange::finish_answer() {
  is_over_ = true;
  const bool may_go_on = parser_->head().keeps_alive && has_whole_body_ && connection_->unsent_bytes() == 0 &&
                         !connection_->is_broken() && parser_->take_rest().empty();
  release(may_go_on);
  edge_.finish(call_.id, trailers(parser_->take_trailers()));
}

/// It is certain that nothing was executed, or executing it again does no harm.
bool Exchange::may_repeat() const {
  return connection_->was_used() && !has_heard_ && call_.length == std::uint64_t{0} && is_idempotent(call_.method);
}

void Exchange::on_ended(std::string_view why) {
  if (!is_reached_) return try_next(why);
  if (parser_->state() == State::body && parser_->end() == State::done) return pass_answer();
  if (!has_begun_ && may_repeat()) {
    is_reached_ = false;
    return start_again();
  }
  fail(502, has_heard_ ? "the server broke off its answer" : "the server closed without an answer");
}

void Exchange::fail(unsigned status, std::string_view text) {
  count_failure();
  ++(status == 504 ? group_->counters.timed_out : group_->counters.broken);
  if (!has_begun_) return refuse(status, text);
  release(false);
  is_over_ = true;
  edge_.cut(call_.id);
}

void Exchange::tick(TimePoint now) {
  if (!has_expired(now)) return;
  if (!is_reached_) return try_next("no connection in time");
  fail(504, "the server did not answer in time");
}

}  // namespace wscluster::proxy
