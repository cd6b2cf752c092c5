// SPDX-License-Identifier: MIT
#include "base/log.hpp"
#include "edge/state.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

namespace wscluster::edge {
namespace {

/// A handshake costs up to half a millisecond: between two batches of established traffic only a few.
constexpr int handshakes_per_turn = 4;

}  // namespace

void Edge::State::adopt(int descriptor, std::string peer, bool is_loopback, net::TlsServer* tls) {
  if (is_draining || counters.open_connections >= options.max_connections) {
    net::Stream refused(descriptor);
    ++counters.ended[static_cast<std::size_t>(is_draining ? CloseReason::drain : CloseReason::limit)];
    if (tls == nullptr) {
      static_cast<void>(refused.write(net::serialize_response(503, "", {{"Retry-After", "1"}}, "", false)));
      refused.shutdown_write();
    }
    return;
  }
  Connection& c = take_slot();
  c.peer = std::move(peer);
  c.is_loopback = is_loopback;
  c.tls = tls;
  c.stream = net::Stream(descriptor);
  ++counters.accepted;
  ++counters.open_connections;
  if (const auto timeout = static_cast<unsigned>(options.user_timeout.count()); timeout > 0) {
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
  }
  if (tls == nullptr) {
    enter(c, Phase::idle, options.head_timeout);
    wait_for(c, true, false);
  } else if (counters.handshaking >= options.max_handshakes) {
    enter(c, Phase::queued, options.handshake_timeout);
    queued.push_back(id_of(c));
  } else {
    enter(c, Phase::handshake, options.handshake_timeout);
    start_handshake(c);
  }
}

void Edge::State::start_handshake(Connection& c) {
  // The limit counts from the adoption, also for who had to wait.
  c.phase = Phase::handshake;
  ++counters.handshaking;
  c.stream = net::Stream(c.stream.release(), *c.tls);
  wait_for(c, true, false);
}

void Edge::State::continue_handshakes() {
  for (int i = 0; i < handshakes_per_turn && !handshakes.empty(); ++i) {
    Connection& c = *handshakes.front();
    handshakes.pop_front();
    c.is_handshake_due = false;
    if (c.phase == Phase::handshake) continue_handshake(c);
  }
}

void Edge::State::continue_handshake(Connection& c) {
  const net::IoStatus status = c.stream.handshake();
  if (status == net::IoStatus::would_block) return wait_for(c, !c.stream.wants_write(), c.stream.wants_write());
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
  while (!queued.empty() && counters.handshaking < options.max_handshakes) {
    Connection* next = find(queued.front());
    queued.pop_front();
    if (next != nullptr && next->phase == Phase::queued) start_handshake(*next);
  }
}

}  // namespace wscluster::edge
