// SPDX-License-Identifier: MIT
#include "edge/state.hpp"

#include "base/log.hpp"
#include "edge/access_log.hpp"

#include <utility>

namespace wscluster::edge {
namespace {

constexpr int flush_rounds = 4;
constexpr std::size_t max_early_bytes = 16U << 10U;

}  // namespace

void Connection::on_ready(bool readable, bool writable) {
  edge->on_ready(*this, readable, writable);
}

Edge::State::State(net::Core& on, const Options& with, Application& above)
    : core(on), options(with), application(above), start(on.now()) {}

Edge::State::~State() {
  for (const auto& page : pages) {
    for (Connection& c : *page) {
      if (c.is_registered) core.poller().remove(c.stream.descriptor(), c);
    }
  }
}

void Edge::State::register_hooks() {
  core.on_flush([weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->flush_all();
  });
  core.on_late([weak = weak_from_this()] {
    const auto state = weak.lock();
    return state && state->continue_handshakes();
  });
  core.on_tick([weak = weak_from_this()](TimePoint time) {
    if (const auto state = weak.lock()) state->on_tick(time);
  });
}

Connection* Edge::State::find(ConnectionId id) const noexcept {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= due.size()) return nullptr;
  Connection& c = (*pages[slot / page_size])[slot % page_size];
  return c.phase != Phase::free && c.generation == id >> 32U ? &c : nullptr;
}

Connection& Edge::State::take_slot() {
  if (free.empty()) {
    const auto first = static_cast<std::uint32_t>(due.size());
    pages.push_back(std::make_unique<std::array<Connection, page_size>>());
    due.resize(due.size() + page_size, never);
    for (std::size_t i = page_size; i-- > 0;) {
      Connection& c = (*pages.back())[i];
      c.edge = this;
      c.slot = first + static_cast<std::uint32_t>(i);
      free.push_back(c.slot);
    }
  }
  const std::uint32_t slot = free.back();
  free.pop_back();
  Connection& c = (*pages[slot / page_size])[slot % page_size];
  if (++c.generation == 0) c.generation = 1;
  return c;
}

void Edge::State::recycle_ended() {
  for (Connection* c : ended) {
    const std::uint32_t slot = c->slot;
    const std::uint32_t generation = c->generation;
    std::destroy_at(c);
    std::construct_at(c);
    c->edge = this;
    c->slot = slot;
    c->generation = generation;
    free.push_back(slot);
  }
  ended.clear();
}

void Edge::State::tell_gone(Connection& c, CloseReason reason, std::uint16_t code) {
  if (!std::exchange(c.is_known, false)) return;
  if (c.decoder) --counters.open_websockets;
  application.on_gone(id_of(c), reason, code);
}

void Edge::State::end(Connection& c, CloseReason reason, std::uint16_t code) {
  if (c.phase == Phase::free) return;
  const Phase was = c.phase;
  if (was == Phase::handshake) --counters.handshaking;
  unpark(c);
  if (was == Phase::queued) --counters.handshakes_waiting;
  c.phase = Phase::free;
  ++counters.ended[static_cast<std::size_t>(reason)];
  --counters.open_connections;
  tell_request(c, reason);
  if (c.decoder && options.access != AccessLog::off) log_websocket(c, reason, code, now());
  log::debug("edge", "connection ended", {{"reason", to_string(reason)}, {"code", unsigned{code}}, {"peer", c.peer}});
  if (std::exchange(c.is_registered, false)) core.poller().remove(c.stream.descriptor(), c);
  c.stream.close();
  set_due(c, never);
  ended.push_back(&c);
  tell_gone(c, reason, code);
  if (was == Phase::handshake) start_queued();
  if (was == Phase::queued) tell_intake();
}

void Edge::State::wait_for(Connection& c, bool readable, bool writable) {
  if (!c.is_registered) {
    core.poller().add(c.stream.descriptor(), c, readable, writable);
    c.is_registered = true;
  } else if (readable != c.waits_readable || writable != c.waits_writable) {
    core.poller().modify(c.stream.descriptor(), c, readable, writable);
  }
  c.waits_readable = readable;
  c.waits_writable = writable;
}

