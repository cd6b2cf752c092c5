// SPDX-License-Identifier: MIT
#include "base/log.hpp"
#include "edge/state.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace wscluster::edge {
namespace {

/// What the handshakes of one turn may take while established traffic waits for the next: the dearest step, or a part
/// of what that traffic took itself, so that a busy core still lets somebody in.
constexpr auto handshake_portion = std::chrono::microseconds(250);
constexpr int portion_of_turn = 4;

/// While others wait, a client that says nothing inside its handshake for so long is ended.
constexpr std::int64_t parked_patience_ms = 2'000;

/// The client has closed: nobody is left to greet.
bool has_peer_left(int descriptor) {
  pollfd item{descriptor, POLLRDHUP, 0};
  return ::poll(&item, 1, 0) == 1;
}

/// A client that has not said the whole of its first TLS record; the descriptor becomes readable again when it has.
/// What is no such record is for OpenSSL to refuse.
bool stops_in_first_record(int descriptor) {
  constexpr unsigned char handshake_record = 22;
  constexpr std::size_t most_bytes = 16384;
  std::array<unsigned char, 5> head{};
  const ssize_t got = ::recv(descriptor, head.data(), head.size(), MSG_PEEK);
  if (got <= 0 || head[0] != handshake_record) return false;
  const bool has_length = got == static_cast<ssize_t>(head.size());
  const std::size_t length = has_length ? static_cast<std::size_t>(head[3]) << 8U | head[4] : 0;
  int there = 0;
  if (length > most_bytes || ::ioctl(descriptor, FIONREAD, &there) != 0) return false;
  const auto whole = static_cast<int>(head.size() + length);
  const bool stops = (!has_length || there < whole) && !has_peer_left(descriptor);
  const int wake_at = stops ? whole : 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &wake_at, sizeof wake_at);
  return stops;
}

}  // namespace

void Edge::State::adopt(int descriptor, std::string peer, bool is_loopback, bool is_tls) {
  const bool is_beyond = counters.open_connections >= options.max_connections;
  if (is_draining || (is_beyond && !(is_tls && end_oldest_fresh()))) {
    net::Stream refused(descriptor);
    ++counters.ended[static_cast<std::size_t>(is_draining ? CloseReason::drain : CloseReason::limit)];
    if (!is_tls) {
      static_cast<void>(refused.write(net::serialize_response(503, "", {{"Retry-After", "1"}}, "", false)));
      refused.shutdown_write();
    }
    return;
  }
  Connection& c = take_slot();
  c.peer = std::move(peer);
  c.is_loopback = is_loopback;
  c.is_tls = is_tls;
  c.stream = net::Stream(descriptor);
  ++counters.accepted;
  ++counters.open_connections;
  if (const auto timeout = static_cast<unsigned>(options.user_timeout.count()); timeout > 0) {
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  }
  if (!is_tls) {
    enter(c, Phase::idle, options.head_timeout);
  } else {
    enter(c, Phase::fresh, options.handshake_timeout);
    fresh.push_back(id_of(c));
    drop_gone_on();
  }
  wait_for(c, true, false);
}

/// So that the queue is no longer than what was accepted since the oldest of them.
void Edge::State::drop_gone_on() {
  while (!fresh.empty()) {
    const Connection* c = find(fresh.front());
    if (c != nullptr && c->phase == Phase::fresh) return;
    fresh.pop_front();
  }
}

/// Who has not even said its ClientHello makes room for a newcomer, who will: connecting alone keeps nobody out.
bool Edge::State::end_oldest_fresh() {
  drop_gone_on();
  if (fresh.empty()) return false;
  end(*find(fresh.front()), CloseReason::limit, 0);
  fresh.pop_front();
  return true;
}

/// Only who has said all of its ClientHello takes a place: others cost neither one nor memory.
void Edge::State::on_first_bytes(Connection& c) {
  if (stops_in_first_record(c.stream.descriptor())) return;
  if (has_handshake_place()) return start_handshake(c);
  // No deadline of ours while it waits for us.
  enter(c, Phase::queued, Duration::zero());
  wait_for(c, false, false);
  queued.push_back(id_of(c));
  ++counters.handshakes_waiting;
  tell_intake();
}

