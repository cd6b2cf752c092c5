// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "registry/alarm.hpp"
#include "registry/board.hpp"
#include "registry/heritage.hpp"
#include "registry/hint_budget.hpp"
#include "registry/instance_call.hpp"
#include "registry/membership.hpp"
#include "registry/options.hpp"
#include "registry/snapshot.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {

/// Called on the directory thread, except on_name_taken (lease thread). Must be quick and must not call stop().
struct Callbacks {
  /// Something but stats has changed. The first one comes soon after start().
  std::function<void(std::shared_ptr<const Snapshot>)> on_snapshot = [](const auto&) {};
  /// This incarnation was in the ring of the service and is no longer. `planned`: its weight was 0 before and
  /// its changes were done (it was empty); otherwise it was taken for dead and must drop everything and start again
  /// under a new incarnation.
  std::function<void(const std::string& service, bool planned)> on_left = [](const std::string&, bool) {};
  /// Another process holds our name: we stay suspended.
  std::function<void()> on_name_taken = [] {};
};

/// The directory thread: reads documents, members and changes when they have changed, writes counters, and does what a
/// process does to the ring by itself. Commands on one connection, hints on another.
class DirectoryLoop {
 public:
  /// All outlive it.
  DirectoryLoop(const Options& options, const Registration& self, Board& board, const Callbacks& callbacks);

  /// Until board.stopping.
  void run();

 private:
  /// One service as we know it.
  struct Service {
    std::shared_ptr<const ring::Document> held;
    Heritage heritage;  ///< what else is known: history, done_through, running
    std::optional<Alarm> alarm;
    bool is_current = false;
    bool is_member = false;
    bool was_member = false;
    TimePoint nobody_since = TimePoint::max();
    TimePoint not_before;  ///< after a lost compare-and-set, or held down
    Sightings sightings;
    std::string refusal;  ///< last logged
  };

  /// One upstream service as we know it.
  struct Upstream {
    std::shared_ptr<const upstream::UpstreamState> state = std::make_shared<const upstream::UpstreamState>();
    std::uint64_t revision = 0;
    std::map<std::string, std::string> texts;  ///< by id, as Redis has them
    std::vector<std::string> unreadable;
  };
  /// An instance of our configuration.
  struct Kept {
    upstream::Instance instance{};
    bool is_told = false;
    TimePoint next_renewal{};
    std::string refusal{};  ///< last logged
  };

  void turn();
  void wait_for_hints();
  bool connect();
  void give_up_turn(const Error& cause);
  void check_server();
  void warn_of_replicas(const std::string& warning);
  void take_inbox();
  Result<> write_reports();
  Result<> reload();
  Result<> read_service(const std::string& name, Service& service);
  Result<> read_nothing(const std::string& name, Service& service);
  Result<> read_document(const std::string& name, Service& service, const Head& head);
  Result<> read_changes(const std::string& name, Service& service);
  Result<> put_back(const std::string& name, Service& service);
  Result<> answer_repairs();
  Result<> repair(Service& service, const RepairRequest& request);
  Result<std::shared_ptr<const ring::Document>> load_fork(const std::string& name, const ring::Document& held);
  void hold_changes();
  void hold_changes_after_put_back();
  void repeat_reports(const std::string& name, const Service& service);
  void adopt(const std::string& name, Service& service, std::shared_ptr<const ring::Document> document,
             HistoryEntries history);
  void take_offers();
  void see_dead();
  Result<> change_rings();
  Result<> change_ring(const std::string& name, Service& service);
  Result<> remove_dead(const std::string& name, Service& service);
  Result<> commit(Service& service, const Result<ring::Document>& next, Action action, const std::string& node,
                  const ChangePolicy& policy);
  void note(const std::string& name, Service& service, const CommitOutcome& outcome);
  // Instances of upstream services (directory_loop_instances.cpp)
  [[nodiscard]] bool belongs_to_nodes(const std::string& service) const;
  [[nodiscard]] InstanceAnswer carry_out(const InstanceCall& call);
  [[nodiscard]] InstanceAnswer answer_from_memory(const InstanceCall& call) const;
  Result<> run_instance_calls();
  void answer_all_from_memory();
  void give_answers();
  void take_kept(std::vector<upstream::Instance> instances,
                 const std::map<std::pair<std::string, std::string>, upstream::Status>& health);
  Result<> keep_instances();
  Result<> read_upstreams();
  Result<> put_back_instances(const std::string& name, const Upstream& held, const StoredInstances& stored);
  Result<> expire_instances();
  Result<> forget_gone(std::uint64_t now_ms);
  // Their rings (directory_loop_upstreams.cpp)
  [[nodiscard]] bool wants_other_ring(const std::string& name, const Service& service) const;
  Result<> change_upstream_rings();
  Result<> change_upstream_ring(const std::string& name, const Upstream& upstream, Service& service);
  [[nodiscard]] RingOf ring_of(const std::string& name) const {
    return upstreams_.contains(name) ? RingOf::instances : RingOf::processes;
  }
  [[nodiscard]] std::vector<Alarm> alarms() const;
  void publish();
  void publish_memberships();
  [[nodiscard]] ServiceFacts facts_of(const std::string& name, const Service& service) const;
  /// max() when nobody is missing.
  [[nodiscard]] TimePoint next_removal(const Service& service) const;
  [[nodiscard]] Duration pause() const;

  const Options& options_;
  const Registration& self_;
  Board& board_;
  const Callbacks& callbacks_;
  Store store_;
  Connection hints_;
  HintBudget hint_budget_;

  bool is_up_ = false;
  bool was_up_ = false;
  bool is_dirty_ = true;
  TimePoint may_change_from_;
  TimePoint may_remove_from_;
  TimePoint next_evaluation_;
  std::optional<Beat> beat_;
  Contents contents_;
  std::map<std::string, Service> services_;
  std::map<std::string, Upstream> upstreams_;
  std::deque<InstanceCall> instance_calls_;
  std::vector<std::pair<InstanceCallback, InstanceAnswer>> answers_;
  std::map<std::pair<std::string, std::string>, Kept> kept_;  ///< service, id
  std::uint64_t instances_expired_ = 0;
  TimePoint connected_at_;
  std::uint64_t connected_ms_ = 0;  ///< the same by Redis TIME; 0: not known yet
  TimePoint next_expiry_;
  std::map<std::pair<std::string, std::uint64_t>, Report> reports_;
  std::map<std::pair<std::string, std::uint64_t>, Report> told_;  ///< of remembered epochs: Redis may lose them
  std::uint64_t put_backs_ = 0;
  TimePoint next_check_;
  std::map<AlarmKind, std::string> server_alarms_;
  std::optional<Alarm> lease_alarm_;
  std::vector<std::shared_ptr<const ring::Document>> offers_;
  std::optional<ChangePolicy> leaving_;
  bool is_linked_ = false;
  bool is_name_taken_ = false;
  std::shared_ptr<const Snapshot> published_;
};

}  // namespace wscluster::registry
