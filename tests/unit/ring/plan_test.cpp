// SPDX-License-Identifier: MIT
#include "ring/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "members.hpp"
#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

using testing::nodes;

std::string owner_name(const HashRing& ring, std::uint64_t hash) {
  const Member* owner = ring.owner_of(hash);
  return owner == nullptr ? "" : owner->name;
}

/// Any subset of node-0 … node-23 with any weights.
std::vector<Member> some_members(std::mt19937_64& random) {
  std::vector<Member> members;
  for (Member& member : nodes(24)) {
    if (random() % 3 == 0) continue;
    member.weight = static_cast<double>(random() % 9) / 4;
    members.push_back(member);
  }
  return members;
}

double weight_of(const HashRing& ring, const std::string& name) {
  const Member* member = ring.find(name);
  return member == nullptr ? 0 : member->weight;
}

void expect_plan_tells_the_truth(const Plan& changes, const HashRing& from, const HashRing& to, std::uint64_t hash) {
  const auto covering = std::count_if(changes.arcs().begin(), changes.arcs().end(),
                                      [&](const Plan::Arc& arc) { return arc.contains(hash); });
  const std::string before = owner_name(from, hash);
  const std::string after = owner_name(to, hash);
  ASSERT_EQ(covering, before == after ? 0 : 1);
  const Plan::Arc* arc = changes.arc_of(hash);
  ASSERT_EQ(arc != nullptr, before != after);
  if (arc == nullptr) return;
  EXPECT_TRUE(arc->contains(hash));
  EXPECT_EQ(changes.name(arc->from), before);
  EXPECT_EQ(changes.name(arc->to), after);
  EXPECT_TRUE(weight_of(from, before) != weight_of(to, before) || weight_of(from, after) != weight_of(to, after))
      << "neither " << before << " nor " << after << " was changed";
}

TEST(Plan, P0_05_a_key_changes_its_owner_if_and_only_if_it_is_in_exactly_one_arc_and_a_changed_member_is_involved) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 150; ++round) {
    const std::uint64_t seed = random();
    const unsigned points = 1 + static_cast<unsigned>(random() % 24);
    const HashRing from(some_members(random), seed, points);
    const HashRing to(some_members(random), seed, points);
    const Plan changes = plan(from, to);
    for (int i = 0; i < 100; ++i)
      expect_plan_tells_the_truth(changes, from, to, random());
    for (const HashRing* ring : {&from, &to}) {
      for (std::size_t i = 0; i < ring->point_total(); i += 7) {
        const std::uint64_t position = ring->points()[i].position;
        for (const std::uint64_t hash : {position - 1, position, position + 1}) {
          expect_plan_tells_the_truth(changes, from, to, hash);
        }
      }
    }
    for (const std::uint64_t hash : {std::uint64_t{0}, UINT64_MAX})
      expect_plan_tells_the_truth(changes, from, to, hash);
  }
}

TEST(Plan, between_equal_rings_is_empty) {
  const HashRing ring(nodes(5), 1);
  auto restarted = nodes(5);
  for (Member& member : restarted)
    member.incarnation += 1, member.state = MemberState::draining;
  for (const HashRing& other : {ring, HashRing(restarted, 1)}) {
    const Plan changes = plan(ring, other);
    EXPECT_TRUE(changes.is_empty());
    EXPECT_TRUE(changes.moves().empty());
    EXPECT_EQ(changes.share(), 0);
    EXPECT_EQ(changes.fair_share(), 0);
    EXPECT_EQ(changes.expected_share(), 0);
    EXPECT_FALSE(changes.contains(0));
  }
  EXPECT_TRUE(plan(HashRing(), HashRing()).is_empty());
}

