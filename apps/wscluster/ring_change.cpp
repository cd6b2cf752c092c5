// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/units.hpp"
#include "commands.hpp"
#include "ring_job.hpp"

namespace wscluster::app {
namespace {

using registry::Action;
using ring::MemberState;

/// Whether one of the last changes took the node out, so that the same command again has nothing to do.
bool has_left_lately(RingJob& job) {
  for (std::uint64_t epoch = job.ring.epoch(); epoch > 0 && epoch + 8 > job.ring.epoch(); --epoch) {
    const auto change = job.directory.load_change(job.ring.service, epoch);
    if (!change || change->node != job.node) continue;
    return change->action == Action::remove || change->action == Action::left || change->action == Action::leave ||
           change->action == Action::dead;
  }
  return false;
}

void check_weight(double weight, const std::string& name) {
  if (weight > 0 && weight <= 1000) return;
  throw Failure(ExitCode::usage, name + " must be above 0 and at most 1000",
                weight == 0 ? "To empty the node: wscluster ring drain NODE" : "");
}

std::string leaving_hint(const RingJob& job) {
  return "Bring it back with: wscluster ring add " + job.node;
}

/// Another weight for a member that has one.
int change_weight(RingJob& job, double weight) {
  auto members = job.ring.document->members;
  const auto at = find_member(members, job.node);
  if (at->weight == weight) {
    if (const auto* running = running_change(job, {Action::add, Action::join, Action::weight, Action::undrain})) {
      return attach(job, *running);
    }
    return nothing_to_do(job, Action::weight, "has this weight already");
  }
  at->weight = weight;
  return apply(job, Action::weight, std::move(members));
}

}  // namespace

int run_ring_add(const Invocation& invocation) {
  RingJob job(invocation, invocation.arguments().front());
  const auto weight = invocation.value<double>("weight");
  check_weight(weight, "--weight");
  const auto* listed = job.ring.member(job.node);
  if (listed != nullptr && listed->weight > 0) {
    if (invocation.has("weight") && listed->weight != weight) {
      static_cast<void>(live_node(job));
      return change_weight(job, weight);
    }
    if (const auto* running = running_change(job, {Action::add, Action::join, Action::weight, Action::undrain})) {
      return attach(job, *running);
    }
    return nothing_to_do(job, Action::add, "is already in the ring");
  }
  const auto& record = live_node(job);
  auto members = job.ring.document == nullptr ? std::vector<ring::Member>{} : job.ring.document->members;
  const double before =
      listed != nullptr && listed->resume_weight > 0 ? listed->resume_weight : record.registration.weight;
  const double wanted = invocation.has("weight") ? weight : before;
  if (const auto at = find_member(members, job.node); at != members.end()) {
    *at = {job.node, at->incarnation, wanted, MemberState::up};
  } else {
    members.push_back({job.node, record.registration.incarnation, wanted, MemberState::up});
  }
  return apply(job, Action::add, std::move(members));
}

int run_ring_remove(const Invocation& invocation) {
  RingJob job(invocation, invocation.arguments().front());
  const auto* listed = job.ring.member(job.node);
  if (listed == nullptr) {
    if (job.ring.record(job.node) != nullptr || has_left_lately(job)) {
      return nothing_to_do(job, Action::remove, "is not in the ring");
    }
    throw Failure(ExitCode::no_node, "'" + job.node + "' is not in the ring" + known_nodes(job),
                  "Its members: wscluster ring show");
  }
  const auto* record = job.ring.record(job.node);
  const bool is_alive = record != nullptr && record->is_alive;
  const bool force = invocation.has("force");
  if (force && is_alive) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is alive, so --force would lose its sessions",
                  "Without --force it hands them over first");
  }
  if (!force && listed->weight == 0 && listed->state != MemberState::drained) {
    if (const auto* running = running_change(job, {Action::remove, Action::leave})) return attach(job, *running);
    if (is_alive) return nothing_to_do(job, Action::remove, "is leaving already");
  }
  if (!force && !is_alive) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is silent, so nobody can empty it",
                  "If it is dead for good, add: --force");
  }
  auto members = job.ring.document->members;
  const auto at = find_member(members, job.node);
  if (force) {
    members.erase(at);
  } else {
    *at = {job.node, at->incarnation, 0, MemberState::draining};
  }
  return apply(job, Action::remove, std::move(members));
}

int run_ring_drain(const Invocation& invocation) {
  RingJob job(invocation, invocation.arguments().front());
  const auto& listed = live_member(job);
  if (listed.state == MemberState::drained) {
    if (const auto* running = running_change(job, {Action::drain})) return attach(job, *running);
    return nothing_to_do(job, Action::drain, "is drained already");
  }
  if (listed.weight == 0) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is leaving the ring, so it cannot stay as a drained member",
                  leaving_hint(job));
  }
  auto members = job.ring.document->members;
  *find_member(members, job.node) = {job.node, listed.incarnation, 0, MemberState::drained, listed.weight};
  return apply(job, Action::drain, std::move(members));
}

int run_ring_undrain(const Invocation& invocation) {
  RingJob job(invocation, invocation.arguments().front());
  const auto& listed = live_member(job);
  if (listed.weight > 0) {
    if (const auto* running = running_change(job, {Action::undrain})) return attach(job, *running);
    return nothing_to_do(job, Action::undrain, "is not drained");
  }
  if (listed.state != MemberState::drained) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is not drained, it is leaving the ring", leaving_hint(job));
  }
  auto members = job.ring.document->members;
  *find_member(members, job.node) = {job.node, listed.incarnation, listed.resume_weight, MemberState::up};
  return apply(job, Action::undrain, std::move(members));
}

int run_ring_weight(const Invocation& invocation) {
  double weight = 0;
  if (const auto read = config::read_value(config::Type::number, invocation.arguments().at(1), weight); !read) {
    throw Failure(ExitCode::usage, "W: " + read.error().message);
  }
  check_weight(weight, "W");
  RingJob job(invocation, invocation.arguments().front());
  const auto& listed = live_member(job);
  if (listed.state == MemberState::drained) {
    throw Failure(
        ExitCode::usage, "'" + job.node + "' is drained and owns nothing",
        "With this weight again: wscluster ring add " + job.node + " --weight " + invocation.arguments().at(1));
  }
  if (listed.weight == 0) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is leaving the ring", leaving_hint(job));
  }
  return change_weight(job, weight);
}

}  // namespace wscluster::app
