// SPDX-License-Identifier: MIT
#include "registry/lease_loop.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/units.hpp"

namespace wscluster::registry {
namespace {

// One slow command must not eat the whole lease.
Duration command_timeout(const Options& options) {
  return std::min(options.timeout, options.lease / 3);
}

bool is_final(Errc code) {
  return code == Errc::permission || code == Errc::invalid || code == Errc::protocol;
}

}  // namespace

LeaseLoop::LeaseLoop(const Options& options, const Registration& self, Board& board,
                     std::function<void()> on_name_taken)
    : options_(options),
      self_(self),
      board_(board),
      on_name_taken_(std::move(on_name_taken)),
      store_(options, command_timeout(options)) {}

Result<> LeaseLoop::probe() {
  if (!store_.connection().is_open()) {
    const auto opened = store_.connection().open();
    return opened && refuses_writes_ ? store_.probe_write() : opened;
  }
  const auto reply = store_.connection().command({"PING"});
  if (!reply) return reply.error();
  // It answers, but took no renewal: for leases it is away, and the others may only get our word while none is sent.
  return refuses_writes_ ? store_.probe_write() : Result<>();
}

Result<Beat> LeaseLoop::renew() {
  MemberStats stats;
  {
    const std::lock_guard lock(board_.mutex);
    stats = board_.stats;
    stats.is_linked = board_.is_linked;
    for (const auto& [name, document] : board_.adopted) {
      ServiceStats& service = stats.services[name];
      service.adopted = document->epoch;
      service.digest = document->digest;
      service.lineage = document->lineage;
    }
    stats.alarms = texts_of(board_.alarms);
    sent_at_ = Clock::now();
    board_.trust.renewal_sent(sent_at_);
  }
  const auto elapsed = std::chrono::duration_cast<Duration>(sent_at_ - redis_read_at_ + command_timeout(options_));
  const std::uint64_t latest = redis_ms_ == 0 ? 0 : redis_ms_ + static_cast<std::uint64_t>(elapsed.count());
  auto beat = store_.heartbeat(self_, board_.registration_json, stats, latest);
  if (beat) {
    redis_ms_ = beat->redis_ms;
    redis_read_at_ = Clock::now();
  }
  return beat;
}

void LeaseLoop::accept(const Beat& beat, TimePoint sent_at) {
  board_.take_ticks();
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  board_.trust.renewal_succeeded(now, sent_at);
  board_.publish_trust(now);
  board_.beat = beat;
  board_.lease_alarm.reset();
  refuses_writes_ = false;
  board_.is_name_taken = false;
  board_.directory_wake.signal();
}

void LeaseLoop::note_failure(const Error& cause) {
  if (is_up_) log::warning("registry", "Redis is away, the lease is not renewed", {{"err", cause.message}});
  is_up_ = false;
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  board_.has_renewal_failed = true;
  board_.trust.redis_failed(now);
  board_.publish_trust(now);
  if (auto alarm = refusal_alarm(cause)) {
    refuses_writes_ = true;
    if (board_.lease_alarm != alarm) board_.directory_wake.signal();
    board_.lease_alarm = std::move(alarm);
  }
}

// False: try again soon.
bool LeaseLoop::beat() {
  if (const auto probed = probe(); !probed) {
    note_failure(probed.error());
    return false;
  }
  {
    const TimePoint now = Clock::now();
    const bool alive = board_.every_core_ticked();
    const std::lock_guard lock(board_.mutex);
    board_.trust.redis_answered(now);
    const bool may = board_.trust.may_renew(now, alive);
    board_.publish_trust(now);
    if (!may) {
      if (!alive && !is_held_back_) log::warning("registry", "a core does not answer, the lease is not renewed");
      is_held_back_ = !alive;
      return alive;
    }
    is_held_back_ = false;
  }
  auto renewed = renew();
  // The clock of Redis was set forward; now we know it again.
  if (renewed && renewed->outcome == Beat::Outcome::late) renewed = renew();
  if (!renewed) {
    if (refusal_alarm(renewed.error())) {
      const std::lock_guard lock(board_.mutex);
      board_.trust.renewal_refused();
    }
    note_failure(renewed.error());
    return false;
  }
  if (renewed->outcome == Beat::Outcome::renewed) {
    if (!is_up_) log::info("registry", "Redis is back, the lease is renewed");
    is_up_ = true;
    accept(*renewed, sent_at_);
    return true;
  }
  if (renewed->outcome == Beat::Outcome::conflict) {
    const TimePoint now = Clock::now();
    bool is_new = false;
    {
      const std::lock_guard lock(board_.mutex);
      is_new = !std::exchange(board_.is_name_taken, true);
      board_.trust.lease_lost(now);
      board_.publish_trust(now);
    }
    if (is_new) {
      log::error("registry", "another process holds this name now", {{"node", self_.name}});
      board_.directory_wake.signal();
      on_name_taken_();
    }
  }
  return false;
}

void LeaseLoop::acquire() {
  const TimePoint give_up = Clock::now() + options_.wait_at_start;
  // An earlier life that crashed holds the name until its lease ends; one that renews is a living other.
  TimePoint name_free_by = TimePoint::max();
  bool has_told = false;
  for (;;) {
    Duration pause = std::min(options_.heartbeat, Duration(250));
    Result<> good = probe();
    if (good) good = store_.check_server();
    Result<Beat> beat = good ? renew() : Result<Beat>(good.error());
    if (beat && beat->outcome == Beat::Outcome::renewed) {
      accept(*beat, sent_at_);
      return;
    }
    if (beat && beat->outcome == Beat::Outcome::conflict) {
      name_free_by = std::min(name_free_by, Clock::now() + beat->holder_left + options_.heartbeat);
      if (Clock::now() > name_free_by || beat->holder_left > options_.lease) {
        throw Failure(ExitCode::temp_fail,
                      store_.connection().place() + ": another process is running as '" + self_.name +
                          "' in cluster '" + options_.cluster + "'",
                      "give this one another --name, or stop the other");
      }
      pause = std::min(pause, beat->holder_left + Duration(5));
    } else if (!beat) {
      if (is_final(beat.error().code)) {
        const bool is_config = beat.error().code == Errc::invalid;
        throw Failure(is_config ? ExitCode::config : exit_code_for(beat.error().code), beat.error().message);
      }
      if (Clock::now() >= give_up) {
        throw Failure(ExitCode::unavailable, beat.error().message,
                      "waited " + format_duration(options_.wait_at_start) + "; see redis.url");
      }
      if (!has_told) log::info("registry", "waiting for Redis", {{"err", beat.error().message}});
      has_told = true;
    }
    if (board_.lease_wake.wait_until(Clock::now() + pause) && board_.stopping) {
      throw Failure(ExitCode::unavailable, "stopped while waiting for Redis");
    }
  }
}

void LeaseLoop::run() {
  TimePoint next = Clock::now() + options_.heartbeat;
  while (!board_.stopping) {
    board_.lease_wake.wait_until(next);
    if (board_.stopping) break;
    if (Clock::now() < next) continue;
    const bool good = beat();
    // While Redis is away the wait is shorter, so that its return is seen soon.
    next = good ? std::max(next + options_.heartbeat, Clock::now()) : Clock::now() + options_.heartbeat / 4;
  }
  if (board_.keep_lease || !store_.connection().is_open()) return;
  if (const auto left = store_.leave(self_); !left) {
    log::warning("registry", "the lease could not be given back", {{"err", left.error().message}});
  }
}

}  // namespace wscluster::registry
