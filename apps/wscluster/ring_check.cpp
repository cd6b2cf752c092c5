// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "base/units.hpp"
#include "commands.hpp"
#include "ring_state.hpp"
#include "session_list.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::MemberRecord;

/// Beyond it times shown by different machines mislead, and tokens expire early or late.
constexpr double largest_clock_error = 1.0;
/// Of misplaced sessions, to find the oldest.
constexpr std::uint64_t most_looked_at = 1000;

struct Check {
  std::string name;  ///< "epochs": stays the same, for scripts
  bool is_ok = true;
  std::string text;
  std::string fix{};
};
using Checks = std::vector<Check>;

std::string with_unit(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", seconds * 1000);
  return text.data();
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string service_flag(const RingState& ring) {
  return ring.snapshot.services.size() > 1 ? " --service " + ring.service : "";
}

std::vector<const MemberRecord*> living(const RingState& ring) {
  std::vector<const MemberRecord*> members;
  for (const auto& member : ring.snapshot.members) {
    if (member.is_alive) members.push_back(&member);
  }
  return members;
}

void check_epochs(const RingState& ring, Checks& checks) {
  const auto members = living(ring);
  std::vector<std::string> others;
  for (const auto* member : members) {
    const auto at = member->stats.services.find(ring.service);
    const registry::ServiceStats held = at == member->stats.services.end() ? registry::ServiceStats{} : at->second;
    const std::string& name = member->registration.name;
    if (held.adopted != ring.epoch()) {
      others.push_back(name + (held.adopted == 0 ? "" : " (" + std::to_string(held.adopted) + ")"));
    } else if (!held.digest.empty() && held.digest != ring.document->digest) {
      others.push_back(name + " (another document)");
    }
  }
  checks.push_back({"epochs", others.empty(),
                    std::to_string(members.size() - others.size()) + " of " + std::to_string(members.size()) +
                        " processes agree on epoch " + std::to_string(ring.epoch()) +
                        (others.empty() ? "" : "; not " + joined(others)),
                    others.empty() ? "" : "wscluster ring wait" + service_flag(ring) + " --timeout 30s"});
}

/// Gateways make the ring of those that are up; for one of nodes an operator might have to.
void check_instances(const RingState& ring, Checks& checks) {
  if (ring.ring.is_empty()) {
    checks.push_back({"coverage", false, "no instance is up", "start one; the gateways' logs say who left"});
    return;
  }
  const bool is_as_wanted = ring.document->members == upstream::wanted_members(*ring.instances());
  checks.push_back(
      {"coverage", is_as_wanted,
       is_as_wanted ? "the ring is of the instances that are up" : "the ring is not of the instances that are up",
       is_as_wanted ? "" : "see the gateways' logs: one of them must run, linked to Redis"});
}

void check_coverage(const RingState& ring, Checks& checks) {
  if (ring.instances() != nullptr) return check_instances(ring, checks);
  if (ring.ring.is_empty()) {
    checks.push_back({"coverage", false, "no node owns anything", "wscluster ring add NODE" + service_flag(ring)});
    return;
  }
  bool is_covered = true;
  for (const auto& member : ring.document->members) {
    if (member.weight == 0) continue;
    const std::string owns = percent(ring.ring.owned_ratio(member.name)) + " of the users";
    const auto* record = ring.record(member.name);
    if (record != nullptr && record->is_alive && record->registration.incarnation == member.incarnation) continue;
    is_covered = false;
    const bool is_restarted = record != nullptr && record->is_alive;
    checks.push_back({"coverage", false,
                      member.name +
                          (is_restarted ? " was restarted and has not entered the ring yet; " : " is silent; ") + owns +
                          " cannot connect",
                      is_restarted ? "" : "wscluster ring remove " + member.name + " --force" + service_flag(ring)});
  }
  if (is_covered) checks.push_back({"coverage", true, "the whole ring is covered"});
}

/// "; the oldest: alice of node-1 for 4m", or nothing where the REST API cannot be asked: the check stands without it.
std::string oldest_misplaced(const Invocation& invocation, const config::Config& config, const RingState& ring,
                             const std::string& node) {
  if (config.client.url.empty()) return {};
  SessionPages pages;
  try {
    SessionQuery query;
    query.node = node;
    query.is_misplaced = true;
    query.limit = most_looked_at;
    pages = load_sessions(RestClient(invocation, config, ring.service), query, Interrupt());
  } catch (const Failure&) {
    return {};
  }
  const auto age = [](const json::value& session) { return number_of(session.get_object(), "misplaced_seconds"); };
  const auto oldest = std::max_element(pages.sessions.begin(), pages.sessions.end(),
                                       [&](const auto& a, const auto& b) { return age(a) < age(b); });
  if (oldest == pages.sessions.end()) return {};
  const auto& session = oldest->get_object();
  return "; the oldest: " + text_of(session, "uid") + " of " + text_of(session, "owner") + " for " +
         format_duration(std::chrono::seconds(static_cast<std::int64_t>(age(*oldest))));
}

void check_sessions(const Invocation& invocation, const config::Config& config, const RingState& ring, Checks& checks) {
  const auto* state = ring.state();
  const bool is_moving = state != nullptr && !state->running.empty();
  if (is_moving || ring.misplaced() == 0) {
    checks.push_back({"sessions", true,
                      ring.misplaced() == 0 ? "every session is at its owner"
                                            : format_count(ring.misplaced()) + " sessions are still to be moved"});
    return;
  }
  for (const auto* member : living(ring)) {
    const auto& name = member->registration.name;
    if (const auto misplaced = ring.misplaced_of(name); misplaced > 0) {
      checks.push_back({"sessions", false,
                        name + ": " + format_count(misplaced) + " sessions belong to other nodes" +
                            oldest_misplaced(invocation, config, ring, name),
                        "wscluster session evict --misplaced --node " + name + service_flag(ring)});
    }
  }
}

void check_links(const RingState& ring, Checks& checks) {
  bool is_linked = true;
  for (const auto* member : living(ring)) {
    if (member->stats.is_linked) continue;
    is_linked = false;
    checks.push_back({"links", false, member->registration.name + " is not linked to everybody",
                      "see its log; others reach it at " + member->registration.link_address});
  }
  if (is_linked) checks.push_back({"links", true, "every process is linked to all others"});
}

/// Changes that wait for somebody who cannot answer.
void check_changes(const RingState& ring, Checks& checks) {
  const auto* state = ring.state();
  if (state == nullptr || state->running.empty()) {
    checks.push_back({"changes", true, "no change is running"});
    return;
  }
  for (const auto& change : state->running) {
    const std::string what = "epoch " + std::to_string(change.to_epoch) + " (" + to_string(change.action) + " " +
                             change.node + ") is " + to_string(change.state);
    std::vector<std::string> silent;
    for (const auto& donor : change.donors_expected) {
      const auto progress = change.donors.find(donor.name);
      const auto* record = ring.record(donor.name);
      const bool is_done = progress != change.donors.end() && progress->second.done;
      if (!is_done && (record == nullptr || !record->is_alive)) silent.push_back(donor.name);
    }
    checks.push_back(
        {"changes", silent.empty(),
         what + (silent.empty() ? "" : ", waiting for " + joined(silent) + ", which is silent"),
         silent.empty() ? "" : "wscluster ring remove " + silent.front() + " --force" + service_flag(ring)});
  }
}

void check_alarms(const RingState& ring, Checks& checks) {
  bool is_calm = true;
  const auto alarm = [&](const std::string& text) {
    is_calm = false;
    checks.push_back({"alarms", false, text});
  };
  for (const auto& text : ring.snapshot.alarms)
    alarm(text);
  for (const auto* member : living(ring)) {
    const auto& name = member->registration.name;
    for (const auto& text : member->stats.alarms)
      alarm(name + ": " + text);
    if (member->stats.state == "suspended") alarm(name + " is suspended: it does not trust its own lease");
  }
  if (is_calm) checks.push_back({"alarms", true, "no process has an alarm"});
}

void check_redis(registry::Directory& directory, Duration heartbeat, Checks& checks) {
  const auto facts = directory.measure();
  if (!facts) throw Failure(facts.error());
  const bool is_quick = facts->latency_seconds < seconds(heartbeat) / 4;
  checks.push_back({"redis", is_quick,
                    "Redis answers in " + with_unit(facts->latency_seconds) +
                        (is_quick ? "" : ", too slow for a heartbeat of " + format_duration(heartbeat))});
  const double off = std::abs(facts->clock_ahead_seconds);
  checks.push_back({"clock", off < largest_clock_error, "the clock here and that of Redis differ by " + with_unit(off),
                    off < largest_clock_error ? "" : "set both by NTP"});
  const auto policy = directory.check_server();
  checks.push_back({"policy", policy.has_value(),
                    policy ? "Redis throws nothing away (maxmemory-policy noeviction)" : policy.error().message,
                    policy ? "" : "redis-cli config set maxmemory-policy noeviction"});
}

json::object json_of(const RingState& ring, const Checks& checks, std::ptrdiff_t problems) {
  json::array list;
  for (const auto& check : checks) {
    list.push_back(json::object{{"name", check.name},
                                {"ok", check.is_ok},
                                {"text", check.text},
                                {"fix", check.fix.empty() ? json::value(nullptr) : json::value(check.fix)}});
  }
  return {{"schema", "wscluster/ring-check/v1"},
          {"cluster", ring.cluster},
          {"service", ring.service},
          {"epoch", ring.epoch()},
          {"ok", problems == 0},
          {"problems", problems},
          {"checks", std::move(list)}};
}

std::string table_of(const Checks& checks, std::ptrdiff_t problems, bool color) {
  std::string out;
  for (const auto& check : checks) {
    out += check.is_ok ? styled("ok    ", Style::green, color) : styled("FAIL  ", Style::red, color);
    out += check.text + "\n";
    if (!check.fix.empty()) out += "      fix: " + check.fix + "\n";
  }
  if (problems > 0) out += std::to_string(problems) + (problems == 1 ? " problem\n" : " problems\n");
  return out;
}

}  // namespace

