// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <utility>

#include "session/shared_payload.hpp"

namespace wscluster::session {

/// What a queued frame carries beside its payload.
struct FrameMark {
  bool is_binary = false;
  bool is_spare = false;       ///< the receipt waits for it only when nobody else writes the message
  std::uint64_t origin = 0;    ///< who waits for the receipt; 0: nobody
  std::uint64_t counter = 0;   ///< of the message; without an origin the user's of the queue
  std::uint64_t sequence = 0;  ///< id of a message to a reliable session
};

/// Frames in the order of their positions 1, 2, 3 … that are kept until the other side has covered them. Memory of
/// frames comes from the core's pool and goes back there; an empty queue is a few words. Every method that adds or
/// removes gets that pool, always the same one.
class FrameQueue {
 public:
  struct Node {
    Node* next;
    FrameMark mark;
    std::uint32_t size;
    SharedPayload message;  ///< the payload of a message; that of any other frame stands behind the node

    [[nodiscard]] bool is_message() const noexcept { return !message.bytes().empty(); }
    [[nodiscard]] std::string_view payload() const noexcept {
      return is_message() ? message.bytes() : std::string_view{reinterpret_cast<const char*>(this + 1), size};
    }
  };

  FrameQueue() noexcept = default;
  FrameQueue(const FrameQueue&) = delete;
  FrameQueue& operator=(const FrameQueue&) = delete;
  FrameQueue(FrameQueue&& other) noexcept { *this = std::move(other); }
  FrameQueue& operator=(FrameQueue&& other) noexcept {
    std::swap(head_, other.head_), std::swap(tail_, other.tail_), std::swap(next_, other.next_);
    std::swap(covered_, other.covered_), std::swap(sent_, other.sent_), std::swap(added_, other.added_);
    std::swap(bytes_, other.bytes_), std::swap(sent_bytes_, other.sent_bytes_);
    return *this;
  }

  /// Adds one; its position is the new added().
  void push(std::pmr::memory_resource& pool, FrameMark mark, std::string_view payload);
  /// The same of a message, not empty, that is kept together with other queues.
  void push(std::pmr::memory_resource& pool, FrameMark mark, SharedPayload message);
  /// The first that was not sent, or null.
  [[nodiscard]] const Node* unsent() const noexcept { return next_; }
  /// The first one is sent now.
  void mark_sent() noexcept;
  /// Covered up to `position`: frees them. `on_covered(mark)` is called for each. A position that was never sent is
  /// ignored.
  template <class F>
  void cover(std::pmr::memory_resource& pool, std::uint64_t position, F on_covered) {
    if (position > sent_) return;
    while (covered_ < position) {
      const FrameMark mark = head_->mark;
      pop(pool);
      on_covered(mark);
    }
  }
  /// A broken link: everything above `position` counts as not sent again. At least covered().
  void rewind(std::uint64_t position) noexcept;
  /// Drops the first that was not sent (all that follow move up); returns its mark. Only when unsent().
  FrameMark drop_unsent(std::pmr::memory_resource& pool);
  /// Frees all; `on_dropped(node, was_sent)` for each, in order.
  template <class F>
  void clear(std::pmr::memory_resource& pool, F on_dropped) {
    while (head_ != nullptr) {
      on_dropped(static_cast<const Node&>(*head_), head_ != next_ && covered_ < sent_);
      pop(pool);
    }
  }
  /// As if everything up to `position` had been added, sent and covered. Only when nothing was added yet.
  void start_at(std::uint64_t position) noexcept;
  /// The counter of a frame without an origin. A position that is not in the queue is ignored.
  void set_counter(std::uint64_t position, std::uint64_t counter) noexcept;
  /// Calls f(node) for all, in order.
  template <class F>
  void for_each(F f) const {
    for (const Node* node = head_; node != nullptr; node = node->next)
      f(*node);
  }

  [[nodiscard]] bool is_empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] std::uint64_t added() const noexcept { return added_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t covered() const noexcept { return covered_; }
  /// Added and not covered.
  [[nodiscard]] std::uint64_t size() const noexcept { return added_ - covered_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Sent and not covered.
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return sent_ - covered_; }
  [[nodiscard]] std::uint64_t in_flight_bytes() const noexcept { return sent_bytes_; }
  [[nodiscard]] std::uint64_t waiting() const noexcept { return added_ - sent_; }
  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept { return bytes_ - sent_bytes_; }

 private:
  void append(Node* node) noexcept;
  static void free(std::pmr::memory_resource& pool, Node* node) noexcept;
  void pop(std::pmr::memory_resource& pool) noexcept;

  Node* head_ = nullptr;
  Node* tail_ = nullptr;
  Node* next_ = nullptr;
  std::uint64_t covered_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace wscluster::session
