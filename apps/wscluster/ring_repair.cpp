// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>

#include "base/units.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "ring_job.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::MemberRecord;

constexpr Duration repair_interval{100};

/// What one living process holds, or what Redis has.
struct Holding {
  std::string who;
  std::uint64_t epoch = 0;  ///< 0: nothing
  std::string digest;
  std::uint64_t lineage = 0;

  [[nodiscard]] bool is_same(const Holding& other) const { return epoch == other.epoch && digest == other.digest; }
};

Holding holding_of(const MemberRecord& member, const std::string& service) {
  Holding holding{member.registration.name, 0, {}, 0};
  if (const auto stats = member.stats.services.find(service); stats != member.stats.services.end()) {
    holding.epoch = stats->second.adopted;
    holding.digest = stats->second.digest;
    holding.lineage = stats->second.lineage;
  }
  return holding;
}

std::vector<Holding> holdings_of(const RingState& ring) {
  std::vector<Holding> all{{"(Redis)", 0, {}, 0}};
  if (ring.document != nullptr) {
    all.front() = {"(Redis)", ring.document->epoch, ring.document->digest, ring.document->lineage};
  }
  for (const auto& member : ring.snapshot.members) {
    if (member.is_alive) all.push_back(holding_of(member, ring.service));
  }
  return all;
}

json::object json_of(const RingJob& job, const Holding& wanted, const std::vector<Holding>& holdings) {
  json::array list;
  for (const Holding& holding : holdings) {
    list.push_back(json::object{{"name", holding.who},
                                {"epoch", holding.epoch},
                                {"digest", holding.digest},
                                {"lineage", hex_of(holding.lineage)},
                                {"same", holding.is_same(wanted)}});
  }
  return {{"schema", "wscluster/ring-repair/v1"},
          {"service", job.ring.service},
          {"from", job.node},
          {"dry_run", job.invocation.has("dry-run")},
          {"changed", false},
          {"from_epoch", wanted.epoch},
          {"to_epoch", wanted.epoch},
          {"holders", std::move(list)}};
}

void show(const RingJob& job, const Holding& wanted, const std::vector<Holding>& holdings) {
  Table table({{"PROCESS"}, {"EPOCH", true}, {"DIGEST"}, {"ORIGIN"}, {"AFTERWARDS"}});
  for (const Holding& holding : holdings) {
    const bool is_foreign = holding.epoch != 0 && holding.lineage != wanted.lineage;
    const std::string effect = holding.is_same(wanted) ? "keeps it" : is_foreign ? "starts anew" : "follows";
    table.add({holding.who, holding.epoch == 0 ? "-" : std::to_string(holding.epoch), holding.digest.substr(0, 12),
               holding.epoch == 0 ? "" : hex_of(holding.lineage), effect});
  }
  print(table.render(job.invocation.output()));
}

/// The process that was named, alive. Any role: a gateway may be the last one that holds the ring.
const MemberRecord& living_process(const RingJob& job) {
  const auto* record = job.ring.record(job.node);
  if (record == nullptr) {
    throw Failure(ExitCode::no_node, "no process '" + job.node + "' is registered" + known_nodes(job));
  }
  if (!record->is_alive) {
    throw Failure(ExitCode::no_node, "'" + job.node + "' has been silent for " + format_duration(record->silence),
                  "Only a living process can hand its document over");
  }
  return *record;
}

/// What others have and would lose must be wanted by name.
bool is_agreed(const RingJob& job, const Holding& wanted, const std::vector<Holding>& holdings) {
  const auto& invocation = job.invocation;
  const auto others =
      std::count_if(holdings.begin(), holdings.end(), [&](const Holding& holding) { return !holding.is_same(wanted); });
  const bool is_severe = std::any_of(holdings.begin(), holdings.end(), [&](const Holding& holding) {
    return holding.epoch > wanted.epoch || (holding.epoch != 0 && holding.lineage != wanted.lineage);
  });
  const std::string effect = "ring repair would make epoch " + std::to_string(wanted.epoch) + " of " + job.node +
                             " the ring in place of what " + std::to_string(others) + " others have";
  if (is_severe && invocation.text("confirm") != job.node) {
    throw Failure(ExitCode::usage, effect + ", some of it newer or of another origin",
                  "If that is meant, add: --confirm " + job.node);
  }
  if (is_severe || invocation.has("yes")) return true;
  if (!invocation.output().may_ask) {
    throw Failure(ExitCode::usage, effect + "; pass --yes to go on or --dry-run to look");
  }
  return answers_yes(effect + ". Go on?");
}

