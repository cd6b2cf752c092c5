// SPDX-License-Identifier: MIT
#include "ring/document.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "members.hpp"
#include "ring/hash_ring.hpp"

namespace wscluster::ring {
namespace {

using testing::nodes;

Document first(std::size_t count) {
  return first_document("chat", 42, 7, nodes(count), "alice", "start", "now").value();
}

Result<Document> next(const Document& current, std::vector<Member> members, std::uint64_t done_through = 0) {
  return next_document(current, std::move(members), "bob", "test", "later", done_through);
}

std::vector<std::uint64_t> open_epochs(const Document& document) {
  std::vector<std::uint64_t> epochs;
  for (const auto& open : document.open)
    epochs.push_back(open.epoch);
  return epochs;
}

TEST(Document, the_first_is_epoch_1_sorted_and_without_predecessor) {
  auto members = nodes(3);
  std::swap(members[0], members[2]);
  const auto document = first_document("chat", 42, 7, members);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->epoch, 1U);
  EXPECT_EQ(document->members, nodes(3));
  EXPECT_EQ(document->predecessor, "");
  EXPECT_EQ(document->digest, digest_of(*document));
  EXPECT_TRUE(first_document("chat", 42, 7, {})) << "a ring may be empty";
}

TEST(Document, the_first_refuses_what_breaks_a_rule) {
  EXPECT_FALSE(first_document("Chat", 42, 7, nodes(1)));
  EXPECT_FALSE(first_document("chat", 42, 0, nodes(1)));
  EXPECT_FALSE(first_document("chat", 42, 7, {{"a b", 1, 1, MemberState::up}}));
  EXPECT_FALSE(first_document("chat", 42, 7, {{"a", 1, 1, MemberState::up}, {"a", 2, 1, MemberState::up}}));
  EXPECT_FALSE(first_document("chat", 42, 7, nodes(1), "x", std::string(1025, 'y')));
  EXPECT_FALSE(first_document("chat", 42, 7, nodes(1), "\xff"));
  for (const double weight : {-1.0, 1000.001, std::nan(""), std::numeric_limits<double>::infinity(), 0.0001}) {
    EXPECT_FALSE(first_document("chat", 42, 7, nodes(1, weight))) << weight;
  }
  for (const double weight : {0.0, 0.001, 1000.0})
    EXPECT_TRUE(first_document("chat", 42, 7, nodes(1, weight)));
}

TEST(Document, limits_of_members_and_points) {
  EXPECT_TRUE(first_document("chat", 42, 7, nodes(max_members)));
  const auto members = first_document("chat", 42, 7, nodes(max_members + 1));
  ASSERT_FALSE(members);
  EXPECT_EQ(members.error().code, Errc::limit);
  const auto points = first_document("chat", 42, 7, nodes(9, 1000));
  ASSERT_FALSE(points);
  EXPECT_EQ(points.error().code, Errc::limit);
}

TEST(Document, a_drained_member_has_no_weight_but_one_to_come_back_with) {
  const auto with = [](Member changed) {
    auto members = nodes(2);
    changed.name = members[0].name;
    members[0] = changed;
    return first_document("chat", 42, 7, members);
  };
  const auto drained = with({"", 1, 0, MemberState::drained, 1.0 / 3});
  ASSERT_TRUE(drained);
  EXPECT_EQ(drained->members[0].resume_weight, 0.333);
  EXPECT_NE(drained->digest, with({"", 1, 0, MemberState::drained, 2})->digest);
  EXPECT_FALSE(with({"", 1, 1, MemberState::drained, 1})) << "it must own nothing";
  EXPECT_FALSE(with({"", 1, 0, MemberState::drained, 0}));
  EXPECT_FALSE(with({"", 1, 0, MemberState::drained, std::nan("")}));
  EXPECT_FALSE(with({"", 1, 0, MemberState::draining, 1}));
  EXPECT_FALSE(with({"", 1, 1, MemberState::up, 1}));
}

TEST(Document, weights_are_kept_in_thousandths) {
  const auto document = first_document("chat", 42, 7, nodes(1, 1.0 / 3));
  EXPECT_EQ(document->members[0].weight, 0.333);
}

TEST(Document, next_counts_on_and_remembers_its_predecessor_and_the_earlier_members) {
  const Document one = first(3);
  const auto two = next(one, nodes(4));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->epoch, 2U);
  EXPECT_EQ(two->predecessor, one.digest);
  EXPECT_EQ(two->digest, digest_of(*two));
  EXPECT_EQ(two->lineage, one.lineage);
  EXPECT_EQ(two->seed, one.seed);
  EXPECT_EQ(two->service, one.service);
  ASSERT_EQ(open_epochs(*two), std::vector<std::uint64_t>{1});
  EXPECT_EQ(two->open[0].members, one.members);
  EXPECT_EQ(two->changed_by, "bob");
}

TEST(Document, a_new_life_of_an_owner_opens_the_membership_of_the_earlier_one) {
  const Document one = first(3);
  auto members = nodes(3);
  members[1].incarnation = 999;
  ASSERT_EQ(open_epochs(*next(one, members)), std::vector<std::uint64_t>{1});
  EXPECT_EQ(next(one, members)->open[0].members, one.members);
}

TEST(Document, a_change_without_another_owner_opens_nothing) {
  const Document one = first(3);
  auto members = nodes(3);
  members[2].state = MemberState::down;
  EXPECT_TRUE(next(one, members)->open.empty());
  members.push_back({"standby", 5, 0, MemberState::up});
  EXPECT_TRUE(next(one, members)->open.empty());
  members.back().weight = 0.001;
  EXPECT_EQ(next(one, members)->open.size(), 1U);
}

