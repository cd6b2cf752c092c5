// SPDX-License-Identifier: MIT
/// @file
/// Bytes as two lower-case digits each, as published vectors are written.
#pragma once

#include <string>

namespace wscluster::auth {

std::string hex(const auto& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back("0123456789abcdef"[byte >> 4U]);
    text.push_back("0123456789abcdef"[byte & 15U]);
  }
  return text;
}

}  // namespace wscluster::auth
