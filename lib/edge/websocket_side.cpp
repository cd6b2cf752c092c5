// SPDX-License-Identifier: MIT
#include "edge/state.hpp"
#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <utility>

namespace wscluster::edge {
namespace {

using websocket::CloseCode;

class Receiver final : public websocket::Sink {
 public:
  Receiver(Edge::State& edge, Connection& connection) : edge_(edge), c_(connection) {}

  bool on_message(websocket::MessageKind kind, std::string_view payload) override {
    // Behind our Close, too: what the client said before it read that may still be executed.
    const bool is_asked_to_go = c_.phase == Phase::closing && c_.is_known && c_.reason != CloseReason::protocol_error;
    if (c_.phase != Phase::websocket && !is_asked_to_go) return c_.phase == Phase::closing;
    ++edge_.counters.messages_in;
    c_.used = c_.heard;
    edge_.application.on_message(Edge::State::id_of(c_), kind, payload);
    return c_.phase != Phase::free;
  }
  bool on_ping(std::string_view payload) override {
    if (c_.phase != Phase::websocket) return true;
    edge_.queue(c_);
    c_.out->answer_ping(payload);
    return true;
  }
  bool on_pong(std::string_view) override { return true; }
  void on_close(std::uint16_t code, std::string_view) override { edge_.on_client_close(c_, code); }

 private:
  Edge::State& edge_;
  Connection& c_;
};

}  // namespace

void Edge::State::open_websocket(Connection& c, std::string_view subprotocol) {
  queue(c) += websocket::upgrade_response(websocket::accept_key(c.http->websocket_key), subprotocol);
  ++counters.upgrades;
  ++counters.open_websockets;
  c.decoder.emplace(websocket::Role::server, options.max_message_bytes);
  c.heard = now();
  c.opened = c.heard;
  c.used = c.heard;
  upgrade_times.observe(Clock::now() - c.http->asked_at);
  // From now on the connection is that client's alone.
  if (!c.http->client.empty()) c.peer = std::move(c.http->client);
  enter(c, Phase::websocket, Duration::zero());
  schedule_ping(c);
  wait_for(c, true, c.waits_writable);
  if (c.http->early.empty()) return c.http.reset();
  // The application is inside accept() now: its first message comes when it has returned.
  later(c, [](State& state, Connection& open) {
    if (open.http) state.feed_early(open);
  });
}

void Edge::State::feed_early(Connection& c) {
  const auto http = std::move(c.http);
  on_frames(c, http->early);
}

void Edge::State::on_frames(Connection& c, std::span<char> bytes) {
  Receiver receiver(*this, c);
  const websocket::Status status = c.decoder->feed(bytes, receiver);
  if (status.ok() || c.phase == Phase::free) return;
  const CloseReason reason =
      status.close_code == CloseCode::message_too_big ? CloseReason::limit : CloseReason::protocol_error;
  if (c.phase == Phase::websocket) start_close(c, status.close_code, status.text, reason);
  // A client that breaks the rules while it is asked to close will not answer the Close either.
  c.ends_after_flush = true;
  if (!c.out) linger(c);
  tell_gone(c, c.reason, c.close_code);
}

void Edge::State::on_client_close(Connection& c, std::uint16_t code) {
  if (c.phase == Phase::websocket) {
    start_close(c, code, {}, CloseReason::client);
    c.close_code = code;
  }
  if (c.phase != Phase::closing) return;
  c.ends_after_flush = true;
  if (!c.out) linger(c);
  tell_gone(c, c.reason, c.close_code);
}

void Edge::State::start_close(Connection& c, std::uint16_t code, std::string_view text, CloseReason reason) {
  websocket::append_close(queue(c), code, text);
  c.reason = reason;
  c.close_code = code;
  enter(c, Phase::closing, options.close_timeout);
  // Reads on, also when it was paused: only the client's Close ends this in order.
  wait_for(c, !c.has_peer_ended, c.waits_writable);
}

std::string Edge::State::next_drain_text() {
  if (drain_spread <= Duration::zero()) return drain_text;
  const auto wait = std::uniform_int_distribution<Duration::rep>(0, drain_spread.count() - 1)(drain_random);
  return "after=" + std::to_string(wait) + "ms" + (drain_text.empty() ? "" : " ") + drain_text;
}

void Edge::State::drain_some(double budget) {
  for (std::size_t i = 0; budget >= 1 && i < due.size(); ++i, ++drain_at) {
    if (drain_at >= due.size()) drain_at = 0;
    Connection& c = (*pages[drain_at / page_size])[drain_at % page_size];
    if (c.phase != Phase::websocket) continue;
    start_close(c, drain_code, next_drain_text(), CloseReason::drain);
    budget -= 1;
  }
  // What is not needed now is not saved up for a burst later.
  drain_budget = std::min(budget, 1 + drain_rate / 10);
}

}  // namespace wscluster::edge
