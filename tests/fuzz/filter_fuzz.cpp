// SPDX-License-Identifier: MIT
// The filter of an application's call: what is accepted may stand in parentheses, and `not` turns it round.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/filter.hpp"

namespace {

using namespace wscluster;
using protocol::Filter;

void demand(bool condition) {
  if (!condition) std::abort();
}

bool fits(const Filter& filter, std::string_view user) {
  return filter.fits(user, "c1", [](std::string_view group) { return group.size() % 2 == 1; });
}

bool is_too_much(const Result<Filter>& filter) {
  const std::string& why = filter.error().message;
  return why.find("deeply") != std::string::npos || why.find("longer") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto filter = Filter::parse(text);
  if (!filter) {
    demand(filter.error().code == Errc::invalid && !filter.error().message.empty());
    return 0;
  }
  if (text.empty()) return 0;
  const auto same = Filter::parse("(" + std::string(text) + ")");
  const auto opposite = Filter::parse("not(" + std::string(text) + ")");
  demand(same || is_too_much(same));
  demand(opposite || is_too_much(opposite));
  for (const std::string_view user : {"", "bob"}) {
    if (same) demand(fits(*same, user) == fits(*filter, user));
    if (opposite) demand(fits(*opposite, user) != fits(*filter, user));
  }
  return 0;
}
