// SPDX-License-Identifier: MIT
#include "session/group_pattern.hpp"

#include <gtest/gtest.h>
#include <cstdint>
#include <random>
#include <string>

#include "protocol/names.hpp"

namespace wscluster::session {
namespace {

bool matches(std::string_view pattern, std::string_view group) {
  const auto parsed = GroupPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern;
  return parsed && parsed->matches(group);
}

/// What the signs mean, written down without a thought for the time it takes. For names of one byte per character.
bool means(std::string_view pattern, std::string_view group) {
  if (pattern.empty()) return group.empty();
  if (pattern.starts_with("**")) {
    std::string_view rest = pattern;
    while (rest.starts_with('*'))
      rest.remove_prefix(1);
    for (std::size_t taken = 0; taken <= group.size(); ++taken) {
      if (means(rest, group.substr(taken))) return true;
    }
    return false;
  }
  if (pattern.front() == '*') {
    for (std::size_t taken = 0; taken <= group.size(); ++taken) {
      if (means(pattern.substr(1), group.substr(taken))) return true;
      if (taken < group.size() && group[taken] == '.') return false;
    }
    return false;
  }
  if (group.empty()) return false;
  if (pattern.front() == '?') return group.front() != '.' && means(pattern.substr(1), group.substr(1));
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  return pattern.front() == group.front() && means(pattern.substr(1), group.substr(1));
}

TEST(GroupPattern, published_examples) {
  EXPECT_TRUE(matches("chat-*", "chat-1"));
  EXPECT_TRUE(matches("chat-*", "chat-room"));
  EXPECT_FALSE(matches("chat-*", "chat.1"));
  EXPECT_FALSE(matches("chat-*", "xchat-1"));
  EXPECT_TRUE(matches("clientA.*", "clientA.alpha"));
  EXPECT_FALSE(matches("clientA.*", "clientA.alpha.room1"));
  EXPECT_FALSE(matches("clientA.*", "clientB.alpha"));
  EXPECT_TRUE(matches("clientA.**", "clientA.alpha.room1"));
  EXPECT_FALSE(matches("clientA.**", "clientB.anything"));
  EXPECT_TRUE(matches("clientA.rooms.?1", "clientA.rooms.a1"));
  EXPECT_TRUE(matches("clientA.rooms.?1", "clientA.rooms.11"));
  EXPECT_FALSE(matches("clientA.rooms.?1", "clientA.rooms.1"));
  EXPECT_FALSE(matches("clientA.rooms.?1", "clientA.rooms.a.1"));
  EXPECT_TRUE(matches(R"(literal\*star)", "literal*star"));
  EXPECT_FALSE(matches(R"(literal\*star)", "literalXstar"));
  EXPECT_TRUE(matches("user:*", "user:bob"));
}

TEST(GroupPattern, a_character_may_have_several_bytes) {
  EXPECT_TRUE(matches("?", "\xc3\xa9"));
  EXPECT_TRUE(matches("caf??", "caf\xc3\xa9\xf0\x9f\x98\x80"));
  EXPECT_FALSE(matches("??", "\xf0\x9f\x98\x80"));
  EXPECT_TRUE(matches("*?", "\xf0\x9f\x98\x80"));
  EXPECT_FALSE(matches("*??", "\xf0\x9f\x98\x80"));
}

TEST(GroupPattern, broken_ones_are_refused) {
  EXPECT_EQ(GroupPattern::parse("").error().message, "the pattern is empty");
  EXPECT_TRUE(GroupPattern::parse("*.*.*.*.*"));
  EXPECT_EQ(GroupPattern::parse("*.*.*.*.*.*").error().message, "the pattern has more than five '*'");
  EXPECT_TRUE(GroupPattern::parse("**.**.*"));
  EXPECT_FALSE(GroupPattern::parse("**.**.**"));
  EXPECT_TRUE(GroupPattern::parse(R"(*****\*\*)"));
  EXPECT_EQ(GroupPattern::parse("a\\").error().message,
            R"(the pattern has a backslash before none of '*', '?' and '\')");
  EXPECT_FALSE(GroupPattern::parse(R"(a\b)"));
  EXPECT_TRUE(GroupPattern::parse(R"(a\\b\?)"));
  EXPECT_TRUE(GroupPattern::parse(std::string(2 * protocol::max_group_bytes, 'x')));
  EXPECT_FALSE(GroupPattern::parse(std::string(2 * protocol::max_group_bytes + 1, 'x')));
}

TEST(GroupPattern, agrees_with_what_the_signs_mean) {
  std::mt19937_64 random(1);
  const auto any_of = [&](std::string_view letters, std::size_t most) {
    std::string text;
    for (std::size_t left = random() % (most + 1); left > 0; --left)
      text.push_back(letters[random() % letters.size()]);
    return text;
  };
  std::size_t tried = 0;
  std::size_t matched = 0;
  while (tried < 200'000) {
    std::string pattern = any_of("ab.?**", 8);
    if (random() % 8 == 0) pattern += R"(\*)";
    const auto parsed = GroupPattern::parse(pattern);
    if (!parsed) continue;
    const std::string group = any_of("aab.*", 10);
    ASSERT_EQ(parsed->matches(group), means(pattern, group)) << pattern << " and " << group;
    ++tried;
    matched += parsed->matches(group) ? 1 : 0;
  }
  EXPECT_GT(matched, tried / 20) << "random names must meet random patterns often enough";
}

TEST(GroupPattern, long_names_in_vain) {
  // Backtracking into every star would take longer than any test may.
  const std::string group(protocol::max_group_bytes, 'a');
  EXPECT_FALSE(matches("**a*a*a*b", group));
  EXPECT_FALSE(matches("**a**a*b", group));
  EXPECT_TRUE(matches("**a*a*a*b", group + "b"));
}

}  // namespace
}  // namespace wscluster::session