bool Edge::State::has_handshake_place() const noexcept {
  return counters.handshaking - parked_count < options.max_handshakes &&
         counters.handshaking < options.max_open_handshakes;
}

void Edge::State::park(Connection& c) {
  if (std::exchange(c.is_parked, true)) return;
  ++parked_count;
  c.heard = now();
  parked.push_back({id_of(c), c.heard});
}

void Edge::State::unpark(Connection& c) {
  if (std::exchange(c.is_parked, false)) --parked_count;
}

void Edge::State::end_parked() {
  while (!parked.empty()) {
    Connection* c = find(parked.front().id);
    const bool is_it = c != nullptr && c->is_parked && c->heard == parked.front().since;
    if (is_it && (queued.empty() || now() - c->heard < parked_patience_ms)) return;
    parked.pop_front();
    if (!is_it) continue;
    ++counters.handshakes_failed;
    end(*c, CloseReason::handshake, 0);
  }
}

void Edge::State::start_handshake(Connection& c) {
  enter(c, Phase::handshake, options.handshake_timeout);
  ++counters.handshaking;
  if (!std::exchange(c.is_handshake_due, true)) handshakes.push_back(id_of(c));
}

bool Edge::State::continue_handshakes() {
  if (handshakes.empty()) return false;
  const TimePoint begin = Clock::now();
  const auto portion = std::max<Clock::duration>(handshake_portion, (begin - core.now()) / portion_of_turn);
  do {
    Connection* c = find(handshakes.front());
    handshakes.pop_front();
    if (c == nullptr || !std::exchange(c->is_handshake_due, false)) continue;
    if (c->phase == Phase::handshake) continue_handshake(*c);
  } while (!handshakes.empty() && Clock::now() - begin < portion);
  return !handshakes.empty() || !dirty.empty();
}

void Edge::State::continue_handshake(Connection& c) {
  if (!c.stream.is_tls()) c.stream = net::Stream(c.stream.release(), *tls);
  const net::IoStatus status = c.stream.handshake();
  if (status == net::IoStatus::would_block) {
    wait_for(c, !c.stream.wants_write(), c.stream.wants_write());
    park(c);
    return start_queued();
  }
  if (status != net::IoStatus::ok) return fail_handshake(c);
  ++(c.stream.is_resumed() ? counters.handshakes_resumed : counters.handshakes_full);
  --counters.handshaking;
  enter(c, Phase::idle, options.head_timeout);
  wait_for(c, true, false);
  start_queued();
  if (!is_draining) return;
  c.reason = CloseReason::drain;
  linger(c);
}

void Edge::State::fail_handshake(Connection& c) {
  ++counters.handshakes_failed;
  log::debug("edge", "TLS handshake failed", {{"peer", c.peer}, {"err", c.stream.failure()}});
  --counters.handshaking;
  c.phase = Phase::idle;
  start_queued();
  const bool is_http = c.stream.got_http();
  // What OpenSSL has not read would make the kernel reset the connection, and the alert or the answer with it.
  c.stream.drop_tls();
  c.reason = CloseReason::handshake;
  if (is_http) {
    queue(c) += net::serialize_response(400, "text/plain", {}, "This port speaks TLS: use https:// or wss://\n", false);
    c.ends_after_flush = true;
    return enter(c, Phase::answering, options.write_timeout);
  }
  linger(c);
}

void Edge::State::start_queued() {
  while (!queued.empty() && has_handshake_place()) {
    Connection* next = find(queued.front());
    queued.pop_front();
    if (next == nullptr || next->phase != Phase::queued) continue;
    if (has_peer_left(next->stream.descriptor())) {
      ++counters.handshakes_failed;
      end(*next, CloseReason::handshake, 0);
      continue;
    }
    --counters.handshakes_waiting;
    wait_for(*next, true, false);
    start_handshake(*next);
  }
  tell_intake();
}

/// Half a cap of waiting ones keeps the handshakes busy until the listener has brought more.
void Edge::State::tell_intake() {
  const std::uint64_t most = std::max<std::uint64_t>(1, options.max_handshakes / 2);
  const bool is_full_now = is_full ? counters.handshakes_waiting * 2 > most : counters.handshakes_waiting >= most;
  if (is_full_now != is_full) intake_changed(is_full = is_full_now);
}

}  // namespace wscluster::edge
