// SPDX-License-Identifier: MIT
// Processes and links fail.
#include "plots.hpp"
#include "writing.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

void link_blips(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 900ms, 80);
  for (auto cuts = random.between(1, 6); cuts > 0; --cuts) {
    const std::string a = random.pick(story.cast).name;
    const std::string b = random.pick(story.cast).name;
    if (a != b) at(story, random.millis(10, 800), Act::cut, a, b, random.millis(0, random.chance(5) ? 1500 : 80));
  }
}

void blips_and_changes(Story& story, Random& random) {
  link_blips(story, random);
  story.cast.push_back({"n4", 1, false, false});
  some_change(story, random, random.millis(20, 300));
  some_change(story, random, random.millis(310, 700));
}

void node_dies(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  story.promises.detects_deaths = true;
  talk(story, random, 0ms, 2500ms, 90);
  at(story, random.millis(50, 400), Act::kill, "n" + std::to_string(random.between(1, 3)));
}

void same_name(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 2500ms, 90);
  const std::string node = "n" + std::to_string(random.between(1, 3));
  const Duration when = random.millis(50, 400);
  at(story, when, Act::kill, node);
  // Within the lease, or later.
  at(story, when + random.millis(10, random.chance(3) ? 1500 : 500), Act::restart, node);
}

/// Links break, a node may die, the ring changes.
void disturb(Story& story, Random& random) {
  some_change(story, random, random.millis(20, 500));
  if (random.chance(2)) some_change(story, random, random.millis(510, 1200));
  story.promises.is_lossless = random.chance(2);
  if (story.promises.is_lossless) return;
  for (auto cuts = random.between(0, 3); cuts > 0; --cuts)
    at(story, random.millis(10, 1200), Act::cut, "n" + std::to_string(random.between(1, 2)),
       random.chance(2) ? "n3" : "g1", random.millis(0, 80));
  if (random.chance(2)) at(story, random.millis(50, 900), Act::kill, "n" + std::to_string(random.between(1, 3)));
}

/// Each user at most once, so that none of its clients is on its way back.
void evictions(Story& story, Random& random) {
  set_scene(story, random, {.has_direct = false, .has_echo = false});
  talk(story, random, 0ms, 1500ms, 100);
  for (unsigned user = 0; user < 8; ++user)
    if (random.chance(2))
      at(story, random.millis(20, 1400), Act::evict, random.pick(story.cast).name, "u" + std::to_string(user));
  disturb(story, random);
}

void repeated_requests(Story& story, Random& random) {
  set_scene(story, random);
  talk(story, random, 0ms, 1500ms, 50);
  for (unsigned i = 0; i < 30; ++i) {
    at(story, random.millis(10, 1500), Act::copies, random.pick(story.cast).name,
       "u" + std::to_string(random.between(0, 7)), random.millis(1, random.chance(3) ? 600 : 20));
    story.actions.back().count = random.between(1, 3);
  }
  disturb(story, random);
}

void stop_and_continue(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 3500ms, 100);
  at(story, random.millis(50, 300), Act::stop, random.pick(story.cast).name, "", random.millis(50, 3000));
  if (random.chance(2)) some_change(story, random, random.millis(20, 1500));
}

void leavers(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  story.promises.forgets_everybody = random.chance(6);
  story.devices[1].reading = Reading::never;
  talk(story, random, 0ms, 1500ms, 90);
  for (auto count = random.between(1, 5); count > 0; --count)
    at(story, random.millis(10, 1400), Act::vanish, "", "", 0ms, random.next() % story.devices.size());
  some_change(story, random, random.millis(50, 800));
  some_change(story, random, random.millis(300, 1200));
}

/// Everything at once.
void weather(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 4000ms, 140);
  for (auto count = random.between(3, 8); count > 0; --count) {
    const Duration when = random.millis(10, 3500);
    const std::string who = random.pick(story.cast).name;
    const std::string other = random.pick(story.cast).name;
    switch (random.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        some_change(story, random, when);
        break;
      case 3:
        if (who != other) at(story, when, Act::cut, who, other, random.millis(0, 300));
        break;
      case 4:
        at(story, when, Act::stop, who, "", random.millis(20, 1500));
        break;
      case 5:
        at(story, when, Act::kill, who);
        at(story, when + random.millis(50, 1500), Act::restart, who);
        break;
      case 6:
        at(story, when, Act::redis_away, "", "", random.millis(50, 1500));
        break;
      case 7:
        at(story, when, Act::redis_cut, who, "", random.millis(50, 1500));
        break;
      case 8:
        if (who != other) at(story, when, Act::part, who, other, random.millis(50, 1500));
        break;
      default:
        at(story, when, Act::lag, who, "", random.millis(100, 900), random.between(10, 400));
        break;
    }
  }
}

// ---- of MODEL.md

/// The sender of a hand-over dies, and what it sent is read late.
void v4(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 2000ms, 80);
  ring(story, 60ms, "n2 n3 n4");
  at(story, 50ms, Act::stop, "n" + std::to_string(random.between(2, 4)), "", random.millis(100, 500));
  at(story, random.millis(62, 90), Act::kill, "n1");
}

