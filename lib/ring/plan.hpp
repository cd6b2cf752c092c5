// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ring/hash_ring.hpp"

namespace wscluster::ring {

/// What a change from one ring to another does: every key whose owner (by name) changes is in exactly one arc, and no
/// other key is in any. Owns its names, so it may outlive both rings.
class Plan {
 public:
  /// In place of a member when one of the rings is empty; its name is "".
  static constexpr std::uint32_t nobody = 0;

  struct Arc : KeyRange {
    std::uint32_t from;  ///< for name()
    std::uint32_t to;    ///< for name()
  };
  /// All arcs between the same two members.
  struct Move {
    std::uint32_t from;
    std::uint32_t to;
    std::size_t ranges;
    double share;  ///< of all keys
  };

  /// Sorted by end; touching arcs of the same two members are one. Only the first one can wrap.
  [[nodiscard]] const std::vector<Arc>& arcs() const noexcept { return arcs_; }
  [[nodiscard]] const std::string& name(std::uint32_t member) const { return names_[member]; }
  /// Sorted by the names of from and to.
  [[nodiscard]] const std::vector<Move>& moves() const noexcept { return moves_; }

  [[nodiscard]] bool is_empty() const noexcept { return arcs_.empty(); }
  /// Null when the key's owner does not change. O(log arcs).
  [[nodiscard]] const Arc* arc_of(std::uint64_t hash) const noexcept;
  [[nodiscard]] bool contains(std::uint64_t hash) const noexcept { return arc_of(hash) != nullptr; }

  /// Of all keys, 0 to 1.
  [[nodiscard]] double share() const noexcept { return share_; }
  /// The least that any placement proportional to the points must move, 0 to 1.
  [[nodiscard]] double fair_share() const noexcept { return fair_share_; }
  /// What a ring moves on average over all seeds; share() stays below it times 1 + 4/√(points that come or go). It is
  /// the fair share when one member changes or all changed ones come (or go) entirely; members that change together
  /// in other ways also exchange keys with each other.
  [[nodiscard]] double expected_share() const noexcept { return expected_share_; }

 private:
  friend Plan plan(const HashRing& from, const HashRing& to);

  void append(const Arc& arc);
  void summarise();
  void expect(const HashRing& old_ring, const HashRing& new_ring);

  std::vector<std::string> names_;
  std::vector<Arc> arcs_;
  std::vector<Move> moves_;
  double share_ = 0;
  double fair_share_ = 0;
  double expected_share_ = 0;
};

/// O(points of both). The rings must have the same seed.
[[nodiscard]] Plan plan(const HashRing& from, const HashRing& to);

}  // namespace wscluster::ring
