// SPDX-License-Identifier: MIT
#include "registry/adoption.hpp"

namespace wscluster::registry {

Standing compare(const ring::Document* held, const ring::Document& candidate) {
  if (held == nullptr || candidate.repaired > held->epoch) return Standing::newer;
  if (held->repaired > candidate.epoch) return Standing::older;
  if (held->lineage != candidate.lineage) return Standing::other_lineage;
  if (candidate.epoch < held->epoch) return Standing::older;
  if (candidate.epoch == held->epoch) {
    return candidate.digest == held->digest ? Standing::same : Standing::other_digest;
  }
  if (candidate.epoch == held->epoch + 1 && candidate.predecessor != held->digest) return Standing::other_digest;
  return Standing::newer;
}

Standing compare(const ring::Document* held, const ring::Document& candidate, std::string_view digest_of_held) {
  const Standing standing = compare(held, candidate);
  if (standing != Standing::newer || held == nullptr || candidate.repaired > held->epoch) return standing;
  return digest_of_held.empty() || digest_of_held == held->digest ? standing : Standing::other_digest;
}

std::optional<Alarm> describe(Standing standing, const ring::Document& held, const ring::Document& candidate,
                              const std::string& source) {
  const std::string kept = "; epoch " + std::to_string(held.epoch) + " is kept";
  const std::string ring = "ring of " + held.service + ": " + source + " has ";
  const std::string remedy = "; decide with 'ring repair --from NODE'";
  switch (standing) {
    case Standing::newer:
    case Standing::same:
      return std::nullopt;
    case Standing::older:
      return Alarm{AlarmKind::rollback, ring + "the older epoch " + std::to_string(candidate.epoch) + kept};
    case Standing::other_digest:
      return Alarm{AlarmKind::fork,
                   ring + "another document as epoch " + std::to_string(candidate.epoch) + kept + remedy};
    case Standing::other_lineage:
      return Alarm{AlarmKind::lineage, ring + "a ring of another origin (made anew after a loss?)" + kept + remedy};
  }
  return std::nullopt;
}

}  // namespace wscluster::registry
