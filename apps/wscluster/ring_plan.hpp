// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "registry/change.hpp"
#include "ring/plan.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

/// What a change of the ring would do: the same for --dry-run and for the real change.
struct RingPlan {
  registry::Action action = registry::Action::add;
  std::string node;
  ring::Document next;
  ring::Plan plan;
  registry::ChangePolicy policy;
  std::vector<std::uint64_t> move_sessions;  ///< estimate for each of plan.moves()
  std::uint64_t moving = 0;                  ///< estimate: their sum
  std::uint64_t of_donors = 0;               ///< all sessions of those who lose keys
  std::uint64_t sessions = 0;                ///< of the whole ring

  /// Sessions that feel it, by the policy.
  [[nodiscard]] std::uint64_t affected() const;
  /// "move or close", "close", "move": what happens to them.
  [[nodiscard]] const char* verb() const;
  [[nodiscard]] bool empties_ring() const;
  /// It wants the name of the node as well: nobody would own anything, or more than half of the sessions feel it.
  [[nodiscard]] bool is_severe() const { return empties_ring() || affected() * 2 > sessions; }
  /// For a terminal, without the "[y/N]".
  [[nodiscard]] std::string question() const;
};

/// Computes arcs and session counts from the donors' stats. `members` are those after the change. Throws Failure, also
/// when too many changes are running (temp_fail).
[[nodiscard]] RingPlan make_plan(const RingState& ring, registry::Action action, const std::string& node,
                                 std::vector<ring::Member> members, const std::string& by);

/// The policy flags (cmd_ring_change.cpp); the estimate of `plan` turns --spread into a rate. `ring` is as before.
void set_policy(const Invocation& invocation, const RingState& ring, RingPlan& plan);

/// Table and sentences of --dry-run.
[[nodiscard]] std::string render_plan(const Invocation& invocation, const RingState& ring, const RingPlan& plan);
/// "moves" and, with --ranges, "ranges" of wscluster/ring-change/v1.
void add_plan(boost::json::object& out, const Invocation& invocation, const RingPlan& plan);

}  // namespace wscluster::app
