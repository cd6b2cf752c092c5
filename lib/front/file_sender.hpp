// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>

#include "edge/edge.hpp"
#include "front/static_files.hpp"

namespace wscluster::front {

struct FileCounters {
  std::uint64_t sent = 0;
  std::uint64_t unchanged = 0;  ///< 304
  std::uint64_t missing = 0;    ///< paths that are neither a call nor a file
  std::uint64_t no_room = 0;    ///< 503
};

/// Answers the clients of one core with static files. Whoever asks and does not read holds memory; beyond `max_unsent`
/// bytes of that, others are told to come later.
class FileSender {
 public:
  FileSender(edge::Edge& edge, std::uint64_t max_unsent) : edge_(edge), max_unsent_(max_unsent) {}

  void use(std::shared_ptr<const StaticFiles> files) { files_ = std::move(files); }
  /// Answers, with 404 when there is no such file.
  void serve(edge::ConnectionId id, const edge::Request& request);
  [[nodiscard]] const FileCounters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] bool has_room();

  edge::Edge& edge_;
  std::uint64_t max_unsent_;
  std::shared_ptr<const StaticFiles> files_;
  FileCounters counters_;
  std::unordered_set<edge::ConnectionId> receivers_;  ///< that may not have all of it yet
  std::uint64_t unsent_ = 0;                          ///< at most
};

}  // namespace wscluster::front
