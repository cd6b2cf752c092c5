// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A node of the cluster with the application inside: your class hears of the sessions that the node holds, and answers
/// their events, without a call over the network.
///
///     class Echo final : public wscluster::embed::Application {
///       Answer message(const Client& client, const Event& event) override { return reply(event.message); }
///     };
///     int main(int argc, char** argv) {
///       return wscluster::embed::run_node({.config_file = argv[1]},
///                                         {{"chat", [](auto&) { return std::make_unique<Echo>(); }}});
///     }
///
/// Each core has its own object, which is called on that core only: no locks, and no blocking. What all of them must
/// know belongs into a database, or is sent. Which core and which node hold a user, the ring says; a session that moves
/// is told of neither here nor there.
namespace wscluster::embed {

/// A connection. A value: it may be kept, and used from any node of the cluster as long as the connection is open.
struct Client {
  std::string connection;   ///< connection id
  std::string user;         ///< empty: anonymous
  std::string subprotocol;  ///< empty: none
};

struct Message {
  enum class Type : std::uint8_t { json, text, binary };
  Type type = Type::text;
  std::string data;  ///< the text, the JSON text or the bytes
};

struct Event {
  std::string_view name;  ///< "message" where the client names none
  Message message;
};

/// What became of a message to a user or a group.
struct Receipt {
  enum class Status : std::uint8_t {
    delivered,  ///< written to the sockets of all its sessions
    queued,     ///< taken by a holder, to be written later
    offline,    ///< nobody is there
    expired,    ///< not executed in time
    unknown,    ///< nobody can know
  };
  Status status = Status::unknown;
  std::uint64_t sessions = 0;
};

/// One service of the cluster, as an application acts on it. On the core of the application only, from inside its
/// functions or from what was posted. Nothing blocks; what cannot be done (nobody has that connection any more) is not.
class Service {
 public:
  using Told = std::function<void(const Receipt& receipt)>;

  virtual ~Service() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// Which core of this process, from 0.
  [[nodiscard]] virtual unsigned core() const noexcept = 0;

  /// To one connection.
  virtual void send(const Client& client, const Message& message) = 0;
  /// To every connection of a user, wherever in the cluster. `told` is called once, later.
  virtual void send_to_user(std::string_view user, const Message& message, Told told = {}) = 0;
  /// To every member of a group. `told`: delivered to none means that it has no member now.
  virtual void send_to_group(std::string_view group, const Message& message, Told told = {}) = 0;

  virtual void join(const Client& client, std::string_view group) = 0;
  virtual void leave(const Client& client, std::string_view group) = 0;
  /// `code` is 1000 or from 3000 to 4999; the reason at most 123 bytes.
  virtual void close(const Client& client, std::uint16_t code, std::string_view reason) = 0;

  /// From any thread: runs on this core, soon. How the result of a slow work comes back.
  virtual void post(std::function<void()> work) = 0;
};

/// What is said to a client's event.
struct Answer {
  bool is_done = true;             ///< false: an error, which a client with a subprotocol hears and others end by
  std::string error;               ///< for the client
  std::optional<Message> message;  ///< to this client, before its ack
};

/// Yours. An exception that leaves it is logged, and an error for the client it was about; nobody else notices.
class Application {
 public:
  virtual ~Application() = default;
  virtual void connected(const Client&) {}
  /// An event of a client: with a subprotocol {"type":"event",…}; without one any message, where the service has
  /// `raw: event`.
  virtual Answer message(const Client&, const Event&) { return error("nobody handles events"); }
  /// Not when the node dies.
  virtual void disconnected(const Client&, std::string_view /*reason*/) {}

 protected:
  [[nodiscard]] static Answer done() { return {}; }
  [[nodiscard]] static Answer reply(Message message) { return {true, {}, std::move(message)}; }
  [[nodiscard]] static Answer error(std::string why) { return {false, std::move(why), {}}; }
};

/// Called once per core, before the first session. The service outlives the application.
using MakeApplication = std::function<std::unique_ptr<Application>(Service& service)>;

struct Setup {
  std::string config_file;                      ///< as of `wscluster serve-node --config`; empty: where that looks, too
  std::map<std::string, std::string> settings;  ///< key -> text, before file and environment: {{"node.name", "n1"}}
};

/// Runs a node in the foreground until SIGTERM, as `wscluster serve-node` does: the same configuration, environment,
/// log and signals. `applications` by name of service; services without one are held as ever. Says on stderr why it
/// cannot start. Returns the exit code.
int run_node(const Setup& setup, const std::map<std::string, MakeApplication>& applications);

}  // namespace wscluster::embed