TEST(Plan, add_then_remove_is_identity) {
  const HashRing before(nodes(10), 12);
  const HashRing during(nodes(11), 12);
  auto members = nodes(11);
  members.pop_back();
  EXPECT_FALSE(plan(before, during).is_empty());
  EXPECT_TRUE(plan(before, HashRing(members, 12)).is_empty());
  members = nodes(11);
  members.back().weight = 0;
  EXPECT_TRUE(plan(before, HashRing(members, 12)).is_empty()) << "weight 0 is the same as absent";
}

TEST(Plan, reversed_is_the_plan_back) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 50; ++round) {
    const HashRing a(some_members(random), 13, 32);
    const HashRing b(some_members(random), 13, 32);
    const Plan there = plan(a, b);
    const Plan back = plan(b, a);
    ASSERT_EQ(there.arcs().size(), back.arcs().size());
    for (std::size_t i = 0; i < there.arcs().size(); ++i) {
      const auto& x = there.arcs()[i];
      const auto& y = back.arcs()[i];
      ASSERT_EQ(static_cast<const KeyRange&>(x), static_cast<const KeyRange&>(y));
      ASSERT_EQ(there.name(x.from), back.name(y.to));
      ASSERT_EQ(there.name(x.to), back.name(y.from));
    }
    EXPECT_DOUBLE_EQ(there.share(), back.share());
  }
}

TEST(Plan, the_first_and_the_last_member_move_the_whole_circle) {
  const HashRing ring(nodes(1), 14);
  const Plan first = plan(HashRing(), ring);
  ASSERT_EQ(first.arcs().size(), 1U);
  EXPECT_EQ(first.arcs()[0].start, first.arcs()[0].end);
  EXPECT_EQ(first.name(first.arcs()[0].from), "");
  EXPECT_EQ(first.name(first.arcs()[0].to), "node-0");
  EXPECT_EQ(first.share(), 1);
  EXPECT_EQ(first.fair_share(), 1);
  EXPECT_EQ(first.expected_share(), 1);
  for (const std::uint64_t hash : {std::uint64_t{0}, first.arcs()[0].end, UINT64_MAX})
    EXPECT_TRUE(first.contains(hash));

  const Plan last = plan(ring, HashRing());
  EXPECT_EQ(last.name(last.arcs().at(0).to), "");
  EXPECT_EQ(last.fair_share(), 1);
  EXPECT_EQ(last.expected_share(), 1);

  const std::vector<Member> other{{"other", 1, 1, MemberState::up}};
  const Plan exchange = plan(ring, HashRing(other, 14));
  ASSERT_EQ(exchange.arcs().size(), 1U);
  EXPECT_EQ(exchange.share(), 1);
}

TEST(Plan, arcs_are_sorted_disjoint_and_merged) {
  int wrapping = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Plan changes = plan(HashRing(nodes(3), seed, 32), HashRing(nodes(5), seed, 32));
    const auto& arcs = changes.arcs();
    ASSERT_GT(arcs.size(), 10U);
    if (arcs[0].start > arcs[0].end) ++wrapping;
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      if (i > 0) {
        EXPECT_LE(arcs[i - 1].end, arcs[i].start);
        EXPECT_LT(arcs[i].start, arcs[i].end) << "only the first arc can wrap";
      }
      const auto& next = arcs[(i + 1) % arcs.size()];
      EXPECT_FALSE(arcs[i].end == next.start && arcs[i].from == next.from && arcs[i].to == next.to);
    }
  }
  EXPECT_GT(wrapping, 5) << "the seeds must cover the wrap";
}

TEST(Plan, moves_sum_up_the_arcs) {
  const Plan changes = plan(HashRing(nodes(4), 16), HashRing(nodes(6), 16));
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, double>> expected;
  for (const auto& arc : changes.arcs()) {
    auto& [ranges, share] = expected[{changes.name(arc.from), changes.name(arc.to)}];
    ranges += 1;
    share += arc.share();
  }
  ASSERT_EQ(changes.moves().size(), expected.size());
  auto at = expected.begin();
  for (const auto& move : changes.moves()) {
    EXPECT_EQ(changes.name(move.from), at->first.first);
    EXPECT_EQ(changes.name(move.to), at->first.second);
    EXPECT_EQ(move.ranges, at->second.first);
    EXPECT_NEAR(move.share, at->second.second, 1e-12);
    ++at;
  }
}