TEST(Document, what_is_done_leaves_open) {
  const Document one = first(3);
  const Document two = next(one, nodes(4)).value();
  const Document three = next(two, nodes(5)).value();
  EXPECT_EQ(open_epochs(three), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(open_epochs(next(three, nodes(6), 1).value()), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(open_epochs(next(three, nodes(6), 2).value()), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(open_epochs(next(three, nodes(6), 3).value()), (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(open_epochs(next(three, nodes(5), 3).value()), (std::vector<std::uint64_t>{}));
  const auto future = next(three, nodes(6), 4);
  ASSERT_FALSE(future) << "a change that has not begun cannot be done";
  EXPECT_EQ(future.error().code, Errc::invalid);
}

TEST(Document, an_abort_keeps_both_memberships_open) {
  const Document one = first(3);
  const Document two = next(one, nodes(4)).value();
  const Document back = next(two, nodes(3)).value();
  EXPECT_EQ(open_epochs(back), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(have_same_points(back.members, one.members, 512));
}

TEST(Document, a_ninth_running_change_has_to_wait) {
  Document document = first(1);
  for (std::size_t i = 0; i < max_open_changes; ++i)
    document = next(document, nodes(2 + i)).value();
  EXPECT_EQ(document.open.size(), max_open_changes);
  const auto refused = next(document, nodes(20));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("wait"), std::string::npos);
  EXPECT_TRUE(next(document, document.members)) << "nothing new is opened";
  EXPECT_TRUE(next(document, nodes(20), 2)) << "the oldest is done";
}

TEST(Document, next_refuses_bad_members_and_the_end_of_epochs) {
  Document one = first(3);
  EXPECT_FALSE(next(one, nodes(1, std::nan(""))));
  EXPECT_FALSE(next(one, {{"", 1, 1, MemberState::up}}));
  one.epoch = max_epoch;
  EXPECT_FALSE(next(one, nodes(3)));
}

TEST(Document, is_never_larger_than_what_is_read_again) {
  Document document = first_document("chat", 42, 7, nodes(4000)).value();
  Result<Document> grown = document;
  for (std::size_t i = 1; i <= max_open_changes && grown; ++i) {
    document = *grown;
    grown = next(document, nodes(4000 + i));
  }
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().code, Errc::limit);
  EXPECT_TRUE(parse_document(to_json(document)));
}

TEST(Document, a_repaired_one_is_above_both_and_keeps_the_fork_open) {
  const auto one = first(2);
  const auto held = next(one, nodes(3), 1).value();
  const auto fork = next(one, nodes(4), 1).value();
  const auto repaired = repaired_document(held, &fork, 3, "alice", "repaired", "now");
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(repaired->members, held.members);
  EXPECT_EQ(repaired->lineage, held.lineage);
  EXPECT_EQ(repaired->repaired, 3U);
  EXPECT_EQ(open_epochs(*repaired), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(repaired->open.back().members, fork.members);
  const auto read = parse_document(to_json(*repaired));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, *repaired);
  EXPECT_EQ(next(*repaired, nodes(2)).value().repaired, 3U) << "handed on";
  EXPECT_FALSE(repaired_document(held, &fork, 2, "", "", ""));
  auto foreign = first_document("chat", 43, 8, nodes(4)).value();
  EXPECT_EQ(repaired_document(held, &foreign, 3, "", "", "")->open, held.open) << "another seed, other owners";
}

TEST(Document, P0_01_digest_changes_with_each_field) {
  Document document = next(first(3), nodes(4)).value();
  std::set<std::string> digests{digest_of(document)};
  const std::vector<std::function<void(Document&)>> changes{
      [](Document& d) { d.schema += 1; },
      [](Document& d) { d.lineage += 1; },
      [](Document& d) { d.service = "chat2"; },
      [](Document& d) { d.epoch += 1; },
      [](Document& d) { d.predecessor[0] = d.predecessor[0] == '0' ? '1' : '0'; },
      [](Document& d) { d.algorithm = "ring2"; },
      [](Document& d) { d.hash = "xxh3"; },
      [](Document& d) { d.seed += 1; },
      [](Document& d) { d.points_per_weight += 1; },
      [](Document& d) { d.members.pop_back(); },
      [](Document& d) { d.members[0].name += "x"; },
      [](Document& d) { d.members[0].incarnation += 1; },
      [](Document& d) { d.members[0].weight = 1.001; },
      [](Document& d) { d.members[0].state = MemberState::down; },
      [](Document& d) { d.open.clear(); },
      [](Document& d) { d.open[0].epoch += 1; },
      [](Document& d) { d.open[0].members[0].incarnation += 1; },
      [](Document& d) { d.changed_at += "x"; },
      [](Document& d) { d.changed_by += "x"; },
      [](Document& d) { d.why += "x"; },
      [](Document& d) { d.repaired = 1; },
      [](Document& d) { d.changed_at += d.changed_by[0], d.changed_by.erase(0, 1); },
  };
  for (const auto& change : changes) {
    Document other = document;
    change(other);
    digests.insert(digest_of(other));
  }
  EXPECT_EQ(digests.size(), changes.size() + 1);
  document.digest = "something";
  EXPECT_TRUE(digests.contains(digest_of(document))) << "the digest does not count itself";
}

}  // namespace
}  // namespace wscluster::ring
