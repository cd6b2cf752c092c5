// SPDX-License-Identifier: MIT
// The test server's side of json.reliable.webpubsub.azure.v1: sessions that outlive sockets, groups, acks, replays.
#include <algorithm>
#include <boost/json/parse.hpp>

#include "protocol/server_frames.hpp"
#include "test_server_connection.hpp"

namespace json = boost::json;

namespace wscluster::load {
namespace {

/// A parameter of the request's query; they need no decoding here.
std::string parameter_of(const std::string& head, const std::string& name) {
  const auto at = head.find(name + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 1;
  return head.substr(begin, head.find_first_of("& ", begin) - begin);
}

}  // namespace

void TestServer::begin_session(Connection& connection) {
  std::string id = parameter_of(connection.head, "awps_connection_id");
  if (id.empty()) {
    id = "c" + std::to_string(++last_session_);
    sessions_[id].uid = connection.uid;
  } else if (strikes_of(++recoveries_, faults_.forget_session)) {
    sessions_.erase(id);
  }
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    connection.is_closing = true;
    return websocket::append_close(connection.out, websocket::CloseCode::policy_violation, "gone");
  }
  connection.session = id;
  found->second.connection = &connection;
  std::string text;
  protocol::append_connected(text, connection.uid, id, "token-" + id);
  send(connection, text);
  if (faults_.loses_unacknowledged) found->second.unacknowledged.clear();
  for (const auto& [sequence, message] : found->second.unacknowledged)
    send(connection, message);
}

void TestServer::take_frame(Connection& connection, std::string_view payload) {
  const auto frame = json::parse({payload.data(), payload.size()}).as_object();
  const std::string type(frame.at("type").as_string());
  auto& session = sessions_.at(connection.session);
  if (type == "sequenceAck") {
    const auto through = static_cast<std::uint64_t>(frame.at("sequenceId").as_int64());
    std::erase_if(session.unacknowledged, [&](const auto& kept) { return kept.first <= through; });
    return;
  }
  const auto ack_id = static_cast<std::uint64_t>(frame.at("ackId").as_int64());
  const std::string group(frame.at("group").as_string());
  std::string answer;
  if (type == "joinGroup") {
    session.groups.insert(group);
    protocol::append_ack(answer, ack_id);
  } else if (!session.executed.insert(ack_id).second && !faults_.executes_twice) {
    protocol::append_duplicate(answer, ack_id);
  } else {
    if (!strikes(faults_.ignore)) publish(group, std::string(frame.at("data").as_string()), connection.uid);
    if (strikes(faults_.ignore) || strikes(faults_.keep_receipt)) return;
    if (strikes(faults_.cut_before_ack)) return connection.stream.close();
    protocol::append_ack(answer, ack_id);
  }
  send(connection, answer);
}

/// The faults hit one member each.
void TestServer::publish(const std::string& group, const std::string& data, const std::string& from) {
  std::string tail;
  protocol::append_group_tail(tail, group, protocol::DataType::text, "\"" + data + "\"", from);
  bool is_first = true;
  for (auto& [id, session] : sessions_) {
    if (!session.groups.contains(group)) continue;
    if (std::exchange(is_first, false)) {
      if (strikes(faults_.lose)) continue;
      if (strikes(faults_.duplicate)) give(session, tail);
      if (strikes(faults_.swap) && session.held.empty()) {
        session.held = tail;
        continue;
      }
    }
    give(session, tail);
    if (!session.held.empty()) give(session, std::exchange(session.held, {}));
  }
}

void TestServer::give(Session& session, const std::string& tail) {
  std::string text;
  session.sequence += strikes(faults_.skip_sequence) ? 2U : 1U;
  protocol::append_message_head(text, session.sequence);
  text += tail;
  session.unacknowledged.emplace_back(session.sequence, text);
  if (session.connection != nullptr) send(*session.connection, text);
}

}  // namespace wscluster::load
