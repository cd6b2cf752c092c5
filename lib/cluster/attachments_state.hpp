// SPDX-License-Identifier: MIT
#pragma once

// The private type of Attachments, shared by its sources.

#include "cluster/attachments.hpp"

namespace wscluster::cluster {

struct Attachments::Attachment {
  std::uint64_t socket = 0;
  Ref ref = 0;
  const ServiceOptions* options = nullptr;
  std::string uid;
  session::SessionId id;
  std::string profile;
  std::string token;
  bool recovers = false;
  PathId path = 0;           ///< where the attach went; 0: nowhere now
  std::uint64_t holder = 0;  ///< the holder's reference; 0: not attached
  std::uint64_t number = 0;
  std::uint64_t life = 0;
  TimePoint deadline;  ///< of the first attach
  TimePoint retry_at;
  std::uint64_t wants_epoch = 0;
  std::uint32_t refusals = 0;
  bool was_attached = false;  ///< the client has its 101
  bool is_paused = false;
  bool is_retrying = false;
  bool is_lazy = false;
  std::uint16_t end_code = 0;      ///< the socket closed with it; kept until the holder knows it
  std::uint64_t closes = 0;        ///< the change to this epoch wants the socket closed
  std::uint64_t evicting = 0;      ///< the change to this epoch has asked the holder to close it
  bool tell_written = false;       ///< somebody waits for a receipt
  session::FrameQueue queue;       ///< upstream; covered by `answered`. Counter 1: answered before others
  std::uint64_t ever_sent = 0;     ///< highest position that went out under any attachment
  std::uint64_t unsure_until = 0;  ///< positions up to here may have been executed by a state that is lost
  std::uint64_t received = 0;      ///< downstream frames of this life
  std::uint64_t delivered = 0;     ///< of this socket, over all lives
  std::uint64_t written = 0;       ///< of this socket, over all lives
  std::uint64_t life_base = 0;     ///< `delivered` when this life began
  std::uint64_t told = 0;          ///< `written` of this life that the holder knows

  [[nodiscard]] bool is_gone() const { return end_code != 0; }
  [[nodiscard]] std::uint64_t written_of_life() const { return written > life_base ? written - life_base : 0; }
};

}  // namespace wscluster::cluster
