// SPDX-License-Identifier: MIT
// Redis is away, cut off, rolled back or empty.
#include "plots.hpp"
#include "writing.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

/// Away for 60 s with real leases: no send fails, new connections work.
void redis_away(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0, .users = 5, .has_echo = false});
  story.heartbeat = 1000ms;
  story.lease = 3000ms;
  story.promises.is_lossless = false;
  story.promises.keeps_sending = true;
  story.promises.keeps_members = true;
  at(story, random.millis(100, 1500), Act::redis_away, "", "", 60s);
  for (std::size_t i = 0; i < 2; ++i) {
    Device late = story.devices[i];
    late.is_late = true;
    story.devices.push_back(late);
    at(story, random.millis(6'000, 55'000), Act::arrive, "", "", 0ms, story.devices.size() - 1);
  }
  // Around the end of the leases there may be a pause; before and after it, and when Redis is back.
  talk(story, random, 0ms, 64s, 120);
}

void short_outage(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 3s, 90);
  at(story, random.millis(20, 400), Act::redis_away, "", "", random.millis(100, 2500));
  const std::size_t outage = story.actions.size() - 1;
  if (random.chance(2)) some_change(story, random, random.millis(10, 1500));
  const bool is_deadly = random.chance(2);
  story.promises.keeps_members = !is_deadly;
  if (is_deadly) at(story, random.millis(100, 2000), Act::kill, "n" + std::to_string(random.between(1, 3)));
  story.actions[outage].number = random.between(0, 1);
}

void node_cut_from_redis(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 3s, 100);
  at(story, random.millis(50, 300), Act::redis_cut, "n" + std::to_string(random.between(1, 3)), "",
     random.millis(200, 3500));
}

/// From Redis and from everybody, but not from its clients.
void isolated_node(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0, .has_direct = false});
  story.promises.is_lossless = false;
  for (std::size_t i = 0; i < 8; ++i) {
    Device direct = story.devices[i];
    direct.edge = "n" + std::to_string(random.between(1, 3));
    direct.is_direct = true;
    story.devices.push_back(direct);
  }
  talk(story, random, 0ms, 3s, 160);
  const std::string node = "n" + std::to_string(random.between(1, 3));
  const Duration lasting = random.millis(1500, 3500);
  const Duration from = random.millis(50, 300);
  at(story, from, Act::redis_cut, node, "", lasting);
  for (const Cast& cast : story.cast)
    if (cast.name != node) at(story, from, Act::part, node, cast.name, lasting);
}

void rolled_back(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 3s, 90);
  at(story, 50ms, Act::redis_save);
  some_change(story, random, random.millis(60, 200));
  at(story, random.millis(510, 1200), Act::redis_roll_back);
  // Also right before what nobody but Redis knew. A change that follows at once would be a fork.
  if (random.chance(3)) {
    at(story, random.millis(90, 300), Act::redis_roll_back);
  } else if (random.chance(2)) {
    some_change(story, random, random.millis(210, 500));
  }
  // Who was cut off has the new document from a peer, knows nothing of its change, and may be the first to put it back.
  // Not with a death: what the dead one had adopted is lost with Redis, so it and one that was removed before could
  // be a majority by themselves.
  if (random.chance(3)) {
    at(story, random.millis(600, 1500), Act::kill, "n" + std::to_string(random.between(1, 3)));
  } else if (random.chance(2)) {
    at(story, random.millis(55, 100), Act::redis_cut, random.pick(story.cast).name, "", random.millis(400, 1200));
  }
}

void forked(Story& story, Random& random) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  // Frozen on the last good one until somebody repairs it.
  story.promises.ends_equal = false;
  talk(story, random, 0ms, 2s, 90);
  at(story, 50ms, Act::redis_save);
  ring(story, 100ms, "n1 n2 n3 n4");
  const Duration back = random.millis(300, 500);
  at(story, back, Act::redis_roll_back);
  ring(story, back + random.millis(0, 4), random.chance(2) ? "n1 n2" : "n2 n3");
}

void flushed(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 3s, 90);
  if (random.chance(2)) some_change(story, random, random.millis(30, 300));
  const Duration when = random.millis(310, 900);
  at(story, when, Act::redis_flush);
  // With --join: it must not begin a ring of its own.
  const std::string node = "n" + std::to_string(random.between(1, 3));
  if (random.chance(2)) at(story, when + random.millis(0, 300), Act::kill, node);
  at(story, when + random.millis(301, 900), Act::restart, node);
}

void cold_start(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0});
  story.promises.is_lossless = false;
  story.starts_cold = true;
  talk(story, random, 2s, 5s, 60);
}

/// The words of the others, and every way in which they may be wrong.
void v17(Story& story, Random& random) {
  set_scene(story, random, {.spares = 0, .has_echo = false});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 5s, 110);
  for (auto count = random.between(2, 6); count > 0; --count) {
    const std::string node = "n" + std::to_string(random.between(1, 3));
    const Duration when = random.millis(20, 3500);
    const Duration lasting = random.millis(150, 2500);
    switch (random.between(0, 4)) {
      case 0:
      case 1:
        at(story, when, Act::redis_cut, node, "", lasting);
        break;
      case 2:
        at(story, when, Act::redis_deaf, node, "", lasting);
        break;
      case 3:
        at(story, when, Act::part, node, "n" + std::to_string(random.between(1, 3)), lasting);
        break;
      default:
        at(story, when, Act::stop, node, "", lasting);
        break;
    }
  }
  std::erase_if(story.actions, [](const Action& a) { return a.act == Act::part && a.who == a.other; });
}

/// One goes on alone, and the ring grows without it.
void v18(Story& story, Random& random) {
  set_scene(story, random, {.nodes = static_cast<unsigned>(random.between(1, 2)), .spares = 2, .has_echo = false});
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 4s, 110);
  at(story, random.millis(10, 300), Act::redis_cut, "n1", "", random.millis(800, 3500));
  at(story, random.millis(10, 200), Act::lag, "n1", "", 3500ms, random.between(0, 2000));
  ring(story, random.millis(20, 900), "n1 n2 n3");
  if (random.chance(2)) ring(story, random.millis(900, 1500), "n1 n2 n3 n4");
  at(story, random.millis(10, 300), Act::part, "n1", "n2", random.millis(500, 3500));
  at(story, random.millis(10, 300), Act::part, "n1", "n3", random.millis(500, 3500));
}

}  // namespace

void add_redis_plots(std::vector<Plot>& into) {
  into.insert(into.end(), {{"redis_away", "Redis is away for 60 s", 1, redis_away},
                           {"short_outage", "Redis is away around the length of a lease", 4, short_outage},
                           {"node_cut_from_redis", "one node alone cannot reach Redis", 4, node_cut_from_redis},
                           {"isolated_node", "a node reaches nobody but its clients", 4, isolated_node},
                           {"redis_rolled_back", "an older snapshot, the ring goes on", 4, rolled_back},
                           {"redis_forked", "an older snapshot, and another next epoch", 2, forked},
                           {"redis_flushed", "empty, and a node with --join", 3, flushed},
                           {"cold_start", "nobody was there before", 2, cold_start},
                           {"v17", "the word of the others", 4, v17},
                           {"v18", "the ring grows without one of its members", 3, v18}});
}

}  // namespace wscluster::simulation
