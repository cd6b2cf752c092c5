// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <limits>
#include <map>

#include "base/units.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "ring/key.hpp"
#include "ring_state.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// In the order of --sort's choices.
enum class SortKey : std::uint8_t { name, state, weight, owns, sessions, skew, misplaced, seen };

struct Row {
  std::string name;
  std::string state;
  const ring::Member* member = nullptr;            ///< null: not in the ring
  const registry::MemberRecord* record = nullptr;  ///< null: not registered
  const upstream::Instance* instance = nullptr;    ///< of an upstream service
  double owned = 0;
  std::uint64_t sessions = 0;
  std::uint64_t misplaced = 0;
  std::optional<double> skew;  ///< of the sessions against the share
};

std::vector<Row> rows_of(const RingState& ring) {
  std::map<std::string, Row> rows;
  if (ring.document != nullptr) {
    for (const auto& member : ring.document->members)
      rows[member.name].member = &member;
  }
  if (const auto* all = ring.instances()) {
    for (const auto& [id, instance] : all->instances)
      rows[upstream::member_name(id)].instance = &instance;
  }
  for (const auto& record : ring.snapshot.members) {
    if (ring.instances() != nullptr) break;
    const auto& services = record.registration.services;
    const bool serves = std::find(services.begin(), services.end(), ring.service) != services.end();
    if (record.registration.role != registry::Role::node || (!serves && !rows.contains(record.registration.name)))
      continue;
    rows[record.registration.name].record = &record;
  }
  const auto total = static_cast<double>(ring.sessions());
  std::vector<Row> out;
  for (auto& [name, row] : rows) {
    row.name = name;
    row.state = ring.state_word(name);
    row.owned = row.member == nullptr ? 0 : ring.ring.owned_ratio(name);
    row.sessions = ring.sessions_of(name);
    row.misplaced = ring.misplaced_of(name);
    if (row.owned > 0 && total > 0) row.skew = static_cast<double>(row.sessions) / (total * row.owned) - 1;
    out.push_back(std::move(row));
  }
  return out;
}

std::string signed_percent(double ratio) {
  return (ratio >= 0 ? "+" : "") + percent(ratio);
}

std::string silence_of(const Row& row) {
  if (row.record == nullptr) return "-";
  return format_duration(std::chrono::duration_cast<std::chrono::seconds>(row.record->silence));
}

std::string address_of(const Row& row) {
  if (row.instance != nullptr) return row.instance->address.to_string();
  return row.record == nullptr ? std::string() : row.record->registration.client_address;
}

std::string weight_text(const Row& row) {
  if (row.member == nullptr) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", row.member->weight);
  return text.data();
}

std::string summary(const RingState& ring, const std::vector<Row>& rows) {
  std::map<std::string, int> states;
  for (const auto& row : rows)
    ++states[row.state];
  std::string words;
  for (const auto* word :
       {"up", "starting", "out_of_service", "unknown", "joining", "draining", "drained", "suspended", "down"}) {
    if (states.contains(word)) words += (words.empty() ? "" : ", ") + std::to_string(states[word]) + " " + word;
  }
  const auto* state = ring.state();
  std::string change = "no change running";
  if (state != nullptr && !state->running.empty()) {
    const auto& running = state->running.back();
    change = std::string(to_string(running.action)) + " " + running.node + " is " + to_string(running.state);
  }
  const std::string head = ring.document == nullptr ? "No ring yet" : "Ring epoch " + std::to_string(ring.epoch());
  return head + " of " + ring.cluster + "/" + ring.service + ": " + std::to_string(rows.size()) +
         (ring.instances() == nullptr ? " node" : " instance") + (rows.size() == 1 ? "" : "s") +
         (words.empty() ? "" : " (" + words + ")") + ", " + format_count(ring.sessions()) + " sessions, " + change +
         "\n";
}

