// SPDX-License-Identifier: MIT
#include "ring/plan.hpp"

#include <algorithm>
#include <tuple>

#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

/// The names of both rings, sorted; "" first.
std::vector<std::string> all_names(const HashRing& from, const HashRing& to) {
  std::vector<std::string> names{""};
  for (const HashRing* ring : {&from, &to}) {
    for (const Member& member : ring->members())
      names.push_back(member.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Walks the points of one ring in step with the other ring's.
class Walk {
 public:
  Walk(const HashRing& ring, const std::vector<std::string>& names) : ring_(ring) {
    for (const Member& member : ring.members()) {
      const auto at = std::lower_bound(names.begin(), names.end(), member.name);
      ids_.push_back(static_cast<std::uint32_t>(at - names.begin()));
    }
  }

  [[nodiscard]] bool has_more() const { return at_ < ring_.point_total(); }
  [[nodiscard]] std::uint64_t position() const { return ring_.points()[at_].position; }
  /// The owner of the keys that end at a position which is not after position() and after the point before.
  [[nodiscard]] std::uint32_t owner() const {
    return ring_.is_empty() ? Plan::nobody : ids_[ring_.points()[at_].member];
  }
  void pass(std::uint64_t position) {
    while (has_more() && ring_.points()[at_].position == position)
      ++at_;
  }

 private:
  const HashRing& ring_;
  std::vector<std::uint32_t> ids_;
  std::size_t at_ = 0;
};

/// As if nobody had one point while the ring is empty.
double points_of(const HashRing& ring, const std::string& name) {
  if (ring.is_empty()) return name.empty() ? 1 : 0;
  const Member* member = ring.find(name);
  return member == nullptr ? 0 : static_cast<double>(point_count(member->weight, ring.points_per_weight()));
}

std::uint64_t last_position(const HashRing& from, const HashRing& to) {
  std::uint64_t last = 0;
  for (const HashRing* ring : {&from, &to}) {
    if (!ring->is_empty()) last = std::max(last, ring->points()[ring->point_total() - 1].position);
  }
  return last;
}

}  // namespace

void Plan::append(const Arc& arc) {
  if (!arcs_.empty()) {
    Arc& last = arcs_.back();
    if (last.end == arc.start && last.from == arc.from && last.to == arc.to) {
      last.end = arc.end;
      return;
    }
  }
  arcs_.push_back(arc);
}

void Plan::summarise() {
  if (arcs_.size() > 1) {
    Arc& first = arcs_.front();
    const Arc& last = arcs_.back();
    if (last.end == first.start && last.from == first.from && last.to == first.to) {
      first.start = last.start;
      arcs_.pop_back();
    }
  }
  for (const Arc& arc : arcs_) {
    moves_.push_back({arc.from, arc.to, 1, arc.share()});
    share_ += arc.share();
  }
  std::stable_sort(moves_.begin(), moves_.end(),
                   [](const Move& a, const Move& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < moves_.size(); ++i) {
    if (moves_[i].from == moves_[kept].from && moves_[i].to == moves_[kept].to) {
      moves_[kept].ranges += 1;
      moves_[kept].share += moves_[i].share;
    } else {
      moves_[++kept] = moves_[i];
    }
  }
  moves_.resize(moves_.empty() ? 0 : kept + 1);
}

const Plan::Arc* Plan::arc_of(std::uint64_t hash) const noexcept {
  if (arcs_.empty()) return nullptr;
  const auto at = std::lower_bound(arcs_.begin(), arcs_.end(), hash,
                                   [](const Arc& arc, std::uint64_t key) { return arc.end < key; });
  // Beyond the last end only the arc that wraps is left, and that one is first.
  const Arc& arc = at == arcs_.end() ? arcs_.front() : *at;
  return arc.contains(hash) ? &arc : nullptr;
}

// A key keeps its owner when the first point after it, of both rings together, is in both. If that point is gone, the
// next one may still be of the same member; likewise if it is new.
void Plan::expect(const HashRing& old_ring, const HashRing& new_ring) {
  const double old_total = static_cast<double>(std::max<std::size_t>(old_ring.point_total(), 1));
  const double new_total = static_cast<double>(std::max<std::size_t>(new_ring.point_total(), 1));
  double united = 0;
  double moving = 0;
  for (const std::string& member : names_) {
    const double before = points_of(old_ring, member);
    const double after = points_of(new_ring, member);
    fair_share_ += std::max(0.0, after / new_total - before / old_total);
    united += std::max(before, after);
    if (before > after) moving += (before - after) * (1 - after / new_total);
    if (after > before) moving += (after - before) * (1 - before / old_total);
  }
  const bool is_total = old_ring.is_empty() != new_ring.is_empty();
  expected_share_ = is_total ? 1 : moving / united;
}

Plan plan(const HashRing& from, const HashRing& to) {
  Plan plan;
  plan.names_ = all_names(from, to);
  Walk old_points(from, plan.names_);
  Walk new_points(to, plan.names_);
  std::uint64_t start = last_position(from, to);
  while (old_points.has_more() || new_points.has_more()) {
    std::uint64_t end = UINT64_MAX;
    if (old_points.has_more()) end = std::min(end, old_points.position());
    if (new_points.has_more()) end = std::min(end, new_points.position());
    const std::uint32_t old_owner = old_points.owner();
    const std::uint32_t new_owner = new_points.owner();
    if (old_owner != new_owner) plan.append({{start, end}, old_owner, new_owner});
    old_points.pass(end);
    new_points.pass(end);
    start = end;
  }
  plan.summarise();
  plan.expect(from, to);
  return plan;
}

}  // namespace wscluster::ring
