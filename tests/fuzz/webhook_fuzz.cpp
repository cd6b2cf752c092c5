// SPDX-License-Identifier: MIT
// What an application answers to connect, and to an event: nothing that it says may get past the rules for clients.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/names.hpp"
#include "protocol/content.hpp"
#include "protocol/names.hpp"
#include "webhook/cloud_event.hpp"
#include "webhook/connect.hpp"

namespace {

using namespace wscluster;

void demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  webhook::ConnectQuestion question;
  question.claims_json = text;
  question.headers = {{"X-Any", std::string(text)}, {std::string(text), "value"}};
  question.subprotocols = {"json.webpubsub.azure.v1"};
  demand(protocol::check_content(protocol::DataType::json, webhook::connect_body(question)).has_value());
  if (const auto answer = webhook::parse_connect_answer(200, {}, text, question)) {
    demand(answer->refusal == 0);
    demand(!answer->user || check_uid(*answer->user));
    demand(!answer->subprotocol || *answer->subprotocol == question.subprotocols.front());
    for (const std::string& group : answer->groups)
      demand(protocol::check_group_name(group).has_value());
  }
  for (const char* type : {"application/json", "text/plain; charset=utf-8", "application/octet-stream"}) {
    const auto reply = webhook::reply_of({{"Content-Type", type}}, std::string(text));
    if (reply && reply->message)
      demand(protocol::check_content(reply->message->type, reply->message->data).has_value());
  }
  webhook::Occurrence event;
  event.name = text;
  event.user = text;
  event.state = text;
  for (const auto& [name, value] : webhook::headers_of(event, "o", {}))
    demand(value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos);
  return 0;
}
