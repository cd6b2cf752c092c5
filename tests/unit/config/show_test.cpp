// SPDX-License-Identifier: MIT
#include "config/show.hpp"

#include <gtest/gtest.h>
#include <algorithm>

#include "scratch.hpp"

namespace wscluster::config {
namespace {

using Texts = std::vector<std::string>;

const ShownValue& row(const std::vector<ShownValue>& rows, const std::string& key) {
  return *std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.key == key; });
}

TEST(Show, secrets_are_stars_and_every_value_has_its_origin) {
  const Scratch scratch;
  scratch.write("pass", "hunter2\n");
  const auto file = scratch.write("c.yaml", "redis: {password_file: pass}\nservices: {chat: {hold: 3s}}\n");
  const auto rows = show(load({file, {}, {}}, Roles::client));
  EXPECT_EQ(row(rows, "redis.password").value, "***");
  EXPECT_EQ(row(rows, "redis.password").origin.to_string(), file + ":1");
  EXPECT_EQ(row(rows, "services.chat.hold").value, "3s");
  EXPECT_EQ(row(rows, "services.chat.auth").origin.to_string(), "default");
  for (const auto& r : rows)
    EXPECT_EQ(r.value.find("hunter2"), std::string::npos) << r.key;
}

TEST(Show, the_example_of_each_role_is_accepted_but_for_its_missing_files) {
  const Scratch scratch;
  for (const auto role : {Roles::gateway, Roles::node, Roles::client}) {
    const auto file = scratch.write("c.yaml", example(role));
    for (const auto& problem : load({file, {}, {}}, role).problems) {
      EXPECT_NE(problem.text.find("No such file"), std::string::npos) << problem.to_string();
    }
  }
}

TEST(Show, the_example_with_every_key_uncommented_holds_the_defaults) {
  const Scratch scratch;
  std::string text = example(Roles::node);
  for (std::size_t at = 0; (at = text.find('#', at)) != std::string::npos; ++at) {
    if (at + 1 < text.size() && text[at + 1] != ' ') text.erase(at, 1);
  }
  const auto loaded = load({scratch.write("c.yaml", text), {}, {}}, Roles::none);
  for (const auto& problem : loaded.problems) {
    // A key without a default (an address, a list) stands there as an empty value.
    EXPECT_NE(problem.text.find("''"), std::string::npos) << problem.to_string();
  }
  EXPECT_EQ(loaded.config.node.front.edge.idle_timeout, edge::Options{}.idle_timeout);
}

TEST(Show, differences_tell_what_needs_a_restart) {
  Config before;
  before.node.front.services.emplace_back().service.name = "chat";
  Config after = before;
  after.node.front.drain_rate = 7;
  after.node.front.listen.port = 7;
  after.node.front.services[0].service.hold = Duration{7};
  after.redis.password = "new";
  const auto found = differences(before, after);
  EXPECT_EQ(found.reloadable, (Texts{"drain.rate"}));
  EXPECT_EQ(found.restart, (Texts{"listen", "redis.password", "services.chat.hold"}));
}

TEST(Show, upstream_services_are_shown_and_compared_like_services) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", "upstreams: {shop: {instances: [http://h:80]}}\n");
  const auto rows = show(load({file, {}, {}}, Roles::client));
  EXPECT_EQ(row(rows, "upstreams.shop.instances").value, "http://h:80");
  EXPECT_EQ(row(rows, "upstreams.shop.key_files").origin.to_string(), "default");
  Config before;
  before.node.front.upstreams = {{"shop", {"http://h:80"}, {}}};
  Config after = before;
  after.node.front.upstreams[0].key_files = {"k"};
  EXPECT_EQ(differences(before, after).reloadable, Texts{"upstreams.shop.key_files"});
  after = before;
  after.node.front.upstreams[0].instances.clear();
  EXPECT_EQ(differences(before, after).restart, Texts{"upstreams.shop.instances"});
}

TEST(Show, added_and_removed_services_need_a_restart) {
  Config before;
  before.node.front.services.emplace_back().service.name = "chat";
  Config after;
  after.node.front.services.emplace_back().service.name = "news";
  EXPECT_EQ(differences(before, after).restart, (Texts{"services.news", "services.chat"}));
  EXPECT_TRUE(differences(before, before).restart.empty());
}

}  // namespace
}  // namespace wscluster::config
