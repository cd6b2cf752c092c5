// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/frame_type.hpp"

/// Frames of groups (see frames.hpp for the rules of all frames). `group` is a session::group_key(); its owner is the
/// sequencer, a shard with members is a subscriber.
namespace wscluster::wire {

/// Subscriber to sequencer: send me what is published from now on, or again from where I am.
struct Subscribe {
  static constexpr FrameType type = FrameType::subscribe;
  std::string_view service;
  std::string_view group;
  std::uint64_t incarnation = 0;  ///< of the subscriber
  std::uint64_t shard = 0;
  std::uint64_t number = 0;  ///< comes back with the answer
  std::uint64_t term = 0;    ///< what `from` counts in; 0: new here
  std::uint64_t from = 0;    ///< all up to here was taken

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.fixed(3, self.incarnation);
    v.number(4, self.shard);
    v.number(5, self.number);
    v.fixed(6, self.term);
    v.number(7, self.from);
  }
};

/// Sequencer to subscriber: the copies above `start` follow on this path.
struct Subscribed {
  static constexpr FrameType type = FrameType::subscribed;
  std::string_view service;
  std::string_view group;
  std::uint64_t number = 0;
  std::uint64_t term = 0;
  std::uint64_t start = 0;
  bool is_broken = false;    ///< between what was taken and `start` copies are missing
  std::uint64_t newest = 0;  ///< published so far

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.number(3, self.number);
    v.fixed(4, self.term);
    v.number(5, self.start);
    v.flag(6, self.is_broken);
    v.number(7, self.newest);
  }
};

/// To the subscriber: not the sequencer in `epoch`; ask its owner there.
struct SubscribeRefused {
  static constexpr FrameType type = FrameType::subscribe_refused;
  std::string_view service;
  std::string_view group;
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.number(3, self.number);
    v.number(4, self.epoch);
  }
};

/// Subscriber to sequencer: no members here.
struct Unsubscribe {
  static constexpr FrameType type = FrameType::unsubscribe;
  std::string_view service;
  std::string_view group;
  std::uint64_t incarnation = 0;
  std::uint64_t shard = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.fixed(3, self.incarnation);
    v.number(4, self.shard);
  }
};

/// Sequencer to a shard that may have members: subscribe again, or say that there are none.
struct AskInterest {
  static constexpr FrameType type = FrameType::ask_interest;
  std::string_view service;
  std::string_view group;
  std::uint64_t incarnation = 0;  ///< of the sequencer
  std::uint64_t epoch = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.fixed(3, self.incarnation);
    v.number(4, self.epoch);
  }
};

/// Sequencer to subscriber: what was published, once for all members there.
struct Copy {
  static constexpr FrameType type = FrameType::copy;
  std::string_view service;
  std::string_view group;
  std::uint64_t term = 0;
  std::uint64_t sequence = 0;
  std::string_view payload;   ///< packed protocol::Envelope
  std::string_view excluded;  ///< not to these sessions, 24 raw bytes each
  std::string_view filter;    ///< of the sessions that get it; empty: all

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.fixed(3, self.term);
    v.number(4, self.sequence);
    v.text(5, self.payload);
    v.text(6, self.excluded);
    v.text(7, self.filter);
  }
};

/// Subscriber to sequencer: the copy, and all before it, is with the members here.
struct CopyTaken {
  static constexpr FrameType type = FrameType::copy_taken;
  std::string_view service;
  std::string_view group;
  std::uint64_t incarnation = 0;
  std::uint64_t shard = 0;
  std::uint64_t term = 0;
  std::uint64_t sequence = 0;
  std::uint64_t sessions = 0;  ///< that got it

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.service);
    v.text(2, self.group);
    v.fixed(3, self.incarnation);
    v.number(4, self.shard);
    v.fixed(5, self.term);
    v.number(6, self.sequence);
    v.number(7, self.sessions);
  }
};

struct FanTarget {
  std::uint64_t edge = 0;
  std::uint64_t number = 0;
  std::uint64_t head = 0;  ///< as in Down

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.fixed(1, self.edge);
    v.number(2, self.number);
    v.number(3, self.head);
  }
};

/// Holder to edge: one Down for each of these sockets, all with the same tail.
struct Fan {
  static constexpr FrameType type = FrameType::fan;
  std::string_view payload;
  std::vector<FanTarget> targets;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.text(1, self.payload);
    v.list(2, self.targets);
  }
};

}  // namespace wscluster::wire
