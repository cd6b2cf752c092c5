// SPDX-License-Identifier: MIT
#include "topology/donor_total.hpp"

namespace wscluster::topology {

void DonorTotal::add(const cluster::DonorCount& part) {
  sum_.planned += part.planned;
  sum_.moved += part.moved;
  sum_.closed += part.closed;
  sum_.gone += part.gone;
  sum_.forced += part.forced;
  sum_.closing += part.closing;
  handed_on_ += part.handed_on;
  taken_on_ += part.taken_on;
  cores_done_ += part.is_done ? 1 : 0;
}

registry::DonorProgress DonorTotal::progress(std::size_t cores) const {
  registry::DonorProgress progress = sum_;
  progress.done = cores_done_ == cores && sum_.planned + taken_on_ == sum_.moved + sum_.closed + sum_.gone + handed_on_;
  return progress;
}

bool is_news(const registry::DonorProgress& told, const registry::DonorProgress& now) noexcept {
  return !told.done || !now.done || now.closed > told.closed || now.gone > told.gone || now.forced > told.forced;
}

}  // namespace wscluster::topology
