// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "story.hpp"

/// What plots are written with.
namespace wscluster::simulation {

struct Scene {
  unsigned nodes = 3;     ///< n1 … of the first ring
  unsigned spares = 1;    ///< further nodes that stand by
  unsigned gateways = 0;  ///< g1 …; 0: one or two
  unsigned users = 8;     ///< u0 …; the first two have two devices
  bool has_direct = true;
  bool has_echo = true;
  /// Every second story has one to three, every other device speaks json.reliable then; `always`: all of that.
  enum class Groups : std::uint8_t { never, sometimes, always } groups = Groups::sometimes;
};

/// Processes, users and their devices; every third story has tiny windows.
void set_scene(Story& story, Random& random, Scene scene = {});
/// Messages between anybody, some in bursts, some over REST.
void talk(Story& story, Random& random, Duration from, Duration to, unsigned times);
/// Somebody sends to a group: a reliable device, or REST.
void publish(Story& story, Random& random, Duration when, const std::string& group);
void say(Story& story, Duration at, std::size_t device, const std::string& to, std::uint64_t count = 1);
void add(Story& story, Action action);
void at(Story& story, Duration when, Act act, const std::string& who = {}, const std::string& other = {},
        Duration lasting = Duration(0), std::uint64_t number = 0);
/// When the nth frame of that type arrives.
void when(Story& story, wire::FrameType frame, std::uint64_t nth, bool is_after, Act act, const std::string& who,
          const std::string& other = {}, Duration lasting = Duration(0), Duration from = Duration(0));
/// Owners from then on.
void ring(Story& story, Duration when, const std::string& owners, std::uint64_t rate = 0);
/// A change of the ring that moves somebody: one that adds the spare, or takes one out.
std::string some_change(Story& story, Random& random, Duration when);
/// Frames of a hand-over and of what follows at the edges, in order.
[[nodiscard]] const std::vector<wire::FrameType>& hand_over_steps();

}  // namespace wscluster::simulation
