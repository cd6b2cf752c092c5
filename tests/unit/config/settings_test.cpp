// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <set>

#include "config/config.hpp"

namespace wscluster::config {
namespace {

template <class Record>
void expect_default_round_trip(const std::vector<BasicSetting<Record>>& table) {
  for (const auto& setting : table) {
    Record record{};
    const std::string text = setting.get(record, setting);
    if (setting.type == Type::endpoint && text.empty()) continue;
    const auto values = setting.is_list() ? parse_list(text) : std::vector<std::string>{text};
    ASSERT_TRUE(setting.set(record, setting, values)) << setting.key << " does not take its own default " << text;
    EXPECT_EQ(setting.get(record, setting), text) << setting.key;
  }
}

TEST(Settings, every_default_is_a_text_that_its_own_parser_takes) {
  expect_default_round_trip(settings());
  for_each_named_section([](const auto& section) { expect_default_round_trip(section.settings); });
}

TEST(Settings, keys_and_variables_are_unique) {
  std::set<std::string> seen;
  for (const auto& setting : settings()) {
    EXPECT_TRUE(seen.insert(setting.key).second) << setting.key;
    EXPECT_TRUE(seen.insert(env_name(setting)).second) << env_name(setting);
  }
}

TEST(Settings, each_has_one_line_of_text_that_fits) {
  for (const auto& setting : settings()) {
    EXPECT_FALSE(setting.text.empty()) << setting.key;
    EXPECT_LE(setting.text.size(), 110U) << setting.key;
    EXPECT_NE(setting.text.back(), '.') << setting.key;
  }
}

TEST(Settings, no_two_settings_of_one_role_share_a_flag) {
  for (const auto role : {Roles::gateway, Roles::node, Roles::client}) {
    std::set<std::string> seen;
    for (const auto& setting : settings()) {
      if (!any_of(setting.roles, role) || setting.flag.empty()) continue;
      EXPECT_TRUE(seen.insert(setting.flag).second) << setting.flag;
    }
  }
}

TEST(Settings, setting_one_key_changes_no_other) {
  for (const auto& setting : settings()) {
    if (setting.type != Type::duration) continue;
    Config config;
    ASSERT_TRUE(setting.set(config, setting, {"12345ms"}));
    for (const auto& other : settings()) {
      if (other.key == setting.key) continue;
      EXPECT_EQ(other.get(config, other), other.get(Config{}, other)) << setting.key << " changed " << other.key;
    }
  }
}

TEST(Settings, the_variable_of_a_key_is_derived_from_it) {
  EXPECT_EQ(env_name(*find_setting("limits.max_connections")), "WSCLUSTER_LIMITS_MAX_CONNECTIONS");
  EXPECT_EQ(env_name(*find_setting("cluster.name")), "WSCLUSTER_CLUSTER");
  EXPECT_EQ(find_setting("nonsense"), nullptr);
}

}  // namespace
}  // namespace wscluster::config
