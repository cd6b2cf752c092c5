// SPDX-License-Identifier: MIT
// Redis that loses or contradicts what the processes hold, and keys that change, while clients are connected.
#include <csignal>

#include "fleet.hpp"
#include "ring/document.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

const std::string prefix = "wscluster:{test}:";

class Registry : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1");
    shared->start_node("node-2");
    shared->start_gateway("gateway-1");
    shared->wait_until_ready();
  }

  static std::string redis(const std::vector<std::string>& command) {
    const std::string answer = shared->write("redis-cli.out", "");
    std::vector<std::string> argv{"redis-cli", "-s", shared->file("redis.sock")};
    argv.insert(argv.end(), command.begin(), command.end());
    Child child({.argv = argv, .environment = {}, .input = {}, .output_file = answer, .error_file = answer});
    EXPECT_EQ(child.wait(scaled(5s)), 0);
    return content_of(answer);
  }

  static bool is_well() { return shared->run({"ring", "check"}).exit == 0; }
  static double alarms(const std::string& member, const std::string& kind) {
    return shared->metric(member, "wscluster_registry_alarms{kind=\"" + kind + "\"}");
  }
  static void hang_up_all() {
    for (const std::string& name : shared->names())
      (*shared)[name].child->signal(SIGHUP);
  }
  /// `lines` in place of the key in the section `cluster`.
  static void configure_cluster_keys(const std::string& lines) {
    std::string text = content_of(shared->config_file());
    const auto from = text.find("  key_file:");
    const auto to = text.find("redis:\n");
    shared->write("wscluster.yaml", text.substr(0, from) + lines + text.substr(to));
  }
  static bool has_logged(const std::string& member, const std::string& text, std::size_t times) {
    const std::string log = content_of((*shared)[member].log_file);
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at)
      ++count;
    return count >= times;
  }
};

TEST_F(Registry, P0_02_a_redis_that_loses_everything_gets_the_ring_back_and_no_client_notices) {
  Fleet fleet(*shared, numbered("flushed", 20), {"gateway-1", "node-1"});
  fleet.gather();
  ASSERT_TRUE(wait_until(is_well, 20s));
  const std::uint64_t epoch = shared->epoch();
  redis({"FLUSHALL"});
  ASSERT_TRUE(fleet.run_until([&] { return shared->run({"ring", "show"}).exit == 0 && shared->epoch() == epoch; }));
  ASSERT_TRUE(fleet.run_until(is_well));
  fleet.run_for(scaled(2s));
  EXPECT_EQ(shared->epoch(), epoch) << "nobody was taken for dead";
  EXPECT_EQ(fleet.closes(), 0U);
  EXPECT_GE(shared->metric("node-1", "wscluster_registry_put_backs_total") +
                shared->metric("node-2", "wscluster_registry_put_backs_total") +
                shared->metric("gateway-1", "wscluster_registry_put_backs_total"),
            1);
}

