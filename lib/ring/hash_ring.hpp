// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ring/document.hpp"

namespace wscluster::ring {

/// The half-open key range (start, end] of the circle; start > end wraps, start == end is the whole circle.
struct KeyRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  [[nodiscard]] bool contains(std::uint64_t hash) const noexcept {
    return start == end || hash - start - 1 < end - start;
  }
  /// Of the circle, above 0 to 1.
  [[nodiscard]] double share() const noexcept;

  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

/// Who owns which key: immutable, so cores share one. The owner of a key is the member of the first point at or after
/// the key's hash, around the circle; of equal points the one whose name comes first. Members returned live as long as
/// the ring (also when it is moved).
class HashRing {
 public:
  static constexpr std::uint32_t nobody = UINT32_MAX;

  struct Point {
    std::uint64_t position;
    std::uint32_t member;  ///< index into members()
  };
  struct Arc : KeyRange {
    std::uint32_t owner;  ///< index into members()
  };

  /// An empty ring: nobody owns anything.
  HashRing() : HashRing(std::vector<Member>{}, 0) {}
  explicit HashRing(const Document& document) : HashRing(document.members, document.seed, document.points_per_weight) {}
  /// Also for the memberships of Document::open. The members must keep the rules of a document; they are sorted here.
  HashRing(std::vector<Member> members, std::uint64_t seed, unsigned points_per_weight = default_points_per_weight);

  /// Null only when no member has a weight above 0.
  [[nodiscard]] const Member* owner_of(std::uint64_t hash) const noexcept {
    const std::uint32_t index = owner_index_of(hash);
    return index == nobody ? nullptr : &members_[index];
  }
  [[nodiscard]] std::uint32_t owner_index_of(std::uint64_t hash) const noexcept {
    const Point* point = &points_[first_in_bucket_[hash >> shift_]];
    while (point->position < hash)
      ++point;
    return point->member;
  }
  /// The owner and the distinct members after it on the circle; fewer than `count` if there are not as many.
  [[nodiscard]] std::vector<const Member*> successors_of(std::uint64_t hash, std::size_t count) const;

  /// Of the keys, 0 to 1; 0 for a name that is not a member.
  [[nodiscard]] double owned_ratio(std::string_view name) const noexcept;
  /// Sorted by end; neighbours with one owner are one arc. Only the first one can wrap.
  [[nodiscard]] std::vector<Arc> arcs() const;

  [[nodiscard]] bool is_empty() const noexcept { return points_.size() == 1; }
  /// Sorted by name, those with weight 0 included.
  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
  [[nodiscard]] const Member* find(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t point_total() const noexcept { return points_.size() - 1; }
  /// Sorted by position, then name; after the last comes one more that closes the circle.
  [[nodiscard]] const std::vector<Point>& points() const noexcept { return points_; }
  [[nodiscard]] unsigned points_per_weight() const noexcept { return points_per_weight_; }

 private:
  void index_points();
  void measure();

  std::vector<Member> members_;
  std::vector<Point> points_;
  std::vector<std::uint32_t> first_in_bucket_;
  std::vector<double> owned_;
  std::size_t owners_ = 0;
  unsigned shift_ = 63;
  unsigned points_per_weight_;
};

}  // namespace wscluster::ring
