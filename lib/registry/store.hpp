// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/change.hpp"
#include "registry/connection.hpp"
#include "registry/heritage.hpp"
#include "registry/keys.hpp"
#include "registry/options.hpp"
#include "registry/registration.hpp"
#include "registry/repair.hpp"
#include "registry/snapshot.hpp"
#include "ring/document.hpp"
#include "upstream/rules.hpp"
#include "upstream/state.hpp"

namespace wscluster::registry {

/// One less than a document can hold: the last place is kept for taking a dead donor out, without which nothing would
/// ever be done again.
inline constexpr std::size_t max_planned_open = ring::max_open_changes - 1;

/// Whose names a ring has. Instances have no lease of ours, so none is put back for them, and nobody waits for what
/// they would have to hand over.
enum class RingOf : std::uint8_t { processes, instances };

struct Head {
  std::uint64_t epoch = 0;
  std::string digest;
  std::string lineage;

  friend bool operator==(const Head&, const Head&) = default;
};

/// The answer to a heartbeat.
struct Beat {
  enum class Outcome : std::uint8_t { renewed, late, conflict };

  Outcome outcome = Outcome::renewed;
  std::uint64_t redis_ms = 0;
  std::uint64_t generation = 0;
  std::map<std::string, Head> heads;
  std::map<std::string, std::uint64_t> done;
  std::vector<std::string> expired;
  std::string holder;       ///< of a conflict: incarnation, hex
  Duration holder_left{0};  ///< of a conflict: rest of its lease

  /// Nothing that would have to be read again.
  [[nodiscard]] bool shows_same_as(const Beat& other) const {
    return generation == other.generation && heads == other.heads && done == other.done && expired == other.expired;
  }
};

/// Why a document was or was not written.
struct CommitOutcome {
  enum class Kind : std::uint8_t {
    written,
    conflict,  ///< the head is another one
    lineage,   ///< the document is of another origin
    limit,     ///< too many changes are open
    held,      ///< this name joins too often; `wait` says how long
    alive,     ///< the member has a lease, or has only just lost it
    majority,  ///< too many leases are gone to believe it
    history,   ///< the epochs needed to decide that are not known
    behind,    ///< a living process has adopted a newer epoch than Redis has
    wrong,     ///< a bug of the caller
  };

  Kind kind = Kind::written;
  Duration wait{0};
  std::string text;       ///< for people; empty when written
  std::string warning{};  ///< written, but fewer replicas than wanted have acknowledged it

  [[nodiscard]] bool is_written() const noexcept { return kind == Kind::written; }
};

/// What became of a document that was to be put back.
struct PutBackOutcome {
  enum class Kind : std::uint8_t {
    restored,
    same,     ///< it is there
    newer,    ///< a newer one is there
    fork,     ///< what is there is not an ancestor
    lineage,  ///< what is there is of another origin
  };

  Kind kind = Kind::restored;
  std::uint64_t epoch = 0;  ///< what is, or was, there; 0: nothing
  std::string warning;      ///< as CommitOutcome's
};

/// For callers that only want it done; Errc::conflict stands for everything that may be tried again.
[[nodiscard]] Result<> to_result(const CommitOutcome& outcome);

/// What is read together.
struct Contents {
  std::uint64_t redis_ms = 0;
  std::uint64_t put_back_ms = 0;               ///< of Redis TIME; 0: nothing was put back in the last two leases
  std::vector<MemberRecord> members;           ///< sorted by name
  std::map<std::string, std::uint64_t> lives;  ///< name -> incarnation of those whose lease runs
  std::map<std::string, Head> heads;
  std::map<std::string, std::uint64_t> done;
  std::map<std::string, RepairRequest> repairs;             ///< by service
  std::map<std::string, std::uint64_t> instance_revisions;  ///< by upstream service
  std::vector<std::string> unreadable;                      ///< entries that were left out, one line each
};

using History = std::map<std::uint64_t, std::vector<ring::Member>>;

/// An instance of an upstream service as it lies in Redis.
struct StoredInstance {
  std::string text;                            ///< empty: there is none
  std::optional<upstream::Instance> instance;  ///< nothing when the text cannot be read
  std::uint64_t redis_ms = 0;
};

/// Those of one service.
struct StoredInstances {
  std::uint64_t revision = 0;
  upstream::UpstreamState state;
  std::map<std::string, std::string> texts;  ///< by id
  std::vector<std::string> unreadable;       ///< one line each
};

struct InstanceLeases {
  std::uint64_t redis_ms = 0;
  std::size_t all = 0;
  std::vector<upstream::EndedLease> ended;
};

/// What a write does to the lease of an instance.
struct InstanceLease {
  std::optional<Duration> length{};  ///< from now on; 0: none any more; nothing: stays as it is
  std::uint64_t seen_end_ms = 0;     ///< only if it still ends then; 0: whatever it is
};

/// How the server answers, and what its clock says.
struct ServerFacts {
  double latency_seconds = 0;      ///< the best of a few round trips
  double clock_ahead_seconds = 0;  ///< Redis TIME minus our clock; below 0 when we are ahead
};

/// Everything we say to Redis, typed. One connection, one thread.
class Store {
 public:
  explicit Store(const Options& options, Duration timeout = Duration(0));

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const Keys& keys() const noexcept { return keys_; }

