// SPDX-License-Identifier: MIT
#include "registry/connection.hpp"

#include <hiredis/hiredis.h>
#include <poll.h>

#include <array>

#include "registry/scripts.hpp"

namespace wscluster::registry {
namespace {

std::string format(const Connection::Command& command) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : command) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* bytes = nullptr;
  const int size = redisFormatCommandArgv(&bytes, static_cast<int>(texts.size()), texts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  std::string formatted(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
  return formatted;
}

Reply own(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_ERROR:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      reply.kind = raw.type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
      reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::integer;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::list;
      reply.list.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i)
        reply.list.push_back(own(*raw.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

struct Explanation {
  std::string_view word;  ///< the error line begins with it
  Errc code;
  std::string_view remedy;
};

constexpr std::array explanations{
    Explanation{"NOAUTH", Errc::permission, "set redis.password_file (and redis.username for an ACL user)"},
    Explanation{"WRONGPASS", Errc::permission, "check redis.username and redis.password_file"},
    Explanation{"ERR invalid password", Errc::permission, "check redis.password_file"},
    Explanation{"ERR Client sent AUTH", Errc::permission, "this server has no password; remove redis.password_file"},
    Explanation{"ERR AUTH", Errc::permission, "this server has no password; remove redis.password_file"},
    Explanation{"NOPERM", Errc::permission, "the ACL user needs the line given in registry/keys.hpp"},
    Explanation{"LOADING", Errc::unavailable, "the server is still reading its data"},
    Explanation{"BUSY", Errc::unavailable, "another client's script is running"},
    Explanation{"MASTERDOWN", Errc::unavailable, "this is a replica without a primary"},
    Explanation{"READONLY", Errc::unavailable, "this is a replica; let redis.url name the primary"},
    Explanation{"MISCONF", Errc::unavailable,
                "the server cannot write to its disk and refuses changes: give it room, then BGSAVE"},
    Explanation{"OOM", Errc::limit, "the server has reached its maxmemory: raise it, or delete what is not ours"},
    Explanation{"NOREPLICAS", Errc::unavailable, "min-replicas-to-write is not met: bring replicas back"},
    Explanation{"CLUSTERDOWN", Errc::unavailable, "the Redis Cluster is not complete"},
    Explanation{"MOVED", Errc::protocol, "Redis Cluster keeps these keys elsewhere; let redis.url name that server"},
    Explanation{"WRONGTYPE", Errc::invalid,
                "a key of ours has a foreign type; choose another redis.cluster or database, or delete that key"},
    Explanation{"ERR max number of clients", Errc::unavailable, "raise maxclients of the server"},
    Explanation{"ERR DB index", Errc::invalid, "the server has fewer databases; change the one in redis.url"},
    Explanation{"ERR unknown command", Errc::protocol, "Redis 6 or newer is expected"},
};

bool is_of_replica(std::string_view line) {
  return line.find("READONLY ") != std::string_view::npos || line.starts_with("MASTERDOWN ");
}

}  // namespace

Error explain_redis_error(const std::string& place, std::string_view line) {
  // A script's failure is wrapped: "ERR Error running script …: WRONGTYPE …" (Redis 6) or has a tail (Redis 7).
  std::string_view cause = line;
  for (const std::string_view word : {"WRONGTYPE ", "OOM command", "MISCONF ", "READONLY ", "NOREPLICAS "}) {
    if (const auto wrapped = line.find(word); wrapped != std::string_view::npos) cause = line.substr(wrapped);
  }
  const std::string text = place + ": " + std::string(cause);
  for (const Explanation& explanation : explanations) {
    if (cause.starts_with(explanation.word)) {
      return error(explanation.code, text + " (" + std::string(explanation.remedy) + ")");
    }
  }
  return error(Errc::protocol, text);
}

std::optional<Alarm> refusal_alarm(const Error& error) {
  const auto has = [&](std::string_view word) { return error.message.find(word) != std::string::npos; };
  if (has(": OOM ")) return Alarm{AlarmKind::memory, error.message};
  if (has(": MISCONF ")) return Alarm{AlarmKind::disk, error.message};
  if (has(": NOREPLICAS ")) return Alarm{AlarmKind::replication, error.message};
  return std::nullopt;
}

struct Connection::Reader {
  redisReader* raw = redisReaderCreate();

  Reader() {
    if (raw == nullptr) throw std::bad_alloc();
  }
  ~Reader() { redisReaderFree(raw); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<std::optional<Reply>> next() {
    void* reply = nullptr;
    if (redisReaderGetReply(raw, &reply) != REDIS_OK) {
      return error(Errc::protocol, std::string("this does not speak the Redis protocol: ") + raw->errstr);
    }
    if (reply == nullptr) return std::optional<Reply>();
    const std::unique_ptr<void, decltype(&freeReplyObject)> owner(reply, &freeReplyObject);
    return std::optional<Reply>(own(*static_cast<const redisReply*>(reply)));
  }

  Result<> fill(Socket& socket, TimePoint deadline) {
    std::array<char, 16U << 10U> bytes;
    const auto count = socket.read_some(bytes, deadline);
    if (!count) return count.error();
    if (redisReaderFeed(raw, bytes.data(), *count) != REDIS_OK) return error(Errc::protocol, raw->errstr);
    return {};
  }
};

Connection::Connection(const Options& options, Duration timeout)
    : options_(options), timeout_(timeout > Duration(0) ? timeout : options.timeout), place_(options.url) {
  if (const auto target = parse_url(options.url)) {
    target_ = *target;
    place_ = target_.place();
  }
  if (!options.username.empty()) target_.username = options.username;
}

Connection::~Connection() = default;

void Connection::close() noexcept {
  socket_.close();
  reader_.reset();
}

Error Connection::fail(const Error& cause) {
  close();
  return error(cause.code, place_ + ": " + cause.message);
}

Result<> Connection::open() {
  if (is_open()) return {};
  if (const auto target = parse_url(options_.url); !target) return target.error();
  const TimePoint deadline = Clock::now() + timeout_;
  Target server = target_;
  if (!target_.sentinels.empty()) {
    const auto found = find_primary(deadline);
    if (!found) return found.error();
    server = *found;
    place_ = server.place() + " (" + target_.master + ")";
  }
  auto socket = Socket::connect(server, options_, deadline);
  if (!socket) return fail(socket.error());
  socket_ = std::move(*socket);
  reader_ = std::make_unique<Reader>();
  auto greeted = greet(server);
  if (greeted && !target_.sentinels.empty()) greeted = check_role();
  if (!greeted) close();
  return greeted;
}

/// One that does not answer costs its share of the time, not the whole.
Result<Target> Connection::find_primary(TimePoint deadline) {
  const std::size_t count = target_.sentinels.size();
  Error last = error(Errc::unavailable, "no sentinel is named");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = (next_sentinel_ + i) % count;
    const auto left = std::chrono::duration_cast<Duration>(deadline - Clock::now());
    const Duration patience = left / static_cast<Duration::rep>(count - i + 1);
    if (patience <= Duration(0)) break;
    auto found = ask_sentinel(target_.sentinels[index], patience);
    if (found) {
      next_sentinel_ = index;
      return found;
    }
    last = found.error();
  }
  return last;
}

Result<Target> Connection::ask_sentinel(const Endpoint& sentinel, Duration patience) const {
  Options options = options_;
  options.url = (target_.tls ? "rediss://" : "redis://") + sentinel.to_string();
  options.username = options_.sentinel_username;
  options.password = options_.sentinel_password;
  Connection connection(options, patience);
  if (const auto opened = connection.open(); !opened) return opened.error();
  const auto reply = connection.command({"SENTINEL", "get-master-addr-by-name", target_.master});
  if (!reply) return reply.error();
  const auto port = reply->at(1).number();
  if (reply->list.size() != 2 || port == 0 || port > 65'535) {
    return error(Errc::unavailable,
                 connection.place() + ": this sentinel knows no master '" + target_.master + "'; see redis.url");
  }
  Target server = target_;
  server.sentinels.clear();
  server.host = reply->at(0).text;
  server.port = static_cast<std::uint16_t>(port);
  return server;
}

Result<> Connection::greet(const Target& target) {
  if (!options_.password.empty()) {
    Command auth{"AUTH"};
    if (!target.username.empty()) auth.push_back(target.username);
    auth.push_back(options_.password);
    if (const auto reply = command(auth); !reply) return reply.error();
  }
  // Also finds out now, and not at the first heartbeat, that a password is missing.
  if (const auto reply = command({"PING"}); !reply) return reply.error();
  if (target.database == 0) return {};
  const auto reply = command({"SELECT", std::to_string(target.database)});
  return reply ? Result<>() : Result<>(reply.error());
}

/// While a failover is under way, or when the sentinels are behind, the address may be that of a replica.
Result<> Connection::check_role() {
  const auto reply = command({"ROLE"});
  if (!reply) return reply.error();
  if (reply->at(0).text == "master") return {};
  return error(Errc::unavailable,
               place_ + ": the sentinels name a server that is a " + reply->at(0).text + "; a failover is under way");
}

Result<Reply> Connection::read_reply(TimePoint deadline) {
  for (;;) {
    auto reply = reader_->next();
    if (!reply) return fail(reply.error());
    if (*reply) return std::move(**reply);
    if (const auto filled = reader_->fill(socket_, deadline); !filled) return fail(filled.error());
  }
}

Result<Reply> Connection::command(const Command& command) {
  auto replies = pipeline({command});
  if (!replies) return replies.error();
  return std::move(replies->front());
}

Result<std::vector<Reply>> Connection::exchange(const std::vector<Command>& commands) {
  if (!is_open()) return error(Errc::unavailable, place_ + ": not connected");
  const TimePoint deadline = Clock::now() + timeout_;
  std::string bytes;
  for (const Command& command : commands)
    bytes += format(command);
  if (const auto written = socket_.write_all(bytes, deadline); !written) return fail(written.error());
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto reply = read_reply(deadline);
    if (!reply) return reply.error();
    replies.push_back(std::move(*reply));
  }
  return replies;
}

Result<std::vector<Reply>> Connection::pipeline(const std::vector<Command>& commands) {
  auto replies = exchange(commands);
  if (!replies) return replies;
  for (const Reply& reply : *replies) {
    if (!reply.is_error()) continue;
    // Not the server that we want any more: the next open() finds the right one.
    if (is_of_replica(reply.text)) close();
    return explain_redis_error(place_, reply.text);
  }
  return replies;
}

Result<Reply> Connection::run(const Script& script, std::string_view prefix, const Command& arguments) {
  Command call{"EVALSHA", std::string(script.sha1), "1", std::string(prefix)};
  call.insert(call.end(), arguments.begin(), arguments.end());
  auto reply = command(call);
  if (reply || reply.error().message.find(": NOSCRIPT") == std::string::npos) return reply;
  call[0] = "EVAL";
  call[1] = script.text;
  return command(call);
}

Result<> Connection::subscribe(const std::string& channel) {
  const auto reply = command({"SUBSCRIBE", channel});
  return reply ? Result<>() : Result<>(reply.error());
}

Result<std::optional<Reply>> Connection::poll_push(Duration timeout, int wake_descriptor) {
  if (!is_open()) return error(Errc::unavailable, place_ + ": not connected");
  const TimePoint deadline = Clock::now() + timeout;
  for (;;) {
    auto reply = reader_->next();
    if (!reply) return fail(reply.error());
    if (*reply) return reply;
    if (!socket_.has_pending()) {
      std::array<pollfd, 2> entries{pollfd{socket_.descriptor(), POLLIN, 0}, pollfd{wake_descriptor, POLLIN, 0}};
      if (::poll(entries.data(), entries.size(), milliseconds_until(deadline)) <= 0) return std::optional<Reply>();
      if (entries[1].revents != 0) return std::optional<Reply>();
    }
    if (const auto filled = reader_->fill(socket_, Clock::now()); !filled) {
      if (filled.error().code == Errc::timed_out) continue;
      return fail(filled.error());
    }
  }
}

}  // namespace wscluster::registry
