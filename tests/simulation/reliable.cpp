// SPDX-License-Identifier: MIT
#include "reliable.hpp"

#include <algorithm>

#include "client.hpp"
#include "session/permissions.hpp"
#include "texts.hpp"
#include "wire/client_profile.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

/// Ack ids of joins and leaves are above the numbers of all messages.
constexpr std::uint64_t first_ack_id = 1'000'000;

std::string profile() {
  session::Permissions permissions;
  permissions.grant_all(session::Permission::join_leave_group);
  permissions.grant_all(session::Permission::send_to_group);
  const std::string allowed = permissions.encode();
  return wire::encode(wire::ClientProfile{wire::Subprotocol::reliable, wire::SimpleKind::service, {}, allowed, {}, {}});
}

std::string send_frame(const std::string& group, std::uint64_t number, bool no_echo) {
  const std::string text = std::to_string(number);
  return R"({"type":"sendToGroup","group":")" + group + R"(","ackId":)" + text + (no_echo ? R"(,"noEcho":true)" : "") +
         R"(,"dataType":"json","data":)" + text + "}";
}

}  // namespace

Reliable::Reliable(World& world, Client& client, std::uint64_t number)
    : world_(world),
      client_(client),
      number_(number),
      random_(mix(mix(world.seed(), "reliable"), number)),
      session_(world.new_sender()),
      last_ack_id_(first_ack_id) {}

void Reliable::introduce(cluster::ClientInfo& info) const {
  info.profile = profile();
  info.token = "token";
  if (const auto id = session::SessionId::parse(connection_id_)) {
    info.id = *id;
    info.recovers = true;
  }
}

void Reliable::on_attached() {
  world_.agenda().in(random_.micros(20, 2'000), [this, at = ++sockets_] {
    client_.when_open([this, at] {
      if (at != sockets_) return;
      is_ready_ = true;
      say_again();
      if (newest_ > 0) acknowledge_later();
    });
  });
}

/// What was not answered over the last socket, and the groups of a session that is lost.
void Reliable::say_again() {
  const bool gives_up = random_.chance(3);
  for (const Request& request : std::exchange(requests_, {})) {
    if (gives_up && request.kind == Kind::message) {
      world_.checker().given_up(request.ack_id);
    } else {
      requests_.push_back(request);
      send(request.frame);
      world_.checker().said_again(request.ack_id);
    }
  }
  if (connection_id_.empty()) {
    for (const std::string& group : std::set(groups_)) {
      const bool is_asked = std::any_of(requests_.begin(), requests_.end(),
                                        [&](const Request& r) { return r.kind == Kind::join && r.group == group; });
      if (!is_asked && groups_.erase(group) > 0) join(group);
    }
  }
}

void Reliable::on_end(bool is_lost) {
  ++sockets_;
  is_ready_ = false;
  if (!is_lost && !connection_id_.empty()) return;
  // Nobody comes back to a session whose id was not read in time.
  if (!is_lost) world_.on_abandoned();
  world_.groups().lost(session_);
  for (const Request& request : requests_)
    if (request.kind == Kind::message) world_.checker().given_up(request.ack_id);
  requests_.clear();
  connection_id_.clear();
  newest_ = 0;
  session_ = world_.new_sender();
}

void Reliable::send(const std::string& frame) {
  client_.send_up(frame);
}

void Reliable::ask(Request request) {
  requests_.push_back(std::move(request));
  send(requests_.back().frame);
}

// ---- what it says

void Reliable::say(const std::string& to) {
  if (!is_ready_) return;
  const std::uint64_t number = world_.checker().sent(session_, to, Wish::queued);
  world_.note(client_.uid() + " (device " + std::to_string(number_) + ") says #" + std::to_string(number) + " to " +
              to);
  ask({Kind::message, number, {}, send_frame("user:" + to, number, false)});
}

void Reliable::publish(const std::string& group) {
  if (!is_ready_) return;
  const bool no_echo = random_.chance(3);
  const std::uint64_t number = world_.checker().sent(session_, group, Wish::published);
  world_.groups().published(number, session_, group, no_echo ? session_ : 0);
  world_.note(client_.uid() + " (device " + std::to_string(number_) + ") publishes #" + std::to_string(number) +
              " in " + group);
  ask({Kind::message, number, group, send_frame(group, number, no_echo)});
}

void Reliable::join(const std::string& group) {
  if (!is_ready_ || !groups_.insert(group).second) return;
  world_.groups().joins(session_, group, client_.uid() + " (device " + std::to_string(number_) + ")");
  const std::uint64_t ack_id = ++last_ack_id_;
  ask({Kind::join, ack_id, group,
       R"({"type":"joinGroup","group":")" + group + R"(","ackId":)" + std::to_string(ack_id) + "}"});
}

