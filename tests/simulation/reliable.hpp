// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "cluster/attachments.hpp"
#include "random.hpp"

namespace wscluster::simulation {

class Client;
class World;

/// The client's side of json.reliable: one session over many sockets. It comes back to it until that is lost; then it
/// begins anew and joins its groups again.
class Reliable {
 public:
  Reliable(World& world, Client& client, std::uint64_t number);

  /// Who is coming, and to which session.
  void introduce(cluster::ClientInfo& info) const;
  void on_attached();
  void on_frame(const std::string& frame);
  /// `is_lost`: the session is no more.
  void on_end(bool is_lost);

  void say(const std::string& to);
  void publish(const std::string& group);
  void join(const std::string& group);
  void leave(const std::string& group);
  [[nodiscard]] bool has_open_requests() const noexcept { return !requests_.empty(); }

 private:
  enum class Kind : std::uint8_t { message, join, leave };
  struct Request {
    Kind kind = Kind::message;
    std::uint64_t ack_id = 0;  ///< of a message its number
    std::string group;
    std::string frame;
  };

  void ask(Request request);
  void send(const std::string& frame);
  void say_again();
  void on_ack(const std::string& frame);
  void on_message(const std::string& frame);
  void acknowledge_later();
  void settle(const Request& request, bool is_done, const std::string& error);

  World& world_;
  Client& client_;
  const std::uint64_t number_;  ///< of the client
  Random random_;
  std::uint64_t session_ = 0;  ///< the checkers' name of it
  std::string connection_id_;  ///< empty: it has not read any
  std::uint64_t newest_ = 0;   ///< sequence id
  std::uint64_t last_ack_id_ = 0;
  std::set<std::string> groups_;  ///< it wants to be in
  std::deque<Request> requests_;  ///< without an answer, in order
  std::uint64_t sockets_ = 0;
  bool is_ready_ = false;
  bool acknowledges_ = false;
};

}  // namespace wscluster::simulation
