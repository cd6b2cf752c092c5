// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::edge {

/// Bytes on their way to one client, and where each counted message ends. A connection has one only while something is
/// queued.
class Outbox {
 public:
  /// The buffer to append frames to.
  [[nodiscard]] std::string& bytes() noexcept { return bytes_; }
  /// Appends the pong. To a client that does not read it is owed instead, and only that of the last ping (RFC 6455
  /// 5.5.3).
  void answer_ping(std::string_view payload);
  /// Appends what is owed, when all else is sent; false: nothing is.
  [[nodiscard]] bool append_owed_pong();
  /// What was appended last completes a counted message.
  void mark() { ends_.push_back(bytes_.size()); }

  [[nodiscard]] std::string_view unsent() const noexcept { return std::string_view(bytes_).substr(sent_); }
  [[nodiscard]] bool is_empty() const noexcept { return sent_ == bytes_.size(); }
  /// The kernel took this many more bytes; how many counted messages that completes.
  [[nodiscard]] std::uint64_t take(std::size_t count);
  void clear();
  [[nodiscard]] std::size_t held_bytes() const noexcept {
    return bytes_.capacity() + ends_.capacity() * sizeof(std::size_t);
  }

 private:
  void compact();
  void rewind();

  std::string bytes_;
  std::size_t sent_ = 0;
  std::vector<std::size_t> ends_;  ///< offsets in bytes_
  std::size_t first_end_ = 0;
  std::optional<std::string> owed_pong_;
};

/// Outboxes of one core that are not in use.
class OutboxPool {
 public:
  [[nodiscard]] std::unique_ptr<Outbox> get();
  void put(std::unique_ptr<Outbox> outbox);

 private:
  std::vector<std::unique_ptr<Outbox>> free_;
};

}  // namespace wscluster::edge
