// SPDX-License-Identifier: MIT
// Three sentinels, a primary and two replicas on loopback.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "observed_agent.hpp"
#include "redis_server.hpp"
#include "registry/directory.hpp"

namespace wscluster::registry {
namespace {

/// One redis-server in sentinel mode; its file is its memory.
class Sentinel {
 public:
  Sentinel(std::uint16_t primary, const std::string& folder) : port_(free_port()) {
    const std::string file = folder + "/sentinel-" + std::to_string(port_) + ".conf";
    std::ofstream(file) << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder << "\nlogfile " << file << ".log\n"
                        << "sentinel monitor main 127.0.0.1 " << primary << " 2\n"
                        << "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n";
    child_ = spawn({"redis-server", file, "--sentinel"});
  }
  ~Sentinel() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Sentinel(const Sentinel&) = delete;
  Sentinel& operator=(const Sentinel&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] Result<Reply> ask(const Connection::Command& command) const {
    Options options;
    options.url = "redis://127.0.0.1:" + std::to_string(port_);
    Connection connection(options);
    if (const auto opened = connection.open(); !opened) return opened.error();
    return connection.command(command);
  }
  /// It knows both replicas and both other sentinels.
  [[nodiscard]] bool knows_all() const {
    const auto replicas = ask({"SENTINEL", "REPLICAS", "main"});
    const auto others = ask({"SENTINEL", "SENTINELS", "main"});
    return replicas && others && replicas->list.size() == 2 && others->list.size() == 2;
  }

 private:
  std::uint16_t port_;
  pid_t child_;
};

class SentinelTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "wscluster-sentinel-XXXXXX").string();
    folder = mkdtemp(pattern.data());
    const std::vector<std::string> follow{"--replicaof", "127.0.0.1", std::to_string(primary.port())};
    for (auto& replica : replicas)
      replica = std::make_unique<RedisServer>(follow);
    for (auto& sentinel : sentinels)
      sentinel = std::make_unique<Sentinel>(primary.port(), folder);
    options = fresh_options();
    options.url = "redis+sentinel://";
    for (const auto& sentinel : sentinels)
      options.url += (sentinel == sentinels[0] ? "" : ",") + ("127.0.0.1:" + std::to_string(sentinel->port()));
    options.url += "/main/0";
    options.heartbeat = Duration(200);
    options.lease = Duration(1'000);
    options.min_replicas = 1;
    ASSERT_TRUE(eventually(
        [&] { return std::all_of(sentinels.begin(), sentinels.end(), [](const auto& s) { return s->knows_all(); }); }));
    ASSERT_TRUE(eventually([&] { return replicas_of(primary) == 2; }));
  }
  void TearDown() override {
    for (auto& sentinel : sentinels)
      sentinel.reset();
    std::filesystem::remove_all(folder);
  }
  static std::uint64_t replicas_of(const RedisServer& server) {
    Options plain;
    plain.url = server.url();
    Connection connection(plain);
    if (!connection.open()) return 0;
    const auto count = connection.command({"WAIT", "2", "1"});
    return count ? count->number() : 0;
  }
  static Result<Reply> tell(const RedisServer& server, const Connection::Command& command) {
    Options plain;
    plain.url = server.url();
    Connection connection(plain);
    if (const auto opened = connection.open(); !opened) return opened.error();
    return connection.command(command);
  }

  std::string folder;
  RedisServer primary;
  std::array<std::unique_ptr<RedisServer>, 2> replicas;
  std::array<std::unique_ptr<Sentinel>, 3> sentinels;
  Options options;
};

TEST_F(SentinelTest, the_primary_is_found_and_a_sentinel_that_is_away_is_passed_over) {
  Connection connection(options);
  const auto opened = connection.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_NE(connection.place().find(":" + std::to_string(primary.port())), std::string::npos) << connection.place();
  sentinels[0].reset();
  Connection again(options);
  EXPECT_TRUE(again.open());
  Options unknown = options;
  unknown.url = "redis+sentinel://127.0.0.1:" + std::to_string(sentinels[1]->port()) + "/nobody";
  Connection wrong(unknown);
  const auto refused = wrong.open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("knows no master 'nobody'"), std::string::npos) << refused.error().message;
}

TEST_F(SentinelTest, a_server_that_is_a_replica_by_now_is_left) {
  Connection connection(options);
  ASSERT_TRUE(connection.open());
  ASSERT_TRUE(tell(primary, {"REPLICAOF", "127.0.0.1", std::to_string(replicas[0]->port())}));
  const auto written = connection.command({"SET", "x", "1"});
  ASSERT_FALSE(written);
  EXPECT_FALSE(connection.is_open()) << "the next attempt asks the sentinels again";
  const auto opened = connection.open();
  EXPECT_TRUE(!opened || connection.place().find(":" + std::to_string(primary.port())) == std::string::npos)
      << "what says that it is a replica is not taken";
}

TEST_F(SentinelTest, a_failover_is_followed_and_the_ring_stays) {
  Observed a(options, node_named("a"));
  Observed b(options, node_named("b"));
  a.start_linked();
  b.start_linked();
  ASSERT_TRUE(wait_for_owners(a, "a b"));
  ASSERT_TRUE(wait_for_owners(b, "a b"));
  EXPECT_TRUE(eventually([&] { return a.last()->alarms.empty(); }));
  // The replicas stop following before the last epoch is written, so that whichever is promoted is behind.
  const auto one = *a.document();
  for (const auto& replica : replicas)
    replica->freeze();
  const auto two = next_of(one, {up_member(a.self), up_member(b.self, 2)}, 1);
  Options impatient = options;
  impatient.timeout = Duration(300);
  Directory directory(impatient);
  ASSERT_TRUE(directory.commit(&one, two, Action::weight, "b", {}, "test"));
  EXPECT_NE(directory.warning(), "") << "no replica has acknowledged it";
  ASSERT_TRUE(eventually([&] { return a.document()->epoch == two.epoch && b.document()->epoch == two.epoch; }));
  primary.kill();
  for (const auto& replica : replicas)
    replica->thaw();
  ASSERT_TRUE(eventually([&] { return !a.last()->redis_up; }));
  const auto renewed = [&] { return !a.agent.is_suspended(Clock::now()) && !b.agent.is_suspended(Clock::now()); };
  bool is_back = false;
  for (int i = 0; i < 3 && !is_back; ++i)
    is_back = eventually([&] { return a.last()->redis_up && b.last()->redis_up && renewed(); });
  ASSERT_TRUE(is_back) << "leases go on at the new primary";
  EXPECT_TRUE(eventually([&] {
    const auto snapshot = Directory(options).load();
    return snapshot && snapshot->services.contains("chat") && *snapshot->services.at("chat").document == two;
  })) << "what the replica did not have is put back";
  let_pass(2 * options.lease);
  EXPECT_EQ(a.document()->lineage, one.lineage);
  EXPECT_EQ(*a.document(), two) << "nobody was removed";
  EXPECT_TRUE(a.never_went_back());
  EXPECT_TRUE(b.never_went_back());
}

}  // namespace
}  // namespace wscluster::registry