int run_ring_check(const Invocation& invocation) {
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const auto ring = load_ring(invocation, config, directory, Alarms::kept);
  Checks checks;
  if (ring.document == nullptr) {
    checks.push_back({"coverage", false, "the service '" + ring.service + "' has no ring yet",
                      "wscluster ring add NODE" + service_flag(ring)});
  } else {
    check_epochs(ring, checks);
    check_coverage(ring, checks);
    check_sessions(invocation, config, ring, checks);
    check_changes(ring, checks);
  }
  check_links(ring, checks);
  check_alarms(ring, checks);
  check_redis(directory, config.redis.heartbeat, checks);
  const auto problems = std::count_if(checks.begin(), checks.end(), [](const Check& check) { return !check.is_ok; });
  const auto& output = invocation.output();
  if (output.is_json()) {
    print(render_json(json_of(ring, checks, problems), output));
  } else if (output.format == Format::csv || output.format == Format::plain) {
    Table table({{"CHECK"}, {"RESULT"}, {"TEXT"}, {"FIX"}});
    for (const auto& check : checks)
      table.add({check.name, check.is_ok ? "ok" : "FAIL", check.text, check.fix});
    print(table.render(output));
  } else {
    print(table_of(checks, problems, output.color_stdout));
  }
  return static_cast<int>(problems == 0 ? ExitCode::ok : ExitCode::negative);
}

}  // namespace wscluster::app