void Edge::State::on_ready(Connection& c, bool readable, bool writable) {
  switch (c.phase) {
    case Phase::fresh:
      return on_first_bytes(c);
    case Phase::queued:
      // Asked for nothing and called nevertheless: the connection is broken.
      ++counters.handshakes_failed;
      return end(c, CloseReason::handshake, 0);
    case Phase::handshake:
      unpark(c);
      if (!std::exchange(c.is_handshake_due, true)) handshakes.push_back(id_of(c));
      return;
    case Phase::taking_leave:
      return linger(c);
    default:
      break;
  }
  guarded(c, [&] {
    if (writable && c.out && !std::exchange(c.is_dirty, true)) dirty.push_back(&c);
    if (readable) read(c);
  });
}

void Edge::State::fail(Connection& c, std::string_view why) {
  log::error("edge", "a callback failed: its connection is closed", {{"peer", c.peer}, {"err", why}});
  end(c, CloseReason::application, websocket::CloseCode::internal_error);
}

void Edge::State::later(const Connection& c, std::function<void(State&, Connection&)> work) {
  core.post([weak = weak_from_this(), id = id_of(c), work = std::move(work)] {
    const auto state = weak.lock();
    Connection* found = state ? state->find(id) : nullptr;
    if (found != nullptr) state->guarded(*found, [&] { work(*state, *found); });
  });
}

void Edge::State::read(Connection& c) {
  const bool is_stopped = c.phase == Phase::websocket   ? c.is_paused
                          : c.phase == Phase::streaming ? c.has_peer_ended || c.http->is_paused
                                                        : c.has_peer_ended;
  const bool holds_back = (c.phase == Phase::waiting || c.phase == Phase::answering || c.phase == Phase::streaming) &&
                          c.http && c.http->early.size() >= max_early_bytes;
  if (is_stopped || holds_back) {
    // Asked for no input and called nevertheless: the connection is broken.
    return c.waits_readable ? wait_for(c, false, c.waits_writable) : on_end(c, true);
  }
  // A plain stream holds nothing back: one read per turn is fair. TLS must be read until it would block; it does so
  // after 64 KiB.
  do {
    const net::IoResult got = c.stream.read(input);
    if (got.status == net::IoStatus::would_block) return;
    if (got.status != net::IoStatus::ok) return on_end(c, got.status == net::IoStatus::failed);
    counters.bytes_in += got.bytes;
    c.bytes_in += got.bytes;
    c.heard = now();
    on_bytes(c, std::span(input).first(got.bytes));
    if (got.bytes < input.size()) return;
  } while (c.phase != Phase::free && c.stream.is_tls());
}

void Edge::State::on_bytes(Connection& c, std::span<char> bytes) {
  switch (c.phase) {
    case Phase::idle:
    case Phase::head:
    case Phase::body:
      return on_http_bytes(c, {bytes.data(), bytes.size()});
    case Phase::streaming:
      return on_body_bytes(c, {bytes.data(), bytes.size()});
    case Phase::waiting:
    case Phase::answering:
      if (c.http) c.http->early.append(bytes.data(), bytes.size());
      return;
    case Phase::websocket:
    case Phase::closing:
      if (c.http) feed_early(c);
      if (c.phase != Phase::free) on_frames(c, bytes);
      return;
    default:
      return;
  }
}

