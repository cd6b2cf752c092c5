// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/shared_payload.hpp"

namespace wscluster::session {

/// How much a reliable session may leave unacknowledged. SDKs acknowledge once a second, so it must hold more than a
/// second of the peak rate.
struct UnacknowledgedLimits {
  std::size_t messages = 16'384;
  std::uint64_t bytes = 16U << 20U;
};

/// The messages of a reliable session from their sending to its sequenceAck. Sequence ids are 1, 2, 3 … for the life of
/// the session, wherever it moves.
class Unacknowledged {
 public:
  /// Ids must stay exact in a JavaScript number.
  static constexpr std::uint64_t last_sequence_id = (std::uint64_t{1} << 53U) - 1;

  enum class Answer : std::uint8_t {
    advanced,  ///< messages were freed
    old,       ///< nothing new: it came late or twice, which is harmless
    future,    ///< the id was never given; nothing is freed and the session goes on, its own limits bound it
  };

  /// Keeps the message under the next sequence id, which is returned. Nothing, and nothing is kept: the limits are
  /// reached, and the session must be closed with 1008 since it cannot be recovered without that message.
  [[nodiscard]] std::optional<std::uint64_t> push(SharedPayload payload, const UnacknowledgedLimits& limits);

  /// All up to `sequence_id` have arrived.
  Answer acknowledge(std::uint64_t sequence_id) noexcept;

  /// Calls f(sequence_id, payload) for all that are kept, in order: what a recovered session is sent again.
  template <class F>
  void for_each(F f) const {
    for (std::size_t i = 0; i < count_; ++i)
      f(acknowledged_ + 1 + i, static_cast<const SharedPayload&>(ring_[(head_ + i) & (ring_.size() - 1)]));
  }

  /// That of one id, or null when it is not kept.
  [[nodiscard]] const SharedPayload* find(std::uint64_t sequence_id) const noexcept {
    if (sequence_id <= acknowledged_ || sequence_id > given()) return nullptr;
    return &ring_[(head_ + (sequence_id - acknowledged_ - 1)) & (ring_.size() - 1)];
  }

  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  /// The newest id that was given; 0: none.
  [[nodiscard]] std::uint64_t given() const noexcept { return acknowledged_ + count_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// For a snapshot.
  [[nodiscard]] std::string encode() const;
  /// Nothing when the bytes are broken or of a newer schema. Limits do not count here: what has moved is kept.
  [[nodiscard]] static std::optional<Unacknowledged> decode(std::string_view bytes, std::pmr::memory_resource& pool);

 private:
  void grow();
  void append(SharedPayload payload);

  std::vector<SharedPayload> ring_;  ///< its size is a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace wscluster::session
