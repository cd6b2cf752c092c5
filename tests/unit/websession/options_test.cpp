// SPDX-License-Identifier: MIT
#include "websession/options.hpp"

#include <gtest/gtest.h>

namespace wscluster::websession {
namespace {

using namespace std::chrono_literals;

template <class Change>
std::string problem(Kind kind, Change change) {
  Options options;
  options.kind = kind;
  change(options);
  const auto found = problems(options);
  return found.empty() ? "" : found.front();
}

TEST(Options, the_defaults_are_good) {
  for (const Kind kind : {Kind::off, Kind::spring, Kind::generic})
    EXPECT_EQ(problem(kind, [](Options&) {}), "");
}

TEST(Options, contradictions_name_the_key) {
  const auto begins = [](const std::string& sentence, const char* key) {
    EXPECT_TRUE(sentence.starts_with(std::string("http_session.") + key)) << sentence << " / " << key;
  };
  using enum Kind;
  begins(problem(spring, [](Options& o) { o.redis_url = "redis://u:p@h:1"; }), "redis_url");
  begins(problem(spring, [](Options& o) { o.redis_username = "u"; }), "redis_username");
  begins(problem(spring, [](Options& o) { o.cookie = "a b"; }), "cookie");
  begins(problem(spring, [](Options& o) { o.header = "X:"; }), "header");
  begins(problem(spring, [](Options& o) { o.name_space = ""; }), "namespace");
  begins(problem(spring, [](Options& o) { o.field = "f"; }), "field");
  begins(problem(spring, [](Options& o) { o.json_path = "a"; }), "json_path");
  begins(problem(spring, [](Options& o) { o.secret_file = "f"; }), "secret_file");
  begins(problem(spring, [](Options& o) { o.key = "a{id}"; }), "key");
  begins(problem(generic, [](Options& o) { o.key = "sess:"; }), "key");
  begins(problem(generic, [](Options& o) { o.key = "{id}{id}"; }), "key");
  begins(problem(generic, [](Options& o) { o.attribute = "a"; }), "attribute");
  begins(problem(generic, [](Options& o) { o.name_space = "a"; }), "namespace");
  begins(problem(generic, [](Options& o) { o.json_path = "a..b"; }), "json_path");
  begins(problem(spring, [](Options& o) { o.timeout = 5ms; }), "timeout");
  begins(problem(spring, [](Options& o) { o.timeout = 11s; }), "timeout");
  begins(problem(spring, [](Options& o) { o.cache_time = 61s; }), "cache_time");
  begins(problem(spring, [](Options& o) { o.cache_entries = 0; }), "cache_entries");
  begins(problem(spring, [](Options& o) { o.max_waiting = 0; }), "max_waiting");
}

TEST(Options, redis_is_the_registry_s_unless_it_has_an_url) {
  registry::Options registry;
  registry.url = "redis://one";
  registry.password = "secret";
  registry.ca_file = "ca.pem";
  Options options;
  EXPECT_EQ(redis_of(options, registry).url, "redis://one");
  EXPECT_EQ(redis_of(options, registry).password, "secret");
  EXPECT_EQ(redis_of(options, registry).timeout, options.timeout);
  options.redis_url = "redis://two";
  EXPECT_EQ(redis_of(options, registry).url, "redis://two");
  EXPECT_EQ(redis_of(options, registry).password, "") << "a secret goes to nobody it is not for";
  EXPECT_EQ(redis_of(options, registry).ca_file, "ca.pem");
}

}  // namespace
}  // namespace wscluster::websession
