// SPDX-License-Identifier: MIT
#pragma once

// Private to Hub's sources.

#include "link/hub.hpp"

namespace wscluster::link {

struct Hub::Target {
  std::string name;
  std::uint64_t incarnation = 0;
  std::string address;
  unsigned number = 0;
  unsigned links = 1;
  cluster::LinkId link = 0;  ///< 0: none now
  bool is_resolving = false;
  TimePoint next;  ///< when to try again
  Duration delay{0};
  std::string last_failure;  ///< logged once per kind
};

}  // namespace wscluster::link
