// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// Every third seed has windows so small that frames wait for them.
std::vector<ServiceOptions> two_services(std::uint64_t seed) {
  ServiceOptions chat;
  chat.name = "chat";
  if (seed % 3 == 0) chat.window_messages = 1 + seed % 4;
  ServiceOptions echo;
  echo.name = "echo";
  echo.raw = RawMode::echo;
  return {chat, echo};
}

struct Plot {
  bool has_changes = true;
  bool has_cuts = false;
  bool has_leavers = false;  ///< and devices that read slowly or never
  bool is_ordered = true;    ///< false: also sends that wait for `queued` only
};

/// Three or four nodes, a gateway or two, some twenty devices; the ring changes once to three times.
void play(World& world, const Plot& plot) {
  for (const char* node : {"n1", "n2", "n3"})
    world.add_node(node, static_cast<unsigned>(world.random(1, 3)));
  world.add_gateway("g1", static_cast<unsigned>(world.random(1, 3)));
  if (world.chance(2)) world.add_gateway("g2", 1);
  world.has_direct_clients = world.chance(2);
  world.form_ring({"n1", "n2", "n3"});
  world.checker.promises.is_delivered = !plot.has_cuts && !plot.has_leavers;
  world.checker.promises.is_ordered = plot.is_ordered;
  for (int i = 0; i < 12; ++i)
    world.add_client("chat", "u" + std::to_string(i % 10));
  for (int i = 0; i < 6; ++i)
    world.add_client("echo", "e" + std::to_string(i));
  world.settle(3s);
  world.messages_per_ms = 150;
  if (plot.has_cuts) world.cuts_per_second = 8;
  if (plot.has_leavers) world.leaves_per_second = 5;
  world.clients()[0]->reading = Client::Reading::slow;
  if (plot.has_leavers) world.clients()[1]->reading = Client::Reading::never;
  world.run_for(Duration(world.random(50, 200)));
  if (plot.has_changes) {
    std::vector<std::string> nodes = {"n1", "n2", "n3"};
    for (auto changes = world.random(1, 3); changes > 0; --changes) {
      if (world.chance(2) && world.epoch() == 1) world.add_node("n4", static_cast<unsigned>(world.random(1, 3)));
      const bool has_n4 = std::find(nodes.begin(), nodes.end(), "n4") != nodes.end();
      const bool can_add = world.core_count("n4") > 0 && !has_n4;
      if (can_add) {
        nodes.emplace_back("n4");
      } else if (nodes.size() == 3 && !world.chance(3)) {
        nodes.pop_back();
      } else {
        nodes = {"n1", "n2", "n3"};
      }
      const double rates[] = {0, 5, 20, 100};
      world.change_ring(nodes, rates[world.random(0, 3)]);
      world.run_for(Duration(world.random(10, 800)));
      if (world.is_change_done() && world.chance(2)) world.drop_leavers();
    }
  }
  world.run_for(300ms);
  world.settle(90s);
  world.check_end();
  if (plot.has_leavers || world.chance(20)) world.check_empty();
}

void tell(std::uint64_t seed, const Plot& plot, const World& failed) {
  std::string text = "seed " + std::to_string(seed) + ":\n";
  for (std::size_t i = 0; i < failed.checker.broken().size() && i < 8; ++i)
    text += "  " + failed.checker.broken()[i] + "\n";
  World again(seed, two_services(seed));
  again.is_telling = true;
  play(again, plot);
  std::string number = "#none";
  if (!again.checker.culprits().empty()) number = "#" + std::to_string(again.checker.culprits().front());
  for (const std::string& line : again.story()) {
    const bool is_general = line.find('#') == std::string::npos || line.find("link") != std::string::npos;
    if (is_general || (line + " ").find(number + " ") != std::string::npos) text += "    " + line + "\n";
  }
  ADD_FAILURE() << text;
}

void play_seeds(std::uint64_t first, std::uint64_t count, const Plot& plot) {
  if (const char* only = std::getenv("WSCLUSTER_SEED"); only != nullptr)
    first = std::strtoull(only, nullptr, 10), count = 1;
  if (const char* many = std::getenv("WSCLUSTER_SEEDS"); many != nullptr) count = std::strtoull(many, nullptr, 10);
  std::uint64_t messages = 0;
  std::uint64_t evictions = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t unknown = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    World world(seed, two_services(seed));
    play(world, plot);
    messages += world.checker.total();
    evictions += world.evictions();
    unanswered += world.checker.unanswered();
    unknown += world.checker.answers("unknown");
    if (world.checker.broken().empty()) continue;
    tell(seed, plot, world);
    return;
  }
  std::cout << count << " seeds: " << messages << " messages, " << evictions << " evictions, " << unanswered
            << " unanswered by a close, " << unknown << " unknown\n";
  EXPECT_GT(messages, count * 20);
}

TEST(World, messages_reach_everybody_in_order_while_nothing_happens) {
  play_seeds(1, 15, {.has_changes = false});
}

TEST(World, a_ring_change_loses_nothing_repeats_nothing_and_keeps_the_order) {
  play_seeds(1000, 90, {});
}

TEST(World, queued_messages_follow_an_evicted_user) {
  play_seeds(2000, 40, {.is_ordered = false});
}

TEST(World, broken_links_repeat_nothing_and_make_no_receipt_false) {
  play_seeds(3000, 40, {.has_changes = false, .has_cuts = true});
}

TEST(World, broken_links_during_a_ring_change_make_no_receipt_false) {
  play_seeds(4000, 40, {.has_cuts = true});
}

TEST(World, clients_that_leave_or_do_not_read_are_counted_and_forgotten) {
  play_seeds(5000, 30, {.has_leavers = true});
}

}  // namespace
}  // namespace wscluster::cluster
