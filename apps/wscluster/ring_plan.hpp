// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "registry/change.hpp"
#include "ring/plan.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

/// What `ring add` or `ring remove` would do: the same for --dry-run and for the real change.
struct RingPlan {
  registry::Action action = registry::Action::add;
  std::string node;
  ring::Document next;
  ring::Plan plan;
  registry::ChangePolicy policy;
  std::vector<std::uint64_t> move_sessions;  ///< estimate for each of plan.moves()
  std::uint64_t evicted = 0;                 ///< estimate
  std::uint64_t sessions = 0;                ///< of the whole ring
};

/// Computes arcs and session counts from the donors' stats. `members` are those after the change. Throws Failure.
[[nodiscard]] RingPlan make_plan(const RingState& ring, registry::Action action, const std::string& node,
                                 std::vector<ring::Member> members, const std::string& by);

/// --rate, --spread, --settle, --close-code, --close-reason; the estimate of `plan` turns --spread into a rate.
void set_policy(const Invocation& invocation, RingPlan& plan);

/// Table and sentences of --dry-run.
[[nodiscard]] std::string render_plan(const Invocation& invocation, const RingState& ring, const RingPlan& plan);
/// "moves" and, with --ranges, "ranges" of wscluster/ring-change/v1.
void add_plan(boost::json::object& out, const Invocation& invocation, const RingPlan& plan);

}  // namespace wscluster::app
