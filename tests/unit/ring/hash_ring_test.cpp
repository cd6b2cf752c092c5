// SPDX-License-Identifier: MIT
#include "ring/hash_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "members.hpp"
#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

using testing::nodes;

/// The definition: the first point at or after the key, around the circle.
const Member* owner_by_search(const HashRing& ring, std::uint64_t hash) {
  const auto& points = ring.points();
  const auto end = points.begin() + static_cast<std::ptrdiff_t>(ring.point_total());
  auto at = std::lower_bound(points.begin(), end, hash,
                             [](const HashRing::Point& point, std::uint64_t key) { return point.position < key; });
  if (at == end) at = points.begin();
  return &ring.members()[at->member];
}

TEST(HashRing, empty_ring_has_no_owner) {
  for (const HashRing& ring : {HashRing(), HashRing(nodes(3, 0), 7)}) {
    EXPECT_TRUE(ring.is_empty());
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1} << 63U, UINT64_MAX}) {
      EXPECT_EQ(ring.owner_of(hash), nullptr);
      EXPECT_TRUE(ring.successors_of(hash, 3).empty());
    }
    EXPECT_TRUE(ring.arcs().empty());
  }
}

TEST(HashRing, bucket_index_equals_binary_search_for_1_to_1000_nodes) {
  std::mt19937_64 random(2);
  for (const std::size_t count : {1U, 2U, 3U, 7U, 64U, 1000U}) {
    const HashRing ring(nodes(count), random());
    ASSERT_EQ(ring.point_total(), count * 512);
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t hash = random();
      ASSERT_EQ(ring.owner_of(hash), owner_by_search(ring, hash));
    }
    for (std::size_t i = 0; i < ring.point_total(); i += 1 + count / 8) {
      const std::uint64_t position = ring.points()[i].position;
      for (const std::uint64_t hash : {position - 1, position, position + 1}) {
        ASSERT_EQ(ring.owner_of(hash), owner_by_search(ring, hash));
      }
    }
    for (const std::uint64_t hash : {std::uint64_t{0}, UINT64_MAX}) {
      EXPECT_EQ(ring.owner_of(hash), owner_by_search(ring, hash));
    }
  }
}

TEST(HashRing, few_points_work_as_well) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    const HashRing ring(nodes(1 + random() % 4), random(), 1 + static_cast<unsigned>(random() % 3));
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t hash = random();
      ASSERT_EQ(ring.owner_of(hash), owner_by_search(ring, hash));
    }
  }
}

TEST(HashRing, P0_01_owners_do_not_depend_on_the_order_state_or_incarnation_of_members) {
  auto members = nodes(9);
  const HashRing ring(members, 4);
  std::reverse(members.begin(), members.end());
  for (Member& member : members)
    member.state = MemberState::suspended, member.incarnation *= 3;
  const HashRing other(members, 4);
  std::mt19937_64 random(4);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t hash = random();
    ASSERT_EQ(ring.owner_of(hash)->name, other.owner_of(hash)->name);
  }
}

TEST(HashRing, owned_ratios_follow_the_weights) {
  auto members = nodes(20);
  double total = 0;
  for (std::size_t i = 0; i < members.size(); ++i)
    total += members[i].weight = 0.25 * static_cast<double>(i % 8);
  const HashRing ring(members, 5);
  double sum = 0;
  for (const Member& member : members) {
    const double ideal = member.weight / total;
    const double points = static_cast<double>(point_count(member.weight, 512));
    EXPECT_NEAR(ring.owned_ratio(member.name), ideal, points > 0 ? 4 * ideal / std::sqrt(points) : 0) << member.name;
    sum += ring.owned_ratio(member.name);
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_EQ(ring.owned_ratio("nobody"), 0);
}

TEST(HashRing, a_single_node_owns_everything_in_one_arc) {
  const HashRing ring(nodes(1), 6);
  EXPECT_DOUBLE_EQ(ring.owned_ratio("node-0"), 1);
  const auto arcs = ring.arcs();
  ASSERT_EQ(arcs.size(), 1U);
  EXPECT_EQ(arcs[0].start, arcs[0].end);
  EXPECT_EQ(arcs[0].share(), 1);
  for (const std::uint64_t hash : {std::uint64_t{0}, arcs[0].end, arcs[0].end + 1, UINT64_MAX}) {
    EXPECT_TRUE(arcs[0].contains(hash));
  }
  const HashRing one_point(nodes(1), 6, 1);
  EXPECT_DOUBLE_EQ(one_point.owned_ratio("node-0"), 1);
  EXPECT_EQ(one_point.arcs().size(), 1U);
}

TEST(HashRing, arcs_cover_every_key_once_with_its_owner) {
  std::mt19937_64 random(7);
  for (const std::size_t count : {2U, 3U, 50U}) {
    const HashRing ring(nodes(count), random(), 16);
    const auto arcs = ring.arcs();
    double share = 0;
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      const auto& arc = arcs[i];
      const auto& next = arcs[(i + 1) % arcs.size()];
      EXPECT_EQ(arc.end, next.start);
      EXPECT_NE(arc.owner, next.owner) << "neighbours must be merged";
      EXPECT_EQ(ring.owner_index_of(arc.end), arc.owner) << "the end belongs to the arc";
      EXPECT_EQ(ring.owner_index_of(arc.start + 1), arc.owner) << "the start does not";
      share += arc.share();
    }
    EXPECT_NEAR(share, 1, 1e-9);
  }
}

TEST(HashRing, successors_are_distinct_and_begin_with_the_owner) {
  auto members = nodes(10);
  members[4].weight = 0;
  const HashRing ring(members, 8, 32);
  std::mt19937_64 random(8);
  for (int i = 0; i < 2'000; ++i) {
    const std::uint64_t hash = random();
    const auto all = ring.successors_of(hash, 100);
    ASSERT_EQ(all.size(), 9U) << "the member without weight is nobody's successor";
    EXPECT_EQ(all[0], ring.owner_of(hash));
    EXPECT_EQ(std::set<const Member*>(all.begin(), all.end()).size(), all.size());
    const auto three = ring.successors_of(hash, 3);
    EXPECT_TRUE(three.size() == 3 && std::equal(three.begin(), three.end(), all.begin()));
  }
  EXPECT_TRUE(ring.successors_of(1, 0).empty());
}

TEST(HashRing, the_next_successor_owns_the_key_when_the_owner_leaves) {
  const HashRing ring(nodes(6), 9);
  std::mt19937_64 random(9);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t hash = random();
    const auto two = ring.successors_of(hash, 2);
    auto rest = nodes(6);
    std::erase_if(rest, [&](const Member& member) { return member.name == two[0]->name; });
    ASSERT_EQ(HashRing(rest, 9).owner_of(hash)->name, two[1]->name);
  }
}

TEST(HashRing, members_stay_where_they_are_when_the_ring_is_moved) {
  HashRing ring(nodes(3), 10);
  const Member* owner = ring.owner_of(1);
  const HashRing moved = std::move(ring);
  EXPECT_EQ(moved.owner_of(1), owner);
  EXPECT_EQ(moved.find(owner->name), owner);
  EXPECT_EQ(moved.find("node-9"), nullptr);
}

}  // namespace
}  // namespace wscluster::ring
