// SPDX-License-Identifier: MIT
// Changes of the ring under live raw clients and traffic. The tests stand for themselves: each one begins with
// what prepare() makes.
#include <regex>
#include <set>

#include "fleet.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

constexpr int people = 150;

class Ring : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>();
    shared->start_node("node-1", {"--cores", "1"});
    shared->start_node("node-2", {"--cores", "2"});
    shared->start_node("node-3", {"--cores", "3"});
    shared->start_node("node-4", {"--cores", "2", "--standby"});
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  /// node-1 to node-3 are members, node-4 as wanted, no change is running.
  static void prepare(bool with_fourth) {
    wait_for_counts(0);
    for (const char* node : {"node-1", "node-2", "node-3"})
      change({"add", node});
    change({with_fourth ? "add" : "remove", "node-4"});
    ASSERT_TRUE(is_quiet_soon());
  }

  static Ended change(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ring");
    arguments.insert(arguments.end(), {"--yes", "--settle", "3s", "-o", "json"});
    const Ended ended = shared->run(arguments);
    EXPECT_EQ(ended.exit, 0) << ended.err;
    return ended;
  }

  static bool is_quiet_soon() {
    return wait_until([] { return shared->ask({"ring", "show"}).at("change").is_null(); }, 20s);
  }

  /// The members' counts of sessions come with their heartbeats.
  static void wait_for_counts(int sessions) {
    ASSERT_TRUE(wait_until([&] { return shared->ask({"ring", "show"}).at("sessions") == sessions; }));
  }

  /// A uid that stays where it is in this change.
  static std::string staying_uid(const std::vector<std::string>& planned) {
    const auto uids = numbered("sender", 50);
    const auto now = shared->owners(uids);
    for (const auto& [uid, owner] : shared->owners_after(uids, planned)) {
      if (now.at(uid) == owner) return uid;
    }
    ADD_FAILURE() << "all 50 move";
    return uids.front();
  }

  static std::string state_of(const std::string& node) {
    const json::value ring = shared->ask({"ring", "show"});
    for (const auto& entry : ring.at("nodes").as_array()) {
      if (entry.at("name") == node.c_str()) return entry.at("state").as_string().c_str();
    }
    return {};
  }

  static std::size_t handled(const json::value& result) {
    return result.at("moved").to_number<std::size_t>() + result.at("closed").to_number<std::size_t>() +
           result.at("gone").to_number<std::size_t>();
  }

  /// Rounds of messages until the command ends; false when it does not.
  static bool run_with_traffic(Fleet& fleet, Traffic& traffic, Child& command) {
    TimePoint next{};
    return fleet.run_until(
        [&] {
          if (Clock::now() >= next && traffic.open() < 300) {
            traffic.send_round(fleet);
            next = Clock::now() + 100ms;
          }
          return command.poll().has_value();
        },
        30s);
  }

  /// Runs the change under traffic and checks everything that is promised about it.
  static void expect_clean_change(const std::string& action, const std::string& node, const std::string& rate) {
    const std::vector<std::string> planned{action == "add" ? "--with" : "--without", node};
    Traffic traffic(*shared, "gateway-1", staying_uid(planned));
    const std::vector<std::string> doors{"gateway-1", "gateway-1", "node-2", "node-3"};
    Fleet fleet(*shared, numbered("person", people), doors);
    const auto before = shared->owners(fleet.uids());
    const auto after = shared->owners_after(fleet.uids(), planned);
    const std::uint64_t epoch = shared->epoch();
    wait_for_counts(people + 1);

    std::set<std::string> moving;
    for (const auto& [uid, owner] : after) {
      if (before.at(uid) != owner) moving.insert(uid);
    }
    // The plan knows how many sessions each donor has, not whose they are: share times sessions.
    const json::value plan = shared->ask({"ring", action, node, "--dry-run"});
    EXPECT_GT(plan.at("planned").to_number<double>(), 0.5 * static_cast<double>(moving.size()));
    EXPECT_LT(plan.at("planned").to_number<double>(), 2.0 * static_cast<double>(moving.size()));
    EXPECT_EQ(shared->epoch(), epoch);

    const std::string output = shared->file("change-" + std::to_string(epoch));
    const auto command =
        shared->begin({"ring", action, node, "--yes", "--rate", rate, "--settle", "5s", "-o", "json"}, output);
    TimePoint next{};
    EXPECT_TRUE(fleet.run_until(
        [&] {
          if (Clock::now() >= next && traffic.open() < 300) {
            traffic.send_round(fleet);
            next = Clock::now() + 50ms;
          }
          return command->poll().has_value();
        },
        30s));
    ASSERT_EQ(command->poll(), 0) << content_of(output + ".err");
    fleet.gather();
    traffic.expect_all_arrived(fleet);

    const json::value done = json::parse(content_of(output));
    EXPECT_EQ(done.at("changed"), true);
    EXPECT_EQ(done.at("to_epoch").to_number<std::uint64_t>(), epoch + 1);
    EXPECT_EQ(done.at("state"), "done");
    EXPECT_EQ(done.at("planned"), moving.size());
    EXPECT_EQ(handled(done), moving.size());
    EXPECT_EQ(done.at("returned"), done.at("closed"));
    EXPECT_EQ(done.at("misplaced"), 0);
    EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
    EXPECT_GE(shared->sum_over_nodes("wscluster_misplaced_seconds_count"), static_cast<double>(moving.size()));

    const std::regex notice("epoch=" + std::to_string(epoch + 1) + " after=[0-9]+ms");
    for (std::size_t i = 0; i < fleet.people().size(); ++i) {
      const Fleet::Person& person = fleet.people()[i];
      // Elsewhere the socket is an edge of the owner, whichever that is.
      const bool is_closed = moving.contains(person.uid) && doors[i % doors.size()] == before.at(person.uid);
      EXPECT_EQ(person.closes.size(), is_closed ? 1U : 0U) << person.uid;
      for (const auto& [code, reason] : person.closes) {
        EXPECT_EQ(code, 1012U);
        EXPECT_TRUE(std::regex_match(reason, notice)) << reason;
      }
    }
    for (const auto& [uid, owner] : after)
      EXPECT_EQ(shared->send("gateway-1", uid, "where").at("node"), owner.c_str()) << uid;
  }
};

