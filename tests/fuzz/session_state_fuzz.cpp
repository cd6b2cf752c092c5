// SPDX-License-Identifier: MIT
// What travels with a session: bytes that are accepted say the same when they are written again.
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <string_view>

#include "session/executed_acks.hpp"
#include "session/permissions.hpp"
#include "session/unacknowledged.hpp"

namespace {

using namespace wscluster::session;

void demand(bool condition) {
  if (!condition) std::abort();
}

/// The first writing may be shorter than what was read, never the second.
template <class State, class Decode>
void check(const std::optional<State>& state, Decode decode) {
  if (!state) return;
  const std::string bytes = state->encode();
  const auto again = decode(bytes);
  demand(again && again->encode() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::pmr::unsynchronized_pool_resource pool;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto permissions = [](std::string_view b) { return Permissions::decode(b); };
  const auto queue = [&pool](std::string_view b) { return Unacknowledged::decode(b, pool); };
  const auto acks = [](std::string_view b) { return ExecutedAcks::decode(b); };
  switch (data[0] % 3) {
    case 0:
      check(permissions(bytes), permissions);
      break;
    case 1:
      check(queue(bytes), queue);
      break;
    default:
      check(acks(bytes), acks);
  }
  return 0;
}
