// SPDX-License-Identifier: MIT
// Something breaks at one step of a hand-over.
#include "plots.hpp"
#include "writing.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

/// A change that moves somebody, talk, and a step at which it happens.
void move_and(Story& story, Random& random, Act act, const std::string& who, const std::string& other = {},
              Duration lasting = 0ms) {
  set_scene(story, random);
  story.promises.is_lossless = false;
  talk(story, random, 0ms, 1500ms, 80);
  ring(story, 60ms, random.chance(2) ? "n1 n2 n3 n4" : "n2 n3", random.chance(2) ? 0 : 50);
  when(story, random.pick(hand_over_steps()), random.between(1, 4), random.chance(2), act, who, other, lasting, 55ms);
}

void comes_back(Story& story, Random& random) {
  if (!random.chance(2)) return;
  for (const Cast& cast : story.cast)
    at(story, random.millis(300, 2500), Act::restart, cast.name);
}

void sender_dies(Story& story, Random& random) {
  move_and(story, random, Act::kill, the_sender);
  comes_back(story, random);
}
void receiver_dies(Story& story, Random& random) {
  move_and(story, random, Act::kill, the_receiver);
  comes_back(story, random);
}
void third_dies(Story& story, Random& random) {
  move_and(story, random, Act::kill, a_third);
  comes_back(story, random);
}
void gateway_dies(Story& story, Random& random) {
  move_and(story, random, Act::kill, a_gateway);
  comes_back(story, random);
}
void link_breaks(Story& story, Random& random) {
  move_and(story, random, Act::cut, the_sender, the_receiver, random.millis(0, random.chance(3) ? 900 : 40));
  if (random.chance(2))
    when(story, random.pick(hand_over_steps()), random.between(1, 4), random.chance(2), Act::cut, the_sender,
         the_receiver, random.millis(0, 60), 55ms);
}
void sender_stops(Story& story, Random& random) {
  move_and(story, random, Act::stop, the_sender, "", random.millis(50, 2500));
}
void receiver_stops(Story& story, Random& random) {
  move_and(story, random, Act::stop, the_receiver, "", random.millis(50, 2500));
}
void changes_meanwhile(Story& story, Random& random) {
  move_and(story, random, Act::abort, "");
  story.promises.is_lossless = true;
}

}  // namespace

void add_hand_over_plots(std::vector<Plot>& into) {
  into.insert(into.end(), {{"sender_dies", "whoever sent a frame of a hand-over dies with it", 5, sender_dies},
                           {"receiver_dies", "whoever gets a frame of a hand-over dies", 5, receiver_dies},
                           {"third_dies", "another node dies during a hand-over", 3, third_dies},
                           {"gateway_dies", "a gateway dies during a hand-over", 3, gateway_dies},
                           {"link_breaks", "the link breaks at a frame of a hand-over", 6, link_breaks},
                           {"sender_stops", "SIGSTOP of whoever sent a frame of a hand-over", 3, sender_stops},
                           {"receiver_stops", "SIGSTOP of whoever gets a frame of a hand-over", 3, receiver_stops},
                           {"changes_meanwhile", "the change is taken back at one step", 3, changes_meanwhile}});
}

}  // namespace wscluster::simulation
