// SPDX-License-Identifier: MIT
#include "ring_job.hpp"

#include <pwd.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iostream>

#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "ring_watch.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Action;

json::object head_of(const RingJob& job, Action action, bool changed) {
  return {{"schema", "wscluster/ring-change/v1"},
          {"service", job.ring.service},
          {"action", to_string(action)},
          {"node", job.node},
          {"dry_run", job.invocation.has("dry-run")},
          {"changed", changed},
          {"from_epoch", job.ring.epoch()},
          {"to_epoch", job.ring.epoch()}};
}

void check_epoch(const RingJob& job) {
  if (!job.invocation.has("if-epoch")) return;
  const auto wanted = job.invocation.value<std::uint64_t>("if-epoch");
  if (wanted == job.ring.epoch()) return;
  throw Failure(ExitCode::temp_fail,
                "the ring is at epoch " + std::to_string(job.ring.epoch()) + ", not " + std::to_string(wanted) +
                    ": somebody changed it meanwhile",
                "Look again with --dry-run");
}

std::string quoted_if_needed(const std::string& text) {
  const bool is_plain = !text.empty() && text.find_first_not_of(
                                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_./:%,@") == std::string::npos;
  return is_plain ? text : "'" + text + "'";
}

/// The command that applies exactly this plan.
std::string apply_line(const RingJob& job) {
  const auto& invocation = job.invocation;
  std::string line = "wscluster " + invocation.command().path;
  for (const auto& word : invocation.arguments())
    line += " " + word;
  for (const auto* flag : {"config", "redis", "cluster", "service", "weight", "force", "confirm", "evict", "rate",
                           "spread", "lb-wait", "deadline", "settle", "close-code", "close-reason"}) {
    if (find_flag(invocation.command(), flag) == nullptr || !invocation.has(flag)) continue;
    line += std::string(" --") + flag;
    if (!find_flag(invocation.command(), flag)->is_switch()) line += " " + quoted_if_needed(invocation.text(flag));
  }
  return line + " --if-epoch " + std::to_string(job.ring.epoch()) + " --yes";
}

int show_plan(const RingJob& job, const RingPlan& plan) {
  const auto& output = job.invocation.output();
  if (output.is_json()) {
    auto out = head_of(job, plan.action, false);
    out["to_epoch"] = plan.next.epoch;
    out["state"] = "planned";
    add_plan(out, job.invocation, plan);
    print(render_json(out, output));
    return 0;
  }
  print(render_plan(job.invocation, job.ring, plan));
  if (!output.is_quiet) {
    print_error("Nothing was changed. To apply exactly this plan:\n  " + apply_line(job) + "\n");
  }
  return 0;
}

/// Harm must be wanted: --yes, or an answer on a terminal; what hurts most wants the name.
bool is_agreed(const RingJob& job, const RingPlan& plan) {
  const auto& invocation = job.invocation;
  const std::string effect = invocation.command().path + " would " + plan.verb() + " about " +
                             format_count(plan.affected()) + (plan.is_severe() ? " of " : " sessions");
  if (plan.is_severe() && invocation.text("confirm") != job.node) {
    throw Failure(ExitCode::usage,
                  plan.empties_ring() ? invocation.command().path + " would leave no node that owns anything"
                                      : effect + format_count(plan.sessions) + " sessions, more than half",
                  "If that is meant, add: --confirm " + job.node);
  }
  if (plan.affected() == 0 || invocation.has("yes") || plan.is_severe()) return true;
  if (!invocation.output().may_ask) {
    throw Failure(ExitCode::usage, effect + "; pass --yes to go on or --dry-run to look");
  }
  return answers_yes(plan.question());
}

}  // namespace

std::string who_am_i() {
  const auto* entry = ::getpwuid(::getuid());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return (entry == nullptr ? std::to_string(::getuid()) : std::string(entry->pw_name)) + "@" + host.data();
}

bool answers_yes(const std::string& question) {
  print_error(question + " [y/N] ");
  std::string line;
  std::getline(std::cin, line);
  const std::string answer = to_lower(trim(line));
  return answer == "y" || answer == "yes";
}

RingJob::RingJob(const Invocation& i, std::string subject)
    : invocation(i), config(i.load_config()), directory(config.redis), node(std::move(subject)) {
  if (!node.empty()) {
    if (const auto good = check_member_name(node); !good)
      throw Failure(ExitCode::usage, "NODE: " + good.error().message);
  }
  ring = load_ring(i, config, directory);
  if (ring.instances() != nullptr && invocation.command().path != "ring repair") {
    throw Failure(ExitCode::usage,
                  "'" + ring.service + "' is an upstream service: its ring is made of the instances that are up",
                  "To take one out: PUT /api/v1/services/" + ring.service +
                      "/instances/ID/status {\"status\":\"OUT_OF_SERVICE\"} at a gateway; DELETE there undoes it");
  }
}

