// SPDX-License-Identifier: MIT
// Groups and their members move, and what is published meanwhile is in one order for all.
#include "plots.hpp"
#include "writing.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

constexpr Scene scene_with_groups() {
  Scene scene;
  scene.has_echo = false;
  scene.groups = Scene::Groups::always;
  return scene;
}

std::string some_group(const Story& story, Random& random) {
  return "g" + std::to_string(random.between(1, story.groups));
}

void publish_much(Story& story, Random& random, Duration from, Duration to, unsigned times) {
  const auto span = static_cast<std::uint64_t>((to - from).count());
  for (unsigned i = 0; i < times; ++i)
    publish(story, random, from + Duration(random.between(0, span)), some_group(story, random));
}

/// Frames of a publication's way, and of subscriptions.
FrameType some_group_step(Random& random) {
  static const std::vector<FrameType> steps = {FrameType::message,   FrameType::copy,       FrameType::copy_taken,
                                               FrameType::subscribe, FrameType::subscribed, FrameType::receipt};
  return random.pick(steps);
}

void groups_and_changes(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  talk(story, random, 0ms, 1500ms, 40);
  publish_much(story, random, 30ms, 1500ms, 70);
  Duration when(random.between(20, 150));
  for (auto changes = random.between(2, 5); changes > 0; --changes) {
    some_change(story, random, when);
    when += random.millis(5, 400);
  }
  story.promises.forgets_everybody = random.chance(10);
}

void sequencer_dies(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 2500ms, 40);
  publish_much(story, random, 0ms, 2500ms, 80);
  if (random.chance(2)) some_change(story, random, random.millis(50, 300));
  if (random.chance(2)) {
    // Who sends copies is one.
    when(story, FrameType::copy, random.between(1, 12), random.chance(2), Act::kill, the_sender, "", 0ms, 80ms);
  } else {
    at(story, random.millis(60, 500), Act::kill, "n" + std::to_string(random.between(1, 3)));
  }
}

/// Its members are on their way to other shards, and it dies as soon as it has said `queued`.
void sequencer_dies_while_members_move(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  story.promises.is_lossless = false;
  const Duration change = random.millis(60, 200);
  some_change(story, random, change);
  publish_much(story, random, change - 20ms, change + 200ms, 90);
  if (random.chance(2)) some_change(story, random, change + random.millis(20, 100));
  when(story, FrameType::receipt, random.between(1, 12), true, Act::kill, the_sender, "", 0ms, change);
}

/// The next one dies as well, before everybody has come to it.
void two_sequencers_die(Story& story, Random& random) {
  Scene scene = scene_with_groups();
  scene.nodes = 5;
  scene.spares = 0;
  set_scene(story, random, scene);
  story.promises.is_lossless = false;
  at(story, 70ms, Act::kill, "n1");
  for (const char* node : {"n2", "n3", "n4", "n5"})
    if (random.chance(2)) at(story, 400ms, Act::lag, node, "", 1500ms, random.between(20, 400));
  publish_much(story, random, 600ms, 1400ms, 90);
  const FrameType step = random.chance(2) ? FrameType::receipt : FrameType::message;
  const bool is_sender = step == FrameType::receipt;
  when(story, step, random.between(1, 6), true, Act::kill, is_sender ? the_sender : the_receiver, "", 0ms,
       random.millis(600, 1000));
}

void sequencer_moves_at_each_step(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  story.promises.is_lossless = false;
  publish_much(story, random, 0ms, 1500ms, 90);
  ring(story, 60ms, random.chance(2) ? "n1 n2 n3 n4" : "n2 n3", random.chance(2) ? 0 : 50);
  const FrameType step = random.chance(2) ? random.pick(hand_over_steps()) : some_group_step(random);
  static const std::vector<Act> acts = {Act::kill, Act::stop, Act::cut, Act::abort};
  const Act act = random.pick(acts);
  const char* const who = act == Act::abort ? "" : random.chance(2) ? the_sender : the_receiver;
  when(story, step, random.between(1, 8), random.chance(2), act, who, act == Act::cut ? the_receiver : "",
       act == Act::stop ? random.millis(50, 2000) : random.millis(0, 60), 55ms);
  if (act == Act::cut) story.actions.back().who = the_sender;
  if (random.chance(3)) ring(story, random.millis(80, 300), "n1 n2");
}

