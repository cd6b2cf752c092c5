// SPDX-License-Identifier: MIT
// A client's JSON frame: whatever is accepted must give texts that are JSON again.
#include <cstdint>
#include <cstdlib>

#include "protocol/envelope.hpp"
#include "protocol/relay.hpp"

using namespace wscluster::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = parse_relay({reinterpret_cast<const char*>(data), size});
  if (!request) return 0;
  // The message to the receiver is itself a frame when it is addressed.
  std::string packed;
  append_group_envelope(packed, "user:x", DataType::json, request->data, request->to);
  const auto envelope = open_envelope(packed);
  if (!envelope || envelope->data != request->data) std::abort();
  std::string message;
  append_relayed(message, *envelope);
  const auto again = parse_relay(R"({"to":"x","data":)" + message + "}");
  const bool is_deep = !again && again.error().message.find("depth") != std::string::npos;
  if (!again && !is_deep) std::abort();
  return 0;
}
