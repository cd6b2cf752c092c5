// SPDX-License-Identifier: MIT
#include "edge/edge.hpp"

#include "edge/state.hpp"
#include "websocket/frame.hpp"

#include <limits>
#include <utility>

namespace wscluster::edge {

Edge::Edge(net::Core& core, const Options& options, Application& application)
    : state_(std::make_shared<State>(core, options, application)) {
  state_->register_hooks();
}

Edge::~Edge() = default;

void Edge::adopt(int descriptor, std::string peer, bool is_loopback, bool is_tls) {
  state_->adopt(descriptor, std::move(peer), is_loopback, is_tls);
}

void Edge::use_tls(std::shared_ptr<const net::TlsServer> tls) {
  state_->tls = std::move(tls);
}

void Edge::watch_intake(std::function<void(bool is_full)> changed) {
  state_->intake_changed = std::move(changed);
}

bool Edge::accept(ConnectionId id, std::string_view subprotocol) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::waiting || !c->http->is_upgrade) return false;
  state_->open_websocket(*c, subprotocol);
  return true;
}

bool Edge::respond(ConnectionId id, const Response& response) {
  Connection* c = state_->find(id);
  const bool may_answer =
      c != nullptr && (c->phase == Phase::waiting || (c->phase == Phase::streaming && !c->http->has_begun));
  if (!may_answer) return false;
  state_->answer(*c, response, c->http->is_upgrade ? CloseReason::refused : CloseReason::http_done);
  return true;
}

bool Edge::inform(ConnectionId id, unsigned status, const net::HttpFields& headers) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::streaming || c->http->has_begun) return false;
  if (c->http->is_http11)
    state_->queue(*c) += net::serialize_response_head({.status = status, .reason = {}, .headers = headers});
  return true;
}

bool Edge::begin(ConnectionId id, const ResponseHead& head) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::streaming || c->http->has_begun) return false;
  state_->begin_answer(*c, head);
  return true;
}

bool Edge::write(ConnectionId id, std::string_view bytes) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::streaming || !c->http->has_begun) return false;
  state_->write_answer(*c, bytes);
  return true;
}

bool Edge::finish(ConnectionId id, const net::HttpFields& trailers) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::streaming || !c->http->has_begun) return false;
  state_->finish_answer(*c, trailers);
  return true;
}

void Edge::cut(ConnectionId id) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::streaming) return;
  c->is_known = false;
  state_->later(*c, [](State& state, Connection& cut) { state.end(cut, CloseReason::application, 0); });
}

bool Edge::send(ConnectionId id, websocket::MessageKind kind, std::string_view head, std::string_view payload) {
  Connection* c = state_->find(id);
  if (c == nullptr || c->phase != Phase::websocket) return false;
  const auto opcode = kind == websocket::MessageKind::text ? websocket::Opcode::text : websocket::Opcode::binary;
  std::string& out = state_->queue(*c);
  websocket::append_frame_header(out, opcode, true, head.size() + payload.size());
  out.append(head).append(payload);
  c->out->mark();
  c->used = state_->now();
  ++state_->counters.messages_out;
  return true;
}

void Edge::close(ConnectionId id, std::uint16_t code, std::string_view text, CloseReason reason) {
  Connection* c = state_->find(id);
  if (c == nullptr) return;
  if (c->phase == Phase::websocket) return state_->start_close(*c, code, text, reason);
  if (c->phase != Phase::waiting) return;
  // No WebSocket yet: there is nobody to send a Close to. on_gone() must not come from inside this call.
  state_->later(*c, [code, reason](State& state, Connection& waiting) {
    if (waiting.phase == Phase::waiting) state.end(waiting, reason, code);
  });
}

void Edge::pause(ConnectionId id, bool paused) {
  Connection* c = state_->find(id);
  if (c != nullptr && c->phase == Phase::streaming) return state_->pause_body(*c, paused);
  if (c == nullptr || c->phase != Phase::websocket || c->is_paused == paused) return;
  // The next readiness of a paused connection takes it out of the poller: most are resumed before.
  c->is_paused = paused;
  c->heard = state_->now();
  if (!paused) state_->wait_for(*c, true, c->waits_writable);
}

std::size_t Edge::unsent_bytes(ConnectionId id) const {
  const Connection* c = state_->find(id);
  return c == nullptr || !c->out ? 0 : c->out->unsent().size();
}

void Edge::drain(std::uint16_t code, std::string_view text, double rate, Duration spread) {
  State& state = *state_;
  state.is_draining = true;
  state.drain_code = code;
  state.drain_text = text;
  state.drain_rate = rate;
  state.drain_spread = spread;
  state.drain_at = 0;
  for (const auto& page : state.pages) {
    for (Connection& c : *page) {
      if (c.phase == Phase::queued) state.end(c, CloseReason::drain, 0);
      if (c.phase != Phase::idle && c.phase != Phase::fresh) continue;
      c.reason = CloseReason::drain;
      state.linger(c);
    }
  }
  state.drain_some(rate > 0 ? 0 : std::numeric_limits<double>::max());
}

void Edge::abort() {
  for (const auto& page : state_->pages) {
    for (Connection& c : *page) {
      if (std::exchange(c.is_known, false) && c.decoder) --state_->counters.open_websockets;
      state_->end(c, CloseReason::drain, 0);
    }
  }
}

std::size_t Edge::size() const {
  return state_->counters.open_connections;
}

const Counters& Edge::counters() const {
  return state_->counters;
}

const metrics::Histogram& Edge::upgrade_times() const {
  return state_->upgrade_times;
}

}  // namespace wscluster::edge
