// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <initializer_list>
#include <string>

#include "registry/directory.hpp"
#include "ring_plan.hpp"
#include "ring_state.hpp"

namespace wscluster::app {

/// One run of a command that changes the ring: what is there, and the steps that all such commands share.
struct RingJob {
  const Invocation& invocation;
  config::Config config;
  registry::Directory directory;
  RingState ring;
  std::string node;  ///< the member that the change is about; of an abort as in the change it takes back

  /// Reads the ring. `subject` is empty where the command names no node. Throws Failure.
  RingJob(const Invocation& invocation, std::string subject);
};

/// USER@HOST, for the records.
[[nodiscard]] std::string who_am_i();
/// Asks on the terminal.
[[nodiscard]] bool answers_yes(const std::string& question);

/// Everything has been so before: exit 0, "changed": false.
[[nodiscard]] int nothing_to_do(const RingJob& job, registry::Action action, const std::string& why);
/// The running change that an earlier run of the same command has started; nullptr when there is none.
[[nodiscard]] const registry::Change* running_change(const RingJob& job,
                                                     std::initializer_list<registry::Action> actions);
/// Watches a change that is running already.
[[nodiscard]] int attach(RingJob& job, const registry::Change& change);
/// Shows the plan, or asks, writes the epoch and watches it. `aborts` as in registry::Directory::commit.
[[nodiscard]] int apply(RingJob& job, registry::Action action, std::vector<ring::Member> members,
                        std::uint64_t aborts = 0);

/// The job's member in the list; end() when it is not there.
[[nodiscard]] std::vector<ring::Member>::iterator find_member(std::vector<ring::Member>& members,
                                                              const std::string& name);
/// " (there are node-1, node-2)": of few names, a near one is no help.
[[nodiscard]] std::string known_nodes(const RingJob& job);
/// The node's registration; it must be alive and serve the service. Throws Failure: no_node.
[[nodiscard]] const registry::MemberRecord& live_node(const RingJob& job);
/// The node in the document, alive. Throws Failure: no_node, usage when it is silent.
[[nodiscard]] const ring::Member& live_member(const RingJob& job);

}  // namespace wscluster::app
