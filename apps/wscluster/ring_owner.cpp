// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "base/names.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "rest_client.hpp"
#include "ring/key.hpp"
#include "ring_state.hpp"
#include "uid_arguments.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// The ring after a change that nobody has made: --with, --without.
std::optional<ring::HashRing> planned_ring(const Invocation& invocation, const RingState& ring) {
  if (!invocation.has("with") && !invocation.has("without")) return std::nullopt;
  auto members = ring.document->members;
  for (const auto& name : invocation.texts("without")) {
    if (ring.member(name) == nullptr) throw Failure(ExitCode::no_node, "'" + name + "' is not in the ring");
    std::erase_if(members, [&](const auto& member) { return member.name == name; });
  }
  for (const auto& name : invocation.texts("with")) {
    if (const auto good = check_member_name(name); !good) throw Failure(ExitCode::usage, good.error().message);
    if (ring.member(name) != nullptr) continue;
    const auto* record = ring.record(name);
    members.push_back({name, 0, record == nullptr ? 1.0 : record->registration.weight, ring::MemberState::up});
  }
  return ring::HashRing(std::move(members), ring.document->seed, ring.document->points_per_weight);
}

/// Owners in the memberships whose change is still running: one of them may hold the user yet.
std::vector<std::string> earlier_owners(const std::vector<ring::HashRing>& open, std::uint64_t hash,
                                        const std::string& owner) {
  std::vector<std::string> names;
  for (const auto& ring : open) {
    const std::string name = owner_in(ring, hash);
    if (!name.empty() && name != owner && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

/// Who holds sessions of the user now; empty: nobody has any.
std::string holder_of(const RestClient& client, const std::string& uid, const Interrupt& interrupt) {
  const auto answer = client.ask({"GET", "/users/" + percent_encode(uid) + "/sessions", {}}, interrupt);
  const auto* sessions = answer.if_contains("sessions");
  const bool has_any = sessions != nullptr && sessions->is_array() && !sessions->get_array().empty();
  return has_any ? text_of(answer, "node") : "";
}

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

int run_ring_owner(const Invocation& invocation) {
  const auto uids = uids_of(invocation);
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const auto ring = load_ring(invocation, config, directory);
  if (ring.document == nullptr) {
    throw Failure(ExitCode::no_node, "the service '" + ring.service + "' has no ring yet", "Look: wscluster ring show");
  }
  const auto planned = planned_ring(invocation, ring);
  std::vector<ring::HashRing> open;
  for (const auto& membership : ring.document->open) {
    open.emplace_back(membership.members, ring.document->seed, ring.document->points_per_weight);
  }
  std::vector<Column> columns{{"UID"}, {"NODE"}, {"HASH"}};
  if (!open.empty()) columns.push_back({"EARLIER"});
  if (planned) columns.push_back({"THEN"});
  std::optional<RestClient> client;
  if (invocation.has("connected")) {
    client.emplace(invocation, config, ring.service);
    columns.push_back({"CONNECTED"});
  }
  const Interrupt interrupt;
  Table table(columns);
  json::array owners;
  for (const auto& uid : uids) {
    if (interrupt.is_requested()) return interrupt.exit_code();
    const auto hash = ring::hash_uid(uid, ring.document->seed);
    const std::string owner = owner_in(ring.ring, hash);
    std::vector<std::string> cells{uid, owner.empty() ? "-" : owner, hex_of(hash)};
    json::object entry{{"uid", uid}, {"node", or_null(owner)}, {"hash", hex_of(hash)}};
    const auto earlier = earlier_owners(open, hash, owner);
    entry["earlier"] = json::array(earlier.begin(), earlier.end());
    if (!open.empty()) cells.push_back(earlier.empty() ? "-" : config::write_value(config::Type::list, earlier));
    const std::string then = planned ? owner_in(*planned, hash) : "";
    entry["then"] = or_null(then);
    if (planned) cells.push_back(then.empty() ? "-" : then);
    if (client) {
      const std::string holder = holder_of(*client, uid, interrupt);
      entry["connected"] = or_null(holder);
      cells.push_back(holder.empty() ? "-" : holder);
    }
    table.add(std::move(cells));
    owners.push_back(std::move(entry));
  }
  const auto& output = invocation.output();
  if (!output.is_json()) {
    print(table.render(output));
    return 0;
  }
  print(render_json(json::object{{"schema", "wscluster/ring-owner/v1"},
                                 {"service", ring.service},
                                 {"epoch", ring.epoch()},
                                 {"owners", std::move(owners)}},
                    output));
  return 0;
}

}  // namespace wscluster::app