void Reliable::leave(const std::string& group) {
  if (!is_ready_ || groups_.erase(group) == 0) return;
  world_.groups().leaves(session_, group);
  const std::uint64_t ack_id = ++last_ack_id_;
  ask({Kind::leave, ack_id, group,
       R"({"type":"leaveGroup","group":")" + group + R"(","ackId":)" + std::to_string(ack_id) + "}"});
}

// ---- what it is told

void Reliable::on_frame(const std::string& frame) {
  if (frame.find(R"("type":"message")") != std::string::npos) {
    on_message(frame);
  } else if (frame.starts_with(R"({"type":"ack")")) {
    on_ack(frame);
  } else if (frame.find(R"("event":"connected")") != std::string::npos) {
    const std::string id = text_behind(frame, R"("connectionId":")");
    if (!connection_id_.empty() && id != connection_id_)
      world_.checker().break_promise(client_.uid() + " came back to another session");
    connection_id_ = id;
  } else if (frame.find(R"("event":"disconnected")") == std::string::npos) {
    world_.checker().break_promise("a reliable client cannot read " + frame);
  } else {
    world_.note(client_.uid() + " (device " + std::to_string(number_) + ") reads " + frame);
  }
}

void Reliable::on_message(const std::string& frame) {
  const std::uint64_t sequence = number_behind(frame, R"("sequenceId":)");
  acknowledge_later();
  if (sequence <= newest_) return;
  if (sequence != newest_ + 1) {
    world_.checker().break_promise(client_.uid() + " reads sequence " + std::to_string(sequence) + " after " +
                                   std::to_string(newest_));
  }
  newest_ = sequence;
  const std::uint64_t number = number_behind(frame.substr(frame.rfind(R"("data":)")), R"("data":)");
  world_.note(client_.uid() + " (device " + std::to_string(number_) + ") reads #" + std::to_string(number));
  const bool is_of_group = frame.find(R"("from":"group")") != std::string::npos;
  const std::string group = is_of_group ? text_behind(frame, R"("group":")") : "user:" + client_.uid();
  if (group.starts_with("user:")) {
    world_.checker().read(number_, client_.uid(), number);
  } else {
    world_.groups().read(session_, number, group);
  }
}

void Reliable::acknowledge_later() {
  if (acknowledges_) return;
  acknowledges_ = true;
  world_.agenda().in(random_.micros(100, random_.chance(5) ? 300'000 : 20'000), [this] {
    acknowledges_ = false;
    if (!is_ready_) return;
    client_.when_open([this] {
      if (is_ready_) send(R"({"type":"sequenceAck","sequenceId":)" + std::to_string(newest_) + "}");
    });
  });
}

void Reliable::on_ack(const std::string& frame) {
  const std::uint64_t ack_id = number_behind(frame, R"("ackId":)");
  const auto found =
      std::find_if(requests_.begin(), requests_.end(), [&](const Request& r) { return r.ack_id == ack_id; });
  // Of one that was given up, and that was executed all the same.
  if (found == requests_.end()) return;
  const Request request = std::move(*found);
  requests_.erase(found);
  const bool is_success = frame.find(R"("success":true)") != std::string::npos;
  const std::string error = is_success ? "" : text_behind(frame, R"("name":")");
  settle(request, is_success || error == "Duplicate", error);
}

void Reliable::settle(const Request& request, bool is_done, const std::string& error) {
  GroupChecker& groups = world_.groups();
  if (request.kind == Kind::message) {
    const char* const status = is_done ? "queued" : error == "Timeout" ? "expired" : "unknown";
    world_.note("ack #" + std::to_string(request.ack_id) + " " + (is_done ? "success" : error));
    world_.checker().answered(request.ack_id, status, 0);
    if (is_done && !request.group.empty()) groups.answered(request.ack_id);
    if (!is_done && error != "Timeout" && error != "InternalServerError")
      world_.checker().break_promise("ack error " + error, request.ack_id);
    return;
  }
  const bool is_join = request.kind == Kind::join;
  world_.note(client_.uid() + " (device " + std::to_string(number_) + (is_join ? ") is in " : ") is out of ") +
              request.group);
  if (!is_done) world_.checker().break_promise(client_.uid() + " may not join or leave: " + error);
  // It may have said the opposite since.
  const bool is_latest = std::none_of(requests_.begin(), requests_.end(), [&](const Request& other) {
    return other.kind != Kind::message && other.group == request.group;
  });
  if (is_latest && is_join) groups.joined(session_, request.group);
  if (is_latest && !is_join) groups.left(session_, request.group);
}

}  // namespace wscluster::simulation