  /// maxmemory-policy must be noeviction, or Redis throws leases and documents away.
  [[nodiscard]] Result<> check_server();

  /// Nothing, or that fewer than min_replicas are connected.
  [[nodiscard]] Result<std::string> check_replicas();
  /// Whether it takes writes at all, without renewing anything.
  [[nodiscard]] Result<> probe_write();

  /// `latest_ms`: Redis time after which the attempt must have no effect; 0: not known.
  [[nodiscard]] Result<Beat> heartbeat(const Registration& self, const std::string& registration_json,
                                       const MemberStats& stats, std::uint64_t latest_ms);
  [[nodiscard]] Result<> leave(const Registration& self);

  /// `from` is null for epoch 1. `joiner`: the member that enters by itself, for holding down; or empty.
  /// `instances`: of an upstream service, the revision from which its members were computed.
  [[nodiscard]] Result<CommitOutcome> commit(const ring::Document* from, const ring::Document& to, const Change& change,
                                             const std::string& joiner = {},
                                             std::optional<std::uint64_t> instances = std::nullopt);
  [[nodiscard]] Result<CommitOutcome> remove_dead(const ring::Document& from, const ring::Document& to,
                                                  const Change& change);

  [[nodiscard]] Result<PutBackOutcome> put_back(const ring::Document& document, const Heritage& heritage,
                                                RingOf ring_of = RingOf::processes);

  /// Lays the request down (its time is set here) and wakes everybody; a second one replaces the first.
  [[nodiscard]] Result<> ask_repair(RepairRequest request);
  /// By the process that was asked, with the answer in it.
  [[nodiscard]] Result<> answer_repair(const RepairRequest& request);
  /// By who asked: the request as it is now, or nothing when it was carried out.
  [[nodiscard]] Result<std::optional<RepairRequest>> load_repair(const std::string& service);
  [[nodiscard]] Result<> withdraw_repair(const std::string& service);
  /// `next` is made with ring::repaired_document. False: the head or what somebody has adopted is another one by now,
  /// or the request was withdrawn.
  [[nodiscard]] Result<bool> repair(const RepairRequest& request, const Head& head, const ring::Document& next,
                                    const Heritage& heritage, RingOf ring_of = RingOf::processes);

  [[nodiscard]] Result<StoredInstance> load_instance(const std::string& service, const std::string& id);
  /// Null: it disappears. False: it, or its lease, is another one by now.
  [[nodiscard]] Result<bool> write_instance(const std::string& service, const std::string& id,
                                            const std::string& expected, const upstream::Instance* next,
                                            const InstanceLease& lease);
  /// Errc::not_found: it must be registered (again).
  [[nodiscard]] Result<upstream::Instance> renew_instance(const std::string& service, const std::string& id,
                                                          std::optional<std::uint64_t> dirty_ms);
  [[nodiscard]] Result<StoredInstances> load_instances(const std::string& service);
  [[nodiscard]] Result<InstanceLeases> load_ended_leases();
  /// To at least that, after a loss: who has seen a higher one looks again.
  [[nodiscard]] Result<> raise_revision(const std::string& service, std::uint64_t least);

  struct Report {
    std::uint64_t epoch = 0;
    std::string field;  ///< donor:NAME or receiver:NAME
    std::string json;
  };
  /// Also without reports: then it only sees whether a change can move on. Answers done_through.
  [[nodiscard]] Result<std::uint64_t> progress(const std::string& service, const std::vector<Report>& reports);

  [[nodiscard]] Result<Contents> load();
  [[nodiscard]] Result<ring::Document> load_document(const std::string& service);
  /// Of these epochs, as far as Redis remembers them.
  [[nodiscard]] Result<HistoryEntries> load_history_entries(const std::string& service, std::uint64_t first,
                                                            std::uint64_t last);
  [[nodiscard]] Result<std::vector<Change>> load_running(const std::string& service);
  [[nodiscard]] Result<Change> load_change(const std::string& service, std::uint64_t epoch);
  /// The last ones, newest first; those whose record is gone are left out.
  [[nodiscard]] Result<std::vector<Change>> load_changes(const std::string& service, std::size_t count);
  /// Epoch -> its members (name, incarnation, weight; states are not kept), of the last 64.
  [[nodiscard]] Result<History> load_history(const std::string& service);
  [[nodiscard]] Result<std::vector<std::string>> load_names();
  [[nodiscard]] Result<ServerFacts> measure();

 private:
  [[nodiscard]] Result<std::uint64_t> wait_for_replicas(Duration patience);
  [[nodiscard]] std::string shortfall(const std::string& what, Duration patience);

  Options options_;
  Keys keys_;
  Connection connection_;
};

}  // namespace wscluster::registry