TEST_F(Ring, P0_09_P0_10_P0_12_adding_a_node_moves_exactly_those_whose_owner_changes_and_closes_those_at_a_donor) {
  prepare(false);
  expect_clean_change("add", "node-4", "200/s");
}

TEST_F(Ring, P0_09_P0_10_P0_12_removing_a_node_moves_exactly_its_sessions_and_closes_those_connected_to_a_donor) {
  prepare(true);
  expect_clean_change("remove", "node-1", "200/s");
  EXPECT_TRUE(wait_until([] {
    const auto names = shared->names_in_ring();
    return std::find(names.begin(), names.end(), "node-1") == names.end();
  })) << "an empty node with weight 0 leaves the document";
}

TEST_F(Ring, the_same_command_again_has_nothing_to_do) {
  prepare(true);
  const std::uint64_t epoch = shared->epoch();
  const json::value again = json::parse(change({"add", "node-4"}).out);
  EXPECT_EQ(again.at("changed"), false);
  EXPECT_EQ(shared->epoch(), epoch);
  change({"remove", "node-4"});
  EXPECT_EQ(json::parse(change({"remove", "node-4"}).out).at("changed"), false);
}

TEST_F(Ring, if_epoch_refuses_when_somebody_was_faster) {
  prepare(false);
  const std::uint64_t epoch = shared->epoch();
  const Ended refused = shared->run({"ring", "add", "node-4", "--yes", "--if-epoch", std::to_string(epoch + 1)});
  EXPECT_EQ(refused.exit, 75) << refused.err;
  EXPECT_EQ(shared->epoch(), epoch);
  EXPECT_EQ(shared->run({"ring", "add", "node-4", "--yes", "--settle", "1s", "--if-epoch", std::to_string(epoch)}).exit,
            0);
}

TEST_F(Ring, without_a_terminal_a_change_needs_yes) {
  prepare(false);
  Fleet fleet(*shared, numbered("person", 20), {"gateway-1"});
  wait_for_counts(20);
  const Ended refused = shared->run({"ring", "add", "node-4"});
  EXPECT_EQ(refused.exit, 64);
  EXPECT_NE(refused.err.find("--yes"), std::string::npos) << refused.err;
}

TEST_F(Ring, P0_11_killing_the_command_changes_nothing_and_the_next_one_watches_on) {
  prepare(false);
  Fleet fleet(*shared, numbered("person", people), {"node-2", "gateway-1", "node-3"});
  const std::uint64_t epoch = shared->epoch();
  // Slow enough that the next command meets it, however long that takes to start.
  const std::vector<std::string> add{"ring",       "add", "node-4",   "--yes", "--rate", "1/s",
                                     "--deadline", "6s",  "--settle", "3s",    "-o",     "json"};
  const auto command = shared->begin(add, shared->file("killed"));
  ASSERT_TRUE(fleet.run_until([&] { return shared->epoch() > epoch && fleet.closes() > 0; }));
  command->kill();
  const std::string output = shared->file("watching");
  const auto watching = shared->begin(add, output);
  EXPECT_TRUE(fleet.run_until([&] { return watching->poll().has_value(); }, 30s));
  ASSERT_EQ(watching->poll(), 0) << content_of(output + ".err");
  const json::value done = json::parse(content_of(output));
  EXPECT_EQ(done.at("changed"), false);
  EXPECT_EQ(done.at("state"), "done");
  EXPECT_EQ(done.at("planned"), handled(done));
  EXPECT_EQ(done.at("closed"), fleet.closes());
  EXPECT_EQ(shared->epoch(), epoch + 1);
  fleet.gather();
}

