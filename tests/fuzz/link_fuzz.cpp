// SPDX-License-Identifier: MIT
// A byte stream as a link reads it: frames are cut off and decoded, and with a snapshot the state of a user that it
// carries; what decodes must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/codec.hpp"
#include "wire/user_state.hpp"

using namespace wscluster::wire;

namespace {

void read_user_state(std::string_view bytes) {
  UserState state;
  if (!decode_into(bytes, state)) return;
  const std::string once = encode(state);
  UserState again;
  if (!decode_into(once, again) || encode(again) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Raw raw;
  while (cut(rest, 1U << 16U, raw) == CutStatus::ok) {
    rest.remove_prefix(raw.size);
    const auto frame = decode(raw);
    if (!frame) continue;
    if (const auto* snapshot = std::get_if<Snapshot>(&*frame)) read_user_state(snapshot->bytes);
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