TEST(Plan, a_new_node_takes_about_its_share_and_nothing_moves_between_others) {
  const double slack = 1 + 4 / std::sqrt(512.0);
  for (const std::size_t count : {1U, 2U, 3U, 10U, 100U, 999U}) {
    for (std::uint64_t seed = 0; seed < (count < 100 ? 20U : 2U); ++seed) {
      const HashRing small(nodes(count), seed);
      const HashRing large(nodes(count + 1), seed);
      const std::string changed = "node-" + std::to_string(count);
      for (const bool add : {true, false}) {
        const Plan changes = add ? plan(small, large) : plan(large, small);
        EXPECT_NEAR(changes.fair_share(), 1.0 / static_cast<double>(count + 1), 1e-9);
        EXPECT_LE(changes.share(), changes.fair_share() * slack) << count << " seed " << seed;
        EXPECT_GE(changes.share(), changes.fair_share() / slack) << count << " seed " << seed;
        for (const auto& move : changes.moves())
          EXPECT_EQ(changes.name(add ? move.to : move.from), changed);
      }
    }
  }
}

TEST(Plan, several_new_nodes_move_their_fair_share_and_no_more) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 40; ++round) {
    const std::size_t before = 1 + random() % 20;
    const std::size_t added = 1 + random() % 5;
    const std::uint64_t seed = random();
    const HashRing small(nodes(before), seed);
    const HashRing large(nodes(before + added), seed);
    for (const Plan& changes : {plan(small, large), plan(large, small)}) {
      EXPECT_NEAR(changes.fair_share(), static_cast<double>(added) / static_cast<double>(before + added), 1e-9);
      EXPECT_NEAR(changes.expected_share(), changes.fair_share(), 1e-9);
      EXPECT_LE(changes.share(), changes.fair_share() * (1 + 4 / std::sqrt(512.0 * static_cast<double>(added))));
    }
  }
}

TEST(Plan, a_change_of_one_weight_moves_its_fair_share_and_no_more) {
  std::mt19937_64 random(19);
  for (int round = 0; round < 40; ++round) {
    auto members = nodes(2 + random() % 20);
    const std::uint64_t seed = random();
    const HashRing lighter(members, seed);
    const double more = 0.25 * static_cast<double>(1 + random() % 8);
    members[random() % members.size()].weight += more;
    const HashRing heavier(members, seed);
    for (const Plan& changes : {plan(lighter, heavier), plan(heavier, lighter)}) {
      EXPECT_NEAR(changes.expected_share(), changes.fair_share(), 1e-9);
      EXPECT_LE(changes.share(), changes.fair_share() * (1 + 4 / std::sqrt(512 * more)));
    }
  }
}

TEST(Plan, any_change_moves_what_is_expected_of_a_ring) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 60; ++round) {
    const auto old_members = some_members(random);
    const auto new_members = some_members(random);
    const std::uint64_t seed = random();
    const HashRing from(old_members, seed);
    const HashRing to(new_members, seed);
    double points = 0;
    for (const Member& member : nodes(24)) {
      points += 512 * std::abs(weight_of(from, member.name) - weight_of(to, member.name));
    }
    const Plan changes = plan(from, to);
    EXPECT_GE(changes.expected_share(), changes.fair_share() - 1e-9);
    EXPECT_LE(changes.share(), changes.expected_share() * (1 + 4 / std::sqrt(points)));
    EXPECT_GE(changes.share(), changes.expected_share() / (1 + 4 / std::sqrt(points)));
  }
}

}  // namespace
}  // namespace wscluster::ring
