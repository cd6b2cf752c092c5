// SPDX-License-Identifier: MIT
#include "story.hpp"

#include <algorithm>

namespace wscluster::simulation {

const char* name_of(wire::FrameType type) noexcept {
  switch (type) {
    case wire::FrameType::ask:
      return "ask";
    case wire::FrameType::none:
      return "none";
    case wire::FrameType::snapshot:
      return "snapshot";
    case wire::FrameType::prepared:
      return "prepared";
    case wire::FrameType::release:
      return "release";
    case wire::FrameType::declined:
      return "declined";
    case wire::FrameType::evict:
      return "evict";
    case wire::FrameType::outcome:
      return "outcome";
    case wire::FrameType::moved:
      return "moved";
    case wire::FrameType::attach:
      return "attach";
    case wire::FrameType::attached:
      return "attached";
    case wire::FrameType::close:
      return "close";
    case wire::FrameType::detach:
      return "detach";
    case wire::FrameType::message:
      return "message";
    case wire::FrameType::receipt:
      return "receipt";
    case wire::FrameType::refusal:
      return "refusal";
    case wire::FrameType::refused:
      return "refused";
    case wire::FrameType::up:
      return "up";
    case wire::FrameType::down:
      return "down";
    case wire::FrameType::word:
      return "word";
    case wire::FrameType::progress:
      return "progress";
    case wire::FrameType::fan:
      return "fan";
    case wire::FrameType::subscribe:
      return "subscribe";
    case wire::FrameType::unsubscribe:
      return "unsubscribe";
    case wire::FrameType::subscribed:
      return "subscribed";
    case wire::FrameType::subscribe_refused:
      return "subscribe refused";
    case wire::FrameType::ask_interest:
      return "ask interest";
    case wire::FrameType::copy:
      return "copy";
    case wire::FrameType::copy_taken:
      return "copy taken";
    default:
      return "frame";
  }
}

const char* to_string(Act act) noexcept {
  constexpr const char* words[] = {"say",        "rest",      "copies",     "evict",      "join",
                                   "leave",      "publish",   "vanish",     "arrive",     "ring",
                                   "ring evict", "abort",     "cli dies",   "drain",      "kill",
                                   "restart",    "stop",      "cut",        "part",       "lag",
                                   "redis away", "redis cut", "redis deaf", "redis save", "redis roll back",
                                   "redis flush"};
  return words[static_cast<std::size_t>(act)];
}

std::string describe(const Action& action) {
  std::string text;
  if (action.nth > 0) {
    text = (action.is_after ? "after " : "at ") + std::string(name_of(action.frame)) + " number " +
           std::to_string(action.nth) + " from " + std::to_string(action.at.count()) + "ms on: ";
  } else {
    text = std::to_string(action.at.count()) + "ms: ";
  }
  text += to_string(action.act);
  if (!action.who.empty()) text += " " + action.who;
  const bool is_of_device = action.act == Act::say || action.act == Act::vanish || action.act == Act::arrive ||
                            action.act == Act::join || action.act == Act::leave ||
                            (action.act == Act::publish && action.who.empty());
  if (is_of_device) text += " device " + std::to_string(action.number);
  if (!action.other.empty()) text += " to " + action.other;
  if (action.act == Act::ring || action.act == Act::ring_evict) text += " at rate " + std::to_string(action.number);
  if (action.act == Act::redis_away && action.number == 1) text += " (frozen)";
  if (action.count > 1) text += " x" + std::to_string(action.count);
  if (action.lasting.count() > 0) text += " for " + std::to_string(action.lasting.count()) + "ms";
  return text;
}

std::string describe(const Story& story) {
  std::string text = "  " + story.plot + ", seed " + std::to_string(story.seed) + ", heartbeat " +
                     std::to_string(story.heartbeat.count()) + "ms, window " + std::to_string(story.window_messages) +
                     "\n  processes:";
  for (const Cast& one : story.cast) {
    text += " " + one.name + "/" + std::to_string(one.cores) + (one.is_gateway || one.is_member ? "" : " (standby)");
  }
  text += "\n  devices:";
  for (std::size_t i = 0; i < story.devices.size(); ++i) {
    const Device& device = story.devices[i];
    text += " " + std::to_string(i) + "=" + device.uid + "@" +
            (!device.edge.empty() ? device.edge
             : device.is_direct   ? "node"
                                  : "gateway");
    if (device.is_reliable) text += "(reliable)";
    if (device.reading != Reading::fast) text += device.reading == Reading::slow ? "(slow)" : "(reads nothing)";
  }
  text += "\n";
  for (const Action& action : story.actions)
    text += "  " + describe(action) + "\n";
  return text;
}

}  // namespace wscluster::simulation
