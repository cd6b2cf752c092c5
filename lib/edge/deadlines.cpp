// SPDX-License-Identifier: MIT
#include "edge/state.hpp"
#include "websocket/frame.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace wscluster::edge {
namespace {

/// A tick looks at so many slots, or at a tenth of them: each is seen ten times a second or more often.
constexpr std::size_t slots_per_tick = 4096;

}  // namespace

std::int64_t Edge::State::milliseconds(TimePoint time) const noexcept {
  return std::chrono::duration_cast<Duration>(time - start).count();
}

void Edge::State::enter(Connection& c, Phase phase, Duration limit) {
  c.phase = phase;
  c.since = now();
  set_due(c, limit > Duration::zero() ? c.since + limit.count() : never);
}

void Edge::State::on_tick(TimePoint time) {
  const std::int64_t at = milliseconds(time);
  const double passed = static_cast<double>(at - std::exchange(last_tick, at)) / 1000;
  if (is_draining && counters.open_websockets > 0) {
    drain_some(drain_rate > 0 ? drain_budget + passed * drain_rate : std::numeric_limits<double>::max());
  }
  end_parked();
  const std::size_t count = std::min(due.size(), std::max(slots_per_tick, due.size() / 10));
  for (std::size_t i = 0; i < count; ++i, ++sweep_at) {
    if (sweep_at >= due.size()) sweep_at = 0;
    if (due[sweep_at] <= at) check((*pages[sweep_at / page_size])[sweep_at % page_size]);
  }
}

void Edge::State::check(Connection& c) {
  switch (c.phase) {
    case Phase::free:
    case Phase::queued:
    case Phase::waiting:
      return set_due(c, never);
    case Phase::fresh:
    case Phase::handshake:
      ++counters.handshakes_failed;
      return end(c, CloseReason::handshake, 0);
    case Phase::idle:
      // Orderly: a client that sends a request at this moment shall read the end, not a reset.
      c.reason = CloseReason::http_done;
      return linger(c);
    case Phase::head:
      return refuse(c, 408, "the HTTP head did not come in time", CloseReason::handshake);
    case Phase::body:
      return refuse(c, 408, "the HTTP body did not come in time", CloseReason::handshake);
    case Phase::streaming:
      return check_streaming(c);
    case Phase::answering: {
      const std::int64_t limit = c.progress + options.write_timeout.count();
      return limit > now() ? set_due(c, limit) : end(c, CloseReason::slow_consumer, 0);
    }
    case Phase::websocket:
      return check_websocket(c);
    case Phase::closing:
    case Phase::taking_leave:
    case Phase::lingering:
      return end(c, c.reason, c.close_code);
  }
}

void Edge::State::check_websocket(Connection& c) {
  const std::int64_t at = now();
  const std::int64_t idle = options.idle_timeout.count();
  const std::int64_t stall = options.write_timeout.count();
  if (c.out && at - c.progress >= stall) {
    return end(c, CloseReason::slow_consumer, websocket::CloseCode::try_again_later);
  }
  if (idle > 0 && at - c.heard >= idle && !c.is_paused) {
    start_close(c, websocket::CloseCode::going_away, "idle", CloseReason::idle);
    return tell_gone(c, CloseReason::idle, websocket::CloseCode::going_away);
  }
  if (at >= c.ping_due) {
    if (at - c.heard >= options.ping_interval.count() / 2) {
      websocket::append_frame(queue(c), websocket::Opcode::ping, true, {});
      ++counters.pings;
    }
    return schedule_ping(c);
  }
  std::int64_t next = c.ping_due;
  if (idle > 0) next = std::min(next, std::max(c.heard + idle, at + 1));
  if (c.out) next = std::min(next, c.progress + stall);
  set_due(c, next);
}

void Edge::State::schedule_ping(Connection& c) {
  const std::int64_t interval = options.ping_interval.count();
  // Between 3/4 and all of the interval, other for each connection and round: clients that came together are not pinged
  // together.
  const std::uint64_t mixed =
      (std::uint64_t{c.slot} * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(now()) * 0xD1B54A32D192ED03U) >> 33U;
  c.ping_due = interval > 0
                   ? now() + interval - static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(interval / 4 + 1))
                   : never;
  std::int64_t next = c.ping_due;
  if (options.idle_timeout > Duration::zero()) next = std::min(next, c.heard + options.idle_timeout.count());
  if (c.out) next = std::min(next, c.progress + options.write_timeout.count());
  set_due(c, next);
}

}  // namespace wscluster::edge
