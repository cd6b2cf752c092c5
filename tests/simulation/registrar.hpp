// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis.hpp"
#include "registry/membership.hpp"
#include "registry/snapshot.hpp"
#include "registry/trust.hpp"
#include "topology/view_maker.hpp"

namespace wscluster::simulation {

class Process;
class World;

/// The registry of one process: what LeaseLoop and DirectoryLoop do around the pure Trust, compare() and next_step(),
/// with every command a request and an answer that take their time or get lost.
class Registrar {
 public:
  Registrar(World& world, Process& process, registry::Registration self);

  /// Takes the lease, waiting for an earlier life's, and goes on by itself.
  void start();
  /// As if it had been running for long: with the lease and that state of Redis.
  void start_settled(const RedisData& data);
  void leave(const registry::ChangePolicy& policy) { leaving_ = policy; }
  /// Gives the lease back.
  void stop();

  [[nodiscard]] bool is_suspended(TimePoint now);
  void offer(DocumentPtr document);
  /// Something may have changed.
  void wake();

  [[nodiscard]] bool wants_words(TimePoint now) { return trust_.wants_words(now); }
  [[nodiscard]] bool give_word(TimePoint now, const registry::Life& asker, const std::vector<std::string>& services);
  void word_received(TimePoint now, const registry::Life& from, TimePoint asked_at) {
    trust_.word_received(now, from, asked_at);
  }

  registry::MemberStats stats;
  bool is_linked = false;
  void report_donor(const std::string& service, std::uint64_t epoch, const registry::DonorProgress& progress) {
    donors_[{service, epoch}] = told_donors_[{service, epoch}] = progress;
  }
  void report_receiver(const std::string& service, std::uint64_t epoch, const registry::ReceiverProgress& progress) {
    receivers_[{service, epoch}] = told_receivers_[{service, epoch}] = progress;
  }

  [[nodiscard]] const registry::Registration& self() const noexcept { return self_; }
  [[nodiscard]] DocumentPtr held(const std::string& service) const;
  [[nodiscard]] bool has_lease() const noexcept { return has_lease_; }

 private:
  struct Service {
    DocumentPtr held;
    std::uint64_t done_through = 0;
    std::vector<registry::Change> running;
    std::uint64_t read_through = 0;  ///< of them
    bool is_current = false;
    bool is_member = false;
    bool was_member = false;
    TimePoint nobody_since = TimePoint::max();
    TimePoint not_before;
    registry::Sightings sightings;
    History history;
  };
  using Key = std::pair<std::string, std::uint64_t>;

  template <class R>
  void call(std::uint64_t& connection, std::function<R(Redis&, TimePoint)> request, std::function<void(const R*)> done);
  void beat();
  void renew();
  void failed();
  void next_beat(Clock::duration delay);
  void turn();
  void end_turn();
  void read(const RedisData& data);
  void read_service(const std::string& name, Service& service, const RedisData& data);
  void repeat_reports(const std::string& name, const ServiceRow& row);
  void adopt(const std::string& name, Service& service, DocumentPtr document);
  bool take_offers();
  void see_dead(Service& service, const RedisData& data);
  bool change_something();
  bool change_ring(const std::string& name, Service& service);
  bool remove_dead(Service& service);
  /// max() when nobody is missing.
  [[nodiscard]] TimePoint next_removal(const Service& service) const;
  bool put_back(Service& service);
  void commit(const std::string& name, std::function<Outcome(Redis&, TimePoint)> request);
  [[nodiscard]] registry::ServiceFacts facts_of(const std::string& name, const Service& service) const;
  void publish();
  void publish_memberships();

  World& world_;
  Process& process_;
  const registry::Registration self_;
  registry::Trust trust_;
  topology::ViewMaker view_maker_;
  std::map<std::string, Service> services_;
  std::map<Key, registry::DonorProgress> donors_;
  std::map<Key, registry::ReceiverProgress> receivers_;
  std::map<Key, registry::DonorProgress> told_donors_;
  std::map<Key, registry::ReceiverProgress> told_receivers_;
  std::vector<DocumentPtr> offers_;
  std::optional<registry::ChangePolicy> leaving_;
  RedisData contents_;
  std::shared_ptr<const registry::Snapshot> published_;
  bool has_lease_ = false;
  bool has_stopped_ = false;
  bool is_up_ = true;
  bool was_up_ = false;
  bool is_turning_ = false;
  bool is_dirty_ = false;
  std::uint64_t lease_connection_ = 0;
  std::uint64_t directory_connection_ = 0;
  TimePoint may_change_from_;
  TimePoint may_remove_from_;
  TimePoint next_turn_;
  TimePoint next_beat_;
};

}  // namespace wscluster::simulation
