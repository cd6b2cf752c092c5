// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "cluster/counts.hpp"
#include "registry/change.hpp"

namespace wscluster::topology {

/// What the cores of one process have done for a change, as the registry is told.
class DonorTotal {
 public:
  void add(const cluster::DonorCount& part);
  /// Done when all `cores` are, and no socket is in nobody's count because its edge has yet to close it. Without times
  /// and incarnation.
  [[nodiscard]] registry::DonorProgress progress(std::size_t cores) const;

 private:
  registry::DonorProgress sum_;
  std::uint64_t handed_on_ = 0;
  std::uint64_t taken_on_ = 0;
  std::size_t cores_done_ = 0;
};

/// After the final word only what was closed, gone or forced since: cores forget what they counted, one after another.
[[nodiscard]] bool is_news(const registry::DonorProgress& told, const registry::DonorProgress& now) noexcept;

}  // namespace wscluster::topology
