// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "front/desk.hpp"
#include "metrics/exposition.hpp"

namespace wscluster::front {

/// Of routes and of the application servers behind a gateway.
void add_upstreams(std::vector<metrics::Family>& families, const CoreCounters& sum);
void merge_upstreams(CoreCounters& sum, const CoreCounters& part);

}  // namespace wscluster::front
