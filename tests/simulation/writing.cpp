// SPDX-License-Identifier: MIT
#include "writing.hpp"

namespace wscluster::simulation {

using wire::FrameType;

namespace {

/// Reliable devices, and most of them in most groups from the beginning.
void add_groups(Story& story, Random& random, bool are_all_reliable) {
  story.groups = static_cast<unsigned>(random.between(1, 3));
  for (std::size_t i = 0; i < story.devices.size(); ++i) {
    Device& device = story.devices[i];
    device.is_reliable = device.service == "chat" && (are_all_reliable || random.chance(2));
    for (unsigned group = 1; device.is_reliable && group <= story.groups; ++group) {
      if (!random.chance(4))
        at(story, random.millis(0, 60), Act::join, "", "g" + std::to_string(group), Duration(0), i);
    }
  }
}

}  // namespace

void set_scene(Story& story, Random& random, Scene scene) {
  for (unsigned i = 1; i <= scene.nodes + scene.spares; ++i)
    story.cast.push_back(
        {"n" + std::to_string(i), static_cast<unsigned>(random.between(1, 2)), false, i <= scene.nodes});
  const auto gateways = scene.gateways != 0 ? scene.gateways : static_cast<unsigned>(random.between(1, 2));
  for (unsigned i = 1; i <= gateways; ++i)
    story.cast.push_back({"g" + std::to_string(i), static_cast<unsigned>(random.between(1, 2)), true, false});
  const bool has_direct = scene.has_direct && random.chance(2);
  for (unsigned i = 0; i < scene.users + 2; ++i) {
    Device device;
    device.uid = "u" + std::to_string(i % scene.users);
    device.is_direct = has_direct && random.chance(3);
    if (random.chance(12)) device.reading = Reading::slow;
    story.devices.push_back(device);
  }
  if (scene.has_echo && random.chance(3)) {
    for (unsigned i = 0; i < 3; ++i)
      story.devices.push_back(
          {"echo", "e" + std::to_string(i), "", has_direct && random.chance(3), false, Reading::fast});
  }
  if (random.chance(3)) story.window_messages = random.between(1, 4);
  const bool is_always = scene.groups == Scene::Groups::always;
  if (is_always || (scene.groups == Scene::Groups::sometimes && random.chance(2))) add_groups(story, random, is_always);
}

void add(Story& story, Action action) {
  story.actions.push_back(std::move(action));
}

void at(Story& story, Duration when, Act act, const std::string& who, const std::string& other, Duration lasting,
        std::uint64_t number) {
  Action action;
  action.at = when;
  action.act = act;
  action.who = who;
  action.other = other;
  action.lasting = lasting;
  action.number = number;
  story.actions.push_back(std::move(action));
}

void publish(Story& story, Random& random, Duration when, const std::string& group) {
  std::vector<std::size_t> reliable;
  for (std::size_t i = 0; i < story.devices.size(); ++i)
    if (story.devices[i].is_reliable) reliable.push_back(i);
  const bool is_rest = reliable.empty() || random.chance(4);
  at(story, when, Act::publish, is_rest ? random.pick(story.cast).name : "", group, Duration(0),
     is_rest ? 0 : random.pick(reliable));
  story.actions.back().count = random.chance(5) ? random.between(2, 6) : 1;
}

void say(Story& story, Duration when, std::size_t device, const std::string& to, std::uint64_t count) {
  at(story, when, Act::say, "", to, Duration(0), device);
  story.actions.back().count = count;
}

void when(Story& story, FrameType frame, std::uint64_t nth, bool is_after, Act act, const std::string& who,
          const std::string& other, Duration lasting, Duration from) {
  at(story, from, act, who, other, lasting);
  story.actions.back().frame = frame;
  story.actions.back().nth = nth;
  story.actions.back().is_after = is_after;
}

void ring(Story& story, Duration when, const std::string& owners, std::uint64_t rate) {
  at(story, when, Act::ring, owners, "", Duration(0), rate);
}

std::string some_change(Story& story, Random& random, Duration when) {
  static const std::vector<std::string> choices = {"n1 n2 n3 n4", "n1 n2", "n2 n3", "n1 n2 n4", "n1 n3 n4", "n1 n2 n3"};
  static const std::vector<std::uint64_t> rates = {0, 0, 20, 100, 500};
  const std::string owners = random.pick(choices);
  ring(story, when, owners, random.pick(rates));
  return owners;
}

void talk(Story& story, Random& random, Duration from, Duration to, unsigned times) {
  std::vector<std::string> homes;
  for (const Cast& cast : story.cast)
    homes.push_back(cast.name);
  const auto span = static_cast<std::uint64_t>((to - from).count());
  for (unsigned i = 0; i < times; ++i) {
    const Duration when = from + Duration(random.between(0, span));
    const std::size_t device = random.next() % story.devices.size();
    const Device& other = story.devices[random.next() % story.devices.size()];
    if (story.groups > 0 && random.chance(4)) {
      const std::string group = "g" + std::to_string(random.between(1, story.groups));
      if (!random.chance(10)) {
        publish(story, random, when, group);
      } else {
        at(story, when, random.chance(2) ? Act::join : Act::leave, "", group, Duration(0), device);
      }
    } else if (story.devices[device].service == "echo") {
      say(story, when, device, story.devices[device].uid, random.between(1, 4));
    } else if (other.service != "chat") {
      continue;
    } else if (random.chance(4)) {
      at(story, when, Act::rest, random.pick(homes), other.uid, Duration(0), 0);
      story.actions.back().count = random.chance(6) ? random.between(2, 6) : 1;
    } else {
      say(story, when, device, other.uid, random.chance(6) ? random.between(2, 8) : 1);
    }
  }
}

const std::vector<FrameType>& hand_over_steps() {
  static const std::vector<FrameType> steps = {FrameType::ask,      FrameType::none,    FrameType::snapshot,
                                               FrameType::prepared, FrameType::moved,   FrameType::release,
                                               FrameType::attach,   FrameType::attached};
  return steps;
}

}  // namespace wscluster::simulation