int nothing_to_do(const RingJob& job, Action action, const std::string& why) {
  const auto& output = job.invocation.output();
  if (output.is_json()) {
    auto out = head_of(job, action, false);
    out["state"] = "done";
    print(render_json(out, output));
  } else if (!output.is_quiet) {
    print(job.node + " " + why + ", nothing to do\n");
  }
  return 0;
}

const registry::Change* running_change(const RingJob& job, std::initializer_list<Action> actions) {
  const auto* state = job.ring.state();
  if (state == nullptr) return nullptr;
  for (auto at = state->running.rbegin(); at != state->running.rend(); ++at) {
    if (at->state == registry::ChangeState::aborted) continue;
    if (at->node == job.node && std::find(actions.begin(), actions.end(), at->action) != actions.end()) return &*at;
  }
  return nullptr;
}

int attach(RingJob& job, const registry::Change& change) {
  if (job.invocation.has("dry-run")) return nothing_to_do(job, change.action, "is already on its way");
  if (!job.invocation.output().is_quiet) {
    print_error("The change to epoch " + std::to_string(change.to_epoch) + " is already running; watching it.\n");
  }
  auto out = head_of(job, change.action, false);
  if (job.invocation.has("detach")) {
    add_progress(out, change);
    if (job.invocation.output().is_json()) print(render_json(out, job.invocation.output()));
    return 0;
  }
  return watch_change(job.invocation, job.config, job.directory, change, std::move(out));
}

int apply(RingJob& job, Action action, std::vector<ring::Member> members, std::uint64_t aborts) {
  check_epoch(job);
  auto plan = make_plan(job.ring, action, job.node, std::move(members), who_am_i());
  set_policy(job.invocation, job.ring, plan);
  if (job.invocation.has("dry-run")) return show_plan(job, plan);
  if (!is_agreed(job, plan)) {
    print_error("Nothing was changed.\n");
    return static_cast<int>(ExitCode::negative);
  }
  const auto change =
      job.directory.commit(job.ring.document.get(), plan.next, action, job.node, plan.policy, who_am_i(), aborts);
  if (!change) {
    const bool is_conflict = change.error().code == Errc::conflict;
    throw Failure(exit_code_for(change.error().code), change.error().message,
                  is_conflict ? "Nothing was written; look with 'wscluster ring show' and try again" : "");
  }
  if (!job.directory.warning().empty()) print_error("wscluster: " + job.directory.warning() + "\n");
  auto out = head_of(job, action, true);
  add_plan(out, job.invocation, plan);
  if (!job.invocation.has("detach")) {
    return watch_change(job.invocation, job.config, job.directory, *change, std::move(out));
  }
  add_progress(out, *change);
  if (job.invocation.output().is_json()) {
    print(render_json(out, job.invocation.output()));
  } else if (!job.invocation.output().is_quiet) {
    print("Epoch " + std::to_string(change->to_epoch) +
          " is written; the nodes carry it out. Follow it: wscluster ring watch\n");
  }
  return 0;
}

std::vector<ring::Member>::iterator find_member(std::vector<ring::Member>& members, const std::string& name) {
  return std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
}

std::string known_nodes(const RingJob& job) {
  constexpr std::size_t few = 8;
  std::string names;
  std::size_t count = 0;
  for (const auto& member : job.ring.snapshot.members) {
    if (member.registration.role != registry::Role::node || ++count > few) continue;
    names += (names.empty() ? "" : ", ") + member.registration.name;
  }
  if (count == 0) return "";
  return " (there are " + names + (count > few ? " and " + std::to_string(count - few) + " more)" : ")");
}

const registry::MemberRecord& live_node(const RingJob& job) {
  const auto* record = job.ring.record(job.node);
  if (record == nullptr || record->registration.role != registry::Role::node) {
    throw Failure(ExitCode::no_node, "no node '" + job.node + "' is registered" + known_nodes(job),
                  "Start it with: wscluster serve-node --name " + job.node + " --standby");
  }
  if (!record->is_alive) {
    throw Failure(ExitCode::no_node, "'" + job.node + "' has been silent for " + format_duration(record->silence),
                  "Start it again, then repeat this command");
  }
  const auto& services = record->registration.services;
  if (std::find(services.begin(), services.end(), job.ring.service) == services.end()) {
    throw Failure(ExitCode::no_node, "'" + job.node + "' does not serve '" + job.ring.service + "'",
                  "Add the service to its configuration and start it again");
  }
  return *record;
}

const ring::Member& live_member(const RingJob& job) {
  const auto* listed = job.ring.member(job.node);
  if (listed == nullptr) {
    throw Failure(ExitCode::no_node, "'" + job.node + "' is not in the ring" + known_nodes(job),
                  "Its members: wscluster ring show");
  }
  const auto* record = job.ring.record(job.node);
  if (record == nullptr || !record->is_alive) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is silent, so nobody can empty or fill it",
                  "If it is dead for good: wscluster ring remove " + job.node + " --force");
  }
  return *listed;
}

}  // namespace wscluster::app
