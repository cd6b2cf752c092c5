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

TEST(Adoption, only_newer_documents_of_the_same_lineage_are_newer) {
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

TEST(Adoption, a_successor_of_another_document_is_not_adopted) {
  const auto one = first(5);
  const auto two = next(one, "");
  const auto other_two = next(one, "somebody else");
  EXPECT_EQ(compare(&two, next(other_two, "")), Standing::other_digest);
  EXPECT_EQ(compare(&one, next(two, "")), Standing::newer) << "epochs may be skipped";
}

TEST(Adoption, alarms_name_service_source_and_epochs) {
  const auto one = first(5);
  const auto two = next(one, "");
  const std::string line = describe(Standing::older, two, one, "Redis");
  EXPECT_EQ(line, "ring of chat: Redis has the older epoch 1; epoch 2 is kept");
  EXPECT_EQ(describe(Standing::newer, one, two, "Redis"), "");
}

}  // namespace
}  // namespace wscluster::registry
