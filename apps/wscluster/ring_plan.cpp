// SPDX-License-Identifier: MIT
#include "ring_plan.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/random.hpp"
#include "base/units.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

ring::Document next_of(const RingState& ring, std::vector<ring::Member> members, const std::string& by,
                       const std::string& why) {
  const std::string now = format_rfc3339(WallClock::now());
  const auto next =
      ring.document == nullptr
          ? ring::first_document(ring.service, random_id(), random_id(), std::move(members), by, why, now)
          : ring::next_document(*ring.document, std::move(members), by, why, now,
                                ring.state()->done_through);
  if (!next) throw Failure(next.error());
  return *next;
}

/// Keys are spread evenly, so a donor's sessions go in proportion to the share of its keys.
std::uint64_t estimate(const RingState& ring, const std::string& donor, double share) {
  const double owned = ring.ring.owned_ratio(donor);
  if (owned <= 0) return 0;
  return static_cast<std::uint64_t>(
      std::llround(static_cast<double>(ring.sessions_of(donor)) * std::min(1.0, share / owned)));
}

}  // namespace

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
  for (const auto& move : plan.plan.moves()) {
    plan.move_sessions.push_back(estimate(ring, plan.plan.name(move.from), move.share));
    plan.evicted += plan.move_sessions.back();
  }
  plan.sessions = ring.sessions();
  return plan;
}

void set_policy(const Invocation& invocation, RingPlan& plan) {
  auto& policy = plan.policy;
  if (invocation.has("rate") && invocation.has("spread")) {
    throw Failure(ExitCode::usage, "--rate and --spread say the same thing in two ways; give one of them");
  }
  policy.rate = invocation.value<double>("rate");
  if (invocation.has("spread")) {
    const double time = seconds(invocation.value<Duration>("spread"));
    if (time <= 0) throw Failure(ExitCode::usage, "--spread must be more than 0s");
    policy.rate = std::max(1.0, static_cast<double>(plan.evicted) / time);
  }
  if (policy.rate <= 0) throw Failure(ExitCode::usage, "--rate must be more than 0/s");
  policy.settle = invocation.value<Duration>("settle");
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
      {"total", "", std::to_string(plan.plan.arcs().size()), percent(plan.plan.share()), format_count(plan.evicted)});
  std::string out = std::string("Plan: ") + to_string(plan.action) + " " + plan.node + ", epoch " +
                    std::to_string(ring.epoch()) + " -> " + std::to_string(plan.next.epoch) + "\n\n" +
                    table.render(output);
  const double share = plan.sessions == 0 ? 0 : static_cast<double>(plan.evicted) / static_cast<double>(plan.sessions);
  out += "\nAbout " + format_count(plan.evicted) + " of " + format_count(plan.sessions) + " sessions (" +
         percent(share) + ") will be evicted; what must reconnect is closed with " +
         std::to_string(plan.policy.close_code) + ".\n";
  const auto time =
      std::chrono::seconds(static_cast<std::int64_t>(std::ceil(static_cast<double>(plan.evicted) / plan.policy.rate)));
  out += "At " + format_rate(plan.policy.rate) + " this takes about " + format_duration(time) +
         ". The smallest possible move is " + percent(plan.plan.fair_share()) + " of the keys.\n";
  return out;
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
  out["planned"] = plan.evicted;
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