TEST_F(Ring, P0_11_closes_keep_the_pace_that_was_asked_for) {
  prepare(true);
  Fleet fleet(*shared, numbered("person", people), {"node-4"});
  wait_for_counts(people);
  const auto command = shared->begin(
      {"ring", "remove", "node-4", "--yes", "--rate", "25/s", "--lb-wait", "0s", "--settle", "2s", "-o", "json"},
      shared->file("paced"));
  EXPECT_TRUE(fleet.run_until([&] { return command->poll().has_value(); }, 30s));
  ASSERT_EQ(command->poll(), 0);
  const json::value done = json::parse(content_of(shared->file("paced")));
  ASSERT_GT(done.at("closed").to_number<int>(), 20);
  EXPECT_LT(done.at("closed").to_number<double>() / done.at("eviction_seconds").to_number<double>(), 25 * 1.3);
  EXPECT_EQ(done.at("forced"), 0);
  fleet.gather();
}

TEST_F(Ring, evict_none_closes_no_socket) {
  prepare(false);
  Fleet fleet(*shared, numbered("person", people), {"node-2", "node-3", "gateway-1"});
  wait_for_counts(people);
  const auto command = shared->begin(
      {"ring", "add", "node-4", "--yes", "--evict", "none", "--settle", "2s", "-o", "json"}, shared->file("none"));
  EXPECT_TRUE(fleet.run_until([&] { return command->poll().has_value(); }, 30s));
  ASSERT_EQ(command->poll(), 0) << content_of(shared->file("none.err"));
  const json::value done = json::parse(content_of(shared->file("none")));
  EXPECT_GT(done.at("moved").to_number<int>(), 10);
  EXPECT_EQ(done.at("closed"), 0);
  EXPECT_EQ(done.at("misplaced"), 0);
  EXPECT_EQ(fleet.closes(), 0U);
}

TEST_F(Ring, a_session_that_goes_by_itself_is_counted_so) {
  prepare(false);
  auto fleet = std::make_unique<Fleet>(*shared, numbered("person", 60), std::vector<std::string>{"node-2"});
  const std::uint64_t epoch = shared->epoch();
  const std::string output = shared->file("gone");
  const auto command =
      shared->begin({"ring", "add", "node-4", "--yes", "--rate", "1/s", "--settle", "1s", "-o", "json"}, output);
  ASSERT_TRUE(fleet->run_until([&] { return shared->epoch() > epoch; }));
  fleet.reset();
  ASSERT_TRUE(wait_until([&] { return command->poll().has_value(); }, 30s));
  ASSERT_EQ(command->poll(), 0) << content_of(output + ".err");
  const json::value done = json::parse(content_of(output));
  EXPECT_GT(done.at("gone").to_number<int>(), 0);
  EXPECT_EQ(done.at("planned"), handled(done));
}

TEST_F(Ring, two_changes_at_once_end_both_and_everybody_is_at_home) {
  prepare(false);
  Traffic traffic(*shared, "gateway-1", staying_uid({"--with", "node-4", "--without", "node-1"}));
  Fleet fleet(*shared, numbered("person", people), {"gateway-1", "node-3"});
  wait_for_counts(people + 1);
  const auto add =
      shared->begin({"ring", "add", "node-4", "--yes", "--rate", "60/s", "--settle", "3s"}, shared->file("two-add"));
  ASSERT_TRUE(fleet.run_until([&] { return fleet.closes() > 0; }));
  const auto remove = shared->begin({"ring", "remove", "node-1", "--yes", "--rate", "60/s", "--settle", "3s"},
                                    shared->file("two-remove"));
  TimePoint next{};
  EXPECT_TRUE(fleet.run_until(
      [&] {
        if (Clock::now() >= next && traffic.open() < 300) {
          traffic.send_round(fleet);
          next = Clock::now() + 100ms;
        }
        return add->poll().has_value() && remove->poll().has_value();
      },
      40s));
  EXPECT_EQ(add->poll(), 0) << content_of(shared->file("two-add.err"));
  EXPECT_EQ(remove->poll(), 0) << content_of(shared->file("two-remove.err"));
  fleet.gather();
  traffic.expect_all_arrived(fleet);
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
}

