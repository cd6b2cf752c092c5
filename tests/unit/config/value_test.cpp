// SPDX-License-Identifier: MIT
#include "config/value.hpp"

#include <gtest/gtest.h>
#include <array>

namespace wscluster::config {
namespace {

constexpr std::array<std::string_view, 3> words{"auto", "text", "json"};

TEST(Value, booleans_are_words_and_nothing_else) {
  EXPECT_TRUE(*parse_boolean("Yes"));
  EXPECT_FALSE(*parse_boolean("off"));
  EXPECT_FALSE(parse_boolean("1").has_value());
  EXPECT_FALSE(parse_boolean("").has_value());
}

TEST(Value, a_choice_names_all_words_and_the_nearest) {
  EXPECT_EQ(*parse_choice(words, "json"), 2U);
  EXPECT_EQ(parse_choice(words, "jsom").error().message,
            "'jsom' is not one of auto, text, json (did you mean 'json'?)");
}

TEST(Value, numbers_must_be_whole_texts) {
  EXPECT_DOUBLE_EQ(*parse_number("0.5"), 0.5);
  for (const auto* bad : {"", "1x", "x", "1,5", " 1"})
    EXPECT_FALSE(parse_number(bad).has_value()) << bad;
}

TEST(Value, a_list_drops_spaces_and_empty_text_is_empty) {
  EXPECT_EQ(parse_list("a, b ,c"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(parse_list(" ").empty());
}

TEST(Value, a_number_without_a_unit_is_refused_where_a_unit_is_needed) {
  EXPECT_FALSE(check(Type::duration, {}, "5"));
  EXPECT_FALSE(check(Type::size, {}, "5"));
  EXPECT_FALSE(check(Type::rate, {}, "5"));
  EXPECT_TRUE(check(Type::count, {}, "5"));
}

TEST(Value, a_size_may_be_left_to_the_program) {
  std::optional<std::uint64_t> field{7};
  EXPECT_TRUE(check(Type::size_or_auto, {}, "auto"));
  EXPECT_FALSE(check(Type::size_or_auto, {}, "automatic"));
  EXPECT_TRUE(read_value(Type::size_or_auto, "auto", field));
  EXPECT_EQ(field, std::nullopt);
  EXPECT_EQ(write_value(Type::size_or_auto, field), "auto");
  EXPECT_TRUE(read_value(Type::size_or_auto, "512MiB", field));
  EXPECT_EQ(field, 512U << 20U);
  EXPECT_EQ(write_value(Type::size_or_auto, field), "512MiB");
  EXPECT_FALSE(read_value(Type::size_or_auto, "much", field));
  EXPECT_EQ(field, 512U << 20U);
}

TEST(Value, a_bad_text_leaves_the_field_alone) {
  Duration field{7};
  EXPECT_FALSE(read_value(Type::duration, "soon", field));
  EXPECT_EQ(field, Duration{7});
  unsigned cores = 3;
  EXPECT_FALSE(read_value(Type::count, "5000m", cores));
  EXPECT_EQ(cores, 3U);
}

}  // namespace
}  // namespace wscluster::config
