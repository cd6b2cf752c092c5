// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "base/units.hpp"
#include "commands.hpp"
#include "progress.hpp"
#include "ring_watch.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Change;
using registry::ChangeState;

constexpr Duration wait_interval{250};

/// The one asked for, else the newest that runs, else the last one.
Change change_to_watch(const Invocation& invocation, const RingState& ring, registry::Directory& directory) {
  if (!invocation.arguments().empty()) {
    std::uint64_t epoch = 0;
    const auto read = config::read_value(config::Type::count, invocation.arguments().front(), epoch);
    if (!read) throw Failure(ExitCode::usage, "EPOCH: " + read.error().message);
    auto change = directory.load_change(ring.service, epoch);
    if (change) return *change;
    throw Failure(exit_code_for(change.error().code), change.error().message,
                  "The last 64 are kept: wscluster ring history");
  }
  if (const auto* state = ring.state()) {
    for (auto at = state->running.rbegin(); at != state->running.rend(); ++at) {
      if (at->state != ChangeState::aborted) return *at;
    }
  }
  const auto last = directory.load_changes(ring.service, 1);
  if (!last) throw Failure(last.error());
  if (last->empty()) throw Failure(ExitCode::no_input, "the ring of '" + ring.service + "' has never been changed");
  if (!invocation.output().is_quiet) print_error("No change is running; this was the last one.\n");
  return last->front();
}

/// What `ring wait` waits for; empty when there is nothing.
std::string unsettled(const RingState& ring) {
  if (ring.document == nullptr) return "the first epoch";
  const auto* state = ring.state();
  if (!state->running.empty()) {
    const auto& change = state->running.back();
    return "the change to epoch " + std::to_string(change.to_epoch) + " (" + to_string(change.action) + " " +
           change.node + ", " + to_string(change.state) + ")";
  }
  for (const auto& member : ring.snapshot.members) {
    if (!member.is_alive) continue;
    const auto& name = member.registration.name;
    const auto stats = member.stats.services.find(ring.service);
    const auto adopted = stats == member.stats.services.end() ? 0 : stats->second.adopted;
    if (adopted != ring.epoch()) return name + " to adopt epoch " + std::to_string(ring.epoch());
    if (!member.stats.is_linked) return name + " to be linked to everybody";
  }
  return {};
}

int answer(const Invocation& invocation, const RingState& ring, const std::string& waiting) {
  const auto& output = invocation.output();
  if (output.is_json()) {
    print(render_json(json::object{{"schema", "wscluster/ring-wait/v1"},
                                   {"service", ring.service},
                                   {"epoch", ring.epoch()},
                                   {"settled", waiting.empty()},
                                   {"waiting_for", waiting.empty() ? json::value(nullptr) : json::value(waiting)}},
                      output));
  } else if (waiting.empty() && !output.is_quiet) {
    print("Epoch " + std::to_string(ring.epoch()) + " is settled.\n");
  }
  return static_cast<int>(waiting.empty() ? ExitCode::ok : ExitCode::temp_fail);
}

}  // namespace

int run_ring_watch(const Invocation& invocation) {
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const auto ring = load_ring(invocation, config, directory);
  const auto change = change_to_watch(invocation, ring, directory);
  json::object out{{"schema", "wscluster/ring-change/v1"},
                   {"service", ring.service},
                   {"action", to_string(change.action)},
                   {"node", change.node},
                   {"dry_run", false},
                   {"changed", false}};
  return watch_change(invocation, config, directory, change, std::move(out));
}

int run_ring_wait(const Invocation& invocation) {
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const Interrupt interrupt;
  const auto deadline = Clock::now() + invocation.value<Duration>("timeout");
  Progress progress(invocation.output().progress);
  for (;;) {
    const auto ring = load_ring(invocation, config, directory);
    const std::string waiting = unsettled(ring);
    if (waiting.empty()) return answer(invocation, ring, waiting);
    if (Clock::now() >= deadline) {
      progress.clear();
      const int code = answer(invocation, ring, waiting);
      print_error("wscluster: not settled after " + invocation.text("timeout") + ", waiting for " + waiting + ".\n");
      return code;
    }
    progress.show("Waiting for " + waiting, "waiting for " + waiting, json::object{{"waiting_for", waiting}});
    // Where no node is left, nobody else sees that a settle time is over.
    if (const auto* state = ring.state(); state != nullptr && !state->running.empty()) {
      static_cast<void>(directory.watch_change(ring.service, state->running.back().to_epoch));
    }
    interrupt.sleep_for(std::min(wait_interval, std::chrono::ceil<Duration>(deadline - Clock::now())));
    if (interrupt.is_requested()) return interrupt.exit_code();
  }
}

}  // namespace wscluster::app
