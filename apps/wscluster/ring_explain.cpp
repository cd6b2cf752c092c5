// SPDX-License-Identifier: MIT
#include <algorithm>
#include <boost/json.hpp>

#include "base/names.hpp"
#include "commands.hpp"
#include "ring/key.hpp"
#include "ring_state.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using ring::HashRing;

/// One point of a ring and which of its member's points it is.
struct NamedPoint {
  std::uint64_t position = 0;
  std::string member;
  unsigned index = 0;

  [[nodiscard]] std::string text() const { return hex_of(position) + " " + member + "#" + std::to_string(index); }
  [[nodiscard]] json::object json() const {
    return {{"position", hex_of(position)}, {"node", member}, {"index", index}};
  }
};

/// The change that gave a user its owner.
struct LastMove {
  std::uint64_t epoch = 0;  ///< 0: none in what is known
  std::string from;
  std::string to;
  std::optional<registry::Change> change;
};

struct Explanation {
  std::string uid;
  std::uint64_t hash = 0;
  std::uint64_t epoch = 0;
  std::string owner;
  HashRing::Arc arc{};
  NamedPoint point;
  NamedPoint before;
  LastMove moved;
  std::uint64_t oldest = 0;  ///< the first epoch that was looked at
};

std::string uid_of(const Invocation& invocation) {
  const std::string uid = invocation.text("uid");
  if (!invocation.has("uid")) {
    throw Failure(ExitCode::usage, "--uid is missing", "Help: wscluster ring explain --help");
  }
  if (const auto good = check_uid(uid); !good) throw Failure(ExitCode::data, "--uid: " + good.error().message);
  return uid;
}

HashRing ring_of(const ring::Document& document, const std::vector<ring::Member>& members) {
  return {members, document.seed, document.points_per_weight};
}

NamedPoint name_point(const HashRing& ring, const HashRing::Point& point, std::uint64_t seed) {
  const auto& member = ring.members()[point.member];
  const auto count = static_cast<unsigned>(ring::point_count(member.weight, ring.points_per_weight()));
  unsigned index = 0;
  while (index < count && ring::point_of(member.name, index, seed) != point.position)
    ++index;
  return {point.position, member.name, index};
}

/// Walks back from `epoch` to the first epoch whose members compute another owner.
void find_last_move(const ring::Document& document, const registry::History& history, Explanation& out) {
  auto later = history.find(out.epoch);
  out.oldest = out.epoch;
  while (later != history.begin()) {
    const auto earlier = std::prev(later);
    if (earlier->first + 1 != later->first) return;
    if (!ring::have_same_points(earlier->second, later->second, document.points_per_weight)) {
      const std::string before = owner_in(ring_of(document, earlier->second), out.hash);
      if (before != out.owner) {
        out.moved = {later->first, before, out.owner, std::nullopt};
        return;
      }
    }
    later = earlier;
    out.oldest = later->first;
  }
}

const std::vector<ring::Member>& members_of(const registry::History& history, const RingState& ring,
                                            std::uint64_t epoch) {
  if (epoch == ring.epoch()) return ring.document->members;
  const auto at = history.find(epoch);
  if (at != history.end()) return at->second;
  const bool is_future = epoch > ring.epoch();
  throw Failure(
      ExitCode::no_input,
      "epoch " + std::to_string(epoch) + " of '" + ring.service + "' " +
          (is_future ? "does not exist yet; the ring is at " + std::to_string(ring.epoch()) : "is not known any more"),
      is_future ? "" : "The last 64 are kept: wscluster ring history");
}

Explanation explain(const RingState& state, const registry::History& history, const std::string& uid,
                    std::uint64_t epoch) {
  const auto& document = *state.document;
  const HashRing ring = ring_of(document, members_of(history, state, epoch));
  Explanation out;
  out.uid = uid;
  out.hash = ring::hash_uid(uid, document.seed);
  out.epoch = epoch;
  out.owner = owner_in(ring, out.hash);
  if (ring.is_empty()) return out;
  const auto arcs = ring.arcs();
  const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const auto& a) { return a.contains(out.hash); });
  out.arc = *arc;
  const auto first = ring.points().begin();
  const auto last = first + static_cast<std::ptrdiff_t>(ring.point_total());
  auto at = std::find_if(first, last, [&](const auto& point) { return point.position >= out.hash; });
  if (at == last) at = first;
  out.point = name_point(ring, *at, document.seed);
  out.before = name_point(ring, *(at == first ? last - 1 : at - 1), document.seed);
  find_last_move(document, history, out);
  return out;
}