TEST_F(Registry, a_fork_is_an_alarm_and_repair_ends_it) {
  Fleet fleet(*shared, numbered("forked", 20), {"gateway-1"});
  fleet.gather();
  ASSERT_TRUE(wait_until(is_well, 20s));
  auto fork = ring::parse_document(redis({"--raw", "GET", prefix + "ring:chat"}));
  ASSERT_TRUE(fork) << fork.error().message;
  const std::uint64_t epoch = fork->epoch;
  fork->why = "written by somebody who did not know better";
  fork->digest = ring::digest_of(*fork);
  redis({"SET", prefix + "ring:chat", ring::to_json(*fork)});
  std::string entry = redis({"--raw", "HGET", prefix + "epochs", "chat"});
  entry = std::to_string(epoch) + " " + fork->digest + entry.substr(entry.rfind(' '));
  entry.erase(entry.find_last_not_of('\n') + 1);
  redis({"HSET", prefix + "epochs", "chat", entry});
  for (const char* member : {"node-1", "node-2", "gateway-1"})
    ASSERT_TRUE(wait_until([&] { return alarms(member, "fork") == 1; })) << member;
  Ended checked;
  ASSERT_TRUE(wait_until([&] {
    checked = shared->run({"ring", "check"});
    return checked.out.find("3 of 3 processes agree") == std::string::npos &&
           checked.out.find("gateway-1: ring of chat") != std::string::npos;
  })) << checked.out;
  EXPECT_EQ(checked.exit, 1);
  EXPECT_NE(checked.out.find("ring repair --from NODE"), std::string::npos) << checked.out;

  const Ended asked = shared->run({"ring", "repair", "--from", "node-2"});
  EXPECT_EQ(asked.exit, 64) << "without --yes: " << asked.err;
  const json::value looked = shared->ask({"ring", "repair", "--from", "node-2", "--dry-run"});
  EXPECT_FALSE(looked.at("changed").as_bool());
  const json::value done = shared->ask({"ring", "repair", "--from", "node-2", "--yes"});
  EXPECT_TRUE(done.at("changed").as_bool());
  EXPECT_EQ(done.at("to_epoch").to_number<std::uint64_t>(), epoch + 1);
  for (const char* member : {"node-1", "node-2", "gateway-1"})
    EXPECT_TRUE(wait_until([&] { return alarms(member, "fork") == 0; })) << member;
  EXPECT_TRUE(fleet.run_until(is_well));
  EXPECT_EQ(fleet.closes(), 0U);
  EXPECT_EQ(shared->run({"ring", "repair", "--from", "node-2"}).exit, 0) << "nothing to do";
}

TEST_F(Registry, P0_38_keys_are_rotated_without_dropping_anything) {
  Fleet fleet(*shared, numbered("rotated", 20), {"gateway-1", "node-1"});
  fleet.gather();
  const std::string old_key = shared->file("cluster.key");
  const std::string new_key = shared->write("cluster-2.key", "a new key that is long enough for everybody");
  const std::string first = "  key_file: ";
  const std::string second = "  previous_key_file: ";
  const std::string line = "the cluster key was read again";
  for (const auto& [step, lines] :
       {std::pair{1U, first + old_key + "\n" + second + new_key + "\n"},
        std::pair{2U, first + new_key + "\n" + second + old_key + "\n"}, std::pair{3U, first + new_key + "\n"}}) {
    configure_cluster_keys(lines);
    hang_up_all();
    for (const std::string& name : shared->names())
      ASSERT_TRUE(fleet.run_until([&, s = step] { return has_logged(name, line, s); })) << name << " step " << step;
  }
  // Who knows the new key only links to everybody; who knows the old one only does not.
  shared->start_node("node-3");
  shared->wait_until_ready();
  EXPECT_TRUE(fleet.run_until([] { return shared->names_in_ring().size() == 3; }));
  ASSERT_TRUE(fleet.run_until(is_well));

  // Access keys: what is open stays, what comes needs the new one.
  const Client::Options before = shared->at("gateway-1", "rotated-1");
  shared->write("access.key", "another access key of sufficient length");
  hang_up_all();
  ASSERT_TRUE(fleet.run_until([&] {
    Client late(before);
    return !late.connect() && late.http_status() == 401;
  }));
  const std::size_t gateway_closes = fleet.closes();
  for (const auto& person : fleet.people()) {
    const bool is_behind_gateway = person.place.url.starts_with("wss");
    EXPECT_TRUE(!is_behind_gateway || person.closes.empty()) << person.uid;
  }
  EXPECT_LE(gateway_closes, fleet.people().size() / 2) << "only the move to node-3 may close, and only direct clients";
  // A file that is gone changes nothing.
  std::remove(shared->file("access.key").c_str());
  hang_up_all();
  ASSERT_TRUE(fleet.run_until([] { return has_logged("gateway-1", "the keys were not read again", 1); }));
  shared->write("access.key", "another access key of sufficient length");
}

}  // namespace
}  // namespace wscluster::integration
