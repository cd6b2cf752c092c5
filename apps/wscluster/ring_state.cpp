// SPDX-License-Identifier: MIT
#include "ring_state.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace wscluster::app {
namespace {

/// Services with a ring, and those that a registered node wants to enter.
std::vector<std::string> services_in(const registry::Snapshot& snapshot) {
  std::set<std::string> names;
  for (const auto& [name, state] : snapshot.services)
    names.insert(name);
  for (const auto& [name, state] : snapshot.upstreams)
    names.insert(name);
  for (const auto& member : snapshot.members) {
    if (member.registration.role != registry::Role::node) continue;
    names.insert(member.registration.services.begin(), member.registration.services.end());
  }
  return {names.begin(), names.end()};
}

std::string choose_service(const std::string& wanted, const registry::Snapshot& snapshot, const std::string& cluster) {
  const auto names = services_in(snapshot);
  std::string list;
  for (const auto& name : names)
    list += (list.empty() ? "" : ", ") + name;
  if (names.empty()) {
    throw Failure(ExitCode::no_node, "the cluster '" + cluster + "' has no ring and no nodes",
                  "Start one with: wscluster serve-node. Another cluster? Use --cluster or --redis");
  }
  if (wanted.empty() && names.size() == 1) return names.front();
  if (wanted.empty()) {
    throw Failure(ExitCode::usage, "there are several services: " + list,
                  "Add --service NAME or set WSCLUSTER_SERVICE");
  }
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
  const std::string nearest = closest_match(wanted, names);
  throw Failure(ExitCode::no_node, "the cluster '" + cluster + "' has no service '" + wanted + "'",
                nearest.empty() ? "There are: " + list : "Did you mean '" + nearest + "'?");
}

}  // namespace

const registry::ServiceState* RingState::state() const {
  const auto at = snapshot.services.find(service);
  return at == snapshot.services.end() ? nullptr : &at->second;
}

const upstream::Instance* RingState::instance(const std::string& name) const {
  const auto* all = instances();
  return all == nullptr ? nullptr : all->find_member(name);
}

const ring::Member* RingState::member(const std::string& name) const {
  if (document == nullptr) return nullptr;
  const auto& members = document->members;
  const auto at = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
  return at == members.end() ? nullptr : &*at;
}

const registry::MemberRecord* RingState::record(const std::string& name) const {
  const auto& members = snapshot.members;
  const auto at =
      std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.registration.name == name; });
  return at == members.end() ? nullptr : &*at;
}

namespace {

const registry::ServiceStats& stats_of(const RingState& state, const std::string& name) {
  static const registry::ServiceStats none;
  const auto* record = state.record(name);
  if (record == nullptr || !record->is_alive) return none;
  const auto at = record->stats.services.find(state.service);
  return at == record->stats.services.end() ? none : at->second;
}

}  // namespace

std::uint64_t RingState::sessions_of(const std::string& name) const {
  return stats_of(*this, name).sessions;
}
std::uint64_t RingState::misplaced_of(const std::string& name) const {
  return stats_of(*this, name).misplaced;
}

std::uint64_t RingState::sessions() const {
  std::uint64_t sum = 0;
  for (const auto& member : snapshot.members)
    sum += sessions_of(member.registration.name);
  return sum;
}

std::uint64_t RingState::misplaced() const {
  std::uint64_t sum = 0;
  for (const auto& member : snapshot.members)
    sum += misplaced_of(member.registration.name);
  return sum;
}

std::string RingState::state_word(const std::string& name) const {
  if (instances() != nullptr) {
    const auto* found = instance(name);
    return found == nullptr ? to_string(ring::MemberState::down) : to_lower(to_string(found->effective_status()));
  }
  const auto* seen = record(name);
  if (seen == nullptr || !seen->is_alive) return to_string(ring::MemberState::down);
  const auto* listed = member(name);
  if (listed != nullptr && listed->weight == 0) {
    return to_string(sessions_of(name) == 0 ? ring::MemberState::drained : ring::MemberState::draining);
  }
  return seen->stats.state;
}

RingState load_ring(const Invocation& invocation, const config::Config& config, registry::Directory& directory,
                    Alarms alarms) {
  auto snapshot = directory.load();
  if (!snapshot) {
    throw Failure(exit_code_for(snapshot.error().code), snapshot.error().message,
                  "Where Redis is: --redis URL, WSCLUSTER_REDIS_URL or redis.url");
  }
  RingState ring;
  ring.cluster = config.redis.cluster;
  ring.service = choose_service(invocation.text("service"), *snapshot, ring.cluster);
  ring.snapshot = std::move(*snapshot);
  if (const auto* state = ring.state()) ring.document = state->document;
  if (ring.document != nullptr) ring.ring = ring::HashRing(*ring.document);
  if (alarms == Alarms::told && !invocation.output().is_quiet && !invocation.output().is_json()) {
    for (const auto& alarm : ring.snapshot.alarms)
      print_error("wscluster: " + alarm + "\n");
  }
  return ring;
}

std::string owner_in(const ring::HashRing& ring, std::uint64_t position) {
  const auto* member = ring.owner_of(position);
  return member == nullptr ? "" : member->name;
}

std::string hex_of(std::uint64_t position) {
  return "0x" + to_hex(position);
}

Flag ring_service_flag() {
  return {.name = "service",
          .value = "NAME",
          .default_note = "the only one",
          .env = "WSCLUSTER_SERVICE",
          .text = "Service whose ring is meant"};
}

}  // namespace wscluster::app
