// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::session {

/// The ack ids of a session that were executed with success; one that comes again is answered Duplicate. Remembers at
/// least the newest `depth` of them and at most twice as many. Ids in a row, as SDKs count them, take one entry.
class ExecutedAcks {
 public:
  static constexpr std::size_t default_depth = 4096;

  explicit ExecutedAcks(std::size_t depth = default_depth) noexcept : depth_(depth) {}

  [[nodiscard]] bool contains(std::uint64_t ack_id) const noexcept;
  /// It was executed; a failed one may be tried again and is not added.
  void add(std::uint64_t ack_id);

  /// For a snapshot; empty when nothing was executed.
  [[nodiscard]] std::string encode() const;
  /// Nothing when the bytes are broken or of a newer schema.
  [[nodiscard]] static std::optional<ExecutedAcks> decode(std::string_view bytes, std::size_t depth = default_depth);

 private:
  /// Neighbours without a gap, both ends included.
  struct Run {
    std::uint64_t first;
    std::uint64_t last;
  };
  /// Ids in order; that of their execution is known only from the generation.
  struct Generation {
    std::vector<Run> runs;
    std::uint64_t count = 0;

    [[nodiscard]] bool contains(std::uint64_t id) const noexcept;
    void add(std::uint64_t id);
    void append_to(std::string& out) const;
    bool take_from(std::string_view& bytes);
  };

  Generation current_;
  Generation previous_;  ///< was full before the current one began
  std::size_t depth_;
};

}  // namespace wscluster::session