/// An old answer over a new link.
void v5(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 1200ms, 80);
  ring(story, 60ms, "n2 n3");
  ring(story, 60ms + random.millis(3, 60), "n1 n3");
  ring(story, 120ms + random.millis(3, 60), "n1 n2");
  for (int i = 0; i < 3; ++i)
    at(story, random.millis(60, 220), Act::cut, "n" + std::to_string(random.between(1, 2)), "n3", random.millis(0, 10));
}

/// Frozen, with frames of the client; the receiver dies; it thaws.
void v7(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  ring(story, 60ms, "n2 n3", 0);
  when(story, random.pick(hand_over_steps()), random.between(1, 2), false, Act::kill, the_receiver, "", 0ms, 55ms);
  for (std::size_t i = 0; i < story.devices.size(); ++i) {
    for (unsigned k = 0; k < 10; ++k)
      say(story, Duration(50 + 12 * k) + random.millis(0, 11), i, "u" + std::to_string(random.between(0, 7)), 2);
  }
}

/// `moved` is lost with the link of a gateway, then the receiver dies and the sender owns again.
void v9(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 2500ms, 90);
  ring(story, 60ms, "n2 n3");
  ring(story, random.millis(90, 400), "n1 n3");
  at(story, random.millis(61, 90), Act::cut, "g1", "n1", random.millis(0, 30));
  at(story, random.millis(70, 200), Act::kill, "n2");
}

/// Frames are in the edge's outbox when its link breaks.
void v10(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  for (Device& device : story.devices)
    if (random.chance(2)) device.reading = Reading::slow;
  talk(story, random, 0ms, 700ms, 80);
  for (int i = 0; i < 4; ++i)
    at(story, random.millis(50, 650), Act::cut, "g1", "n" + std::to_string(random.between(1, 3)), random.millis(0, 20));
}

/// A node dies under load from clients whose gateway learns of it late.
void v11(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 2500ms, 120);
  at(story, 50ms, Act::lag, "g1", "", 2500ms, random.between(50, 800));
  at(story, random.millis(60, 300), Act::kill, "n" + std::to_string(random.between(1, 3)));
}

void v12(Story& story, Random& random) {
  v10(story, random);
  at(story, random.millis(60, 600), Act::kill, "n" + std::to_string(random.between(1, 3)));
}

/// Links between nodes break while those of the senders are well.
void v13(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 900ms, 100);
  ring(story, 60ms, "n2 n3 n4", 50);
  for (const char* node : {"n2", "n3", "n4"})
    at(story, random.millis(60, 120), Act::cut, "n1", node, random.millis(0, 400));
}

/// The link of a sender breaks after its message was executed, then the holder dies.
void v16(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  const std::string node = "n" + std::to_string(random.between(1, 3));
  const Duration at_ms = random.millis(80, 300);
  for (unsigned k = 0; k < 80; ++k)
    at(story, Duration(40 + 4 * k), Act::rest, random.chance(2) ? "g1" : "n" + std::to_string(random.between(1, 3)),
       "u" + std::to_string(random.between(0, 7)));
  at(story, at_ms, Act::cut, random.chance(2) ? "g1" : "n1", node, random.millis(0, 100));
  at(story, at_ms + random.millis(0, 25), Act::kill, node);
  talk(story, random, 0ms, 1800ms, 40);
}

/// The confirmation of a hand-over is lost.
void v1(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 900ms, 80);
  ring(story, 60ms, random.chance(2) ? "n1 n2 n3 n4" : "n2 n3");
  for (std::uint64_t nth = 1; nth <= 3; ++nth)
    when(story, FrameType::release, nth, false, Act::cut, the_sender, the_receiver, random.millis(0, 50), 55ms);
}

}  // namespace

void add_fault_plots(std::vector<Plot>& into) {
  into.insert(into.end(), {{"link_blips", "links between any two break", 4, link_blips},
                           {"blips_and_changes", "links break while users move", 6, blips_and_changes},
                           {"node_dies", "kill -9, and nobody starts it again", 3, node_dies},
                           {"same_name", "kill -9, and the same name again within the lease", 4, same_name},
                           {"evictions", "an operator closes sessions of users", 3, evictions},
                           {"repeated_requests", "copies of one message under one id", 3, repeated_requests},
                           {"stop_and_continue", "SIGSTOP and SIGCONT", 5, stop_and_continue},
                           {"leavers", "clients leave, or read nothing, while users move", 4, leavers},
                           {"weather", "everything at once", 12, weather},
                           {"v1", "the release is lost", 2, v1},
                           {"v4", "the snapshot of a dead node is read late", 2, v4},
                           {"v5", "an old answer comes over a new link", 2, v5},
                           {"v7", "frozen with frames, and thawed", 2, v7},
                           {"v9", "`moved` is lost with its link", 2, v9},
                           {"v10", "frames in the outbox when the link breaks", 2, v10},
                           {"v11", "executed by a state that is lost", 2, v11},
                           {"v12", "written for a state that is lost", 2, v12},
                           {"v13", "links between nodes break, those of senders not", 2, v13},
                           {"v16", "executed, link broken, holder dead", 2, v16}});
}

}  // namespace wscluster::simulation
