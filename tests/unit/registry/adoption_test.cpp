// SPDX-License-Identifier: MIT
#include "registry/adoption.hpp"

#include <gtest/gtest.h>

namespace wscluster::registry {
namespace {

ring::Document first(std::uint64_t lineage) {
  return *ring::first_document("chat", 1, lineage, {{"a", 1, 1, ring::MemberState::up}});
}

ring::Document next(const ring::Document& from, const std::string& why) {
  return *ring::next_document(from, from.members, "test", why, "", from.epoch);
}

TEST(Adoption, P0_02_only_newer_documents_of_the_same_lineage_are_newer) {
  const auto one = first(5);
  const auto two = next(one, "");
  const auto other_two = next(one, "somebody else");
  EXPECT_EQ(compare(nullptr, one), Standing::newer);
  EXPECT_EQ(compare(&one, two), Standing::newer);
  EXPECT_EQ(compare(&two, two), Standing::same);
  EXPECT_EQ(compare(&two, one), Standing::older);
  EXPECT_EQ(compare(&two, other_two), Standing::other_digest);
  EXPECT_EQ(compare(&two, first(6)), Standing::other_lineage);
}

TEST(Adoption, P0_02_a_successor_of_another_document_is_not_adopted) {
  const auto one = first(5);
  const auto two = next(one, "");
  const auto other_two = next(one, "somebody else");
  EXPECT_EQ(compare(&two, next(other_two, "")), Standing::other_digest);
  EXPECT_EQ(compare(&one, next(two, "")), Standing::newer) << "epochs may be skipped";
}

TEST(Adoption, a_repaired_document_is_followed_from_every_older_one_whatever_its_origin) {
  const auto one = first(5);
  const auto fork = next(next(first(6), "fork"), "further");
  const auto repaired = *ring::repaired_document(one, nullptr, 4, "test", "", "");
  const auto after = next(repaired, "");
  EXPECT_EQ(compare(&fork, repaired), Standing::newer);
  EXPECT_EQ(compare(&fork, after), Standing::newer) << "its successors, too";
  EXPECT_EQ(compare(&repaired, fork), Standing::older) << "what it replaced is not a fork any more";
  EXPECT_EQ(compare(&after, next(repaired, "other")), Standing::other_digest);
  const auto later_fork = next(next(fork, ""), "");
  ASSERT_EQ(later_fork.epoch, 5U);
  EXPECT_EQ(compare(&later_fork, repaired), Standing::other_lineage) << "a fork above the repair is not repaired";
}

TEST(Adoption, alarms_name_service_source_and_epochs) {
  const auto one = first(5);
  const auto two = next(one, "");
  const auto alarm = describe(Standing::older, two, one, "Redis");
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->kind, AlarmKind::rollback);
  EXPECT_EQ(alarm->text, "ring of chat: Redis has the older epoch 1; epoch 2 is kept");
  EXPECT_FALSE(describe(Standing::newer, one, two, "Redis"));
}

}  // namespace
}  // namespace wscluster::registry
