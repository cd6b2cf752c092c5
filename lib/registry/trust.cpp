// SPDX-License-Identifier: MIT
#include "registry/trust.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace wscluster::registry {
namespace {

bool contains(const std::vector<Life>& members, const Life& life) {
  return std::find(members.begin(), members.end(), life) != members.end();
}

}  // namespace

TimePoint Trust::lease_end() const {
  return last_success_ == TimePoint::min() ? TimePoint::min() : last_success_ + lease_;
}

bool Trust::is_member_anywhere() const {
  return std::any_of(memberships_.begin(), memberships_.end(),
                     [this](const auto& entry) { return contains(entry.second, self_); });
}

TimePoint Trust::majority_until() const {
  if (!away_) return TimePoint::min();
  TimePoint until = TimePoint::max();
  for (const auto& [service, members] : memberships_) {
    if (!contains(members, self_)) continue;
    std::vector<TimePoint> ends;
    for (const auto& [life, end] : words_) {
      if (contains(members, life)) ends.push_back(end);
    }
    // With our own, one more than half.
    const std::size_t needed = members.size() / 2;
    if (needed == 0) continue;
    if (ends.size() < needed) return TimePoint::min();
    std::nth_element(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(needed - 1), ends.end(),
                     std::greater<>());
    until = std::min(until, ends[needed - 1]);
  }
  return until;
}

// Between two events words only run out, so all that has happened since the last one is seen from here.
void Trust::advance(TimePoint now) {
  if (phase_ == Phase::reading && now >= lease_end()) phase_ = Phase::suspended;
  if (phase_ == Phase::leased && now >= lease_end()) {
    phase_ = majority_until() > lease_end() ? Phase::going_on : Phase::asking;
  }
  if (phase_ == Phase::asking) {
    if (now >= lease_end() + heartbeat_) {
      phase_ = Phase::suspended;
    } else if (majority_until() > now) {
      phase_ = Phase::going_on;
    }
  }
  if (phase_ == Phase::going_on && now >= majority_until()) phase_ = Phase::suspended;
}

void Trust::set_memberships(TimePoint now, Memberships memberships) {
  advance(now);
  memberships_ = std::move(memberships);
  advance(now);
}

void Trust::renewal_sent(TimePoint now) {
  advance(now);
  sent_before_ = std::exchange(last_sent_, now);
}

void Trust::renewal_refused() {
  last_sent_ = sent_before_;
}

void Trust::renewal_succeeded(TimePoint now, TimePoint sent_at) {
  advance(now);
  last_success_ = std::max(last_success_, sent_at);
  away_ = false;
  answered_ = false;
  words_.clear();
  ++renewals_;
  if (now >= lease_end() || phase_ == Phase::leased || phase_ == Phase::reading) return;
  phase_ = Phase::reading;
  reading_since_ = renewals_;
}

void Trust::documents_read(TimePoint now, std::uint64_t renewals) {
  advance(now);
  if (phase_ == Phase::reading && renewals >= reading_since_) phase_ = Phase::leased;
}

void Trust::redis_failed(TimePoint now) {
  advance(now);
  away_ = true;
  answered_ = false;
  advance(now);
}

void Trust::redis_answered(TimePoint now) {
  advance(now);
  answered_ = true;
}

void Trust::lease_lost(TimePoint now) {
  advance(now);
  last_success_ = TimePoint::min();
  phase_ = Phase::suspended;
}

bool Trust::may_renew(TimePoint now, bool every_core_ticked) const {
  return every_core_ticked && now >= word_binds_until_ && !must_probe_first();
}

bool Trust::wants_words(TimePoint now) {
  advance(now);
  if (!away_ || !is_member_anywhere() || phase_ == Phase::suspended) return false;
  return phase_ != Phase::leased || now >= lease_end() - heartbeat_;
}

bool Trust::may_give_word(TimePoint now, const Life& asker, const std::vector<std::string>& services) {
  advance(now);
  if (!away_ || answered_ || is_expelled_ || phase_ == Phase::suspended || services.empty()) return false;
  if (last_sent_ != TimePoint::min() && now < last_sent_ + lease_) return false;
  return std::all_of(services.begin(), services.end(), [&](const std::string& service) {
    const auto found = memberships_.find(service);
    return found != memberships_.end() && contains(found->second, asker);
  });
}

void Trust::word_given(TimePoint now) {
  advance(now);
  word_binds_until_ = std::max(word_binds_until_, now + 2 * heartbeat_);
}

void Trust::word_received(TimePoint now, const Life& from, TimePoint asked_at) {
  advance(now);
  TimePoint& end = words_.try_emplace(from, TimePoint::min()).first->second;
  end = std::max(end, asked_at + 2 * heartbeat_);
  advance(now);
}

bool Trust::is_suspended(TimePoint now) {
  return valid_until(now) <= now;
}

TimePoint Trust::valid_until(TimePoint now) {
  advance(now);
  if (is_expelled_) return TimePoint::min();
  if (!is_member_anywhere()) return TimePoint::max();
  switch (phase_) {
    case Phase::leased:
      return std::max(lease_end(), majority_until());
    case Phase::going_on:
      return majority_until();
    case Phase::asking:
    case Phase::suspended:
    case Phase::reading:
      return TimePoint::min();
  }
  return TimePoint::min();
}

}  // namespace wscluster::registry
