// SPDX-License-Identifier: MIT
#include "proxy/relay.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "base/text.hpp"
#include "proxy/forwarding.hpp"
#include "websocket/handshake.hpp"

namespace wscluster::proxy {
namespace {

using websocket::CloseCode;
using websocket::Opcode;

constexpr std::size_t max_refusal_bytes = 64U << 10U;
constexpr Duration farewell{2'000};

/// What ended the server's side, as the client may read it: a code that cannot stand on the wire becomes one that can.
std::uint16_t for_client(std::uint16_t code) {
  return code == CloseCode::no_status || websocket::is_valid_close_code(code) ? code : CloseCode::going_away;
}

/// Of our own handshake with the server.
bool is_of_the_handshake(std::string_view name) {
  return iequals(name.substr(0, 14), "Sec-WebSocket-") && !iequals(name, "Sec-WebSocket-Protocol");
}

}  // namespace

Relay::Relay(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call, std::uint64_t max_message_bytes)
    : Outgoing(pool, edge, std::move(group), std::move(call)),
      decoder_(websocket::Role::client, max_message_bytes),
      random_(random_id() | 1U) {
  std::erase_if(call_.headers, [](const auto& header) { return is_of_the_handshake(header.first); });
}

void Relay::on_reached() {
  phase_ = Phase::asking;
  key_ = websocket::make_key();
  head_.clear();
  net::HttpFields headers = call_.headers;
  headers.emplace_back("Connection", "Upgrade");
  headers.emplace_back("Upgrade", "websocket");
  headers.emplace_back("Sec-WebSocket-Version", "13");
  headers.emplace_back("Sec-WebSocket-Key", key_);
  connection_->write(net::serialize_request_head("GET", call_.target, headers));
  deadline_ = now() + options().response_timeout;
}

void Relay::on_bytes(std::span<char> bytes) {
  heard_ = now();
  awaits_pong_ = false;
  switch (phase_) {
    case Phase::asking:
      return take_head(bytes);
    case Phase::refusing:
      return pass_refusal({bytes.data(), bytes.size()});
    case Phase::open:
    case Phase::closing:
      return take_frames(bytes);
    case Phase::reaching:
      return;
  }
}

void Relay::take_head(std::span<char> bytes) {
  const std::size_t searched = head_.size() < 3 ? 0 : head_.size() - 3;
  head_.append(bytes.data(), bytes.size());
  const std::size_t end = head_.find("\r\n\r\n", searched);
  if (end == std::string::npos) {
    if (head_.size() > options().max_head_bytes) fail(502, "the head of the answer is over the limit");
    return;
  }
  if (websocket::status_of(head_) != 101) {
    phase_ = Phase::refusing;
    refusal_.emplace(options().max_head_bytes, false);
    return pass_refusal(std::exchange(head_, {}));
  }
  const auto accepted = websocket::check_accept(std::string_view(head_).substr(0, end + 4), key_);
  if (!accepted) return fail(502, accepted.error().message);
  const bool is_offered = accepted->empty() || std::find(call_.subprotocols.begin(), call_.subprotocols.end(),
                                                         *accepted) != call_.subprotocols.end();
  if (!is_offered) return fail(502, "the server chose a subprotocol that the client did not offer");
  open(*accepted, bytes.last(head_.size() - end - 4));
}

void Relay::open(std::string_view subprotocol, std::span<char> rest) {
  head_ = std::string();
  key_ = std::string();
  // The ring has changed while the server was asked.
  if (is_misplaced()) {
    phase_ = Phase::reaching;
    return start_again();
  }
  group_->balancer.succeeded(server_);
  ++group_->counters.upgrades;
  phase_ = Phase::open;
  deadline_ = TimePoint::max();
  call_.headers = {};
  call_.target = std::string();
  if (!edge_.accept(call_.id, subprotocol)) return leave(CloseCode::going_away);
  if (!rest.empty()) take_frames(rest);
}

void Relay::pass_refusal(std::string_view bytes) {
  using State = net::ResponseParser::State;
  const State state = refusal_->feed(bytes);
  refusal_body_ += refusal_->take_body();
  if (state == State::failed) return fail(502, refusal_->failure());
  if (refusal_body_.size() > max_refusal_bytes) return fail(502, "the server refuses with an answer over the limit");
  if (state != State::done) return;
  const net::HttpResponseHead head = refusal_->head();
  if (head.status < 200) return fail(502, "the server answers an upgrade with " + std::to_string(head.status));
  ++group_->counters.refused;
  ++group_->counters.answered[std::min(head.status / 100, 5U)];
  if (head.status == 502 || head.status == 503 || head.status == 504) count_failure();
  release(false);
  is_over_ = true;
  edge::Response answer{head.status, std::move(refusal_body_), "", response_headers(head.headers), true};
  std::erase_if(answer.headers, [&answer](const auto& header) {
    if (iequals(header.first, "Date")) return true;
    if (!iequals(header.first, "Content-Type")) return false;
    answer.content_type = header.second;
    return true;
  });
  edge_.respond(call_.id, answer);
}

void Relay::on_message(bool is_binary, std::string_view payload) {
  if (phase_ != Phase::open) return;
  send(is_binary ? Opcode::binary : Opcode::text, payload);
  if (connection_->unsent_bytes() > most_unsent_bytes) edge_.pause(call_.id, true);
}

void Relay::send(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + websocket::max_header_bytes);
  websocket::append_masked_frame(frame, opcode, true, payload, next_mask());
  connection_->write(frame);
}

std::uint32_t Relay::next_mask() noexcept {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return static_cast<std::uint32_t>(random_ >> 32U);
}

void Relay::on_flushed() {
  if (phase_ == Phase::open) edge_.pause(call_.id, false);
}

void Relay::on_written() {
  if (connection_ && edge_.unsent_bytes(call_.id) < most_unsent_bytes / 2) connection_->pause(false);
}

void Relay::take_frames(std::span<char> bytes) {
  const websocket::Status status = decoder_.feed(bytes, *this);
  if (!status.ok()) {
    ++group_->counters.broken;
    say_close(status.close_code, status.text);
    if (phase_ == Phase::open)
      edge_.close(call_.id, CloseCode::going_away, "the server broke the protocol", edge::CloseReason::upstream);
    phase_ = Phase::closing;
    deadline_ = now();
    return;
  }
  if (phase_ == Phase::open && edge_.unsent_bytes(call_.id) > most_unsent_bytes) connection_->pause(true);
}

bool Relay::on_message(websocket::MessageKind kind, std::string_view payload) {
  if (phase_ == Phase::open) edge_.send(call_.id, kind, {}, payload);
  return true;
}

bool Relay::on_ping(std::string_view payload) {
  if (!has_said_close_) send(Opcode::pong, payload);
  return true;
}

void Relay::on_close(std::uint16_t code, std::string_view reason) {
  say_close(code, {});
  if (phase_ == Phase::open) edge_.close(call_.id, for_client(code), reason, edge::CloseReason::upstream);
  phase_ = Phase::closing;
  deadline_ = now() + farewell;
}

void Relay::say_close(std::uint16_t code, std::string_view reason) {
  if (std::exchange(has_said_close_, true)) return;
  std::string frame;
  websocket::append_close(frame, code, reason, next_mask());
  connection_->write(frame);
}

bool Relay::is_misplaced() const {
  if (!call_.user || server_.empty() || is_evicted_) return false;
  const Balancer& balancer = group_->balancer;
  const Target* owner = balancer.owner_of(*place());
  if (owner == nullptr || owner->name == server_) return false;
  return options().unreachable == Unreachable::fail || balancer.is_usable(owner->name, now());
}

bool Relay::evict(std::string_view text) {
  if (phase_ != Phase::open || std::exchange(is_evicted_, true)) return false;
  ++group_->counters.evicted;
  edge_.close(call_.id, CloseCode::service_restart, text, edge::CloseReason::evicted);
  return true;
}

void Relay::leave(std::uint16_t code) {
  if (!connection_ || phase_ != Phase::open) {
    if (phase_ != Phase::closing || !connection_) {
      release(false);
      is_over_ = true;
    }
    return;
  }
  say_close(code == CloseCode::abnormal ? CloseCode::going_away : code, {});
  connection_->pause(false);
  phase_ = Phase::closing;
  deadline_ = now() + farewell;
}

void Relay::abandon() {
  release(false);
  is_over_ = true;
}

void Relay::on_ended(std::string_view why) {
  if (phase_ == Phase::reaching) return try_next(why);
  if (phase_ == Phase::asking && head_.empty() && connection_->was_used()) {
    phase_ = Phase::reaching;
    return start_again();
  }
  if (phase_ == Phase::refusing && refusal_->end() == net::ResponseParser::State::done) return pass_refusal({});
  if (phase_ == Phase::asking || phase_ == Phase::refusing) return fail(502, "the server closed without an answer");
  // What the client says until it has read our Close has nowhere to go.
  if (std::exchange(phase_, Phase::closing) == Phase::open) {
    ++group_->counters.broken;
    edge_.close(call_.id, CloseCode::going_away, "the server has gone", edge::CloseReason::upstream);
  }
  release(false);
  is_over_ = true;
}

void Relay::fail(unsigned status, std::string_view text) {
  count_failure();
  ++group_->counters.refused;
  ++(status == 504 ? group_->counters.timed_out : group_->counters.broken);
  refuse(status, text);
}

void Relay::tick(TimePoint now) {
  if (phase_ == Phase::open) {
    // A server that is gone without a word is noticed by its silence.
    if (now - heard_ >= options().idle_timeout) return on_ended("the server is silent");
    if (now - heard_ >= options().idle_timeout / 2 && !std::exchange(awaits_pong_, true)) send(Opcode::ping, {});
    return;
  }
  if (!has_expired(now)) return;
  if (phase_ == Phase::reaching) return try_next("no connection in time");
  if (phase_ == Phase::closing) return abandon();
  fail(504, "the server did not answer in time");
}

}  // namespace wscluster::proxy
