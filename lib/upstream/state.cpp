// SPDX-License-Identifier: MIT
#include "upstream/state.hpp"

#include <algorithm>

namespace wscluster::upstream {

const Instance* UpstreamState::find(std::string_view id) const {
  const auto found = instances.find(id);
  return found == instances.end() ? nullptr : &found->second;
}

const Instance* UpstreamState::find_member(std::string_view member) const {
  // Most ids are their own name.
  if (const Instance* instance = find(member); instance != nullptr && member_name(member) == member) return instance;
  const auto found = std::find_if(instances.begin(), instances.end(),
                                  [&](const auto& entry) { return member_name(entry.first) == member; });
  return found == instances.end() ? nullptr : &found->second;
}

std::vector<ring::Member> wanted_members(const UpstreamState& state) {
  std::vector<ring::Member> members;
  for (const auto& [id, instance] : state.instances) {
    if (!instance.is_up()) continue;
    ring::Member member{member_name(id), incarnation_of(instance), instance.weight, ring::MemberState::up};
    ring::settle_weights(member);
    members.push_back(std::move(member));
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return members;
}

}  // namespace wscluster::upstream
