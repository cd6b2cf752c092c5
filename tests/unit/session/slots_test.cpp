// SPDX-License-Identifier: MIT
#include "session/slots.hpp"

#include <gtest/gtest.h>
#include <string>

namespace wscluster::session {
namespace {

TEST(Slots, a_reference_never_finds_its_successor) {
  Slots<std::string> slots;
  const auto first = slots.emplace("a").first;
  slots.erase(first);
  const auto second = slots.emplace("b").first;
  EXPECT_NE(first, second);
  EXPECT_EQ(slots.find(first), nullptr);
  EXPECT_EQ(*slots.find(second), "b");
  slots.erase(first);
  EXPECT_EQ(slots.size(), 1U);
}

TEST(Slots, many_are_kept_apart) {
  Slots<int> slots;
  std::vector<std::uint64_t> refs;
  for (int i = 0; i < 1000; ++i)
    refs.push_back(slots.emplace(i).first);
  for (int i = 0; i < 1000; i += 2)
    slots.erase(refs[static_cast<std::size_t>(i)]);
  for (int i = 0; i < 1000; ++i) {
    const int* found = slots.find(refs[static_cast<std::size_t>(i)]);
    if (i % 2 == 0) {
      EXPECT_EQ(found, nullptr);
    } else {
      EXPECT_EQ(*found, i);
    }
  }
  EXPECT_EQ(slots.find(0), nullptr);
  EXPECT_EQ(slots.find(~std::uint64_t{0}), nullptr);
}

}  // namespace
}  // namespace wscluster::session
