// SPDX-License-Identifier: MIT
#include "websession/finder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "../../session_vectors.hpp"
#include "../net/sockets.hpp"
#include "../registry/redis_server.hpp"
#include "registry/connection.hpp"

namespace wscluster::websession {
namespace {

using namespace session_vectors;
using namespace std::chrono_literals;
using User = CoreFinder::User;

constexpr const char* away = "UNAVAILABLE";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now().time_since_epoch()).count();
}

Options spring() {
  Options options;
  options.kind = Kind::spring;
  options.timeout = 5s;  // of a busy machine
  return options;
}

Options generic() {
  Options options = spring();
  options.kind = Kind::generic;
  return options;
}

class FinderTest : public testing::Test {
 protected:
  FinderTest() {
    registry_.url = redis_.url();
    EXPECT_TRUE(client_.open());
  }

  void start(Options options) {
    options_ = std::move(options);
    core_ = std::make_unique<net::Core>(0);
    finder_ = std::make_unique<Finder>(options_, registry_, std::vector<net::Core*>{core_.get()});
    finder_->start();
    core_->start("test");
  }
  void TearDown() override {
    if (!core_) return;
    core_->stop();
    core_->join();
  }

  void redis(const registry::Connection::Command& command) {
    const auto reply = client_.command(command);
    ASSERT_TRUE(reply) << reply.error().message;
  }
  void write_session(const std::string& id, const std::string& user, std::int64_t accessed = now_ms(),
                     std::int32_t max_inactive = 1800) {
    redis({"HSET", "spring:session:sessions:" + id, "creationTime", java_long(accessed), "lastAccessedTime",
           java_long(accessed), "maxInactiveInterval", java_integer(max_inactive),
           "sessionAttr:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME",
           java_string(user)});
  }

  std::future<Result<User>> begin(const std::string& cookie, const std::string& header = {}) {
    auto promise = std::make_shared<std::promise<Result<User>>>();
    auto result = promise->get_future();
    core_->post([this, promise, inputs = Inputs{{cookie}, header}] {
      finder_->on(0).find(inputs, [this, promise](const Result<User>& user) {
        EXPECT_TRUE(core_->is_current());
        promise->set_value(user);
      });
    });
    return result;
  }
  static std::string text_of(const Result<User>& user) {
    if (!user) return user.error().code == Errc::unavailable ? away : user.error().message;
    return user->value_or("");
  }
  std::string find(const std::string& cookie, const std::string& header = {}) {
    return text_of(begin(cookie, header).get());
  }
  Counters counters() {
    return net::test::run_on(*core_, [this] { return finder_->on(0).counters(); });
  }

  registry::RedisServer redis_;
  registry::Options registry_;
  registry::Connection client_{[this] {
    registry::Options options;
    options.url = redis_.url();
    return options;
  }()};
  Options options_;
  std::unique_ptr<net::Core> core_;
  std::unique_ptr<Finder> finder_;
};

TEST_F(FinderTest, finds_users_of_spring_and_nobody_else) {
  start(spring());
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
  EXPECT_EQ(find("SESSION=b25l"), "alice") << "in Base64";
  EXPECT_EQ(find("SESSION=gone; SESSION=b25l"), "alice") << "several cookies of the name";
  EXPECT_EQ(find("", "one"), "alice") << "the header";
  EXPECT_EQ(find("SESSION=two"), "");
  EXPECT_EQ(find("other=one"), "");
  const Counters counted = counters();
  EXPECT_EQ(counted.found, 3U);
  EXPECT_EQ(counted.hits, 1U);
  EXPECT_EQ(counted.nobody, 2U);
}

TEST_F(FinderTest, reads_only) {
  start(spring());
  write_session("one", "alice", 5, -1);
  EXPECT_EQ(find("SESSION=one"), "alice");
  const auto accessed = client_.command({"HGET", "spring:session:sessions:one", "lastAccessedTime"});
  ASSERT_TRUE(accessed);
  EXPECT_EQ(accessed->text, java_long(5));
}

TEST_F(FinderTest, expired_sessions_are_nobody_though_redis_has_them) {
  start(spring());
  write_session("old", "alice", now_ms() - 1'801'000);
  EXPECT_EQ(find("SESSION=old"), "");
  EXPECT_EQ(counters().expired, 1U);
  write_session("new", "bob");
  EXPECT_EQ(find("SESSION=old; SESSION=new"), "bob");
}

TEST_F(FinderTest, foreign_and_huge_values_disturb_nobody) {
  start(spring());
  write_session("good", "alice");
  redis({"SET", "spring:session:sessions:text", "x"});
  redis({"SET", "other:sessions:foreign", "x"});
  redis({"HSET", "spring:session:sessions:hash", "creationTime", "x"});
  write_session("huge", "bob");
  redis({"HSET", "spring:session:sessions:huge", "sessionAttr:SPRING_SECURITY_CONTEXT", std::string(1U << 20U, 'x')});
  std::vector<std::future<Result<User>>> bad;
  for (const char* id : {"text", "foreign", "hash", "huge"})
    bad.push_back(begin(std::string("SESSION=") + id));
  EXPECT_EQ(find("SESSION=good"), "alice");
  for (auto& one : bad)
    EXPECT_EQ(text_of(one.get()), "");
  EXPECT_EQ(counters().unreadable, 3U) << "the foreign one was never looked at";
  EXPECT_EQ(find("SESSION=text; SESSION=good"), "alice");
}

