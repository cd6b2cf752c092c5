// SPDX-License-Identifier: MIT
#include "ring/hash_ring.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>

#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

constexpr double circle = 18446744073709551616.0;

std::uint64_t count_points(const std::vector<Member>& members, unsigned points_per_weight) {
  std::uint64_t total = 0;
  for (const Member& member : members)
    total += point_count(member.weight, points_per_weight);
  return total;
}

}  // namespace

double KeyRange::share() const noexcept {
  return start == end ? 1.0 : static_cast<double>(end - start) / circle;
}

HashRing::HashRing(std::vector<Member> members, std::uint64_t seed, unsigned points_per_weight)
    : members_(std::move(members)), points_per_weight_(points_per_weight) {
  std::sort(members_.begin(), members_.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
  const std::uint64_t total = count_points(members_, points_per_weight);
  assert(members_.size() <= max_members && total <= max_points);
  points_.reserve(total + 1);
  for (std::uint32_t index = 0; index < members_.size(); ++index) {
    const std::uint64_t count = point_count(members_[index].weight, points_per_weight);
    if (count > 0) ++owners_;
    for (unsigned i = 0; i < count; ++i)
      points_.push_back({point_of(members_[index].name, i, seed), index});
  }
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
    return std::tie(a.position, a.member) < std::tie(b.position, b.member);
  });
  // Every look-up ends here at the latest: no bounds check and no wrap in it.
  points_.push_back({UINT64_MAX, points_.empty() ? nobody : points_.front().member});
  index_points();
  measure();
}

void HashRing::index_points() {
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(point_total() * 2, 2));
  shift_ = 64U - static_cast<unsigned>(std::countr_zero(buckets));
  first_in_bucket_.resize(buckets);
  std::uint32_t point = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::uint64_t begin = std::uint64_t{bucket} << shift_;
    while (points_[point].position < begin)
      ++point;
    first_in_bucket_[bucket] = point;
  }
}

void HashRing::measure() {
  owned_.assign(members_.size(), 0);
  if (is_empty()) return;
  std::uint64_t start = points_[point_total() - 1].position;
  if (start == points_.front().position) {
    owned_[points_.front().member] = 1;
    return;
  }
  for (std::size_t i = 0; i < point_total(); ++i) {
    owned_[points_[i].member] += static_cast<double>(points_[i].position - start) / circle;
    start = points_[i].position;
  }
}

std::vector<const Member*> HashRing::successors_of(std::uint64_t hash, std::size_t count) const {
  std::vector<const Member*> found;
  count = std::min(count, owners_);
  if (count == 0) return found;
  std::vector<bool> seen(members_.size());
  const Point* point = &points_[first_in_bucket_[hash >> shift_]];
  while (point->position < hash)
    ++point;
  const Point* const end = points_.data() + point_total();
  while (found.size() < count) {
    if (point == end) point = points_.data();
    if (!seen[point->member]) found.push_back(&members_[point->member]);
    seen[point->member] = true;
    ++point;
  }
  return found;
}

const Member* HashRing::find(std::string_view name) const noexcept {
  const auto at = std::lower_bound(members_.begin(), members_.end(), name,
                                   [](const Member& member, std::string_view key) { return member.name < key; });
  return at != members_.end() && at->name == name ? &*at : nullptr;
}

double HashRing::owned_ratio(std::string_view name) const noexcept {
  const Member* member = find(name);
  return member == nullptr ? 0 : owned_[static_cast<std::size_t>(member - members_.data())];
}

std::vector<HashRing::Arc> HashRing::arcs() const {
  std::vector<Arc> arcs;
  if (is_empty()) return arcs;
  std::uint64_t start = points_[point_total() - 1].position;
  for (std::size_t i = 0; i < point_total(); ++i) {
    const Point& point = points_[i];
    // Of equal points the first one has the range.
    if (i > 0 && point.position == start) continue;
    if (!arcs.empty() && arcs.back().owner == point.member) {
      arcs.back().end = point.position;
    } else {
      arcs.push_back({{start, point.position}, point.member});
    }
    start = point.position;
  }
  if (arcs.size() > 1 && arcs.back().owner == arcs.front().owner) {
    arcs.front().start = arcs.back().start;
    arcs.pop_back();
  }
  return arcs;
}

}  // namespace wscluster::ring
