// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "registry/change.hpp"
#include "registry/registration.hpp"
#include "registry/trust.hpp"
#include "ring/document.hpp"

namespace wscluster::simulation {

using DocumentPtr = std::shared_ptr<const ring::Document>;

/// An epoch as Redis and the processes remember it.
struct Past {
  std::string digest;
  std::map<std::string, std::uint64_t> members;
};
using History = std::map<std::uint64_t, Past>;

struct ServiceRow {
  DocumentPtr head;
  History history;
  std::uint64_t done = 0;
  std::map<std::uint64_t, registry::Change> changes;
  std::map<std::uint64_t, TimePoint> settling;  ///< since when
  std::set<std::uint64_t> running;

  [[nodiscard]] std::uint64_t epoch() const noexcept { return head ? head->epoch : 0; }
};

struct Lease {
  TimePoint expiry;
  std::uint64_t holder = 0;
};

/// All that is in Redis; copied for what a process reads and for a snapshot to go back to.
struct RedisData {
  std::map<std::string, ServiceRow> services;
  std::map<std::string, Lease> leases;
  std::map<std::string, registry::Registration> members;
  std::map<std::string, registry::MemberStats> stats;
  std::uint64_t generation = 0;
  std::optional<TimePoint> put_back_at;
};

struct CommitRequest {
  DocumentPtr from;  ///< null: nothing may be there
  DocumentPtr to;
  registry::Change change;
};

/// What a process knows that can restore a service that Redis has lost.
struct PutBackRequest {
  DocumentPtr document;
  History history;
  std::uint64_t done = 0;
  std::vector<registry::Change> changes;  ///< as registry::changes_to_restore() makes them
  std::uint64_t read_through = 0;         ///< complete up to here
};

enum class Outcome : std::uint8_t { written, conflict, lineage, limit, behind, alive, majority, history, newer, fork };
[[nodiscard]] const char* to_string(Outcome outcome) noexcept;

/// What lib/registry/scripts does, as plain code: each method is one script, one step. Who can reach it, and when, is
/// the world's affair.
class Redis {
 public:
  /// Told of every document that is written, and by which kind of change.
  using Observer = std::function<void(const DocumentPtr& before, const DocumentPtr& now, registry::Action action)>;

  Redis(Duration heartbeat, Duration lease) : heartbeat_(heartbeat), lease_(lease) {}

  struct Beat {
    enum class Kind : std::uint8_t { renewed, late, conflict } kind = Kind::renewed;
    TimePoint now;
    Duration holder_left{0};
  };
  Beat renew(TimePoint now, const registry::Registration& self, const registry::MemberStats& stats, TimePoint latest);
  void leave(const registry::Life& self);
  Outcome commit(TimePoint now, const CommitRequest& request);
  Outcome remove_dead(TimePoint now, const CommitRequest& request);
  Outcome put_back(TimePoint now, const PutBackRequest& request);
  void progress(TimePoint now, const std::string& service, std::uint64_t epoch, const std::string& name,
                const registry::DonorProgress* donor, const registry::ReceiverProgress* receiver);
  void evaluate(TimePoint now, const std::string& service);

  [[nodiscard]] const RedisData& data() const noexcept { return data_; }
  [[nodiscard]] const ServiceRow* service(const std::string& name) const;
  [[nodiscard]] bool is_alive(TimePoint now, const std::string& name, std::uint64_t incarnation) const;

  void save() { saved_ = data_; }
  /// False when nothing was saved.
  bool roll_back();
  void flush();

  Observer observer;

 private:
  [[nodiscard]] std::optional<Outcome> refusal(TimePoint now, const CommitRequest& request) const;
  [[nodiscard]] std::uint64_t oldest_view(const ServiceRow& row, const std::string& service, const std::string& name,
                                          std::uint64_t incarnation) const;
  void write_epoch(TimePoint now, const CommitRequest& request);

  Duration heartbeat_;
  Duration lease_;
  RedisData data_;
  std::optional<RedisData> saved_;
};

}  // namespace wscluster::simulation