TEST_F(FinderTest, an_attribute_that_nobody_asks_for_may_be_huge) {
  start(spring());
  write_session("one", "alice");
  redis({"HSET", "spring:session:sessions:one", "sessionAttr:cart", std::string(1U << 20U, 'x')});
  EXPECT_EQ(find("SESSION=one"), "alice");
}

TEST_F(FinderTest, the_first_session_that_is_there_counts) {
  start(spring());
  redis({"HSET", "spring:session:sessions:before", "creationTime", java_long(now_ms()), "lastAccessedTime",
         java_long(now_ms()), "maxInactiveInterval", java_integer(60)});
  write_session("other", "alice");
  EXPECT_EQ(find("SESSION=before; SESSION=other"), "") << "nobody has logged in there, as the application sees it, too";
}

TEST_F(FinderTest, answers_are_kept_for_a_while) {
  Options options = spring();
  options.cache_time = 60s;
  start(options);
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
  redis({"FLUSHALL"});
  EXPECT_EQ(find("SESSION=one"), "alice");
  EXPECT_EQ(counters().hits, 1U);
  EXPECT_EQ(counters().misses, 1U);
}

TEST_F(FinderTest, no_longer_than_the_session_lasts) {
  Options options = spring();
  options.cache_time = 60s;
  start(options);
  write_session("one", "alice", now_ms() - 59'500, 60);
  EXPECT_TRUE(registry::eventually([&] { return find("SESSION=one").empty(); }));
}

TEST_F(FinderTest, without_a_cache_each_time) {
  Options options = spring();
  options.cache_time = 0ms;
  start(options);
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
  redis({"RENAME", "spring:session:sessions:one", "spring:session:sessions:two"});
  EXPECT_EQ(find("SESSION=one"), "") << "a login gives the session another id";
  EXPECT_EQ(find("SESSION=two"), "alice");
}

TEST_F(FinderTest, of_express) {
  Options options = generic();
  options.json_path = "passport.user";
  start(options);
  redis({"SET", "sess:one", R"({"cookie":{"expires":null},"passport":{"user":"alice"}})"});
  redis({"SET", "sess:two", std::string(max_value_bytes + 1, 'x')});
  redis({"HSET", "sess:hash", "f", "v"});
  EXPECT_EQ(find("connect.sid=s%3Aone.signature"), "alice");
  EXPECT_EQ(find("connect.sid=s%3Atwo.signature"), "");
  EXPECT_EQ(find("connect.sid=s%3Ahash.signature"), "");
  EXPECT_EQ(find("connect.sid=s%3Athree.signature"), "");
  EXPECT_EQ(counters().unreadable, 2U);
}

TEST_F(FinderTest, of_a_field_of_a_hash) {
  Options options = generic();
  options.cookie = "sid";
  options.key = "login:{id}";
  options.field = "user";
  start(options);
  redis({"HSET", "login:one", "user", "alice"});
  EXPECT_EQ(find("sid=one"), "alice");
  EXPECT_EQ(find("sid=two"), "");
}

TEST_F(FinderTest, redis_away_is_unavailable_and_its_return_is_noticed) {
  Options options = spring();
  options.cache_time = 0ms;
  start(options);
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
  redis_.kill();
  EXPECT_EQ(find("SESSION=one"), away);
  EXPECT_EQ(find("SESSION=one"), away);
  EXPECT_EQ(counters().unavailable, 2U);
  redis_.start();
  EXPECT_TRUE(registry::eventually([&] { return find("SESSION=one").empty(); })) << "that Redis has nothing";
}

TEST_F(FinderTest, a_connection_that_was_cut_is_opened_again) {
  Options options = spring();
  options.cache_time = 0ms;
  start(options);
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
  redis({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_EQ(find("SESSION=one"), "alice");
}

TEST_F(FinderTest, redis_that_hangs_costs_the_time_out_and_only_so_many_wait) {
  Options options = spring();
  options.timeout = 300ms;
  options.max_waiting = 2;
  start(options);
  redis_.freeze();
  auto first = begin("SESSION=one");
  auto second = begin("SESSION=two");
  EXPECT_EQ(find("SESSION=three"), away);
  EXPECT_EQ(counters().refused, 1U);
  EXPECT_EQ(text_of(first.get()), away);
  EXPECT_EQ(text_of(second.get()), away);
  redis_.thaw();
  write_session("four", "alice");
  EXPECT_TRUE(registry::eventually([&] { return find("SESSION=four") == "alice"; }));
}

TEST_F(FinderTest, its_user_needs_few_rights) {
  redis({"ACL", "SETUSER", "reader", "on", ">secret", "~spring:session:sessions:*", "+@connection", "+hstrlen",
         "+hmget", "+getrange"});
  Options options = spring();
  options.redis_url = redis_.url();
  options.redis_username = "reader";
  options.redis_password = "secret";
  start(options);
  write_session("one", "alice");
  EXPECT_EQ(find("SESSION=one"), "alice");
}

TEST_F(FinderTest, a_wrong_password_is_unavailable) {
  redis({"ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all"});
  Options options = spring();
  options.redis_url = redis_.url();
  options.redis_username = "reader";
  options.redis_password = "wrong";
  start(options);
  EXPECT_EQ(find("SESSION=one"), away);
}

TEST_F(FinderTest, a_secret_that_is_not_there_is_told) {
  options_.kind = Kind::generic;
  options_.secret_file = "/nonexistent/secret";
  net::Core core(0);
  EXPECT_THROW(Finder(options_, registry_, {&core}), Failure);
}

}  // namespace
}  // namespace wscluster::websession
