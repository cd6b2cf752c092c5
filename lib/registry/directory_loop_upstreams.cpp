// SPDX-License-Identifier: MIT
// Rings of upstream services: every gateway computes the same members from the instances that are up, and writes them
// if nobody else has.
#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "registry/directory_loop.hpp"

namespace wscluster::registry {
namespace {

/// Beyond it only their number is told.
constexpr std::size_t most_names = 8;

/// Names in `a` that are not, or in another life or with another weight, in `b`.
std::vector<std::string> names_not_in(const std::vector<ring::Member>& a, const std::vector<ring::Member>& b) {
  std::vector<std::string> names;
  for (const ring::Member& member : a) {
    if (std::find(b.begin(), b.end(), member) == b.end()) names.push_back(member.name);
  }
  return names;
}

std::string listed(const std::vector<std::string>& names, const std::string& separator) {
  if (names.size() > most_names) return std::to_string(names.size()) + " instances";
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "" : separator) + name;
  return list;
}

std::string reason(const std::vector<std::string>& joined, const std::vector<std::string>& left) {
  if (left.empty()) return listed(joined, ", ") + " up";
  if (joined.empty()) return listed(left, ", ") + " no longer up";
  return listed(joined, ", ") + " up, " + listed(left, ", ") + " no longer as before";
}

}  // namespace

bool DirectoryLoop::wants_other_ring(const std::string& name, const Service& service) const {
  const Upstream& upstream = upstreams_.at(name);
  const TimePoint now = Clock::now();
  if (!service.is_current || now < service.not_before) return false;
  const auto members = upstream::wanted_members(*upstream.state);
  if (service.held) {
    return service.held->members != members && facts_of(name, service).newest_adopted <= service.held->epoch;
  }
  // A ring that Redis has lost comes from who holds it; only then there is none.
  const bool is_new = service.nobody_since != TimePoint::max() && now >= connected_at_ + 2 * options_.lease;
  return is_new && !members.empty();
}

Result<> DirectoryLoop::change_upstream_rings() {
  if (self_.role != Role::gateway || Clock::now() < may_change_from_) return {};
  for (const auto& [name, upstream] : upstreams_) {
    Service& service = services_[name];
    if (!wants_other_ring(name, service)) continue;
    if (const auto read = reload(); !read) return read;
    if (Clock::now() < may_change_from_ || !wants_other_ring(name, service)) continue;
    if (const auto changed = change_upstream_ring(name, upstream, service); !changed) return changed;
  }
  return {};
}

Result<> DirectoryLoop::change_upstream_ring(const std::string& name, const Upstream& upstream, Service& service) {
  auto members = upstream::wanted_members(*upstream.state);
  const auto before = service.held ? service.held->members : std::vector<ring::Member>();
  const auto joined = names_not_in(members, before);
  auto changed = names_not_in(before, members);
  std::erase_if(changed,
                [&](const std::string& id) { return std::find(joined.begin(), joined.end(), id) != joined.end(); });
  const std::string why = reason(joined, changed);
  const std::string at = format_rfc3339(WallClock::now());
  const auto next =
      service.held
          ? ring::next_document(*service.held, std::move(members), self_.name, why, at, service.heritage.done_through)
          : ring::first_document(name, random_id(), random_id(), std::move(members), self_.name, why, at);
  if (!next) {
    note(name, service, {CommitOutcome::Kind::limit, {}, next.error().message});
    return {};
  }
  std::vector<std::string> names = joined;
  names.insert(names.end(), changed.begin(), changed.end());
  ChangePolicy policy;
  policy.settle = Duration(0);
  Change change = describe_change(service.held.get(), *next, Action::instances, listed(names, ","), policy, self_.name);
  // Instances hand nothing over, so nothing is waited for.
  change.donors_expected.clear();
  const auto outcome = store_.commit(service.held.get(), *next, change, {}, upstream.revision);
  if (!outcome) return outcome.error();
  note(name, service, *outcome);
  return {};
}

}  // namespace wscluster::registry
