// SPDX-License-Identifier: MIT
#pragma once

#include "load/generator.hpp"
#include "progress.hpp"

namespace wscluster::app {

/// The live line of a load test.
void show_progress(Progress& line, const load::Progress& now);

}  // namespace wscluster::app
