// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace wscluster {

/// Fills with bytes of the kernel's generator; fit for ids and keys. Never fails (the process ends if the kernel
/// refuses).
void fill_random(std::span<unsigned char> bytes);

/// A random 64-bit id that is never 0 (0 means "none" everywhere).
[[nodiscard]] std::uint64_t random_id();

/// `bytes` random bytes as base64url text.
[[nodiscard]] std::string random_token(std::size_t bytes);

}  // namespace wscluster
