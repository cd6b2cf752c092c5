// SPDX-License-Identifier: MIT
#include "protocol/filter.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wscluster::protocol {
namespace {

struct Session {
  std::string user;
  std::string connection;
  std::set<std::string, std::less<>> groups;
};

const Session bob{"bob", "c1", {"blue", "it's"}};
const Session anonymous{"", "c2", {}};

bool fits(std::string_view text, const Session& session) {
  const auto filter = Filter::parse(text);
  if (!filter) {
    ADD_FAILURE() << text << ": " << filter.error().message;
    return false;
  }
  return filter->fits(session.user, session.connection,
                      [&](std::string_view group) { return session.groups.contains(group); });
}

std::string filter_refusal(std::string_view text) {
  const auto filter = Filter::parse(text);
  return filter ? std::string() : filter.error().message;
}

TEST(Filter, users_connections_and_groups_are_compared) {
  EXPECT_TRUE(fits("userId eq 'bob'", bob));
  EXPECT_FALSE(fits("userId eq 'Bob'", bob));
  EXPECT_FALSE(fits("userId ne 'bob'", bob));
  EXPECT_TRUE(fits("userId ne 'alice'", bob));
  EXPECT_TRUE(fits("connectionId eq 'c1'", bob));
  EXPECT_TRUE(fits("connectionId ne 'c2'", bob));
  EXPECT_TRUE(fits("'blue' in groups", bob));
  EXPECT_FALSE(fits("'red' in groups", bob));
}

TEST(Filter, an_anonymous_session_has_no_user) {
  EXPECT_TRUE(fits("userId eq null", anonymous));
  EXPECT_FALSE(fits("userId eq null", bob));
  EXPECT_TRUE(fits("userId ne null", bob));
  EXPECT_FALSE(fits("userId eq ''", anonymous)) << "null is not an empty text";
  EXPECT_TRUE(fits("userId ne ''", anonymous));
  EXPECT_TRUE(fits("userId ne 'bob'", anonymous));
}

TEST(Filter, not_is_stronger_than_and_and_that_than_or) {
  EXPECT_TRUE(fits("userId eq 'bob' or 'red' in groups and userId eq null", bob));
  EXPECT_FALSE(fits("(userId eq 'bob' or 'red' in groups) and userId eq null", bob));
  EXPECT_FALSE(fits("not 'blue' in groups and userId eq 'bob'", bob));
  EXPECT_TRUE(fits("not ('blue' in groups and userId eq 'alice')", bob));
  EXPECT_TRUE(fits("not not 'blue' in groups", bob));
  EXPECT_TRUE(fits("not('red' in groups)and(userId eq 'bob')", bob));
  EXPECT_TRUE(fits("'red' in groups or 'green' in groups or 'blue' in groups", bob));
  EXPECT_FALSE(fits("'blue' in groups and 'green' in groups and userId eq 'bob'", bob));
}

TEST(Filter, a_quote_is_written_twice) {
  EXPECT_TRUE(fits("'it''s' in groups", bob));
  EXPECT_TRUE(fits("connectionId eq ''''", {"", "'", {}}));
  EXPECT_TRUE(fits("userId eq '''a''''b'''", {"'a''b'", "", {}}));
}

TEST(Filter, spaces_may_be_more_and_fields_in_any_case) {
  EXPECT_TRUE(fits("  USERID  eq\t'bob'  ", bob));
  EXPECT_TRUE(fits("( ( 'blue'  in  Groups ) )", bob));
}

TEST(Filter, without_one_everybody_is_meant) {
  EXPECT_TRUE(fits("", bob));
  EXPECT_TRUE(fits("", anonymous));
}

TEST(Filter, what_is_none_is_refused_with_its_place) {
  EXPECT_EQ(filter_refusal("userId"), "the filter at character 7: 'eq' or 'ne' is expected");
  EXPECT_EQ(filter_refusal("userId gt 'a'"), "the filter at character 8: 'eq' or 'ne' is expected");
  EXPECT_EQ(filter_refusal("userId eq 5"), "the filter at character 11: a text in single quotes is expected");
  EXPECT_EQ(filter_refusal("connectionId eq null"), "the filter at character 17: a text in single quotes is expected");
  EXPECT_EQ(filter_refusal("userId eq 'bob"), "the filter at character 11: this text does not end");
  EXPECT_EQ(filter_refusal("userId eq'bob'"), "the filter at character 10: a space is expected before the text");
  EXPECT_EQ(filter_refusal("'a'in groups"), "the filter at character 4: a space is expected behind the text");
  EXPECT_EQ(filter_refusal("'a' in users"), "the filter at character 8: 'groups' is expected");
  EXPECT_EQ(filter_refusal("'a' eq userId"), "the filter at character 5: 'in groups' is expected");
  EXPECT_EQ(filter_refusal("('a' in groups"), "the filter at character 15: ')' is expected");
  EXPECT_EQ(filter_refusal("'\xc3\xa4' in groups)"), "the filter at character 14: 'and', 'or' or the end is expected");
  EXPECT_EQ(filter_refusal("'a' in groups xor 'b' in groups"),
            "the filter at character 15: 'and', 'or' or the end is expected");
  EXPECT_EQ(filter_refusal("'a' in groups AND 'b' in groups"),
            "the filter at character 15: 'and', 'or' or the end is expected");
  const std::string what = "userId, connectionId or a text in quotes followed by 'in groups' is expected";
  EXPECT_EQ(filter_refusal("length(userId) gt 3"), "the filter at character 1: " + what);
  EXPECT_EQ(filter_refusal("userId eq 'a' and "), "the filter at character 19: " + what);
  EXPECT_EQ(filter_refusal("  "), "the filter at character 3: " + what) << "whoever writes one means not everybody";
  EXPECT_EQ(filter_refusal("()"), "the filter at character 2: " + what);
  EXPECT_EQ(filter_refusal("true"), "the filter at character 1: " + what);
  EXPECT_EQ(filter_refusal("userId eq '\xff'"), "the filter is not UTF-8");
}

TEST(Filter, length_and_depth_have_a_limit) {
  const auto deep = [](unsigned depth) { return std::string(depth, '(') + "'a' in groups" + std::string(depth, ')'); };
  EXPECT_EQ(filter_refusal(deep(max_filter_depth - 1)), "");
  EXPECT_EQ(filter_refusal(deep(max_filter_depth)), "the filter at character 33: the filter is nested too deeply");
  std::string nots;
  for (unsigned i = 0; i < max_filter_depth; ++i)
    nots += "not ";
  EXPECT_NE(filter_refusal(nots + "'a' in groups"), "");
  const std::string longest = "'" + std::string(max_filter_bytes - 11, 'x') + "' in groups";
  ASSERT_EQ(longest.size(), max_filter_bytes + 1);
  EXPECT_EQ(filter_refusal(longest), "the filter is longer than 4096 bytes");
  EXPECT_EQ(filter_refusal("'" + longest.substr(2)), "");
}

TEST(Filter, many_alternatives_are_not_deep) {
  std::string text = "userId eq 'bob'";
  while (text.size() + 20 < max_filter_bytes)
    text = "'red' in groups or " + text;
  EXPECT_TRUE(fits(text, bob));
  EXPECT_FALSE(fits(text, anonymous));
}

}  // namespace
}  // namespace wscluster::protocol
