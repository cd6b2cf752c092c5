// SPDX-License-Identifier: MIT
#include <pwd.h>
#include <unistd.h>
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "ring_plan.hpp"
#include "ring_watch.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Action;

/// One run of add or remove.
struct Job {
  const Invocation& invocation;
  config::Config config;
  registry::Directory directory;
  RingState ring;
  std::string node;

  explicit Job(const Invocation& i)
      : invocation(i), config(i.load_config()), directory(config.redis), node(i.arguments().front()) {
    if (const auto good = check_member_name(node); !good)
      throw Failure(ExitCode::usage, "NODE: " + good.error().message);
    ring = load_ring(i, config, directory);
  }
};

std::string who_am_i() {
  const auto* entry = ::getpwuid(::getuid());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return (entry == nullptr ? std::to_string(::getuid()) : std::string(entry->pw_name)) + "@" + host.data();
}

json::object head_of(const Job& job, Action action, bool changed) {
  return {{"schema", "wscluster/ring-change/v1"},
          {"service", job.ring.service},
          {"action", to_string(action)},
          {"node", job.node},
          {"dry_run", job.invocation.has("dry-run")},
          {"changed", changed},
          {"from_epoch", job.ring.epoch()},
          {"to_epoch", job.ring.epoch()}};
}

int nothing_to_do(const Job& job, Action action, const std::string& why) {
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

/// The running change that an earlier run of the same command has started.
const registry::Change* running_change(const Job& job, std::initializer_list<Action> actions) {
  const auto* state = job.ring.state();
  if (state == nullptr) return nullptr;
  for (auto at = state->running.rbegin(); at != state->running.rend(); ++at) {
    if (at->node == job.node && std::find(actions.begin(), actions.end(), at->action) != actions.end()) return &*at;
  }
  return nullptr;
}

int attach(Job& job, const registry::Change& change) {
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

void check_epoch(const Job& job) {
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
std::string apply_line(const Job& job) {
  const auto& invocation = job.invocation;
  std::string line = "wscluster " + invocation.command().path + " " + job.node;
  for (const auto* flag : {"config", "redis", "cluster", "service", "weight", "force", "confirm", "rate", "spread",
                           "settle", "close-code", "close-reason"}) {
    if (find_flag(invocation.command(), flag) == nullptr || !invocation.has(flag)) continue;
    line += std::string(" --") + flag;
    if (!find_flag(invocation.command(), flag)->is_switch()) line += " " + quoted_if_needed(invocation.text(flag));
  }
  return line + " --if-epoch " + std::to_string(job.ring.epoch()) + " --yes";
}

int show_plan(const Job& job, const RingPlan& plan) {
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

bool answers_yes(const std::string& question) {
  print_error(question + " [y/N] ");
  std::string line;
  std::getline(std::cin, line);
  const std::string answer = to_lower(trim(line));
  return answer == "y" || answer == "yes";
}

/// Harm must be wanted: --yes, or an answer on a terminal; what hurts most wants the name.
bool is_agreed(const Job& job, const RingPlan& plan, bool is_severe) {
  const auto& invocation = job.invocation;
  const std::string sessions = format_count(plan.evicted) + " sessions";
  if (is_severe && invocation.text("confirm") != job.node) {
    throw Failure(ExitCode::usage,
                  invocation.command().path + " " + job.node + " evicts " + sessions + " of " +
                      format_count(plan.sessions) +
                      (plan.plan.moves().empty() ? "" : ", more than half or all of them"),
                  "If that is meant, add: --confirm " + job.node);
  }
  if (plan.evicted == 0 || invocation.has("yes") || is_severe) return true;
  if (!invocation.output().may_ask) {
    throw Failure(ExitCode::usage, invocation.command().path + " evicts about " + sessions +
                                       "; pass --yes to go on or --dry-run to look");
  }
  const double share = plan.sessions == 0 ? 0 : static_cast<double>(plan.evicted) / static_cast<double>(plan.sessions);
  return answers_yes("Evict about " + sessions + " (" + percent(share) + ") at " + format_rate(plan.policy.rate) + "?");
}

int apply(Job& job, RingPlan plan, bool is_severe) {
  check_epoch(job);
  set_policy(job.invocation, plan);
  if (job.invocation.has("dry-run")) return show_plan(job, plan);
  if (!is_agreed(job, plan, is_severe)) {
    print_error("Nothing was changed.\n");
    return static_cast<int>(ExitCode::negative);
  }
  const auto change =
      job.directory.commit(job.ring.document.get(), plan.next, plan.action, job.node, plan.policy, who_am_i());
  if (!change) {
    const bool is_conflict = change.error().code == Errc::conflict;
    throw Failure(exit_code_for(change.error().code), change.error().message,
                  is_conflict ? "Nothing was written; look with 'wscluster ring show' and try again" : "");
  }
  auto out = head_of(job, plan.action, true);
  add_plan(out, job.invocation, plan);
  if (!job.invocation.has("detach")) {
    return watch_change(job.invocation, job.config, job.directory, *change, std::move(out));
  }
  add_progress(out, *change);
  if (job.invocation.output().is_json()) {
    print(render_json(out, job.invocation.output()));
  } else if (!job.invocation.output().is_quiet) {
    print("Epoch " + std::to_string(change->to_epoch) + " is written; the nodes carry it out.\n");
  }
  return 0;
}

/// " (there are node-1, node-2)": of few names, a near one is no help.
std::string known_nodes(const Job& job) {
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

/// The node's registration; it must be alive and serve the service.
const registry::MemberRecord& live_node(const Job& job) {
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

/// Whether one of the last changes took the node out, so that the same command again has nothing to do.
bool has_left_lately(Job& job) {
  for (std::uint64_t epoch = job.ring.epoch(); epoch > 0 && epoch + 8 > job.ring.epoch(); --epoch) {
    const auto change = job.directory.load_change(job.ring.service, epoch);
    if (!change || change->node != job.node) continue;
    return change->action == Action::remove || change->action == Action::left || change->action == Action::leave ||
           change->action == Action::dead;
  }
  return false;
}

}  // namespace

int run_ring_add(const Invocation& invocation) {
  Job job(invocation);
  const auto weight = invocation.value<double>("weight");
  if (!(weight > 0) || weight > 1000) throw Failure(ExitCode::usage, "--weight must be above 0 and at most 1000");
  auto members = job.ring.document == nullptr ? std::vector<ring::Member>{} : job.ring.document->members;
  const auto at = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == job.node; });
  auto action = Action::add;
  if (at != members.end() && at->weight > 0) {
    if (!invocation.has("weight") || at->weight == weight) {
      if (const auto* running = running_change(job, {Action::add, Action::join, Action::weight})) {
        return attach(job, *running);
      }
      return nothing_to_do(job, Action::add, "is already in the ring");
    }
    action = Action::weight;
  }
  const auto& record = live_node(job);
  if (at != members.end()) {
    at->weight = weight;
    at->state = ring::MemberState::up;
  } else {
    const double its_own = invocation.has("weight") ? weight : record.registration.weight;
    members.push_back({job.node, record.registration.incarnation, its_own, ring::MemberState::up});
  }
  return apply(job, make_plan(job.ring, action, job.node, std::move(members), who_am_i()), false);
}

int run_ring_remove(const Invocation& invocation) {
  Job job(invocation);
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
  if (!force && listed->weight == 0) {
    if (const auto* running = running_change(job, {Action::remove, Action::leave})) return attach(job, *running);
    if (is_alive) return nothing_to_do(job, Action::remove, "is leaving already");
  }
  if (!force && !is_alive) {
    throw Failure(ExitCode::usage, "'" + job.node + "' is silent, so nobody can empty it",
                  "If it is dead for good, add: --force");
  }
  auto members = job.ring.document->members;
  if (force) {
    std::erase_if(members, [&](const auto& m) { return m.name == job.node; });
  } else {
    const auto at = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == job.node; });
    at->weight = 0;
    at->state = ring::MemberState::draining;
  }
  const bool is_last = std::none_of(members.begin(), members.end(), [](const auto& m) { return m.weight > 0; });
  auto plan = make_plan(job.ring, Action::remove, job.node, std::move(members), who_am_i());
  const bool is_severe = is_last || plan.evicted * 2 > plan.sessions;
  return apply(job, std::move(plan), is_severe);
}

}  // namespace wscluster::app
