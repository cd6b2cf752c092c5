// SPDX-License-Identifier: MIT
// A byte stream as a link reads it: frames are cut off and decoded; what decodes must survive being written and read
// again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/codec.hpp"

using namespace wscluster::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Raw raw;
  while (cut(rest, 1U << 16U, raw) == CutStatus::ok) {
    rest.remove_prefix(raw.size);
    const auto frame = decode(raw);
    if (!frame) continue;
    std::string once;
    append(once, *frame, raw.to);
    Raw again;
    if (cut(once, once.size(), again) != CutStatus::ok || again.type != raw.type || again.to != raw.to) std::abort();
    const auto second = decode(again);
    if (!second) std::abort();
    std::string twice;
    append(twice, *second, raw.to);
    if (once != twice) std::abort();
  }
  return 0;
}
