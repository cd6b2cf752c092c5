// SPDX-License-Identifier: MIT
#include "websession/core_finder.hpp"

#include <algorithm>

namespace wscluster::websession {
namespace {

using namespace std::chrono_literals;

/// Who logs in now is let in soon.
constexpr Duration longest_nobody = 1s;

Error away(const char* why) {
  return error(Errc::unavailable, why);
}

auth::Mac digest_of(const std::vector<std::string>& ids, const auth::Secret& key) {
  std::string all;
  for (const std::string& id : ids)
    all += id + '\n';  // which is in no id
  return auth::hmac_sha256(all, key);
}

std::size_t share_of(std::uint64_t whole, unsigned share) {
  return (whole + share - 1) / share;
}

}  // namespace

CoreFinder::CoreFinder(net::Core& core, const Options& options, const auth::Secret& secret,
                       const auth::Secret& digest_key, ReaderThread& thread, unsigned share)
    : core_(core),
      options_(options),
      secret_(secret),
      digest_key_(digest_key),
      thread_(thread),
      max_waiting_(share_of(options.max_waiting, share)),
      cache_(share_of(options.cache_entries, share)) {
  core_.on_tick([this](TimePoint now) { tick(now); });
}

void CoreFinder::find(const Inputs& inputs, Done done) {
  auto ids = session_ids(inputs, options_, secret_);
  if (ids.empty()) {
    ++counters_.nobody;
    return done(User());
  }
  const auth::Mac key = digest_of(ids, digest_key_);
  if (const User* known = cache_.find(key, core_.now())) {
    ++counters_.hits;
    return done(User(*known));
  }
  ++counters_.misses;
  if (waiting_.size() >= max_waiting_) {
    ++counters_.refused;
    return done(away("too many sessions are looked up now"));
  }
  const std::uint64_t ticket = ++last_ticket_;
  const TimePoint deadline = core_.now() + options_.timeout;
  waiting_.emplace(ticket, Waiting{std::move(done), key, deadline});
  thread_.ask({std::move(ids), deadline, [this, ticket](const Result<Reading>& answer) {
                 core_.post([this, ticket, answer] { on_answer(ticket, answer); });
               }});
}

void CoreFinder::tick(TimePoint now) {
  while (!waiting_.empty() && waiting_.begin()->second.deadline <= now) {
    const auto late = waiting_.extract(waiting_.begin());
    ++counters_.timed_out;
    late.mapped().done(away("the session was not found in time"));
  }
}

void CoreFinder::on_answer(std::uint64_t ticket, const Result<Reading>& answer) {
  const auto node = waiting_.extract(ticket);
  if (node.empty()) return;  // too late
  const Waiting& waiting = node.mapped();
  if (!answer) {
    ++counters_.unavailable;
    return waiting.done(away("sessions cannot be looked up now"));
  }
  count(answer->verdict);
  remember(waiting.key, *answer);
  waiting.done(answer->verdict == Verdict::found ? User(answer->uid) : User());
}

void CoreFinder::count(Verdict verdict) {
  switch (verdict) {
    case Verdict::found:
      ++counters_.found;
      return;
    case Verdict::absent:
    case Verdict::nobody:
      ++counters_.nobody;
      return;
    case Verdict::expired:
      ++counters_.expired;
      return;
    case Verdict::unreadable:
      ++counters_.unreadable;
      return;
  }
}

void CoreFinder::remember(const auth::Mac& key, const Reading& reading) {
  const bool is_found = reading.verdict == Verdict::found;
  Duration time = is_found ? options_.cache_time : std::min(options_.cache_time, longest_nobody);
  if (reading.expires) time = std::min(time, std::chrono::duration_cast<Duration>(*reading.expires - WallClock::now()));
  if (time > Duration(0)) cache_.put(key, is_found ? User(reading.uid) : User(), core_.now() + time);
}

}  // namespace wscluster::websession
