// SPDX-License-Identifier: MIT
// What a client does with the messages that it receives.
#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <charconv>

#include "load/client.hpp"
#include "load/json_members.hpp"
#include "load/worker.hpp"

namespace json = boost::json;

namespace wscluster::load {
namespace {

constexpr std::uint32_t no_sequence = 0xFFFFFFFF;

std::uint32_t sequence_of(const json::object& receipt) {
  const auto text = text_of(receipt, "id");
  std::uint32_t sequence = no_sequence;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  return ec == std::errc{} && !text.empty() && end == text.data() + text.size() ? sequence : no_sequence;
}

Clock::duration from_us(std::uint64_t us) {
  return std::chrono::microseconds(us);
}

}  // namespace

bool Client::on_message(websocket::MessageKind /*kind*/, std::string_view payload) {
  if (worker_.setup_.is_reliable) {
    take_frame(payload);
  } else if (worker_.setup_.flow == Flow::relay) {
    take_relayed(payload);
  } else {
    take_arrival(payload, {}, false);
  }
  return true;
}

bool Client::on_ping(std::string_view payload) {
  websocket::append_masked_frame(unsent_, websocket::Opcode::pong, true, payload,
                                 static_cast<std::uint32_t>(worker_.random_()));
  return true;
}

bool Client::on_pong(std::string_view /*payload*/) {
  return true;
}

void Client::on_close(std::uint16_t code, std::string_view reason) {
  close_code_ = code;
  notice_ = CloseNotice::parse(reason);
}

void Client::take_relayed(std::string_view payload) {
  std::array<unsigned char, 4096> buffer{};
  json::monotonic_resource memory(buffer.data(), buffer.size());
  boost::system::error_code failed;
  const json::value value = json::parse({payload.data(), payload.size()}, failed, &memory);
  const auto* object = failed ? nullptr : value.if_object();
  if (object == nullptr) return worker_.count_error("messages that are no JSON object");
  if (const auto* receipt = object->if_contains("receipt"); receipt != nullptr && receipt->is_object()) {
    const auto& fields = receipt->get_object();
    return take_receipt(sequence_of(fields), text_of(fields, "status"), text_of(fields, "node"),
                        number_of(fields, "epoch"));
  }
  if (object->contains("data")) return take_arrival(text_of(*object, "data"), text_of(*object, "from"), true);
  if (const auto* problem = object->if_contains("error"); problem != nullptr && problem->is_object()) {
    return worker_.count_error("answered with error " + std::string(text_of(problem->get_object(), "code")));
  }
  worker_.count_error("messages that were not expected");
}

void Client::take_arrival(std::string_view payload, std::string_view from, bool has_from) {
  const auto stamp = parse_stamp(payload);
  if (!stamp) return worker_.count_error("messages that are not ours");
  const bool from_matches = !has_from || worker_.setup_.identity.is_uid(from, stamp->sender);
  const Arrival arrival = worker_.ledger_.record_arrival(index_, *stamp, from_matches);
  if (arrival != Arrival::fresh && arrival != Arrival::out_of_order) return;
  ++worker_.arrived_;
  worker_.note_latency(index_, from_us(stamp->planned_us), from_us(stamp->sent_us));
  if (worker_.setup_.flow != Flow::echo) return;
  const auto answered = find_pending(stamp->sequence);
  if (answered == pending_.end()) return;
  if (answered->has_waited) ++worker_.found_.closes.late_answers;
  pending_.erase(answered);
  --worker_.outstanding_;
}

void Client::take_receipt(std::uint32_t sequence, std::string_view status_text, std::string_view node,
                          std::uint64_t epoch) {
  const auto status = parse_receipt_status(status_text);
  if (!status)
    return worker_.count_error("receipts with unknown status '" + std::string(status_text.substr(0, 32)) + "'");
  if (!worker_.ledger_.record_receipt(index_, sequence, *status)) {
    return worker_.count_error("receipts for a message without an open question");
  }
  if (*status == ReceiptStatus::delivered || *status == ReceiptStatus::queued) worker_.note_promise();
  if (!node.empty()) ++worker_.found_.nodes[std::string(node)];
  const auto answered = find_pending(sequence);
  if (answered == pending_.end()) return;
  if (!node.empty()) worker_.note_holder(answered->recipient, node, epoch, answered->planned);
  if (worker_.is_measured(answered->planned)) {
    worker_.found_.receipt.record(Clock::now() - worker_.traffic_start_ - answered->planned);
  }
  if (answered->has_waited) ++worker_.found_.closes.late_answers;
  pending_.erase(answered);
  --worker_.outstanding_;
}

std::vector<Client::Pending>::iterator Client::find_pending(std::uint32_t sequence) {
  const auto found = std::ranges::lower_bound(pending_, sequence, {}, &Pending::sequence);
  return found != pending_.end() && found->sequence == sequence ? found : pending_.end();
}

}  // namespace wscluster::load
