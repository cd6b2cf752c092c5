// SPDX-License-Identifier: MIT
// Nothing fails: not one message may be lost, repeated or reordered.
#include "plots.hpp"
#include "writing.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

void quiet_day(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  talk(story, random, 0ms, 600ms, 60);
  story.promises.forgets_everybody = random.chance(8);
}

void ring_change(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 1500ms, 90);
  Duration when(random.between(20, 250));
  for (auto changes = random.between(1, 3); changes > 0; --changes) {
    some_change(story, random, when);
    when += random.millis(20, 700);
  }
  story.promises.forgets_everybody = random.chance(10);
}

/// The reference architecture's plan A: the nodes that lose somebody close all their sessions.
void evict_all(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.closes_everybody = true;
  talk(story, random, 0ms, 1500ms, 90);
  const std::vector<std::uint64_t> rates = {0, 20, 100, 500};
  at(story, random.millis(20, 250), Act::ring_evict, "n1 n2 n3 n4", "", 0ms, random.pick(rates));
}

void two_changes_open(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 900ms, 70);
  ring(story, 100ms, "n1 n2 n3 n4", 20);
  ring(story, 100ms + random.millis(0, 40), random.chance(2) ? "n2 n3 n4" : "n1 n2 n4", 20);
  if (random.chance(2)) ring(story, 140ms + random.millis(0, 60), "n1 n2 n3", 0);
}

void abort_half_way(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 1000ms, 70);
  const Duration when(random.between(50, 150));
  some_change(story, random, when);
  at(story, when + random.millis(2, 80), Act::abort);
  if (random.chance(3)) some_change(story, random, when + random.millis(20, 200));
}

void cli_dies(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 800ms, 50);
  at(story, 60ms, Act::cli_dies);
  some_change(story, random, 80ms);
  at(story, 90ms, Act::cli_dies);
  // The same command again attaches.
  story.actions.push_back(story.actions[story.actions.size() - 2]);
  story.actions.back().at += random.millis(1, 120);
}

void two_gateways(Story& story, Random& random) {
  set_scene(story, random, {.gateways = 2, .has_direct = false});
  for (std::size_t i = 0; i < story.devices.size(); ++i)
    story.devices[i].edge = i % 2 == 0 ? "g1" : "g2";
  // Two devices of each of these: one at either gateway.
  for (std::size_t i = 2; i < 6; ++i) {
    Device second = story.devices[i];
    second.edge = second.edge == "g1" ? "g2" : "g1";
    story.devices.push_back(second);
  }
  talk(story, random, 0ms, 1000ms, 90);
  some_change(story, random, 100ms);
  some_change(story, random, 100ms + random.millis(10, 400));
}

void direct_and_gateway(Story& story, Random& random) {
  set_scene(story, random, {.has_direct = false});
  for (std::size_t i = 0; i < 5; ++i) {
    Device second = story.devices[i];
    second.is_direct = true;
    story.devices.push_back(second);
  }
  talk(story, random, 0ms, 1200ms, 90);
  some_change(story, random, 100ms);
  some_change(story, random, 150ms + random.millis(10, 600));
}

void device_at_new_owner(Story& story, Random& random) {
  set_scene(story, random);
  // Before u has moved, a further device of it comes, at any node.
  const Duration when = random.millis(50, 150);
  ring(story, when, random.chance(2) ? "n1 n2 n3 n4" : "n2 n3", 20);
  for (std::size_t i = 0; i < 6; ++i) {
    Device late = story.devices[i];
    late.is_late = true;
    late.is_direct = random.chance(2);
    story.devices.push_back(late);
    at(story, when + random.millis(0, 120), Act::arrive, "", "", 0ms, story.devices.size() - 1);
  }
  talk(story, random, 0ms, 900ms, 80);
}

void stale_sender(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 1400ms, 90);
  const std::string who = random.pick(story.cast).name;
  at(story, 80ms, Act::lag, who, "", 800ms, random.between(50, 700));
  some_change(story, random, 100ms);
  some_change(story, random, 100ms + random.millis(20, 500));
}

void terminated_node(Story& story, Random& random) {
  set_scene(story, random, {.has_direct = false});
  talk(story, random, 0ms, 1500ms, 80);
  at(story, random.millis(50, 200), Act::drain, random.chance(2) ? "n1" : "n3", "", 0ms, random.chance(2) ? 0 : 100);
}

/// Clients of an edge that stops are away for a moment, and what is sent to them meanwhile may be answered so.
void terminated_edge(Story& story, Random& random) {
  set_scene(story, random, {.gateways = 2});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 1500ms, 80);
  at(story, random.millis(50, 200), Act::drain, random.chance(2) ? "n1" : "g1", "", 0ms, random.chance(2) ? 0 : 100);
}

void rolling_restart(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0, .has_direct = false});
  Duration when = 50ms;
  for (const char* node : {"n1", "n2", "n3"}) {
    at(story, when, Act::drain, node);
    for (int attempt = 1; attempt <= 4; ++attempt)
      at(story, when + Duration(1500 * attempt), Act::restart, node);
    when += 6500ms;
  }
  talk(story, random, 0ms, when, 120);
}

