// SPDX-License-Identifier: MIT
#include "registry/membership.hpp"

#include <algorithm>

namespace wscluster::registry {
namespace {

bool others_can_own(const ring::Document& document, const std::string& self) {
  return std::any_of(document.members.begin(), document.members.end(),
                     [&](const ring::Member& member) { return member.name != self && member.weight > 0; });
}

Step step_of_member(const ServiceFacts& facts, const ring::Member& member, const Registration& self) {
  if (member.incarnation != self.incarnation) {
    return facts.is_leaving || facts.was_member || !facts.is_linked ? Step::nothing : Step::renew;
  }
  if (!others_can_own(*facts.held, self.name)) return Step::nothing;
  if (member.weight > 0) return facts.is_leaving ? Step::drain : Step::nothing;
  if (member.state == ring::MemberState::drained && !facts.is_leaving) return Step::nothing;
  return facts.done_through >= facts.held->epoch ? Step::go : Step::nothing;
}

}  // namespace

Step next_step(const ServiceFacts& facts, const Registration& self, Duration lease, TimePoint now) {
  if (self.role != Role::node || !facts.is_current || now < facts.may_change_from) return Step::nothing;
  if (facts.held == nullptr) {
    const bool wanted = facts.is_linked && !facts.is_leaving && !self.is_standby;
    return wanted && facts.nobody_since <= now - 2 * lease ? Step::first_document : Step::nothing;
  }
  if (facts.newest_adopted > facts.held->epoch) return Step::nothing;
  for (const ring::Member& member : facts.held->members) {
    if (member.name == self.name) return step_of_member(facts, member, self);
  }
  const bool wanted = facts.is_linked && !facts.is_leaving && !facts.was_member && !self.is_standby;
  return wanted ? Step::enter : Step::nothing;
}

std::vector<ring::Member> apply(Step step, std::vector<ring::Member> members, const Registration& self) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const ring::Member& member) { return member.name == self.name; });
  switch (step) {
    case Step::nothing:
      break;
    case Step::first_document:
    case Step::enter:
      members.push_back({self.name, self.incarnation, self.weight, ring::MemberState::up});
      break;
    case Step::renew:
      found->incarnation = self.incarnation;
      // Who was leaving and is started again with the wish to join comes back; a standby goes on leaving. Who was
      // drained by an operator waits for one.
      if (found->weight == 0 && found->state != ring::MemberState::drained && !self.is_standby) {
        found->weight = self.weight;
        found->state = ring::MemberState::up;
      }
      break;
    case Step::drain:
      found->weight = 0;
      found->state = ring::MemberState::draining;
      break;
    case Step::go:
      members.erase(found);
      break;
  }
  return members;
}

void Sightings::see(TimePoint now, const std::set<Life>& gone) {
  std::erase_if(first_, [&](const auto& entry) { return !gone.contains(entry.first); });
  for (const Life& life : gone)
    first_.try_emplace(life, now);
}

std::set<Life> Sightings::due(TimePoint now, Duration apart) const {
  std::set<Life> lives;
  for (const auto& [life, first] : first_) {
    if (now >= first + apart) lives.insert(life);
  }
  return lives;
}

TimePoint Sightings::next_due(Duration apart) const {
  TimePoint next = TimePoint::max();
  for (const auto& [life, first] : first_)
    next = std::min(next, first + apart);
  return next;
}

}  // namespace wscluster::registry
