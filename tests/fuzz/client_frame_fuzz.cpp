// SPDX-License-Identifier: MIT
// A frame of a subprotocol's client, beside Boost.JSON: both take the same texts, and read the same from them.
#include <boost/json/parse.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/names.hpp"

namespace {

using namespace wscluster;
using namespace wscluster::protocol;
namespace json = boost::json;

void demand(bool condition) {
  if (!condition) std::abort();
}

json::value parse(std::string_view text, json::error_code& failed) {
  json::parse_options options;
  options.max_depth = 2 * max_frame_depth;
  return json::parse({text.data(), text.size()}, failed, {}, options);
}

std::string_view text_of(const json::value* value) {
  demand(value != nullptr && value->is_string());
  return value->get_string();
}

void compare(const ClientFrame& frame, const json::object& object) {
  const std::string_view type = text_of(object.if_contains("type"));
  if (frame.ack_id) demand(object.at("ackId").to_number<std::uint64_t>() == *frame.ack_id);
  switch (frame.kind) {
    case ClientFrame::Kind::join_group:
    case ClientFrame::Kind::leave_group:
    case ClientFrame::Kind::send_to_group:
      demand(frame.group == text_of(object.if_contains("group")) && check_group_name(frame.group));
      break;
    case ClientFrame::Kind::event:
      demand(frame.event == text_of(object.if_contains("event")) && check_event_name(frame.event));
      break;
    case ClientFrame::Kind::sequence_ack:
      demand(object.at("sequenceId").to_number<std::uint64_t>() == frame.sequence_id);
      break;
    case ClientFrame::Kind::ping:
      demand(type == "ping");
      break;
    case ClientFrame::Kind::unsupported:
      break;
  }
  if (frame.data.empty()) return;
  json::error_code failed;
  const json::value data = parse(frame.data, failed);
  demand(!failed && data == object.at("data"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static ClientFrameParser parser;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (!is_valid_utf8(text)) return 0;
  const auto frame = parser.parse(text);
  json::error_code failed;
  const json::value value = parse(text, failed);
  if (failed == json::error::exponent_overflow) return 0;  // Boost has to make a number of it
  if (frame) {
    demand(!failed && value.is_object());
    compare(*frame, value.get_object());
    return 0;
  }
  const FrameFault& fault = frame.error();
  demand(!fault.what.empty() && fault.at <= size);
  if (fault.kind == FrameFault::Kind::not_json) demand(failed || !value.is_object());
  if (fault.kind == FrameFault::Kind::bad_field) demand(!failed && value.is_object());
  return 0;
}
