// SPDX-License-Identifier: MIT
#pragma once

#include "config/load.hpp"

namespace wscluster::config {

/// Opens the files that the roles need (the password of Redis is read here), tests that certificate and key match, and
/// adds the contradictions between fields to `loaded.problems`.
void check_config(Loaded& loaded, Roles roles);

}  // namespace wscluster::config
