// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace wscluster::config {
namespace {

using Texts = std::vector<std::string>;

TEST(Document, reads_sections_top_keys_and_services_with_their_places) {
  const auto document =
      read_document("listen: 127.0.0.1:1\nredis:\n  url: redis://h:1/0\nservices:\n  chat:\n    hold: 1s\n", "f");
  ASSERT_EQ(texts(document.problems), Texts{});
  ASSERT_EQ(document.entries.size(), 2U);
  EXPECT_EQ(document.entries[1].key, "redis.url");
  EXPECT_EQ(document.entries[1].line, 3);
  EXPECT_EQ(document.entries[1].column, 8);
  ASSERT_EQ(document.named.size(), 1U);
  EXPECT_EQ(document.named[0].section, "services");
  EXPECT_EQ(document.named[0].entries.at(0).values, Texts{"1s"});
}

TEST(Document, each_section_of_names_has_its_own_keys) {
  const auto document =
      read_document("upstreams:\n  shop:\n    instances: [http://h:1, a=http://h:2*2]\n  web: {}\n", "f");
  ASSERT_EQ(texts(document.problems), Texts{});
  ASSERT_EQ(document.named.size(), 2U);
  EXPECT_EQ(document.named[0].section, "upstreams");
  EXPECT_EQ(document.named[0].entries.at(0).values, (Texts{"http://h:1", "a=http://h:2*2"}));
  EXPECT_EQ(texts(read_document("upstreams:\n  shop:\n    instance: [x]\n", "n.yaml").problems),
            Texts{"n.yaml:3:5: error: upstreams.shop: unknown key 'instance' (did you mean 'instances'?)"});
  EXPECT_EQ(read_document("upstreams:\n  shop:\n    hold: 1s\n", "f").problems.size(), 1U) << "a key of services";
  EXPECT_EQ(read_document("upstreams:\n  Shop: {}\n", "f").problems.size(), 1U);
}

TEST(Document, an_unknown_key_is_named_with_the_nearest_one) {
  EXPECT_EQ(texts(read_document("limits:\n  max_conections: 1\n", "n.yaml").problems),
            Texts{"n.yaml:2:3: error: limits: unknown key 'max_conections' (did you mean 'max_connections'?)"});
  EXPECT_EQ(texts(read_document("redi: {}\n", "n.yaml").problems),
            Texts{"n.yaml:1:1: error: unknown key 'redi' (did you mean 'redis'?)"});
  EXPECT_EQ(texts(read_document("services:\n  chat:\n    holt: 1s\n", "n.yaml").problems),
            Texts{"n.yaml:3:5: error: services.chat: unknown key 'holt' (did you mean 'hold'?)"});
}

TEST(Document, a_key_of_another_section_is_found_there) {
  EXPECT_EQ(texts(read_document("limits:\n  max_sessions: 1\n", "n.yaml").problems),
            Texts{"n.yaml:2:3: error: limits: unknown key 'max_sessions' (did you mean 'node.max_sessions'?)"});
}

TEST(Document, a_dotted_key_is_told_how_to_be_written) {
  EXPECT_EQ(texts(read_document("redis.url: x\n", "n.yaml").problems),
            Texts{"n.yaml:1:1: error: unknown key 'redis.url': write 'redis:' and below it 'url:'"});
}

TEST(Document, a_duplicate_key_names_both_places_and_the_first_counts) {
  const auto document = read_document("cores: 1\nlisten: 127.0.0.1:1\ncores: 2\n", "n.yaml");
  EXPECT_EQ(texts(document.problems), Texts{"n.yaml:3:1: error: duplicate key 'cores' (first on line 1)"});
  EXPECT_EQ(document.entries.at(0).values, Texts{"1"});
}

TEST(Document, text_that_is_not_yaml_is_one_problem_with_its_place) {
  const auto document = read_document("a: [1, 2\nb: 3\n", "n.yaml");
  ASSERT_EQ(document.problems.size(), 1U);
  EXPECT_EQ(document.problems[0].line, 2);
  EXPECT_NE(document.problems[0].to_string().find("not YAML"), std::string::npos);
}

TEST(Document, every_wrong_shape_is_a_problem) {
  for (const auto* text :
       {"- a\n", "redis: 5\n", "redis: [1]\n", "cores: {a: 1}\n", "cores: [1]\n", "cores:\n", "services: [chat]\n",
        "services:\n  Chat: {}\n", "services:\n  chat:\n    paths: [[a]]\n", "[a]: 1\n", "cores: 1\n---\ncores: 2\n"}) {
    EXPECT_EQ(read_document(text, "f").problems.size(), 1U) << text;
  }
}

TEST(Document, an_empty_section_or_service_is_no_problem) {
  const auto document = read_document("redis:\nservices:\n  chat:\n", "f");
  EXPECT_EQ(texts(document.problems), Texts{});
  EXPECT_EQ(document.named.size(), 1U);
  EXPECT_TRUE(read_document("", "f").problems.empty());
}

}  // namespace
}  // namespace wscluster::config
