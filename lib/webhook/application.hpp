// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/secret.hpp"
#include "cluster/handler.hpp"
#include "net/core.hpp"
#include "net/http_pool.hpp"
#include "webhook/breaker.hpp"
#include "webhook/connect.hpp"
#include "webhook/options.hpp"

namespace wscluster::webhook {

/// Persistent names (metrics).
enum class CallKind : std::uint8_t { connect, connected, disconnected, user };
enum class CallResult : std::uint8_t {
  ok,
  refused,     ///< answered with 4xx
  failed,      ///< answered with anything else, or with what it must not answer, or not reached
  timed_out,   ///< no answer in time, or no turn
  not_called,  ///< too many calls are open, or it has failed too often just now
};
inline constexpr std::size_t call_kinds = 4;
inline constexpr std::size_t call_results = 5;
[[nodiscard]] const char* to_string(CallKind kind) noexcept;
[[nodiscard]] const char* to_string(CallResult result) noexcept;

struct Counters {
  std::uint64_t calls[call_kinds][call_results] = {};
};

/// The application of one service as one core tells and asks it, over HTTP (PROTOCOL B.7). Calls for one connection are
/// made one after the other, in order; those for others go side by side, as many as Options::concurrency allows. What
/// it answers wrongly, late or not at all costs those that wait for it an error, and nobody else anything. Core only.
class Application final : public cluster::Handler {
 public:
  using OnReply = std::function<void(std::uint64_t number, cluster::EventReply reply)>;
  using OnAnswer = std::function<void(ConnectAnswer answer)>;

  /// `process` and the core's index make event ids unique.
  Application(net::Core& core, std::string hub, const Options& options, std::uint64_t process);

  /// Whose signatures calls bear; may change.
  void use_keys(const std::vector<auth::Secret>& keys) { keys_ = keys; }
  /// Who gets the answers to events.
  void on_reply(OnReply reply) { on_reply_ = std::move(reply); }

  /// Whether it wants to be asked before a client may come in.
  [[nodiscard]] bool decides_on_connect() const noexcept { return options_.sends("connect"); }
  /// `answered` is called once, later.
  void ask(ConnectQuestion question, OnAnswer answered);

  void on_connected(const cluster::Caller& caller) override;
  void on_disconnected(const cluster::Caller& caller, std::string_view reason) override;
  bool on_event(const cluster::Caller& caller, const cluster::ClientEvent& event, std::uint64_t number) override;

  /// Calls that are not ended.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  struct Call {
    CallKind kind = CallKind::user;
    std::string event;
    std::string connection;
    std::string user;
    std::string subprotocol;
    std::string state;
    std::string content_type;
    std::string body;
    TimePoint deadline;
    std::uint64_t number = 0;  ///< of an event
    ConnectQuestion question;  ///< of connect
    OnAnswer answered;         ///< of connect
  };
  /// Of one connection; the first is under way or waits for its turn.
  using Line = std::deque<Call>;
  /// Whether the application has allowed us to call it.
  enum class Standing : std::uint8_t { unknown, asking, allowed };

  Call call_of(CallKind kind, const cluster::Caller& caller) const;
  void submit(Call call);
  void start_soon();
  void start();
  void begin(const std::string& connection);
  void ask_for_standing();
  void expire(TimePoint now);
  void end_waiting(CallResult result, std::string_view why);
  void on_answer(const std::string& connection, Result<net::HttpAnswer> answer);
  CallResult understand(Call& call, net::HttpAnswer answer, ConnectAnswer& verdict, cluster::EventReply& reply);
  Call take_first(const std::string& connection);
  void finish(const Call& call, CallResult result, ConnectAnswer verdict, cluster::EventReply reply);
  void fail(const Call& call, CallResult result, std::string_view why);
  void note_failure(TimePoint now, std::string_view why);

  net::Core& core_;
  const std::string hub_;
  const Options options_;
  const std::string id_prefix_;
  std::vector<auth::Secret> keys_;
  OnReply on_reply_;
  net::HttpPool pool_;
  Breaker breaker_;
  Standing standing_ = Standing::unknown;
  std::unordered_map<std::string, Line> lines_;  ///< by connection; none is empty
  std::deque<std::string> turn_;                 ///< connections whose first call waits
  std::size_t open_ = 0;
  std::size_t running_ = 0;
  std::uint64_t last_id_ = 0;
  bool starts_soon_ = false;
  TimePoint next_expiry_;
  Counters counters_;
};

}  // namespace wscluster::webhook
