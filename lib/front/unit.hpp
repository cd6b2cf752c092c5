// SPDX-License-Identifier: MIT
#pragma once

// Private to Process's sources.

#include "front/process.hpp"

namespace wscluster::front {

/// One core with everything on it; what stands last ends first.
struct Process::Unit {
  explicit Unit(unsigned index) : core(index) {}

  net::Core core;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<Holding> holding;
};

}  // namespace wscluster::front
