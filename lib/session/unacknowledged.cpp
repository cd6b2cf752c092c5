// SPDX-License-Identifier: MIT
#include "session/unacknowledged.hpp"

#include <algorithm>
#include <utility>

#include "base/varint.hpp"

namespace wscluster::session {
namespace {

constexpr std::uint64_t unacknowledged_schema = 1;
constexpr std::size_t smallest_ring = 8;
/// An empty ring up to this size is kept for the next messages.
constexpr std::size_t ring_of_idle_session = 64;

}  // namespace

std::optional<std::uint64_t> Unacknowledged::push(SharedPayload payload, const UnacknowledgedLimits& limits) {
  const std::uint64_t size = payload.bytes().size();
  if (count_ >= limits.messages || size > limits.bytes || bytes_ > limits.bytes - size || given() == last_sequence_id)
    return std::nullopt;
  append(std::move(payload));
  return given();
}

Unacknowledged::Answer Unacknowledged::acknowledge(std::uint64_t sequence_id) noexcept {
  if (sequence_id > given()) return Answer::future;
  if (sequence_id <= acknowledged_) return Answer::old;
  for (; acknowledged_ < sequence_id; ++acknowledged_, --count_) {
    const SharedPayload done = std::move(ring_[head_]);
    bytes_ -= done.bytes().size();
    head_ = (head_ + 1) & (ring_.size() - 1);
  }
  if (count_ == 0 && ring_.size() > ring_of_idle_session) {
    ring_ = {};
    head_ = 0;
  }
  return Answer::advanced;
}

std::string Unacknowledged::encode() const {
  std::string out;
  append_varint(out, unacknowledged_schema);
  append_varint(out, acknowledged_);
  append_varint(out, count_);
  for_each([&out](std::uint64_t, const SharedPayload& payload) { append_sized(out, payload.bytes()); });
  return out;
}

std::optional<Unacknowledged> Unacknowledged::decode(std::string_view bytes, std::pmr::memory_resource& pool) {
  Unacknowledged queue;
  if (take_varint(bytes) != unacknowledged_schema) return std::nullopt;
  const auto acknowledged = take_varint(bytes);
  const auto count = take_varint(bytes);
  if (!acknowledged || !count || *acknowledged > last_sequence_id || *count > last_sequence_id - *acknowledged)
    return std::nullopt;
  queue.acknowledged_ = *acknowledged;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto payload = take_sized(bytes);
    if (!payload) return std::nullopt;
    queue.append(SharedPayload(pool, *payload));
  }
  if (!bytes.empty()) return std::nullopt;
  return queue;
}

void Unacknowledged::append(SharedPayload payload) {
  if (count_ == ring_.size()) grow();
  bytes_ += payload.bytes().size();
  ring_[(head_ + count_) & (ring_.size() - 1)] = std::move(payload);
  ++count_;
}

void Unacknowledged::grow() {
  std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(head_), ring_.end());
  head_ = 0;
  ring_.resize(std::max(smallest_ring, 2 * ring_.size()));
}

}  // namespace wscluster::session