/// 0 until the named process has written it.
std::uint64_t repaired_epoch(RingJob& job, const Holding& wanted) {
  const auto request = job.directory.load_repair(job.ring.service);
  if (!request) throw Failure(request.error());
  if (*request) {
    if ((*request)->answer.empty()) return 0;
    static_cast<void>(job.directory.withdraw_repair(job.ring.service));
    throw Failure(ExitCode::temp_fail, job.node + " did not do it: " + (*request)->answer,
                  "Nothing was changed; look again with --dry-run");
  }
  job.ring = load_ring(job.invocation, job.config, job.directory, Alarms::kept);
  const auto& document = job.ring.document;
  if (document != nullptr && document->repaired > wanted.epoch) return document->epoch;
  throw Failure(ExitCode::temp_fail, "the request was withdrawn by somebody else", "Look again with --dry-run");
}

bool all_follow(const RingState& ring) {
  return std::all_of(ring.snapshot.members.begin(), ring.snapshot.members.end(), [&](const MemberRecord& member) {
    return !member.is_alive || holding_of(member, ring.service).epoch >= ring.epoch();
  });
}

/// Waits for the process, then for everybody; the exit code.
int carry_out(RingJob& job, const Holding& wanted, json::object out) {
  const auto& output = job.invocation.output();
  const Interrupt interrupt;
  const TimePoint deadline = Clock::now() + job.invocation.value<Duration>("timeout");
  std::uint64_t epoch = 0;
  for (;;) {
    if (epoch == 0) {
      epoch = repaired_epoch(job, wanted);
    } else {
      job.ring = load_ring(job.invocation, job.config, job.directory, Alarms::kept);
    }
    if (epoch != 0 && all_follow(job.ring)) break;
    if (Clock::now() >= deadline || interrupt.is_requested()) {
      if (epoch == 0) static_cast<void>(job.directory.withdraw_repair(job.ring.service));
      if (interrupt.is_requested()) return interrupt.exit_code();
      throw Failure(ExitCode::temp_fail,
                    epoch == 0 ? job.node + " has not answered in time; nothing was changed"
                               : "epoch " + std::to_string(epoch) + " is written, but not everybody follows it yet",
                    epoch == 0 ? "See its log" : "Who does not: wscluster ring check");
    }
    interrupt.sleep_for(repair_interval);
  }
  out["changed"] = true;
  out["to_epoch"] = epoch;
  if (output.is_json()) {
    print(render_json(out, output));
  } else if (!output.is_quiet) {
    print("Epoch " + std::to_string(epoch) + " is the ring, repaired from " + job.node + "; everybody follows it.\n");
  }
  return 0;
}

}  // namespace

int run_ring_repair(const Invocation& invocation) {
  if (!invocation.has("from")) {
    throw Failure(ExitCode::usage, "--from is missing: whose document is to be the ring?",
                  "What everybody holds: wscluster ring repair --from NODE --dry-run");
  }
  RingJob job(invocation, invocation.text("from"));
  const auto& record = living_process(job);
  const Holding wanted = holding_of(record, job.ring.service);
  if (wanted.epoch == 0 || wanted.digest.empty()) {
    throw Failure(ExitCode::no_node, "'" + job.node + "' holds no ring of '" + job.ring.service + "'");
  }
  const auto holdings = holdings_of(job.ring);
  auto out = json_of(job, wanted, holdings);
  const auto& output = invocation.output();
  const bool is_needed =
      std::any_of(holdings.begin(), holdings.end(), [&](const Holding& holding) { return !holding.is_same(wanted); });
  if (!is_needed || invocation.has("dry-run")) {
    if (output.is_json()) {
      print(render_json(out, output));
      return 0;
    }
    show(job, wanted, holdings);
    if (!is_needed && !output.is_quiet) print_error("Everybody has what " + job.node + " holds, nothing to do.\n");
    if (is_needed && !output.is_quiet) print_error("Nothing was changed.\n");
    return 0;
  }
  if (!is_agreed(job, wanted, holdings)) {
    print_error("Nothing was changed.\n");
    return static_cast<int>(ExitCode::negative);
  }
  const registry::RepairRequest request{
      job.ring.service, job.node, record.registration.incarnation, wanted.epoch, wanted.digest, who_am_i(), 0, {}};
  if (const auto asked = job.directory.ask_repair(request); !asked) throw Failure(asked.error());
  return carry_out(job, wanted, std::move(out));
}

}  // namespace wscluster::app
