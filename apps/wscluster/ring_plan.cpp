// SPDX-License-Identifier: MIT
#include "ring_plan.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <set>

#include "base/random.hpp"
#include "base/units.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Evict;

/// Gateways learn of a leaving node at once; this is for what stands in front of nodes.
constexpr Duration default_lb_wait{2'000};

Failure too_many_changes(const RingState& ring) {
  std::string epochs;
  for (const auto& change : ring.state()->running)
    epochs += (epochs.empty() ? "" : ", ") + std::to_string(change.to_epoch);
  return {ExitCode::temp_fail,
          std::to_string(ring.document->open.size()) + " changes of '" + ring.service + "' are running (epochs " +
              epochs + "); the next one has to wait until one of them is done",
          "Wait for them: wscluster ring wait"};
}

ring::Document next_of(const RingState& ring, std::vector<ring::Member> members, const std::string& by,
                       const std::string& why) {
  const std::string now = format_rfc3339(WallClock::now());
  const auto next =
      ring.document == nullptr
          ? ring::first_document(ring.service, random_id(), random_id(), std::move(members), by, why, now)
          : ring::next_document(*ring.document, std::move(members), by, why, now,
                                ring.state()->done_through);
  if (next && next->open.size() <= registry::max_planned_open) return *next;
  if (next || next.error().code == Errc::conflict) throw too_many_changes(ring);
  throw Failure(next.error());
}

/// Keys are spread evenly, so a donor's sessions go in proportion to the share of its keys.
std::uint64_t estimate(const RingState& ring, const std::string& donor, double share) {
  const double owned = ring.ring.owned_ratio(donor);
  if (owned <= 0) return 0;
  return static_cast<std::uint64_t>(
      std::llround(static_cast<double>(ring.sessions_of(donor)) * std::min(1.0, share / owned)));
}

double share_of(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

bool somebody_leaves(const RingState& ring, const ring::Document& next) {
  if (ring.document == nullptr) return false;
  const auto& before = ring.document->members;
  return std::any_of(before.begin(), before.end(), [&](const ring::Member& member) {
    const auto at = std::find_if(next.members.begin(), next.members.end(),
                                 [&](const ring::Member& other) { return other.name == member.name; });
    return member.weight > 0 && (at == next.members.end() || at->weight == 0);
  });
}

/// --rate or --spread.
void set_pace(const Invocation& invocation, RingPlan& plan) {
  if (invocation.has("rate") && invocation.has("spread")) {
    throw Failure(ExitCode::usage, "--rate and --spread say the same thing in two ways; give one of them");
  }
  plan.policy.rate = invocation.value<double>("rate");
  if (invocation.has("spread")) {
    const double time = seconds(invocation.value<Duration>("spread"));
    if (time <= 0) throw Failure(ExitCode::usage, "--spread must be more than 0s");
    plan.policy.rate = std::max(1.0, static_cast<double>(plan.affected()) / time);
  }
  if (plan.policy.rate <= 0) throw Failure(ExitCode::usage, "--rate must be more than 0/s");
}

/// What happens to whom, and how long the closes take.
std::string describe_effect(const RingPlan& plan) {
  const auto& policy = plan.policy;
  const std::string code = std::to_string(policy.close_code);
  std::string out = "About " + format_count(plan.affected()) + " of " + format_count(plan.sessions) + " sessions (" +
                    percent(share_of(plan.affected(), plan.sessions)) + ") ";
  switch (policy.evict) {
    case Evict::moved:
      out += "will be moved with open sockets behind a gateway, or closed with " + code + ".\n";
      break;
    case Evict::all:
      out += "will be closed with " + code + ": all of the nodes that lose keys.\n";
      break;
    case Evict::none:
      return out + "will be moved; no socket is closed.\n";
  }
  const auto time =
      std::chrono::seconds(static_cast<std::int64_t>(std::ceil(static_cast<double>(plan.affected()) / policy.rate)));
  out += "Closes take at most about " + format_duration(time) + " at " + format_rate(policy.rate);
  if (policy.lb_wait > Duration(0)) out += " and begin after " + format_duration(policy.lb_wait);
  if (policy.deadline > Duration(0)) {
    out += "; what is left after " + format_duration(policy.deadline) + " is closed at once";
  }
  return out + ".\n";
}

}  // namespace

std::uint64_t RingPlan::affected() const {
  return policy.evict == Evict::all ? of_donors : moving;
}

const char* RingPlan::verb() const {
  return policy.evict == Evict::all ? "close" : policy.evict == Evict::none ? "move" : "move or close";
}

bool RingPlan::empties_ring() const {
  return std::none_of(next.members.begin(), next.members.end(), [](const auto& member) { return member.weight > 0; });
}

std::string RingPlan::question() const {
  std::string text(verb());
  text.front() = static_cast<char>(text.front() - 'a' + 'A');
  text += " about " + format_count(affected()) + " sessions (" + percent(share_of(affected(), sessions)) + ")";
  return text + (policy.evict == Evict::none ? "?" : ", closes at " + format_rate(policy.rate) + "?");
}

RingPlan make_plan(const RingState& ring, registry::Action action, const std::string& node,
                   std::vector<ring::Member> members, const std::string& by) {
  RingPlan plan;
  plan.action = action;
  plan.node = node;
  plan.next = next_of(ring, std::move(members), by, std::string(to_string(action)) + " " + node);
  const ring::HashRing after(plan.next);
  const ring::HashRing before =
      ring.document == nullptr ? ring::HashRing({}, plan.next.seed, plan.next.points_per_weight) : ring.ring;
  plan.plan = ring::plan(before, after);
  std::set<std::string> donors;
  for (const auto& move : plan.plan.moves()) {
    plan.move_sessions.push_back(estimate(ring, plan.plan.name(move.from), move.share));
    plan.moving += plan.move_sessions.back();
    donors.insert(plan.plan.name(move.from));
  }
  for (const auto& donor : donors)
    plan.of_donors += ring.sessions_of(donor);
  plan.sessions = ring.sessions();
  return plan;
}

void set_policy(const Invocation& invocation, const RingState& ring, RingPlan& plan) {
  auto& policy = plan.policy;
  policy.evict = invocation.choice<Evict>("evict");
  set_pace(invocation, plan);
  policy.settle = invocation.value<Duration>("settle");
  policy.lb_wait = somebody_leaves(ring, plan.next) ? default_lb_wait : Duration(0);
  if (invocation.has("lb-wait")) policy.lb_wait = invocation.value<Duration>("lb-wait");
  if (invocation.has("deadline")) {
    policy.deadline = invocation.value<Duration>("deadline");
    if (policy.deadline <= policy.lb_wait) {
      throw Failure(ExitCode::usage, "--deadline must be longer than --lb-wait (" + format_duration(policy.lb_wait) +
                                         "), or nothing is left to pace");
    }
  }
  const auto code = invocation.value<std::uint64_t>("close-code");
  if (code != 1001 && code != 1012 && (code < 3000 || code > 4999)) {
    throw Failure(ExitCode::usage,
                  "--close-code: " + std::to_string(code) + " is not allowed; use 1012, 1001 or 3000 to 4999");
  }
  policy.close_code = static_cast<std::uint16_t>(code);
  policy.close_reason = invocation.text("close-reason");
  // A close frame has room for 123 bytes; the epoch and the delay stand there, too.
  if (policy.close_reason.size() > 80) throw Failure(ExitCode::usage, "--close-reason: at most 80 bytes");
}

std::string render_plan(const Invocation& invocation, const RingState& ring, const RingPlan& plan) {
  const auto& output = invocation.output();
  if (invocation.has("ranges")) {
    Table ranges({{"START"}, {"END"}, {"FROM"}, {"TO"}});
    for (const auto& arc : plan.plan.arcs()) {
      ranges.add({hex_of(arc.start), hex_of(arc.end), plan.plan.name(arc.from), plan.plan.name(arc.to)});
    }
    return ranges.render(output);
  }
  Table table({{"FROM"}, {"TO"}, {"RANGES", true}, {"KEYSPACE", true}, {"SESSIONS", true}});
  const auto name_of = [&](std::uint32_t member) {
    const std::string& name = plan.plan.name(member);
    return name.empty() ? std::string("-") : name;
  };
  std::size_t i = 0;
  for (const auto& move : plan.plan.moves()) {
    table.add({name_of(move.from), name_of(move.to), std::to_string(move.ranges), percent(move.share),
               format_count(plan.move_sessions[i++])});
  }
  if (output.format != Format::table && output.format != Format::wide) return table.render(output);
  table.add(
      {"total", "", std::to_string(plan.plan.arcs().size()), percent(plan.plan.share()), format_count(plan.moving)});
  return std::string("Plan: ") + to_string(plan.action) + " " + plan.node + ", epoch " + std::to_string(ring.epoch()) +
         " -> " + std::to_string(plan.next.epoch) + "\n\n" + table.render(output) + "\n" + describe_effect(plan) +
         "The smallest possible move is " + percent(plan.plan.fair_share()) + " of the keys.\n";
}

void add_plan(json::object& out, const Invocation& invocation, const RingPlan& plan) {
  json::array moves;
  std::size_t i = 0;
  for (const auto& move : plan.plan.moves()) {
    moves.push_back(json::object{{"from", plan.plan.name(move.from)},
                                 {"to", plan.plan.name(move.to)},
                                 {"ranges", move.ranges},
                                 {"keyspace_ratio", move.share},
                                 {"sessions", plan.move_sessions[i++]}});
  }
  out["moves"] = std::move(moves);
  out["keyspace_ratio"] = plan.plan.share();
  out["fair_ratio"] = plan.plan.fair_share();
  out["planned"] = plan.affected();
  out["evict"] = to_string(plan.policy.evict);
  if (!invocation.has("ranges")) return;
  json::array ranges;
  for (const auto& arc : plan.plan.arcs()) {
    ranges.push_back(json::object{{"start", hex_of(arc.start)},
                                  {"end", hex_of(arc.end)},
                                  {"from", plan.plan.name(arc.from)},
                                  {"to", plan.plan.name(arc.to)}});
  }
  out["ranges"] = std::move(ranges);
}

}  // namespace wscluster::app
