// SPDX-License-Identifier: MIT
#include "websession/lookup.hpp"

#include "websession/generic_session.hpp"
#include "websession/spring_session.hpp"

namespace wscluster::websession {
namespace {

using registry::Connection;
using registry::Reply;

/// One id of one request.
struct Session {
  std::size_t request = 0;
  std::string key;
  Reading reading;
};

Reading too_large() {
  return unreadable("it has more than " + std::to_string(max_value_bytes) + " bytes");
}

Result<std::vector<Reply>> ask(Connection& redis, const std::vector<Connection::Command>& commands) {
  if (commands.empty()) return std::vector<Reply>();
  auto replies = redis.exchange(commands);
  if (!replies) return replies;
  for (const Reply& reply : *replies) {
    // Of a foreign type: told of that key alone. All other errors are those of the server.
    if (!reply.is_error() || reply.text.starts_with("WRONGTYPE")) continue;
    redis.close();
    return registry::explain_redis_error(redis.place(), reply.text);
  }
  return replies;
}

std::optional<std::string> value_of(const Reply& reply) {
  return reply.kind == Reply::Kind::text ? std::optional(reply.text) : std::nullopt;
}

/// Sessions that are hashes. The sizes first: a value is read only when that disturbs nobody.
class HashSessions {
 public:
  HashSessions(const Options& options, WallClock::time_point now)
      : options_(options),
        fields_(options.kind == Kind::spring ? spring_fields(options) : std::vector<std::string>{options.field}),
        now_(now) {}

  Result<> read(Connection& redis, std::vector<Session>& sessions) const {
    std::vector<Connection::Command> commands;
    for (const Session& session : sessions) {
      for (const std::string& field : fields_)
        commands.push_back({"HSTRLEN", session.key, field});
    }
    const auto sizes = ask(redis, commands);
    if (!sizes) return sizes.error();
    commands.clear();
    std::vector<Session*> present;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      sessions[i].reading = judge(std::span(*sizes).subspan(i * fields_.size(), fields_.size()));
      if (sessions[i].reading.verdict != Verdict::found) continue;
      present.push_back(&sessions[i]);
      commands.push_back({"HMGET", sessions[i].key});
      commands.back().insert(commands.back().end(), fields_.begin(), fields_.end());
    }
    const auto values = ask(redis, commands);
    if (!values) return values.error();
    for (std::size_t i = 0; i < present.size(); ++i)
      present[i]->reading = interpret((*values)[i]);
    return {};
  }

 private:
  /// Found: worth reading.
  static Reading judge(std::span<const Reply> sizes) {
    std::uint64_t bytes = 0;
    for (const Reply& size : sizes) {
      if (size.is_error()) return unreadable("it is not a hash");
      bytes += size.number();
    }
    if (bytes > max_value_bytes) return too_large();
    Reading reading;
    reading.verdict = bytes == 0 ? Verdict::absent : Verdict::found;
    return reading;
  }

  Reading interpret(const Reply& reply) const {
    if (reply.is_error()) return unreadable("it is not a hash");
    Fields fields;
    for (std::size_t i = 0; i < fields_.size(); ++i)
      fields.push_back(value_of(reply.at(i)));
    return options_.kind == Kind::spring ? read_spring_session(options_, fields, now_)
                                         : read_generic_session(options_, fields.front(), now_);
  }

  const Options& options_;
  const std::vector<std::string> fields_;
  WallClock::time_point now_;
};

Result<> read_texts(Connection& redis, const Options& options, std::vector<Session>& sessions,
                    WallClock::time_point now) {
  std::vector<Connection::Command> commands;
  for (const Session& session : sessions)
    commands.push_back({"GETRANGE", session.key, "0", std::to_string(max_value_bytes)});  // one byte more than allowed
  const auto values = ask(redis, commands);
  if (!values) return values.error();
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const Reply& value = (*values)[i];
    if (value.is_error()) {
      sessions[i].reading = unreadable("it is not a text");
    } else if (value.text.size() > max_value_bytes) {
      sessions[i].reading = too_large();
    } else if (!value.text.empty()) {  // else it is not there
      sessions[i].reading = read_generic_session(options, value.text, now);
    }
  }
  return {};
}

bool is_decided(const Reading& reading) {
  return reading.verdict == Verdict::found || reading.verdict == Verdict::nobody;
}

}  // namespace

Result<std::vector<Reading>> look_up(Connection& redis, const Options& options, std::span<const Candidates> requests,
                                     WallClock::time_point now) {
  const bool is_spring = options.kind == Kind::spring;
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const std::string& id : requests[i])
      sessions.push_back({i, is_spring ? spring_key(options, id) : generic_key(options, id), {}});
  }
  const bool is_hash = is_spring || !options.field.empty();
  const auto done =
      is_hash ? HashSessions(options, now).read(redis, sessions) : read_texts(redis, options, sessions, now);
  if (!done) return done.error();
  std::vector<Reading> readings(requests.size());
  for (Session& session : sessions) {
    Reading& chosen = readings[session.request];
    if (is_decided(chosen) || session.reading.verdict == Verdict::absent) continue;
    if (chosen.verdict == Verdict::absent || is_decided(session.reading)) chosen = std::move(session.reading);
  }
  return readings;
}

}  // namespace wscluster::websession
