// SPDX-License-Identifier: MIT
#include "edge/outbox.hpp"

#include <utility>

#include "websocket/frame.hpp"

namespace wscluster::edge {
namespace {

constexpr std::size_t compact_above = 64U << 10U;
constexpr std::size_t keep_below = 64U << 10U;
constexpr std::size_t pooled = 256;
constexpr std::size_t most_unsent_for_pong = 16U << 10U;

}  // namespace

void Outbox::answer_ping(std::string_view payload) {
  owed_pong_.reset();
  if (unsent().size() < most_unsent_for_pong) {
    websocket::append_frame(bytes_, websocket::Opcode::pong, true, payload);
  } else {
    owed_pong_ = payload;
  }
}

bool Outbox::append_owed_pong() {
  if (!owed_pong_) return false;
  websocket::append_frame(bytes_, websocket::Opcode::pong, true, *std::exchange(owed_pong_, std::nullopt));
  return true;
}

std::uint64_t Outbox::take(std::size_t count) {
  sent_ += count;
  std::uint64_t completed = 0;
  for (; first_end_ < ends_.size() && ends_[first_end_] <= sent_; ++first_end_)
    ++completed;
  if (is_empty()) {
    rewind();
  } else if (sent_ > compact_above && sent_ > bytes_.size() / 2) {
    compact();
  }
  return completed;
}

void Outbox::compact() {
  bytes_.erase(0, sent_);
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(first_end_));
  for (std::size_t& end : ends_)
    end -= sent_;
  sent_ = first_end_ = 0;
}

void Outbox::clear() {
  rewind();
  owed_pong_.reset();
}

void Outbox::rewind() {
  bytes_.clear();
  ends_.clear();
  sent_ = first_end_ = 0;
}

std::unique_ptr<Outbox> OutboxPool::get() {
  if (free_.empty()) return std::make_unique<Outbox>();
  auto outbox = std::move(free_.back());
  free_.pop_back();
  return outbox;
}

void OutboxPool::put(std::unique_ptr<Outbox> outbox) {
  if (free_.size() >= pooled || outbox->held_bytes() > keep_below) return;
  outbox->clear();
  free_.push_back(std::move(outbox));
}

}  // namespace wscluster::edge
