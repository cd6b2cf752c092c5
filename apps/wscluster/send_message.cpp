// SPDX-License-Identifier: MIT
#include "send_message.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/names.hpp"
#include "base/text.hpp"
#include "protocol/names.hpp"
#include "service_key.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

const char* content_type(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::text:
      return "text/plain; charset=utf-8";
    case Message::Kind::binary:
      return "application/octet-stream";
    case Message::Kind::json:
      return "application/json";
  }
  return "text/plain";
}

Receipt parse_receipt(const std::string& place, const Recipient& to, const std::string& body) {
  boost::system::error_code ec;
  const auto value = json::parse(body, ec);
  Receipt receipt;
  if (!ec && value.is_object()) {
    const auto& object = value.get_object();
    receipt = {to,
               text_of(object, "status"),
               text_of(object, "node"),
               count_of(object, "sessions"),
               count_of(object, "epoch"),
               number_of(object, "latency_seconds")};
  }
  if (receipt.status.empty()) {
    throw Failure(ExitCode::protocol, place + ": the answer is not a receipt",
                  "Is client.url a wscluster gateway or node of this version?");
  }
  return receipt;
}

std::string excluded_query(const Recipient& to) {
  std::string query;
  for (const auto& connection : to.except)
    query += "&excluded=" + percent_encode(connection);
  return query;
}

}  // namespace

void check_recipient(const Recipient& to) {
  const auto good = to.is_group ? protocol::check_group_name(to.name) : check_uid(to.name);
  if (!good) throw Failure(ExitCode::data, (to.is_group ? "--group: " : "--to: ") + good.error().message);
}

Sender::Sender(const Invocation& invocation, const config::Config& config)
    : client_(invocation, config, chosen_service(invocation, config)),
      wait_(invocation.text("wait")),
      timeout_(invocation.value<Duration>("timeout")) {}

Receipt Sender::send(const Recipient& to, const Message& message, const Interrupt& interrupt) const {
  const auto started = Clock::now();
  const auto deadline = started + timeout_;
  RestCall call{"POST",
                (to.is_group ? "/groups/" : "/users/") + percent_encode(to.name) + "/messages",
                {},
                {{"Content-Type", content_type(message.kind)}},
                message.content};
  for (;;) {
    const auto left = std::max(Duration{1}, std::chrono::duration_cast<Duration>(deadline - Clock::now()));
    call.query = "wait=" + wait_ + "&timeout=" + std::to_string(left.count()) + "ms" + excluded_query(to);
    // The receipt "unknown" comes at the time-out itself, so wait a little longer for it.
    const auto answer = client_.attempt(call, left + std::chrono::seconds(1));
    if (!answer) {
      const auto code = answer.error().code;
      if (code == Errc::timed_out || code == Errc::closed)
        return {to, "unknown", "", 0, 0, seconds(Clock::now() - started)};
      client_.refuse(answer.error());
    }
    if (answer->status == 202) return {to, "accepted", "", 0, 0, seconds(Clock::now() - started)};
    if (answer->status == 200) return parse_receipt(place(), to, answer->body);
    const auto pause = retry_after(*answer);
    if (answer->status != 503 || Clock::now() + pause >= deadline) client_.refuse(*answer);
    interrupt.sleep_for(pause);
    if (interrupt.is_requested()) client_.refuse(*answer);
  }
}

}  // namespace wscluster::app
