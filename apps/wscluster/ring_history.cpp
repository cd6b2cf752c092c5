// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "base/units.hpp"
#include "commands.hpp"
#include "ring_state.hpp"
#include "ring_watch.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Change;

/// "2026-11-22T10:05:00Z"
std::string to_the_second(const std::string& time) {
  return time.size() < 20 ? time : time.substr(0, 19) + "Z";
}

json::object json_of(const Change& change) {
  json::object out{{"action", to_string(change.action)},
                   {"node", change.node},
                   {"by", change.by},
                   {"evict", to_string(change.policy.evict)}};
  add_progress(out, change);
  out["duration_seconds"] = change.finished_at.empty() ? json::value(nullptr) : json::value(seconds(change.took));
  return out;
}

}  // namespace

int run_ring_history(const Invocation& invocation) {
  const auto limit = invocation.value<std::uint64_t>("limit");
  if (limit == 0) throw Failure(ExitCode::usage, "--limit must be at least 1");
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const auto ring = load_ring(invocation, config, directory);
  const auto changes = directory.load_changes(ring.service, limit);
  if (!changes) throw Failure(changes.error());
  const auto& output = invocation.output();
  if (output.is_json()) {
    json::array list;
    for (const auto& change : *changes)
      list.push_back(json_of(change));
    print(render_json(json::object{{"schema", "wscluster/ring-history/v1"},
                                   {"service", ring.service},
                                   {"epoch", ring.epoch()},
                                   {"changes", std::move(list)}},
                      output));
    return 0;
  }
  Table table({{"EPOCH", true},
               {"WHEN"},
               {"ACTION"},
               {"NODE"},
               {"STATE"},
               {"MOVED", true},
               {"CLOSED", true},
               {"GONE", true},
               {"TOOK", true},
               {"BY"},
               {"FORCED", true, true},
               {"RETURNED", true, true},
               {"EVICT", false, true},
               {"RATE", true, true}});
  for (const auto& change : *changes) {
    const auto donors = change.donor_total();
    table.add({std::to_string(change.to_epoch), to_the_second(change.started_at), to_string(change.action), change.node,
               to_string(change.state), format_count(donors.moved), format_count(donors.closed),
               format_count(donors.gone), change.finished_at.empty() ? "-" : format_duration(change.took), change.by,
               format_count(donors.forced), format_count(change.receiver_total().returned),
               to_string(change.policy.evict), format_rate(change.policy.rate)});
  }
  print(table.render(output));
  return 0;
}

}  // namespace wscluster::app