void Edge::State::on_end(Connection& c, bool is_failure) {
  const CloseReason reason = is_failure ? CloseReason::transport : CloseReason::client;
  switch (c.phase) {
    case Phase::idle:
      return end(c, is_failure ? reason : CloseReason::http_done, 0);
    case Phase::head:
    case Phase::body:
      return end(c, reason, 0);
    case Phase::streaming:
      // A client may end its side behind a whole request and still read.
      if (is_failure || !c.http->has_whole_body) return end(c, reason, 0);
      c.has_peer_ended = true;
      return wait_for(c, false, c.waits_writable);
    case Phase::answering:
      if (is_failure) return end(c, reason, 0);
      // It may still read: the answer goes out first.
      c.has_peer_ended = true;
      c.ends_after_flush = true;
      return wait_for(c, false, c.waits_writable);
    case Phase::closing:
    case Phase::taking_leave:
    case Phase::lingering:
      return end(c, c.reason, c.close_code);
    default:
      return end(c, reason, websocket::CloseCode::abnormal);
  }
}

std::string& Edge::State::queue(Connection& c) {
  if (!c.out) {
    c.out = outboxes.get();
    c.progress = now();
  }
  if (!std::exchange(c.is_dirty, true)) dirty.push_back(&c);
  return c.out->bytes();
}

void Edge::State::flush_all() {
  for (int round = 0; round < flush_rounds && !dirty.empty(); ++round) {
    flushing.swap(dirty);
    for (Connection* c : flushing) {
      c->is_dirty = false;
      if (c->phase != Phase::free && c->out) guarded(*c, [&] { flush(*c); });
    }
    flushing.clear();
  }
  // What the application queued again and again in on_written() waits for the next turn, which comes at once.
  if (!dirty.empty()) core.post([] {});
  if (dirty.empty()) recycle_ended();
}

void Edge::State::flush(Connection& c) {
  const std::string_view unsent = c.out->unsent();
  const net::IoResult result = c.stream.write({unsent.data(), unsent.size()});
  counters.bytes_out += result.bytes;
  c.bytes_out += result.bytes;
  const std::uint64_t completed = c.out->take(result.bytes);
  if (result.bytes > 0) c.progress = now();
  c.frames_written += completed;
  if (completed > 0 && c.is_known) application.on_written(id_of(c), c.frames_written);
  if (c.phase == Phase::free) return;
  if (result.status == net::IoStatus::failed) {
    return end(c, c.phase == Phase::closing || c.phase == Phase::lingering ? c.reason : CloseReason::transport,
               c.close_code != 0 ? c.close_code : websocket::CloseCode::abnormal);
  }
  if (!c.out->is_empty()) {
    // Bytes that on_written() added go out with the next flush; only what the kernel refused waits for it.
    if (!c.is_dirty) wait_for(c, c.waits_readable, true);
    if (c.phase == Phase::websocket || c.phase == Phase::streaming)
      set_due(c, std::min(due[c.slot], c.progress + options.write_timeout.count()));
    return;
  }
  if (c.phase == Phase::websocket && c.out->append_owed_pong()) {
    queue(c);
    return;
  }
  outboxes.put(std::move(c.out));
  wait_for(c, c.waits_readable, false);
  on_flushed(c);
}

void Edge::State::on_flushed(Connection& c) {
  if (c.phase == Phase::answering) {
    tell_request(c, c.reason);
    if (c.has_peer_ended) return end(c, c.reason, 0);
    if (c.ends_after_flush) return linger(c);
    return next_request(c);
  }
  if (c.phase == Phase::streaming) return application.on_drained(id_of(c));
  if (c.phase == Phase::closing && c.ends_after_flush) linger(c);
}

void Edge::State::linger(Connection& c) {
  c.http.reset();
  if (c.phase != Phase::taking_leave) enter(c, Phase::taking_leave, options.close_notify_flush_timeout);
  if (c.stream.send_close_notify() == net::IoStatus::would_block) return wait_for(c, false, true);
  await_end(c);
}

void Edge::State::await_end(Connection& c) {
  enter(c, Phase::lingering, c.is_tls ? options.close_notify_read_timeout : options.close_timeout);
  c.stream.shutdown_write();
  if (c.has_peer_ended) return end(c, c.reason, c.close_code);
  wait_for(c, true, false);
}

}  // namespace wscluster::edge
