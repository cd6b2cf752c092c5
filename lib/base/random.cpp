// SPDX-License-Identifier: MIT
#include "base/random.hpp"

#include <sys/random.h>
#include <cstdlib>

#include "base/text.hpp"

namespace wscluster {

void fill_random(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
    if (n < 0) std::abort();
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

std::uint64_t random_id() {
  std::uint64_t id = 0;
  while (id == 0)
    fill_random({reinterpret_cast<unsigned char*>(&id), sizeof id});
  return id;
}

std::string random_token(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
  return base64url_encode(raw);
}

}  // namespace wscluster
