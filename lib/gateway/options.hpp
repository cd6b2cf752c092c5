// SPDX-License-Identifier: MIT
#pragma once

#include "front/options.hpp"

namespace wscluster::gateway {

struct Options {
  front::Options front;
};

}  // namespace wscluster::gateway
