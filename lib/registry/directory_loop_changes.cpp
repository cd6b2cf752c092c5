// SPDX-License-Identifier: MIT
// What the directory thread does to the rings by itself.
#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "registry/directory_loop.hpp"

namespace wscluster::registry {

void DirectoryLoop::see_dead() {
  const TimePoint now = Clock::now();
  for (auto& [name, service] : services_) {
    std::set<Life> gone;
    // Instances have no lease of this kind: their own ends elsewhere.
    if (service.is_current && service.held && ring_of(name) == RingOf::processes) {
      for (const ring::Member& member : service.held->members) {
        const auto life = contents_.lives.find(member.name);
        if (life == contents_.lives.end() || life->second != member.incarnation) {
          gone.insert({member.name, member.incarnation});
        }
      }
    }
    service.sightings.see(now, gone);
  }
}

ServiceFacts DirectoryLoop::facts_of(const std::string& name, const Service& service) const {
  ServiceFacts facts;
  facts.held = service.held.get();
  facts.is_current = service.is_current && !is_name_taken_;
  // A member that leaves stays until the clients it closed are back: their new owners ask it about them.
  facts.done_through = service.heritage.done_through;
  for (const MemberRecord& member : contents_.members) {
    const auto stats = member.stats.services.find(name);
    if (stats != member.stats.services.end()) {
      facts.newest_adopted = std::max(facts.newest_adopted, stats->second.adopted);
    }
  }
  facts.nobody_since = service.nobody_since;
  facts.may_change_from = may_change_from_;
  facts.is_linked = is_linked_;
  facts.is_leaving = leaving_.has_value();
  facts.was_member = service.was_member;
  return facts;
}

Result<> DirectoryLoop::change_rings() {
  const TimePoint now = Clock::now();
  for (const std::string& name : self_.services) {
    // Nodes that are configured for an upstream service stay out of its ring.
    if (ring_of(name) == RingOf::instances) continue;
    Service& service = services_[name];
    if (now < service.not_before || next_step(facts_of(name, service), self_, options_.lease, now) == Step::nothing) {
      continue;
    }
    // Decided on what Redis has at this moment, because stats alone do not cause a reading.
    if (const auto read = reload(); !read) return read;
    if (const auto changed = change_ring(name, service); !changed) return changed;
  }
  for (auto& [name, service] : services_) {
    if (next_removal(service) > now) continue;
    if (const auto removed = remove_dead(name, service); !removed) return removed;
  }
  return {};
}

Result<> DirectoryLoop::change_ring(const std::string& name, Service& service) {
  const Step step = next_step(facts_of(name, service), self_, options_.lease, Clock::now());
  if (step == Step::nothing) return {};
  const std::string at = format_rfc3339(WallClock::now());
  const auto members = apply(step, service.held ? service.held->members : std::vector<ring::Member>(), self_);
  const auto follow = [&](const std::string& why) {
    return ring::next_document(*service.held, members, self_.name, why, at, service.heritage.done_through);
  };
  switch (step) {
    case Step::nothing:
      return {};
    case Step::first_document:
      return commit(service,
                    ring::first_document(name, random_id(), random_id(), members, self_.name, "first epoch", at),
                    Action::join, self_.name, {});
    case Step::enter:
      return commit(service, follow(self_.name + " joins"), Action::join, self_.name, {});
    case Step::renew:
      return commit(service, follow(self_.name + " was restarted"), Action::join, self_.name, {});
    case Step::drain:
      return commit(service, follow(self_.name + " leaves"), Action::leave, self_.name, *leaving_);
    case Step::go:
      return commit(service, follow(self_.name + " has left"), Action::left, self_.name, {});
  }
  return {};
}

Result<> DirectoryLoop::commit(Service& service, const Result<ring::Document>& next, Action action,
                               const std::string& node, const ChangePolicy& policy) {
  if (!next) {
    note(node, service, {CommitOutcome::Kind::limit, {}, next.error().message});
    return {};
  }
  const Change change = describe_change(service.held.get(), *next, action, node, policy, self_.name);
  const auto outcome =
      store_.commit(service.held.get(), *next, change, action == Action::join ? self_.name : std::string());
  if (!outcome) return outcome.error();
  note(next->service, service, *outcome);
  return {};
}

Result<> DirectoryLoop::remove_dead(const std::string& name, Service& service) {
  if (!service.is_current || !service.held) return {};
  const auto due = service.sightings.due(Clock::now(), options_.heartbeat);
  if (due.empty()) return {};
  std::vector<ring::Member> members = service.held->members;
  std::erase_if(members, [&](const auto& member) { return due.contains({member.name, member.incarnation}); });
  std::string names;
  for (const Life& life : due)
    names += (names.empty() ? "" : ",") + life.name;
  const auto next = ring::next_document(*service.held, members, self_.name, "lease of " + names + " ended",
                                        format_rfc3339(WallClock::now()), service.heritage.done_through);
  if (!next) {
    note(name, service, {CommitOutcome::Kind::limit, {}, next.error().message});
    return {};
  }
  const Change change = describe_change(service.held.get(), *next, Action::dead, names, {}, self_.name);
  const auto outcome = store_.remove_dead(*service.held, *next, change);
  if (!outcome) return outcome.error();
  note(name, service, *outcome);
  return {};
}

void DirectoryLoop::note(const std::string& name, Service& service, const CommitOutcome& outcome) {
  using Kind = CommitOutcome::Kind;
  const TimePoint now = Clock::now();
  if (outcome.is_written() || outcome.kind == Kind::conflict) is_dirty_ = true;
  if (outcome.is_written()) {
    service.refusal.clear();
    warn_of_replicas(outcome.warning);
    return;
  }
  if (outcome.kind == Kind::conflict) {
    // All that lost the same race must not meet again.
    service.not_before = now + Duration(random_id() % static_cast<std::uint64_t>(options_.heartbeat.count() / 2 + 1));
    return;
  }
  service.not_before = now + std::max(outcome.wait, options_.heartbeat);
  if (outcome.kind == Kind::alive || std::exchange(service.refusal, outcome.text) == outcome.text) return;
  log::warning("registry", "the ring was not changed", {{"service", name}, {"err", outcome.text}});
}

TimePoint DirectoryLoop::next_removal(const Service& service) const {
  const TimePoint due = service.sightings.next_due(options_.heartbeat);
  return std::max({due, service.not_before, may_change_from_, may_remove_from_});
}

}  // namespace wscluster::registry
