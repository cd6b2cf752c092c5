// SPDX-License-Identifier: MIT
#include "registry/reply.hpp"

#include <charconv>

namespace wscluster::registry {

std::uint64_t Reply::number() const noexcept {
  if (kind == Kind::integer) return integer > 0 ? static_cast<std::uint64_t>(integer) : 0;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace wscluster::registry
