// SPDX-License-Identifier: MIT
#include <algorithm>

#include "commands.hpp"
#include "ring_job.hpp"

namespace wscluster::app {
namespace {

using registry::Action;
using registry::Change;
using registry::ChangeState;
using ring::Member;
using ring::MemberState;
using Members = std::vector<Member>;

std::string epoch_text(std::uint64_t epoch) {
  return "epoch " + std::to_string(epoch);
}

const Member* find_in(const Members& members, const std::string& name) {
  const auto at = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == name; });
  return at == members.end() ? nullptr : &*at;
}

double weight_in(const Members& members, const std::string& name) {
  const auto* member = find_in(members, name);
  return member == nullptr ? 0 : member->weight;
}

/// Of an epoch that is still needed: the open membership from there on, or the members of now. Memberships that compute
/// the same owners are kept once.
const Members& members_at(const ring::Document& document, std::uint64_t epoch) {
  for (const auto& open : document.open) {
    if (open.epoch >= epoch) return open.members;
  }
  return document.members;
}

/// What keeps a change from being taken back, whatever the ring looks like.
void check_kind(const RingJob& job, const Change& change) {
  const std::string what = "the change to " + epoch_text(change.to_epoch) + " (" + to_string(change.action) + " " +
                           change.node + ") cannot be aborted: ";
  if (change.from_epoch == 0) throw Failure(ExitCode::usage, what + "there was no ring before it");
  if (change.action == Action::dead) {
    throw Failure(ExitCode::usage, what + "the lease of " + change.node + " has ended",
                  "Start it again and it enters by itself");
  }
  const auto* record = job.ring.record(change.node);
  if (change.action == Action::leave && record != nullptr && record->is_alive) {
    throw Failure(ExitCode::usage, what + change.node + " is being stopped and would leave again",
                  "Start it again when it has ended");
  }
}

/// The members of now with those as before that the change has altered. Incarnations stay.
Members undo(const ring::Document& document, const Change& change) {
  const Members& before = members_at(document, change.from_epoch);
  const Members& after = members_at(document, change.to_epoch);
  Members members = document.members;
  bool has_any = false;
  for (const Members* side : {&before, &after}) {
    for (const Member& member : *side) {
      const double then = weight_in(before, member.name);
      const double made = weight_in(after, member.name);
      if (then == made) continue;
      has_any = true;
      const auto at = find_member(members, member.name);
      // An added one that is gone again needs no undoing; a removed one that is gone cannot come back by our writing.
      if (at == members.end() && then == 0) continue;
      if (at == members.end()) {
        throw Failure(ExitCode::usage,
                      member.name + " has left the ring since " + epoch_text(change.to_epoch) +
                          ", so its membership cannot be given back",
                      "Once it runs: wscluster ring add " + member.name);
      }
      if (at->weight != made && at->weight != then) {
        throw Failure(ExitCode::usage, member.name + " was changed again after " + epoch_text(change.to_epoch),
                      "Abort the later change first: wscluster ring history");
      }
      const auto* old = find_in(before, member.name);
      *at = {member.name, at->incarnation, then, MemberState::draining};
      if (old != nullptr) at->state = old->state, at->resume_weight = old->resume_weight;
    }
  }
  if (!has_any) {
    throw Failure(ExitCode::usage,
                  "the change to " + epoch_text(change.to_epoch) + " moves nothing, so there is nothing to abort");
  }
  return members;
}

const Change* newest_running(const registry::ServiceState* state) {
  if (state == nullptr) return nullptr;
  const auto at = std::find_if(state->running.rbegin(), state->running.rend(),
                               [](const Change& change) { return change.state != ChangeState::aborted; });
  return at == state->running.rend() ? nullptr : &*at;
}

const Change* running_at(const registry::ServiceState* state, std::uint64_t epoch) {
  if (state == nullptr) return nullptr;
  const auto& running = state->running;
  const auto at =
      std::find_if(running.begin(), running.end(), [&](const Change& change) { return change.to_epoch == epoch; });
  return at == running.end() ? nullptr : &*at;
}

/// The abort that took back the change of this epoch; watched, or told to be done.
int follow_abort(RingJob& job, const Change& aborted) {
  job.node = aborted.node;
  if (const auto* running = running_at(job.ring.state(), aborted.aborted_by)) return attach(job, *running);
  return nothing_to_do(job, Action::abort,
                       "is as it was before epoch " + std::to_string(aborted.to_epoch) + " since epoch " +
                           std::to_string(aborted.aborted_by));
}

int abort_change(RingJob& job, const Change& change) {
  check_kind(job, change);
  job.node = change.node;
  return apply(job, Action::abort, undo(*job.ring.document, change), change.to_epoch);
}

int abort_epoch(RingJob& job, std::uint64_t epoch) {
  const auto change = job.directory.load_change(job.ring.service, epoch);
  if (!change) {
    throw Failure(exit_code_for(change.error().code), change.error().message,
                  "The last 64 are kept: wscluster ring history");
  }
  if (change->state == ChangeState::aborted) return follow_abort(job, *change);
  if (change->state == ChangeState::done) {
    throw Failure(
        ExitCode::negative,
        "the change to " + epoch_text(epoch) + " is done since " + change->finished_at + ", so it cannot be aborted",
        "Change the ring back with: wscluster ring add|remove|weight");
  }
  return abort_change(job, *change);
}

}  // namespace

int run_ring_abort(const Invocation& invocation) {
  std::uint64_t epoch = 0;
  if (!invocation.arguments().empty()) {
    const auto read = config::read_value(config::Type::count, invocation.arguments().front(), epoch);
    if (!read) throw Failure(ExitCode::usage, "EPOCH: " + read.error().message);
  }
  RingJob job(invocation, "");
  if (epoch > 0) return abort_epoch(job, epoch);
  const auto* newest = newest_running(job.ring.state());
  if (newest == nullptr) {
    throw Failure(ExitCode::negative,
                  "no change of '" + job.ring.service + "' is running, so there is nothing to abort",
                  "The last ones: wscluster ring history");
  }
  // The same command again goes on watching; to abort an abort, name its epoch.
  if (newest->action == Action::abort) {
    job.node = newest->node;
    return attach(job, *newest);
  }
  return abort_change(job, *newest);
}

}  // namespace wscluster::app
