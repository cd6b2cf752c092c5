// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "ring/document.hpp"

namespace wscluster::registry {

/// What happens to the sessions of moved uids.
enum class Evict : std::uint8_t { moved, all, none };

/// Why there is a new epoch.
enum class Action : std::uint8_t {
  add,        ///< `ring add`
  remove,     ///< `ring remove`: weight 0 first
  weight,     ///< another weight
  join,       ///< a node by itself, also a new incarnation of a member
  leave,      ///< a node by itself: weight 0 first
  left,       ///< an empty member with weight 0 goes
  dead,       ///< its lease has ended
  abort,      ///< the earlier membership again
  drain,      ///< `ring drain`: weight 0, but it stays
  undrain,    ///< `ring undrain`: its weight again
  put_back,   ///< Redis had lost it, and what it was is not known
  repair,     ///< `ring repair`
  instances,  ///< of an upstream service: others are up
};

/// evicting: donors are at work. settling: they are done; what they handed on is being closed (Evict::all), the closed
/// clients are coming back. done: final. aborted: a later epoch took it back; its donors may still be at work.
enum class ChangeState : std::uint8_t { evicting, settling, done, aborted };

[[nodiscard]] const char* to_string(Evict value) noexcept;
[[nodiscard]] const char* to_string(Action value) noexcept;
[[nodiscard]] const char* to_string(ChangeState value) noexcept;

/// How donors carry a change out.
struct ChangePolicy {
  Evict evict = Evict::moved;
  double rate = 500;  ///< closes per second of all donors together
  std::uint16_t close_code = 1012;
  std::string close_reason;
  Duration deadline{0};     ///< after it the rest is closed at once and counted `forced`; 0: none
  Duration settle{30'000};  ///< how long closed clients may take to come back before the change is done without them
  Duration lb_wait{0};      ///< closes begin so long after the epoch was adopted: load balancers learn of it first

  friend bool operator==(const ChangePolicy&, const ChangePolicy&) = default;
};

/// Cumulative, of one process for one change: most often a donor, or who closes what a donor has handed on to it.
struct DonorProgress {
  std::uint64_t planned = 0;  ///< counted when it adopted the epoch
  std::uint64_t moved = 0;
  std::uint64_t closed = 0;
  std::uint64_t gone = 0;     ///< ended by themselves
  std::uint64_t forced = 0;   ///< part of closed: at the deadline
  bool done = false;          ///< final: it holds nothing that it does not own in this epoch
  double seconds = 0;         ///< from adopting the epoch to the last close
  std::uint64_t closing = 0;  ///< not cumulative: sessions here, its own or handed on to it, that it has yet to close
  std::uint64_t incarnation = 0;

  friend bool operator==(const DonorProgress&, const DonorProgress&) = default;
};

/// Times in a few logarithmic buckets, so that those of several processes can be added.
struct GapHistogram {
  /// Upper bounds 1 ms · 2^(i/2); the last takes the rest (beyond about 3 minutes).
  static constexpr std::size_t buckets = 36;
  std::array<std::uint64_t, buckets> counts{};
  double max_seconds = 0;

  void add(double seconds);
  void add(const GapHistogram& other);
  [[nodiscard]] std::uint64_t total() const noexcept;
  /// Upper bound of the bucket that holds this share (0 to 1) of all, at most max_seconds; 0 when empty.
  [[nodiscard]] double quantile(double share) const noexcept;

  friend bool operator==(const GapHistogram&, const GapHistogram&) = default;
};

/// Cumulative, of one receiver for one change.
struct ReceiverProgress {
  std::uint64_t returned = 0;  ///< closed clients that are back
  GapHistogram gaps;           ///< from close to return

  friend bool operator==(const ReceiverProgress&, const ReceiverProgress&) = default;
};

/// Whom a change waits for: this life of the name.
struct Donor {
  std::string name;
  std::uint64_t incarnation = 0;

  friend bool operator==(const Donor&, const Donor&) = default;
};

/// One epoch transition with its policy and progress.
struct Change {
  std::string service;
  std::uint64_t from_epoch = 0;
  std::uint64_t to_epoch = 0;
  Action action = Action::add;
  std::string node;  ///< the member that the action is about; several are separated by commas
  ChangePolicy policy;
  std::string by;
  std::uint64_t aborts = 0;  ///< of an abort: the epoch whose change it takes back
  std::vector<Donor> donors_expected;
  std::vector<std::string> receivers_expected;

  ChangeState state = ChangeState::evicting;
  std::string started_at;        ///< RFC 3339, by Redis TIME; empty before it is written
  std::string finished_at;       ///< empty until done
  Duration took{0};              ///< between the two; 0 until done
  std::uint64_t aborted_by = 0;  ///< the epoch that took it back
  std::map<std::string, DonorProgress> donors;
  std::map<std::string, ReceiverProgress> receivers;

  [[nodiscard]] DonorProgress donor_total() const;  ///< done: of all expected that wrote; seconds: the longest
  [[nodiscard]] ReceiverProgress receiver_total() const;

  friend bool operator==(const Change&, const Change&) = default;
};

/// Fills service, epochs, donors and receivers from two neighbouring documents; `from` is null for epoch 1.
[[nodiscard]] Change describe_change(const ring::Document* from, const ring::Document& to, Action action,
                                     std::string node, ChangePolicy policy, std::string by);

/// The fixed part (above the blank line of Change), as it is stored when the epoch is written.
[[nodiscard]] std::string record_to_json(const Change& change);
[[nodiscard]] Result<Change> parse_record(std::string_view text);

[[nodiscard]] std::string to_json(const DonorProgress& progress);
[[nodiscard]] std::string to_json(const ReceiverProgress& progress);
[[nodiscard]] Result<DonorProgress> parse_donor(std::string_view text);
[[nodiscard]] Result<ReceiverProgress> parse_receiver(std::string_view text);

/// All of it, both ways; what `--json` shows is made from it.
[[nodiscard]] std::string to_json(const Change& change);
[[nodiscard]] Result<Change> parse_change(std::string_view text);

/// From the fields of change:SERVICE:EPOCH.
[[nodiscard]] Result<Change> change_from_fields(const std::map<std::string, std::string>& fields);

}  // namespace wscluster::registry
