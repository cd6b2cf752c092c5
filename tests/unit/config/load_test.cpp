// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace wscluster::config {
namespace {

using Texts = std::vector<std::string>;

TEST(Load, flag_wins_over_environment_over_file_over_default) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", "redis:\n  url: redis://file:1/0\n  timeout: 9s\n  lease: 12s\n");
  Sources sources{file, {{"WSCLUSTER_REDIS_URL", "redis://env:1/0"}, {"WSCLUSTER_REDIS_TIMEOUT", "8s"}}, {}};
  sources.flags.push_back({"redis.url", "redis://flag:1/0", "--redis"});
  const auto loaded = load(sources, Roles::client);
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.config.redis.url, "redis://flag:1/0");
  EXPECT_EQ(loaded.config.redis.timeout, Duration{8'000});
  EXPECT_EQ(loaded.config.redis.lease, Duration{12'000});
  EXPECT_EQ(loaded.config.redis.heartbeat, registry::Options{}.heartbeat);
  EXPECT_EQ(loaded.origins.at("redis.url").to_string(), "flag --redis");
  EXPECT_EQ(loaded.origins.at("redis.timeout").to_string(), "env WSCLUSTER_REDIS_TIMEOUT");
  EXPECT_EQ(loaded.origins.at("redis.lease").to_string(), file + ":4");
  EXPECT_EQ(loaded.origins.count("redis.heartbeat"), 0U);
}

TEST(Load, replicas_are_wanted_where_sentinels_are_unless_told_otherwise) {
  const auto wanted = [](const std::string& url, const std::string& said) {
    Sources sources{std::nullopt, {{"WSCLUSTER_REDIS_URL", url}}, {}};
    if (!said.empty()) sources.environment["WSCLUSTER_REDIS_MIN_REPLICAS"] = said;
    return load(sources, Roles::client).config.redis.min_replicas;
  };
  EXPECT_EQ(wanted("redis://a", ""), 0U);
  EXPECT_EQ(wanted("redis+sentinel://a/main", ""), 1U);
  EXPECT_EQ(wanted("redis+sentinel://a/main", "0"), 0U);
  EXPECT_EQ(wanted("redis://a", "2"), 2U);
}

TEST(Load, passwords_come_from_their_files) {
  const Scratch scratch;
  const auto first = scratch.write("redis.password", "one-secret");
  const auto second = scratch.write("sentinel.password", "another-secret");
  const auto file = scratch.write("c.yaml", "redis:\n  url: redis+sentinel://a/main\n  password_file: " + first +
                                                "\n  sentinel_password_file: " + second + "\n");
  const auto loaded = load({file, {}, {}}, Roles::client);
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.config.redis.password, "one-secret");
  EXPECT_EQ(loaded.config.redis.sentinel_password, "another-secret");
}

TEST(Load, a_certificate_for_redis_needs_its_key) {
  const Scratch scratch;
  const auto cert = scratch.write("cert.pem", "x");
  const auto file = scratch.write("c.yaml", "redis:\n  url: rediss://a\n  cert_file: " + cert + "\n");
  const auto loaded = load({file, {}, {}}, Roles::client);
  ASSERT_EQ(texts(loaded.problems).size(), 1U);
  EXPECT_NE(texts(loaded.problems)[0].find("cert_file and key_file belong together"), std::string::npos);
}

TEST(Load, all_problems_come_in_one_run_with_their_places) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", "limits:\n  max_sesions: 1\nredis:\n  timeout: 5 sec\nlog: {}\nlog: {}\n");
  const Sources sources{file, {{"WSCLUSTER_LOGLEVEL", "info"}, {"WSCLUSTER_CORES", "many"}}, {}};
  const auto loaded = load(sources, Roles::client);
  EXPECT_EQ(texts(loaded.problems),
            (Texts{file + ":2:3: error: limits: unknown key 'max_sesions' (did you mean 'node.max_sessions'?)",
                   file + ":4:12: error: redis.timeout: '5 sec' is not a duration (examples: 250ms, 5s, 1m30s)",
                   file + ":6:1: error: duplicate key 'log' (first on line 5)",
                   "env: error: WSCLUSTER_CORES: 'many' is not a count (examples: 2500, 10k, 1m)",
                   "env: warning: WSCLUSTER_LOGLEVEL is not known (did you mean WSCLUSTER_LOG_LEVEL?)"}));
  EXPECT_EQ(count_errors(loaded.problems), 4U);
}

TEST(Load, a_bad_value_is_never_replaced_silently) {
  const Scratch scratch;
  for (const auto* text :
       {"cores: two\n", "drain: {rate: 500}\n", "drain: {timeout: 60}\n", "limits: {max_head_bytes: 1}\n",
        "node: {weight: heavy}\n", "listen: 8080\n", "log: {level: loud}\n", "link: {plain: 1}\n"}) {
    const Sources sources{scratch.write("c.yaml", text), {}, {}};
    EXPECT_FALSE(load(sources, Roles::client).usable()) << text;
  }
}

TEST(Load, a_file_that_was_named_must_exist) {
  const Scratch scratch;
  const auto by_flag = load({scratch.path("no.yaml"), {}, {}}, Roles::client);
  EXPECT_EQ(texts(by_flag.problems), Texts{"error: " + scratch.path("no.yaml") + ": No such file or directory"});
  const auto by_variable = load({std::nullopt, {{"WSCLUSTER_CONFIG", scratch.path("no.yaml")}}, {}}, Roles::client);
  EXPECT_FALSE(by_variable.usable());
}

TEST(Load, the_users_file_is_found_and_its_absence_is_no_problem) {
  const Scratch scratch;
  EXPECT_TRUE(load({std::nullopt, {{"XDG_CONFIG_HOME", scratch.path("")}}, {}}, Roles::client).usable());
  std::filesystem::create_directories(scratch.path("wscluster"));
  const auto file = scratch.write("wscluster/config.yaml", "redis: {url: 'redis://mine:1/0'}\n");
  const auto base = std::filesystem::path(file).parent_path().parent_path().string();
  EXPECT_EQ(load({std::nullopt, {{"XDG_CONFIG_HOME", base}}, {}}, Roles::client).config.redis.url, "redis://mine:1/0");
}

TEST(Load, services_become_doors_and_both_servers_get_them) {
  const Scratch scratch;
  const auto file =
      scratch.write("c.yaml",
                    "node: {name: n-1}\ngateway: {name: g-1}\nservices:\n  chat: {auth: insecure, hold: 3s}\n"
                    "  news: {auth: insecure, paths: [/n, /m]}\nlink: {plain: true}\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  ASSERT_EQ(texts(loaded.problems), Texts{});
  const auto& doors = loaded.config.gateway.front.services;
  ASSERT_EQ(doors.size(), 2U);
  EXPECT_EQ(doors[0].paths, Texts{"/chat"});
  EXPECT_EQ(doors[0].service.hold, Duration{3'000});
  EXPECT_EQ(doors[1].paths, (Texts{"/n", "/m"}));
  EXPECT_EQ(loaded.config.node.front.name, "n-1");
  EXPECT_EQ(loaded.config.gateway.front.name, "g-1");
}

TEST(Load, relative_files_are_meant_from_the_place_of_the_file) {
  const Scratch scratch;
  scratch.write("redis.pass", "secret\n");
  const auto loaded = load({scratch.write("c.yaml", "redis: {password_file: redis.pass}\n"), {}, {}}, Roles::client);
  ASSERT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.config.redis.password, "secret");
  EXPECT_EQ(loaded.config.redis_password_file, scratch.path("redis.pass"));
}

TEST(Load, an_empty_variable_counts_as_not_set) {
  const Scratch scratch;
  EXPECT_TRUE(load({scratch.write("c.yaml", ""), {{"WSCLUSTER_CORES", ""}}, {}}, Roles::client).usable());
}

TEST(Load, only_keys_of_servers_make_a_file_one_for_servers) {
  const Scratch scratch;
  EXPECT_FALSE(
      concerns_servers(load({scratch.write("c.yaml", "redis: {url: 'redis://h:1/0'}\n"), {}, {}}, Roles::client)));
  EXPECT_TRUE(concerns_servers(load({scratch.write("c.yaml", "cores: 2\n"), {}, {}}, Roles::client)));
  EXPECT_TRUE(concerns_servers(load({scratch.write("c.yaml", "services: {chat: {}}\n"), {}, {}}, Roles::client)));
}

}  // namespace
}  // namespace wscluster::config
