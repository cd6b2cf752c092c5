// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/alarm.hpp"
#include "registry/options.hpp"
#include "registry/reply.hpp"
#include "registry/socket.hpp"

namespace wscluster::registry {

struct Script;

/// For an Error of this module that says that Redis is there and takes no writes: out of memory, disk full, too few
/// replicas.
[[nodiscard]] std::optional<Alarm> refusal_alarm(const Error& error);

/// One blocking connection to Redis, used by one thread. Nothing waits longer than the time-out of its options. After
/// any failure of the transport it is closed; open() begins anew. Errors name the place and, where there is one, the
/// remedy.
class Connection {
 public:
  /// `timeout` in place of options.timeout when it is not 0. An unusable url is told by open().
  explicit Connection(const Options& options, Duration timeout = Duration(0));
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects, authenticates and selects the database; does nothing when already open. With sentinels: asks them, each
  /// time anew, and takes only a server that says itself that it is the primary.
  [[nodiscard]] Result<> open();
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

  using Command = std::vector<std::string>;
  /// Errors of Redis come back as Error, so the reply is never one.
  [[nodiscard]] Result<Reply> command(const Command& command);
  /// One write, as many replies as commands. Any reply that is an error makes the whole an error.
  [[nodiscard]] Result<std::vector<Reply>> pipeline(const std::vector<Command>& commands);
  /// The same for commands that have nothing to do with one another: errors of Redis are among the replies.
  [[nodiscard]] Result<std::vector<Reply>> exchange(const std::vector<Command>& commands);
  /// By digest; the text is sent only to a server that does not know it.
  [[nodiscard]] Result<Reply> run(const Script& script, std::string_view prefix, const Command& arguments);

  /// From now on only poll_push() may be used.
  [[nodiscard]] Result<> subscribe(const std::string& channel);
  /// The next pushed message; nothing at the time-out or when `wake_descriptor` (-1: none) is readable.
  [[nodiscard]] Result<std::optional<Reply>> poll_push(Duration timeout, int wake_descriptor);

  /// For messages: redis://127.0.0.1:6379
  [[nodiscard]] const std::string& place() const noexcept { return place_; }

 private:
  struct Reader;

  [[nodiscard]] Result<Target> find_primary(TimePoint deadline);
  [[nodiscard]] Result<Target> ask_sentinel(const Endpoint& sentinel, Duration patience) const;
  [[nodiscard]] Result<> greet(const Target& target);
  [[nodiscard]] Result<> check_role();
  [[nodiscard]] Result<Reply> read_reply(TimePoint deadline);
  [[nodiscard]] Error fail(const Error& cause);

  Options options_;
  Duration timeout_;
  Target target_;
  std::string place_;
  std::size_t next_sentinel_ = 0;  ///< who has answered last
  Socket socket_;
  std::unique_ptr<Reader> reader_;
};

/// What an error line of Redis ("NOAUTH Authentication required.") means to us.
[[nodiscard]] Error explain_redis_error(const std::string& place, std::string_view line);

}  // namespace wscluster::registry