void member_moves_while_published(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  // Each view is late somewhere, so members and groups come to one another in every order.
  for (const char* node : {"n1", "n2", "n3", "n4"})
    if (random.chance(2)) at(story, 40ms, Act::lag, node, "", 900ms, random.between(5, 150));
  Duration when(random.between(45, 90));
  for (auto changes = random.between(2, 4); changes > 0; --changes) {
    some_change(story, random, when);
    when += random.millis(5, 120);
  }
  // Everybody publishes all the time.
  for (std::size_t i = 0; i < story.devices.size(); ++i) {
    for (unsigned k = 0; k < 8; ++k)
      at(story, Duration(40 + 25 * k) + random.millis(0, 24), Act::publish, "", some_group(story, random), 0ms, i);
  }
}

void recovery_at_another_gateway(Story& story, Random& random) {
  Scene scene = scene_with_groups();
  scene.gateways = 2;
  scene.has_direct = false;
  set_scene(story, random, scene);
  story.promises.is_lossless = false;
  publish_much(story, random, 0ms, 1800ms, 90);
  talk(story, random, 0ms, 1800ms, 30);
  const Duration when = random.millis(60, 400);
  at(story, when, random.chance(2) ? Act::kill : Act::drain, "g1");
  at(story, when + random.millis(50, 700), Act::restart, "g1");
  if (random.chance(2)) at(story, when + random.millis(700, 1200), Act::kill, "g2");
  if (random.chance(2)) some_change(story, random, random.millis(20, 900));
}

void gateway_dies_with_reliable_clients(Story& story, Random& random) {
  Scene scene = scene_with_groups();
  scene.gateways = 1;
  set_scene(story, random, scene);
  story.promises.is_lossless = false;
  publish_much(story, random, 0ms, 2000ms, 90);
  talk(story, random, 0ms, 2000ms, 30);
  const Duration when = random.millis(60, 500);
  at(story, when, Act::kill, "g1");
  at(story, when + random.millis(30, 900), Act::restart, "g1");
  some_change(story, random, when + random.millis(0, 500));
  if (random.chance(2)) some_change(story, random, when + random.millis(500, 900));
}

void join_and_leave_storm(Story& story, Random& random) {
  set_scene(story, random, scene_with_groups());
  publish_much(story, random, 0ms, 1200ms, 60);
  for (unsigned i = 0; i < 90; ++i)
    at(story, random.millis(50, 1200), random.chance(2) ? Act::join : Act::leave, "", some_group(story, random), 0ms,
       random.next() % story.devices.size());
  some_change(story, random, random.millis(60, 500));
  if (random.chance(2)) some_change(story, random, random.millis(510, 1000));
  story.promises.forgets_everybody = random.chance(8);
}

}  // namespace

void add_group_plots(std::vector<Plot>& into) {
  into.insert(
      into.end(),
      {{"groups_and_changes", "everybody publishes while the ring changes", 8, groups_and_changes},
       {"sequencer_dies", "the owner of a group dies", 5, sequencer_dies},
       {"sequencer_dies_while_members_move", "and right after it has answered", 3, sequencer_dies_while_members_move},
       {"two_sequencers_die", "and the one after it, too", 3, two_sequencers_die},
       {"sequencer_moves_at_each_step", "something breaks at one step of a group's move", 6,
        sequencer_moves_at_each_step},
       {"member_moves_while_published", "members and groups move at once", 5, member_moves_while_published},
       {"recovery_at_another_gateway", "reliable clients come back elsewhere", 5, recovery_at_another_gateway},
       {"gateway_dies_with_reliable_clients", "the only gateway dies", 3, gateway_dies_with_reliable_clients},
       {"join_and_leave_storm", "members come and go", 4, join_and_leave_storm}});
}

}  // namespace wscluster::simulation