TEST_F(Ring, a_drained_node_is_empty_and_stays_until_it_gets_its_weight_back) {
  prepare(true);
  Traffic traffic(*shared, "gateway-1", staying_uid({"--without", "node-4"}));
  Fleet fleet(*shared, numbered("person", people), {"gateway-1", "node-2"});
  wait_for_counts(people + 1);
  const auto before = shared->owners(fleet.uids());
  const auto command = shared->begin(
      {"ring", "drain", "node-4", "--yes", "--settle", "3s", "--lb-wait", "0s", "-o", "json"}, shared->file("drain"));
  ASSERT_TRUE(run_with_traffic(fleet, traffic, *command));
  ASSERT_EQ(command->poll(), 0) << content_of(shared->file("drain.err"));
  EXPECT_EQ(json::parse(content_of(shared->file("drain"))).at("action"), "drain");
  fleet.gather();
  // Long enough for a node that leaves to be gone.
  fleet.run_for(2s);
  const auto names = shared->names_in_ring();
  EXPECT_NE(std::find(names.begin(), names.end(), "node-4"), names.end()) << "it stays a member";
  EXPECT_TRUE(wait_until([] { return state_of("node-4") == "drained"; }));
  EXPECT_TRUE(wait_until([] { return shared->metric("node-4", "wscluster_sessions") <= 0; }));
  for (const auto& [uid, owner] : shared->owners(fleet.uids()))
    EXPECT_NE(owner, "node-4") << uid;

  const auto undrain =
      shared->begin({"ring", "undrain", "node-4", "--yes", "--settle", "3s", "-o", "json"}, shared->file("undrain"));
  ASSERT_TRUE(run_with_traffic(fleet, traffic, *undrain));
  EXPECT_EQ(undrain->poll(), 0) << content_of(shared->file("undrain.err"));
  fleet.gather();
  traffic.expect_all_arrived(fleet);
  EXPECT_EQ(shared->owners(fleet.uids()), before) << "the same weight as before";
  EXPECT_EQ(shared->run({"ring", "wait", "--timeout", "10s"}).exit, 0);
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
}

TEST_F(Ring, P0_11_an_abort_half_way_brings_everybody_back) {
  prepare(false);
  Fleet fleet(*shared, numbered("person", people), {"gateway-1", "node-3"});
  wait_for_counts(people);
  const auto before = shared->owners(fleet.uids());
  const std::uint64_t epoch = shared->epoch();
  const Ended began = shared->run({"ring", "add", "node-4", "--yes", "--rate", "5/s", "--settle", "3s", "--detach"});
  ASSERT_EQ(began.exit, 0) << began.err;
  ASSERT_TRUE(fleet.run_until([&] { return shared->metric("node-4", "wscluster_sessions") >= 3; }));
  const auto command = shared->begin({"ring", "abort", "--yes", "--rate", "100/s", "--settle", "3s", "-o", "json"},
                                     shared->file("abort"));
  EXPECT_TRUE(fleet.run_until([&] { return command->poll().has_value(); }, 30s));
  ASSERT_EQ(command->poll(), 0) << content_of(shared->file("abort.err"));
  const json::value done = json::parse(content_of(shared->file("abort")));
  EXPECT_EQ(done.at("aborts"), epoch + 1);
  EXPECT_EQ(done.at("state"), "done");
  fleet.gather();
  EXPECT_EQ(shared->owners(fleet.uids()), before);
  EXPECT_TRUE(wait_until([] {
    const auto names = shared->names_in_ring();
    return std::find(names.begin(), names.end(), "node-4") == names.end();
  })) << "what was added leaves again";
  EXPECT_EQ(shared->run({"ring", "wait", "--timeout", "20s"}).exit, 0) << "also the aborted change ends";
  const json::value history = shared->ask({"ring", "history"});
  for (const auto& change : history.at("changes").as_array()) {
    if (change.at("to_epoch") != epoch + 1) continue;
    EXPECT_EQ(change.at("state"), "aborted");
  }
  EXPECT_EQ(shared->sum_over_nodes("wscluster_misplaced_sessions"), 0);
  for (const auto& uid : {fleet.uids().front(), fleet.uids().back()})
    EXPECT_EQ(shared->send("gateway-1", uid, "where").at("node"), before.at(uid).c_str()) << uid;
}

TEST_F(Ring, a_healthy_cluster_passes_its_check_and_a_user_can_be_explained) {
  prepare(true);
  EXPECT_TRUE(wait_until([] {
    return shared->run({"ring", "check"}).exit == 0;
  })) << shared->run({"ring", "check"}).out;
  const std::string uid = shared->uid_on("node-4");
  const json::value explained = shared->ask({"ring", "explain", "--uid", uid});
  EXPECT_EQ(explained.at("node"), "node-4");
  EXPECT_EQ(explained.at("moved").at("to"), "node-4");
  EXPECT_EQ(explained.at("moved").at("change").at("action"), "add");
}

}  // namespace
}  // namespace wscluster::integration