std::string moved_text(const Explanation& what) {
  if (what.moved.epoch == 0) return "not since epoch " + std::to_string(what.oldest) + ", the oldest one known";
  const auto name = [](const std::string& node) { return node.empty() ? std::string("nobody") : node; };
  std::string text =
      "in epoch " + std::to_string(what.moved.epoch) + ", " + name(what.moved.from) + " -> " + name(what.moved.to);
  if (!what.moved.change) return text;
  const auto& change = *what.moved.change;
  return text + ": " + to_string(change.action) + " " + change.node + " by " + change.by + " at " + change.started_at +
         ", " + to_string(change.state);
}

json::object json_of(const RingState& ring, const Explanation& what) {
  json::object out{{"schema", "wscluster/ring-explain/v1"},
                   {"service", ring.service},
                   {"uid", what.uid},
                   {"epoch", what.epoch},
                   {"hash", hex_of(what.hash)},
                   {"node", nullptr},
                   {"arc", nullptr},
                   {"point", nullptr},
                   {"point_before", nullptr},
                   {"moved", nullptr},
                   {"oldest_epoch", what.oldest}};
  if (what.owner.empty()) return out;
  out["node"] = what.owner;
  out["arc"] = json::object{
      {"start", hex_of(what.arc.start)}, {"end", hex_of(what.arc.end)}, {"keyspace_ratio", what.arc.share()}};
  out["point"] = what.point.json();
  out["point_before"] = what.before.json();
  if (what.moved.epoch == 0) return out;
  json::object moved{{"epoch", what.moved.epoch}, {"from", nullptr}, {"to", what.moved.to}, {"change", nullptr}};
  if (!what.moved.from.empty()) moved["from"] = what.moved.from;
  if (what.moved.change) moved["change"] = json::parse(registry::to_json(*what.moved.change));
  out["moved"] = std::move(moved);
  return out;
}

}  // namespace

int run_ring_explain(const Invocation& invocation) {
  const auto uid = uid_of(invocation);
  const auto config = invocation.load_config();
  registry::Directory directory(config.redis);
  const auto ring = load_ring(invocation, config, directory);
  if (ring.document == nullptr) {
    throw Failure(ExitCode::no_node, "the service '" + ring.service + "' has no ring yet", "Look: wscluster ring show");
  }
  const auto history = directory.load_history(ring.service);
  if (!history) throw Failure(history.error());
  const auto epoch = invocation.has("epoch") ? invocation.value<std::uint64_t>("epoch") : ring.epoch();
  auto what = explain(ring, *history, uid, epoch);
  if (what.moved.epoch > 0) {
    if (auto change = directory.load_change(ring.service, what.moved.epoch)) what.moved.change = std::move(*change);
  }
  const auto& output = invocation.output();
  if (output.is_json()) {
    print(render_json(json_of(ring, what), output));
    return 0;
  }
  Table table({{"WHAT"}, {"VALUE"}});
  table.add({"uid", what.uid});
  table.add({"owner", what.owner.empty() ? "nobody" : what.owner});
  table.add({"epoch", std::to_string(what.epoch)});
  table.add({"hash", hex_of(what.hash)});
  if (!what.owner.empty()) {
    table.add({"point", what.point.text() + ", the first at or after the hash"});
    table.add({"before", what.before.text()});
    table.add({"arc", hex_of(what.arc.start) + " to " + hex_of(what.arc.end) + ", " + percent(what.arc.share()) +
                          " of the keys"});
    table.add({"moved", moved_text(what)});
  }
  print(table.render(output));
  return 0;
}

}  // namespace wscluster::app
