// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace wscluster::registry {

/// One life of a member.
struct Life {
  std::string name;
  std::uint64_t incarnation = 0;

  friend auto operator<=>(const Life&, const Life&) = default;
};

/// Service -> members of its document as this process has adopted it.
using Memberships = std::map<std::string, std::vector<Life>, std::less<>>;

/// How long a member may trust itself (DESIGN.md section 5.4, MODEL.md V17 and V18). Pure: events in, answers out, time
/// as argument and never going back. Its owner locks it.
///
/// The lease counts from the sending of the last successful renewal. After its end the member is suspended, unless a
/// majority of the members of every ring it is in, itself included, have given their word that Redis is away for them
/// too. The majority must be there within one heartbeat after the end and must never lapse; else only a renewal ends
/// it. A member of no ring holds nobody, so it is never suspended.
class Trust {
 public:
  Trust(Life self, Duration heartbeat, Duration lease) : self_(std::move(self)), heartbeat_(heartbeat), lease_(lease) {}

  void set_memberships(TimePoint now, Memberships memberships);

  /// A renewal is about to be sent: whatever becomes of it, Redis may extend the lease.
  void renewal_sent(TimePoint now);
  /// The answer says that nothing was written: it was no renewal.
  void renewal_refused();
  /// After the end of a lease it is not enough: the ring may have gone on without us. See documents_read().
  void renewal_succeeded(TimePoint now, TimePoint sent_at);
  [[nodiscard]] std::uint64_t renewals() const noexcept { return renewals_; }
  [[nodiscard]] bool must_read() const noexcept { return phase_ == Phase::reading; }
  /// All documents were read and adopted, by a reading that began when renewals() was `renewals`.
  void documents_read(TimePoint now, std::uint64_t renewals);
  /// A probe or a renewal failed, or no connection can be made.
  void redis_failed(TimePoint now);
  /// A probe was answered: no word is given from here on, because a renewal follows.
  void redis_answered(TimePoint now);
  /// Another life holds our name, or we have left: suspended until a renewal succeeds.
  void lease_lost(TimePoint now);
  /// A ring went on without us: suspended for good, because our cores still hold users that others may hold by now.
  /// Call it before memberships without us are set.
  void expelled() { is_expelled_ = true; }

  /// Not while a word that we gave may still count, and only if every core has ticked since the last renewal.
  [[nodiscard]] bool may_renew(TimePoint now, bool every_core_ticked) const;
  /// After a failure: a renewal that gets lost would keep us from giving our word for a whole lease.
  [[nodiscard]] bool must_probe_first() const noexcept { return away_ && !answered_; }

  /// Whether to ask the others now. A word counts two heartbeats, so ask at least once per heartbeat.
  [[nodiscard]] bool wants_words(TimePoint now);
  /// May we tell this asker, a member of these rings, that Redis is away for us too? Call word_given() if it is told.
  [[nodiscard]] bool may_give_word(TimePoint now, const Life& asker, const std::vector<std::string>& services);
  void word_given(TimePoint now);
  /// `asked_at`: when the question was sent.
  void word_received(TimePoint now, const Life& from, TimePoint asked_at);

  [[nodiscard]] bool is_suspended(TimePoint now);
  /// Until when is_suspended() stays false if nothing happens; in the past when it is true now.
  [[nodiscard]] TimePoint valid_until(TimePoint now);

 private:
  enum class Phase : std::uint8_t {
    leased,     ///< before lease_end()
    asking,     ///< after it, for one heartbeat: suspended, but words may still save it
    going_on,   ///< by the word of the others
    suspended,  ///< only a renewal helps
    reading,    ///< renewed after that: still suspended, until the documents are read
  };

  void advance(TimePoint now);
  [[nodiscard]] TimePoint lease_end() const;
  [[nodiscard]] TimePoint majority_until() const;
  [[nodiscard]] bool is_member_anywhere() const;

  Life self_;
  Duration heartbeat_;
  Duration lease_;
  Memberships memberships_;
  std::map<Life, TimePoint> words_;  ///< until when each counts
  Phase phase_ = Phase::suspended;
  std::uint64_t renewals_ = 0;
  std::uint64_t reading_since_ = 0;  ///< renewals() when `reading` began
  bool away_ = false;
  bool answered_ = false;
  bool is_expelled_ = false;
  TimePoint last_sent_ = TimePoint::min();
  TimePoint sent_before_ = TimePoint::min();  ///< last_sent_ before that one
  TimePoint last_success_ = TimePoint::min();
  TimePoint word_binds_until_ = TimePoint::min();
};

}  // namespace wscluster::registry
