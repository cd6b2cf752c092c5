// SPDX-License-Identifier: MIT
#include "session/frame_queue.hpp"

#include <cassert>
#include <cstring>
#include <new>

namespace wscluster::session {

void FrameQueue::push(std::pmr::memory_resource& pool, FrameMark mark, std::string_view payload) {
  void* memory = pool.allocate(sizeof(Node) + payload.size(), alignof(Node));
  auto* node = new (memory) Node{nullptr, mark, static_cast<std::uint32_t>(payload.size()), {}};
  if (!payload.empty()) std::memcpy(static_cast<void*>(node + 1), payload.data(), payload.size());
  append(node);
}

void FrameQueue::push(std::pmr::memory_resource& pool, FrameMark mark, SharedPayload message) {
  const auto size = static_cast<std::uint32_t>(message.bytes().size());
  append(new (pool.allocate(sizeof(Node), alignof(Node))) Node{nullptr, mark, size, std::move(message)});
}

void FrameQueue::append(Node* node) noexcept {
  if (tail_ != nullptr) tail_->next = node;
  if (head_ == nullptr) head_ = node;
  if (next_ == nullptr) next_ = node;
  tail_ = node;
  ++added_;
  bytes_ += node->size;
}

void FrameQueue::free(std::pmr::memory_resource& pool, Node* node) noexcept {
  const std::size_t behind = node->is_message() ? 0 : node->size;
  node->~Node();
  pool.deallocate(node, sizeof(Node) + behind, alignof(Node));
}

void FrameQueue::mark_sent() noexcept {
  assert(next_ != nullptr);
  sent_bytes_ += next_->size;
  next_ = next_->next;
  ++sent_;
}

void FrameQueue::rewind(std::uint64_t position) noexcept {
  if (position < covered_) position = covered_;
  if (position >= sent_) return;
  sent_ = covered_;
  sent_bytes_ = 0;
  next_ = head_;
  while (sent_ < position)
    mark_sent();
}

FrameMark FrameQueue::drop_unsent(std::pmr::memory_resource& pool) {
  assert(next_ != nullptr);
  Node* before = nullptr;
  for (Node* at = head_; at != next_; at = at->next)
    before = at;
  Node* const victim = next_;
  const FrameMark mark = victim->mark;
  next_ = victim->next;
  (before != nullptr ? before->next : head_) = victim->next;
  if (tail_ == victim) tail_ = before;
  bytes_ -= victim->size;
  --added_;
  free(pool, victim);
  return mark;
}

void FrameQueue::start_at(std::uint64_t position) noexcept {
  assert(added_ == 0);
  covered_ = sent_ = added_ = position;
}

void FrameQueue::set_counter(std::uint64_t position, std::uint64_t counter) noexcept {
  if (position <= covered_ || position > added_) return;
  Node* node = head_;
  for (std::uint64_t at = covered_ + 1; at < position; ++at)
    node = node->next;
  node->mark.counter = counter;
}

void FrameQueue::pop(std::pmr::memory_resource& pool) noexcept {
  Node* const node = head_;
  head_ = node->next;
  if (head_ == nullptr) tail_ = nullptr;
  bytes_ -= node->size;
  if (next_ == node) {
    next_ = head_;
    ++sent_;
  } else {
    sent_bytes_ -= node->size;
  }
  ++covered_;
  free(pool, node);
}

}  // namespace wscluster::session
