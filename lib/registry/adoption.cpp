// SPDX-License-Identifier: MIT
#include "registry/adoption.hpp"

namespace wscluster::registry {

Standing compare(const ring::Document* held, const ring::Document& candidate) {
  if (held == nullptr) return Standing::newer;
  if (held->lineage != candidate.lineage) return Standing::other_lineage;
  if (candidate.epoch < held->epoch) return Standing::older;
  if (candidate.epoch == held->epoch) {
    return candidate.digest == held->digest ? Standing::same : Standing::other_digest;
  }
  if (candidate.epoch == held->epoch + 1 && candidate.predecessor != held->digest) return Standing::other_digest;
  return Standing::newer;
}

std::string describe(Standing standing, const ring::Document& held, const ring::Document& candidate,
                     const std::string& source) {
  const std::string kept = "; epoch " + std::to_string(held.epoch) + " is kept";
  const std::string ring = "ring of " + held.service + ": " + source + " has ";
  switch (standing) {
    case Standing::newer:
    case Standing::same:
      return {};
    case Standing::older:
      return ring + "the older epoch " + std::to_string(candidate.epoch) + kept;
    case Standing::other_digest:
      return ring + "another document as epoch " + std::to_string(candidate.epoch) + kept;
    case Standing::other_lineage:
      return ring + "a ring of another origin (made anew after a loss?)" + kept;
  }
  return {};
}

}  // namespace wscluster::registry
