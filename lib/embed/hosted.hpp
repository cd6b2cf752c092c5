// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "cluster/handler.hpp"
#include "cluster/sender.hpp"
#include "embed/application.hpp"
#include "node/shard.hpp"

namespace wscluster::embed {

/// An application in its place: between the holder of one service on one core and the user's object.
class Hosted final : public cluster::Handler, public Service, public cluster::ReceiptSink {
 public:
  Hosted(const node::Place& place, const MakeApplication& make);

  // cluster::Handler
  void on_connected(const cluster::Caller& caller) override;
  void on_disconnected(const cluster::Caller& caller, std::string_view reason) override;
  bool on_event(const cluster::Caller& caller, const cluster::ClientEvent& event, std::uint64_t number) override;

  // Service
  [[nodiscard]] const std::string& name() const noexcept override { return place_.service; }
  [[nodiscard]] unsigned core() const noexcept override;
  void send(const Client& client, const Message& message) override;
  void send_to_user(std::string_view user, const Message& message, Told told) override;
  void send_to_group(std::string_view group, const Message& message, Told told) override;
  void join(const Client& client, std::string_view group) override;
  void leave(const Client& client, std::string_view group) override;
  void close(const Client& client, std::uint16_t code, std::string_view reason) override;
  void post(std::function<void()> work) override;

  // cluster::ReceiptSink
  void on_receipt(TimePoint now, std::uint64_t cookie, const cluster::Receipt& receipt) override;

 private:
  template <class Call>
  void guard(Call call) const;
  void order_groups(const Client& client, wire::Operation operation, std::string_view group);
  void order_for(const Client& client, cluster::Order order);
  void transmit(const std::string& to, std::string payload, Told told);

  const node::Place place_;
  std::unique_ptr<Application> application_;
  std::unordered_map<std::uint64_t, Told> open_;  ///< by cookie
  std::uint64_t last_cookie_ = 0;
};

}  // namespace wscluster::embed