// ---- of MODEL.md

/// Everything is with one, then with the next: done, out of order.
void v2(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 900ms, 80);
  ring(story, 60ms, "n2");
  ring(story, 60ms + random.millis(4, 60), "n3");
  ring(story, 100ms + random.millis(4, 90), "n1");
  at(story, 50ms, Act::lag, "n" + std::to_string(random.between(1, 3)), "", 300ms, random.between(5, 120));
}

void v2b(Story& story, Random& random) {
  set_scene(story, random, {.has_direct = false});
  talk(story, random, 0ms, 1200ms, 80);
  ring(story, 60ms, "n2 n3");
  ring(story, 60ms + random.millis(4, 60), "n1 n3");
  at(story, 70ms + random.millis(4, 90), Act::drain, "n2");
  at(story, 50ms, Act::lag, "n" + std::to_string(random.between(1, 3)), "", 300ms, random.between(5, 120));
}

void v3(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 900ms, 80);
  ring(story, 60ms, "n2");
  ring(story, 60ms + random.millis(4, 40), "n3");
  ring(story, 90ms + random.millis(4, 60), "n2");
  at(story, 50ms, Act::lag, "n3", "", 300ms, random.between(5, 150));
}

/// Both ends of a link have much to say, in small windows.
void v6(Story& story, Random& random) {
  set_scene(story, random);
  story.window_messages = random.between(1, 2);
  talk(story, random, 0ms, 600ms, 160);
  for (unsigned i = 0; i < 4; ++i)
    some_change(story, random, Duration(50 + 40 * i) + random.millis(0, 60));
}

/// There and back, with frames of the client on the way.
void v8(Story& story, Random& random) {
  set_scene(story, random);
  ring(story, 60ms, "n2 n3");
  ring(story, 60ms + random.millis(3, 50), "n1 n2 n3");
  if (random.chance(2)) ring(story, 110ms + random.millis(3, 50), "n2 n3");
  for (std::size_t i = 0; i < story.devices.size(); ++i) {
    for (unsigned k = 0; k < 10; ++k)
      say(story, Duration(50 + 14 * k) + random.millis(0, 12), i, "u" + std::to_string(random.between(0, 7)), 2);
  }
}

/// Executed, not yet written, and the user moves.
void v14(Story& story, Random& random) {
  set_scene(story, random);
  for (Device& device : story.devices)
    if (random.chance(2)) device.reading = Reading::slow;
  talk(story, random, 0ms, 500ms, 60);
  some_change(story, random, random.millis(60, 200));
  some_change(story, random, random.millis(210, 600));
}

/// The senders know the new epoch before the new owner does.
void v15(Story& story, Random& random) {
  set_scene(story, random);
  for (const char* node : {"n2", "n3", "n4"})
    if (random.chance(2)) at(story, 40ms, Act::lag, node, "", 400ms, random.between(20, 250));
  ring(story, 60ms, random.chance(2) ? "n2 n3 n4" : "n1 n2 n3 n4");
  for (unsigned k = 0; k < 60; ++k)
    at(story, Duration(50 + 5 * k), Act::rest, random.chance(2) ? "g1" : "n1",
       "u" + std::to_string(random.between(0, 7)));
  talk(story, random, 0ms, 500ms, 40);
}

}  // namespace

void add_calm_plots(std::vector<Plot>& into) {
  into.insert(into.end(), {{"quiet_day", "nothing happens", 2, quiet_day},
                           {"ring_change", "one to three planned changes", 12, ring_change},
                           {"evict_all", "a planned change closes everybody once", 3, evict_all},
                           {"two_changes_open", "E+1 and E+2 are open together", 4, two_changes_open},
                           {"abort_half_way", "a change is taken back while it runs", 4, abort_half_way},
                           {"cli_dies", "the command line dies, and is started again", 1, cli_dies},
                           {"two_gateways", "two devices of one user at two gateways", 4, two_gateways},
                           {"direct_and_gateway", "a direct and a gateway device of one user", 4, direct_and_gateway},
                           {"device_at_new_owner", "a device connects at B before u has moved", 4, device_at_new_owner},
                           {"stale_sender", "somebody gets its views late", 3, stale_sender},
                           {"terminated_node", "SIGTERM of a node", 3, terminated_node},
                           {"terminated_edge", "SIGTERM of a process that has clients", 3, terminated_edge},
                           {"rolling_restart", "every node in turn", 1, rolling_restart},
                           {"v2", "done is counted out of order", 2, v2},
                           {"v2b", "a drained member leaves while its snapshot is on the way", 2, v2b},
                           {"v3", "B, C, B: only the equal epoch protects", 2, v3},
                           {"v6", "both ends of a link have much to say", 2, v6},
                           {"v8", "A, B, A with frames of the client on the way", 2, v8},
                           {"v14", "executed, not yet written, and u moves", 2, v14},
                           {"v15", "the new owner does not know yet that it is", 2, v15}});
}

}  // namespace wscluster::simulation
