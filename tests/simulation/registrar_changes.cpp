// SPDX-License-Identifier: MIT
// What a process does to the rings by itself, as DirectoryLoop does it.
#include <algorithm>

#include "process.hpp"
#include "registrar.hpp"
#include "registry/adoption.hpp"
#include "registry/heritage.hpp"
#include "world.hpp"

namespace wscluster::simulation {

using registry::Step;

registry::ServiceFacts Registrar::facts_of(const std::string& name, const Service& service) const {
  registry::ServiceFacts facts;
  facts.held = service.held.get();
  facts.is_current = service.is_current;
  facts.done_through = service.done_through;
  for (const auto& [member, told] : contents_.stats) {
    const auto own = told.services.find(name);
    if (own != told.services.end()) facts.newest_adopted = std::max(facts.newest_adopted, own->second.adopted);
  }
  facts.nobody_since = service.nobody_since;
  facts.may_change_from = may_change_from_;
  facts.is_linked = is_linked;
  facts.is_leaving = leaving_.has_value();
  facts.was_member = service.was_member;
  return facts;
}

/// True: a command is under way, and its answer ends the turn.
bool Registrar::change_something() {
  const TimePoint now = world_.agenda().now();
  for (auto& [name, service] : services_) {
    if (put_back(service)) return true;
  }
  for (const std::string& name : self_.services) {
    Service& service = services_[name];
    if (now >= service.not_before && change_ring(name, service)) return true;
  }
  for (auto& [name, service] : services_) {
    if (now >= next_removal(service) && remove_dead(service)) return true;
  }
  return false;
}

bool Registrar::change_ring(const std::string& name, Service& service) {
  const Step step = registry::next_step(facts_of(name, service), self_, world_.lease(), world_.agenda().now());
  if (step == Step::nothing) return false;
  const auto members = registry::apply(step, service.held ? service.held->members : std::vector<ring::Member>(), self_);
  const auto next = step == Step::first_document ? world_.first_document(name, members)
                                                 : ring::next_document(*service.held, members, self_.name, "by itself",
                                                                       "", service.done_through);
  if (!next) {
    service.not_before = world_.agenda().now() + world_.heartbeat();
    return false;
  }
  const registry::Action action = step == Step::drain ? registry::Action::leave
                                  : step == Step::go  ? registry::Action::left
                                                      : registry::Action::join;
  registry::ChangePolicy policy = world_.policy(500);
  if (step == Step::drain && leaving_) policy = *leaving_;
  const DocumentPtr to = std::make_shared<ring::Document>(*next);
  const CommitRequest request{
      service.held, to, registry::describe_change(service.held.get(), *to, action, self_.name, policy, self_.name)};
  commit(name, [request](Redis& redis, TimePoint now) { return redis.commit(now, request); });
  return true;
}

TimePoint Registrar::next_removal(const Service& service) const {
  const TimePoint due = service.sightings.next_due(world_.heartbeat());
  return std::max({due, service.not_before, may_change_from_, may_remove_from_});
}

bool Registrar::remove_dead(Service& service) {
  const TimePoint now = world_.agenda().now();
  if (!service.is_current || !service.held) return false;
  const auto due = service.sightings.due(now, world_.heartbeat());
  if (due.empty()) return false;
  std::vector<ring::Member> members = service.held->members;
  std::erase_if(members, [&](const auto& member) { return due.contains({member.name, member.incarnation}); });
  const auto next = ring::next_document(*service.held, members, self_.name, "leases ended", "", service.done_through);
  if (!next) {
    service.not_before = now + world_.heartbeat();
    return false;
  }
  const DocumentPtr to = std::make_shared<ring::Document>(*next);
  const CommitRequest request{
      service.held, to,
      registry::describe_change(service.held.get(), *to, registry::Action::dead, due.begin()->name, {}, self_.name)};
  commit(to->service, [request](Redis& redis, TimePoint at) { return redis.remove_dead(at, request); });
  return true;
}

/// Redis has lost what we hold: it gets it back.
bool Registrar::put_back(Service& service) {
  if (!service.held || service.is_current || world_.never_puts_back()) return false;
  if (world_.agenda().now() < service.not_before) return false;
  const auto row = contents_.services.find(service.held->service);
  const DocumentPtr there = row == contents_.services.end() ? nullptr : row->second.head;
  if (there && registry::compare(service.held.get(), *there) != registry::Standing::older) return false;
  may_change_from_ = world_.agenda().now() + 2 * world_.lease();
  const registry::Heritage heritage{{}, service.done_through, service.running, service.read_through};
  const PutBackRequest request{service.held, service.history, service.done_through,
                               registry::changes_to_restore(*service.held, heritage), service.read_through};
  world_.note(self_.name + " puts epoch " + std::to_string(service.held->epoch) + " back");
  commit(service.held->service, [request](Redis& redis, TimePoint now) { return redis.put_back(now, request); });
  return true;
}

void Registrar::commit(const std::string& name, std::function<Outcome(Redis&, TimePoint)> request) {
  call<Outcome>(directory_connection_, std::move(request), [this, name](const Outcome* outcome) {
    Service& service = services_[name];
    const TimePoint now = world_.agenda().now();
    if (outcome == nullptr) {
      is_up_ = false;
    } else if (*outcome == Outcome::written) {
      is_dirty_ = true;
    } else if (*outcome == Outcome::conflict) {
      is_dirty_ = true;
      service.not_before =
          now + process_.random().micros(0, static_cast<std::uint64_t>(world_.heartbeat().count()) * 500);
    } else {
      if (*outcome != Outcome::alive) world_.note(self_.name + " does not change the ring: " + to_string(*outcome));
      service.not_before = now + world_.heartbeat();
    }
    end_turn();
  });
}

}  // namespace wscluster::simulation