Table table_of(const std::vector<Row>& rows) {
  Table table({{"NODE"},
               {"STATE"},
               {"ADDRESS"},
               {"WEIGHT", true},
               {"OWNS", true},
               {"SESSIONS", true},
               {"SKEW", true},
               {"MISPLACED", true},
               {"SEEN", true},
               {"LINKS", false, true},
               {"SHARDS", true, true},
               {"VERSION", false, true},
               {"UPTIME", true, true}});
  for (const auto& row : rows) {
    const auto* record = row.record;
    const auto text = [&](auto get) { return record == nullptr ? std::string("-") : get(*record); };
    table.add({row.name, row.state, address_of(row).empty() ? "-" : address_of(row), weight_text(row),
               row.member == nullptr ? "-" : percent(row.owned), format_count(row.sessions),
               row.skew ? signed_percent(*row.skew) : "-", format_count(row.misplaced), silence_of(row),
               text([](const auto& r) { return r.registration.link_address; }),
               text([](const auto& r) { return std::to_string(r.registration.shards); }),
               text([](const auto& r) { return r.registration.version; }),
               text([](const auto& r) { return format_duration(std::chrono::seconds(r.stats.uptime_seconds)); })});
  }
  return table;
}

json::value json_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object node_json(const RingState& ring, const Row& row) {
  const auto* record = row.record;
  const auto stats = record == nullptr ? registry::ServiceStats{} : [&] {
    const auto at = record->stats.services.find(ring.service);
    return at == record->stats.services.end() ? registry::ServiceStats{} : at->second;
  }();
  const bool listed = row.member != nullptr;
  json::object out{
      {"name", row.name},
      {"state", row.state},
      {"address", json_or_null(address_of(row))},
      {"weight", listed ? json::value(row.member->weight) : json::value(nullptr)},
      {"owned_ratio", row.owned},
      {"sessions", row.sessions},
      {"misplaced_sessions", row.misplaced},
      {"skew_ratio", row.skew ? json::value(*row.skew) : json::value(nullptr)},
      {"points", listed ? ring::point_count(row.member->weight, ring.document->points_per_weight) : 0},
      {"last_seen", record == nullptr ? json::value(nullptr) : json::value(format_rfc3339(record->last_seen))},
      {"epoch_seen", stats.adopted},
      {"shards", record == nullptr ? 0U : record->registration.shards},
      {"version", json_or_null(record == nullptr ? "" : record->registration.version)}};
  if (row.instance != nullptr) out["instance"] = row.instance->id;
  return out;
}

json::value change_json(const registry::ServiceState* state) {
  if (state == nullptr || state->running.empty()) return nullptr;
  return json::parse(registry::to_json(state->running.back()));
}

json::object json_of(const RingState& ring, const std::vector<Row>& rows, bool with_ranges) {
  json::array nodes;
  for (const auto& row : rows)
    nodes.push_back(node_json(ring, row));
  json::object out{
      {"schema", "wscluster/ring/v1"}, {"cluster", ring.cluster}, {"service", ring.service}, {"epoch", ring.epoch()}};
  if (ring.document != nullptr) {
    out["hash"] = ring.document->hash;
    out["points_per_weight"] = ring.document->points_per_weight;
    out["digest"] = ring.document->digest;
  }
  out["change"] = change_json(ring.state());
  out["sessions"] = ring.sessions();
  out["misplaced_sessions"] = ring.misplaced();
  out["nodes"] = std::move(nodes);
  if (!with_ranges) return out;
  json::array ranges;
  for (const auto& arc : ring.ring.arcs()) {
    ranges.push_back(json::object{
        {"start", hex_of(arc.start)}, {"end", hex_of(arc.end)}, {"node", ring.ring.members()[arc.owner].name}});
  }
  out["ranges"] = std::move(ranges);
  return out;
}

/// What the table asks an operator to do, on stderr.
void advise(const RingState& ring, const std::vector<Row>& rows) {
  const std::string service = ring.snapshot.services.size() > 1 ? " --service " + ring.service : "";
  // Instances come and go by themselves.
  if (ring.instances() != nullptr) return;
  for (const auto& row : rows) {
    if (row.member != nullptr && row.state == "down") {
      print_error("\n" + row.name + " has been silent for " + silence_of(row) + "; the " + percent(row.owned) +
                  " of users it owns cannot connect.\n  Take it out:  wscluster ring remove " + row.name + " --force" +
                  service + "\n");
    } else if (row.member == nullptr && row.record != nullptr && row.record->is_alive &&
               row.record->registration.is_standby) {
      print_error("\n" + row.name + " stands by.\n  Put it in:  wscluster ring add " + row.name + service + "\n");
    }
  }
}

