// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "invocation.hpp"
#include "registry/directory.hpp"
#include "ring/hash_ring.hpp"

namespace wscluster::app {

/// One service's ring as Redis has it at one moment.
struct RingState {
  std::string cluster;
  std::string service;
  registry::Snapshot snapshot;
  std::shared_ptr<const ring::Document> document;  ///< null: no epoch yet
  ring::HashRing ring;

  [[nodiscard]] const registry::ServiceState* state() const;
  /// Of an upstream service, whose ring is of instances; nullptr for one of nodes.
  [[nodiscard]] const upstream::UpstreamState* instances() const { return snapshot.upstream(service); }
  /// By its name in the ring; nullptr when there is none.
  [[nodiscard]] const upstream::Instance* instance(const std::string& name) const;
  /// nullptr when the document has no such member.
  [[nodiscard]] const ring::Member* member(const std::string& name) const;
  /// nullptr when no process of this name is registered.
  [[nodiscard]] const registry::MemberRecord* record(const std::string& name) const;
  [[nodiscard]] std::uint64_t sessions_of(const std::string& name) const;
  [[nodiscard]] std::uint64_t misplaced_of(const std::string& name) const;
  [[nodiscard]] std::uint64_t sessions() const;
  [[nodiscard]] std::uint64_t misplaced() const;
  [[nodiscard]] std::uint64_t epoch() const { return document == nullptr ? 0 : document->epoch; }
  /// The word for tables: what the node says of itself, unless it leaves or is silent; an instance's status.
  [[nodiscard]] std::string state_word(const std::string& name) const;
};

/// told: entries of Redis that cannot be read go to stderr, where that is for people. kept: the caller shows them.
enum class Alarms : std::uint8_t { told, kept };

/// --service or the only one. Throws Failure: unavailable without Redis, usage when there are several services, no_node
/// for an unknown service.
[[nodiscard]] RingState load_ring(const Invocation& invocation, const config::Config& config,
                                  registry::Directory& directory, Alarms alarms = Alarms::told);

/// The name of whoever owns the position; empty when nobody does.
[[nodiscard]] std::string owner_in(const ring::HashRing& ring, std::uint64_t position);

/// "0x8c1f22d0a9e41b77"
[[nodiscard]] std::string hex_of(std::uint64_t position);

/// The --service flag of commands that ask Redis.
[[nodiscard]] Flag ring_service_flag();

}  // namespace wscluster::app
