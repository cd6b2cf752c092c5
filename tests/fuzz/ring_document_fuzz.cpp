// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ring/document.hpp"

using namespace wscluster::ring;

/// What is accepted keeps every rule and survives being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_document({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  if (!check_document(*document)) std::abort();
  if (document->digest != digest_of(*document)) std::abort();
  const auto again = parse_document(to_json(*document));
  if (!again || *again != *document) std::abort();
  return 0;
}
