// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "registry/board.hpp"
#include "registry/change.hpp"
#include "registry/directory_loop.hpp"
#include "registry/instance_call.hpp"
#include "registry/lease_loop.hpp"
#include "registry/options.hpp"
#include "registry/registration.hpp"

namespace wscluster::registry {

/// The registry as a node or gateway uses it, with two threads of its own: one holds the lease, the other reads and
/// changes the ring. Made, started and stopped on one thread; everything else may be called from any.
class Agent {
 public:
  Agent(Options options, Registration self, Callbacks callbacks);
  /// As stop(), if that was not called.
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Takes the lease, then starts the threads. Waits for Redis up to wait_at_start, and for the lease of a crashed
  /// earlier life. Throws Failure: unavailable (Redis away), temp_fail (a living process has our name), no_permission,
  /// config.
  void start();
  /// Graceful: gives the lease back. The ring is left before, with leave(), if that is wanted.
  void stop();
  /// As a crash would leave things: the lease runs out by itself.
  void abandon();

  /// Nodes: our weight becomes 0 in every ring; on_left tells for each when we are out. Where we are the only one that
  /// can own anything, nothing happens.
  void leave(const ChangePolicy& policy);

  void set_stats(MemberStats stats);
  void report_donor(const std::string& service, std::uint64_t epoch, const DonorProgress& progress);
  void report_receiver(const std::string& service, std::uint64_t epoch, const ReceiverProgress& progress);
  /// Linked to every live process of the last snapshot; joining waits for it.
  void set_linked(bool linked);
  /// A document that came over a link; adopted if it is newer and of the same lineage.
  void offer_document(std::shared_ptr<const ring::Document> document);

  // Instances of upstream services (gateways), as a value or by name. While Redis is away, who is known is told that it
  // was renewed, and all else is Errc::unavailable.
  void carry_out(InstanceCall call);
  void register_instance(upstream::Instance instance, InstanceCallback callback);
  void renew_instance(std::string service, std::string id, std::optional<std::uint64_t> dirty_ms,
                      InstanceCallback callback);
  void cancel_instance(std::string service, std::string id, InstanceCallback callback);
  void set_instance_status(std::string service, std::string id, upstream::Status status, InstanceCallback callback);
  /// `own`: what the instance says of itself from now on, if that is known.
  void clear_instance_status(std::string service, std::string id, std::optional<upstream::Status> own,
                             InstanceCallback callback);
  void set_instance_metadata(std::string service, std::string id, std::map<std::string, std::string> entries,
                             InstanceCallback callback);
  /// One of our configuration: registered, and renewed as long as we run.
  void keep_instance(upstream::Instance instance);
  /// What a health check finds of such a one: up or down. The last gateway that changes its mind is right.
  void set_static_health(const std::string& service, const std::string& id, upstream::Status status);

  /// Once per turn of that core; the lease is renewed only if each did since the last renewal.
  void core_ticked(unsigned core) noexcept { board_.core_ticked(core); }
  /// Before input is handled. Lock-free.
  [[nodiscard]] bool is_suspended(TimePoint now) const noexcept { return now >= board_.valid_until(); }
  [[nodiscard]] TimePoint valid_until() const noexcept { return board_.valid_until(); }

  /// Whether to ask the other members, about twice per heartbeat, for their word that Redis is away. Lock-free.
  [[nodiscard]] bool wants_words() const noexcept { return board_.wants_words(); }
  /// The asker's question, with the rings it is in; true: answer yes (and we do not renew for two heartbeats).
  [[nodiscard]] bool give_word(const Life& asker, const std::vector<std::string>& services);
  /// The answer yes; `asked_at` is when our question was sent.
  void word_received(const Life& from, TimePoint asked_at);

 private:
  void end(bool keep_lease);

  Options options_;
  Registration self_;
  Callbacks callbacks_;
  Board board_;
  LeaseLoop lease_;
  DirectoryLoop directory_;
  std::thread lease_thread_;
  std::thread directory_thread_;
};

}  // namespace wscluster::registry