/// The largest first, "-" last; names stay in their order within equals.
void sort_rows(std::vector<Row>& rows, SortKey key) {
  const auto figure = [key](const Row& row) -> double {
    constexpr double none = -std::numeric_limits<double>::infinity();
    switch (key) {
      case SortKey::weight:
        return row.member == nullptr ? none : row.member->weight;
      case SortKey::owns:
        return row.member == nullptr ? none : row.owned;
      case SortKey::sessions:
        return static_cast<double>(row.sessions);
      case SortKey::skew:
        return row.skew.value_or(none);
      case SortKey::misplaced:
        return static_cast<double>(row.misplaced);
      case SortKey::seen:
        return row.record == nullptr ? none : seconds(row.record->silence);
      case SortKey::name:
      case SortKey::state:
        break;
    }
    return 0;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    return key == SortKey::state ? a.state < b.state : figure(a) > figure(b);
  });
}

std::string ranges_text(const RingState& ring, const Output& output) {
  Table ranges({{"START"}, {"END"}, {"NODE"}});
  for (const auto& arc : ring.ring.arcs()) {
    ranges.add({hex_of(arc.start), hex_of(arc.end), ring.ring.members()[arc.owner].name});
  }
  return ranges.render(output);
}

bool is_for_people(const Output& output) {
  return output.format == Format::table || output.format == Format::wide;
}

std::string render(const Invocation& invocation, const RingState& ring, const std::vector<Row>& rows) {
  const auto& output = invocation.output();
  if (output.is_json()) return render_json(json_of(ring, rows, invocation.has("ranges")), output);
  if (invocation.has("ranges")) return ranges_text(ring, output);
  return (is_for_people(output) ? summary(ring, rows) + "\n" : "") + table_of(rows).render(output);
}

/// Without what changes from second to second, so that only news are printed.
std::string news_of(const RingState& ring, const std::vector<Row>& rows) {
  auto out = json_of(ring, rows, false);
  for (auto& node : out["nodes"].as_array())
    node.as_object().erase("last_seen");
  return one_line(out);
}

/// On a terminal the same place again and again; elsewhere what has changed.
int watch_ring(const Invocation& invocation, const config::Config& config, registry::Directory& directory) {
  const auto pause = invocation.value<Duration>("watch");
  if (pause < Duration(100)) throw Failure(ExitCode::usage, "--watch: at least 100ms");
  const auto& output = invocation.output();
  const bool redraws = output.is_terminal && is_for_people(output);
  const Interrupt interrupt;
  std::string last;
  while (!interrupt.is_requested()) {
    const auto ring = load_ring(invocation, config, directory);
    auto rows = rows_of(ring);
    sort_rows(rows, invocation.choice<SortKey>("sort"));
    const std::string news = news_of(ring, rows);
    if (redraws) {
      print("\033[H\033[J" + render(invocation, ring, rows));
    } else if (news != last) {
      print((last.empty() || output.is_json() ? "" : "\n") + render(invocation, ring, rows));
    }
    last = news;
    interrupt.sleep_for(pause);
  }
  return interrupt.exit_code();
}

}  // namespace

int run_ring_show(const Invocation& invocation) {
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  if (invocation.has("watch")) return watch_ring(invocation, config, directory);
  const auto ring = load_ring(invocation, config, directory);
  auto rows = rows_of(ring);
  sort_rows(rows, invocation.choice<SortKey>("sort"));
  print(render(invocation, ring, rows));
  const auto& output = invocation.output();
  if (is_for_people(output) && !output.is_quiet && !invocation.has("ranges")) advise(ring, rows);
  return 0;
}

}  // namespace wscluster::app
