// SPDX-License-Identifier: MIT
#include "load/reliable.hpp"

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "load/json_members.hpp"

namespace json = boost::json;

namespace wscluster::load {
namespace {

void read_system(const json::object& object, ServerFrame& frame) {
  const std::string_view event = text_of(object, "event");
  if (event == "disconnected") frame.type = ServerFrame::Type::disconnected;
  if (event != "connected") return;
  frame.type = ServerFrame::Type::connected;
  frame.connection_id = text_of(object, "connectionId");
  frame.reconnection_token = text_of(object, "reconnectionToken");
}

void read_ack(const json::object& object, ServerFrame& frame) {
  frame.type = ServerFrame::Type::ack;
  frame.ack_id = number_of(object, "ackId");
  const auto* success = object.if_contains("success");
  frame.is_executed = success != nullptr && success->is_bool() && success->get_bool();
  const auto* problem = object.if_contains("error");
  if (problem != nullptr && problem->is_object()) frame.error = text_of(problem->get_object(), "name");
  frame.is_executed = frame.is_executed || frame.error == "Duplicate";
}

void read_message(const json::object& object, ServerFrame& frame) {
  frame.type = ServerFrame::Type::message;
  frame.sequence_id = number_of(object, "sequenceId");
  frame.data = text_of(object, "data");
  frame.from = text_of(object, "fromUserId");
}

}  // namespace

std::optional<ServerFrame> parse_server_frame(std::string_view payload) {
  std::array<unsigned char, 4096> buffer{};
  json::monotonic_resource memory(buffer.data(), buffer.size());
  boost::system::error_code failed;
  const json::value value = json::parse({payload.data(), payload.size()}, failed, &memory);
  const auto* object = failed ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  ServerFrame frame;
  const std::string_view type = text_of(*object, "type");
  if (type == "message") read_message(*object, frame);
  if (type == "ack") read_ack(*object, frame);
  if (type == "system") read_system(*object, frame);
  if (type == "pong") frame.type = ServerFrame::Type::pong;
  return frame;
}

void append_join(std::string& out, std::string_view group, std::uint64_t ack_id) {
  out.append(R"({"type":"joinGroup","group":")").append(group);
  out.append(R"(","ackId":)").append(std::to_string(ack_id)).append("}");
}

void append_publish(std::string& out, std::string_view group, std::uint64_t ack_id, std::string_view data) {
  out.append(R"({"type":"sendToGroup","group":")").append(group);
  out.append(R"(","ackId":)").append(std::to_string(ack_id));
  out.append(R"(,"dataType":"text","data":")").append(data).append("\"}");
}

void append_sequence_ack(std::string& out, std::uint64_t sequence_id) {
  out.append(R"({"type":"sequenceAck","sequenceId":)").append(std::to_string(sequence_id)).append("}");
}

void ReliableSession::begin(std::string connection_id, std::string reconnection_token) {
  if (connection_id != connection_id_) latest_ = acknowledged_ = 0;
  connection_id_ = std::move(connection_id);
  reconnection_token_ = std::move(reconnection_token);
}

void ReliableSession::forget() {
  *this = {};
}

ReliableSession::Order ReliableSession::take(std::uint64_t sequence_id) noexcept {
  if (sequence_id <= latest_) return Order::replayed;
  const bool is_next = sequence_id == latest_ + 1;
  latest_ = sequence_id;
  return is_next ? Order::next : Order::gap;
}

}  // namespace wscluster::load
