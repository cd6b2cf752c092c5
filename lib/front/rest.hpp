// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cluster/inquirer.hpp"
#include "cluster/sender.hpp"
#include "edge/edge.hpp"
#include "front/doors.hpp"
#include "front/file_sender.hpp"
#include "front/provenance.hpp"
#include "front/registrar.hpp"
#include "net/http_pool.hpp"

namespace wscluster::net {
class Core;
}

namespace wscluster::front {

/// What is asked of one core over HTTP: the data plane of the SDKs (/api/hubs), our own (/api/v1) and /negotiate. Each
/// call is executed where the sessions are held, whoever is asked. A 503 says that nothing was executed; a 504, that it
/// is not known.
class Rest final : public cluster::ReceiptSink {
 public:
  Rest(net::Core& core, const Options& options, unsigned cores, bool is_gateway, edge::Edge& edge,
       cluster::Sender& sender, cluster::Inquirer& inquirer, Registrar& registrar);

  void use_doors(std::shared_ptr<const Doors> doors) { doors_ = std::move(doors); }
  void use_files(std::shared_ptr<const StaticFiles> files) { files_.use(std::move(files)); }
  [[nodiscard]] const FileCounters& files() const noexcept { return files_.counters(); }
  void adopt(std::shared_ptr<const cluster::View> view) { view_ = std::move(view); }
  /// Answers now or later.
  void serve(edge::ConnectionId id, const edge::Request& request);
  void on_receipt(TimePoint now, std::uint64_t cookie, const cluster::Receipt& receipt) override;

 private:
  /// A holder that does not answer within it has failed.
  static constexpr Duration patience{3'000};

  struct Call {
    edge::ConnectionId connection = 0;
    const edge::Request& request;
    std::vector<std::string_view> names;  ///< what stands in the path for the route's stars, still encoded
    const Door* door = nullptr;           ///< of calls for a service; may be gone when the answer comes

    [[nodiscard]] const std::string& service() const { return door->options.service.name; }
  };
  /// An error is answered as such; else it has answered, or will.
  using Handler = Result<> (Rest::*)(const Call& call);
  struct Route {
    std::string_view method;
    std::string_view path;  ///< a * stands for any segment
    Handler handler;
  };
  [[nodiscard]] static std::span<const Route> routes();
  [[nodiscard]] TimePoint now() const;
  void serve_no_call(edge::ConnectionId id, const edge::Request& request);
  [[nodiscard]] const Door* admit_application(edge::ConnectionId id, const edge::Request& request,
                                              std::string_view service);

  // Orders (rest_orders.cpp)
  using Status = cluster::OrderReport::Status;
  /// For an order that was executed (Status::done), or whose session or user is not there (nobody).
  using Answer = std::function<edge::Response(const cluster::OrderReport&)>;
  void order(const Call& call, cluster::Order order, Answer answer);
  [[nodiscard]] static Answer answer_with(unsigned status);
  [[nodiscard]] static Answer answer_with(unsigned status, edge::Response when_nobody);
  void order_for_connection(const Call& call, std::string_view segment, cluster::Order order, const Answer& answer);
  Result<> order_for_user(const Call& call, std::string_view segment, cluster::Order order, const Answer& answer);

  // Everybody, connections and users (rest_connections.cpp)
  Result<> find_connection(const Call& call);
  Result<> find_user(const Call& call);
  Result<> close_connection(const Call& call);
  Result<> close_user(const Call& call);
  Result<> close_everybody(const Call& call);
  [[nodiscard]] static Result<cluster::Order> close_order(const Call& call);

  // Groups (rest_groups.cpp)
  Result<> find_group(const Call& call);
  void find_member(edge::ConnectionId id, cluster::ListRequest request);
  Result<> list_members(const Call& call);
  Result<> close_group(const Call& call);
  Result<> add_connection(const Call& call);
  Result<> remove_connection(const Call& call);
  Result<> remove_connection_from_all(const Call& call);
  Result<> add_user(const Call& call);
  Result<> remove_user(const Call& call);
  Result<> remove_user_from_all(const Call& call);
  Result<> add_everybody(const Call& call);
  Result<> remove_everybody(const Call& call);
  Result<> order_by_filter(const Call& call, wire::Operation operation);

  // Permissions (rest_permissions.cpp)
  Result<> grant(const Call& call);
  Result<> revoke(const Call& call);
  Result<> check(const Call& call);
  Result<> order_permission(const Call& call, wire::Operation operation, const Answer& answer);

  // Messages (rest_messages.cpp)
  struct Message {
    std::string service;
    std::string to;  ///< uid or key of a group
    std::string envelope;
    cluster::Audience audience;
    wire::Wait wait = wire::Wait::queued;
    TimePoint deadline;
    std::string request;
    std::optional<Duration> lifetime;  ///< in the inbox
  };
  Result<> send_to_user(const Call& call);
  Result<> send_to_connection(const Call& call);
  Result<> send_to_group(const Call& call);
  Result<> send_to_everybody(const Call& call);
  Result<> order_message(const Call& call, cluster::Order order);
  Result<> send_with_receipt(const Call& call);
  Result<> publish_with_receipt(const Call& call);
  [[nodiscard]] Result<Message> read_message(const Call& call, std::string_view group) const;
  Result<> send(edge::ConnectionId id, const Message& message, bool wants_receipt);

  // How to connect (rest_access.cpp)
  Result<> tell_health(const Call& call);
  Result<> negotiate(const Call& call);
  Result<> generate_token(const Call& call);

  // Instances of upstream services (rest_instances.cpp)
  [[nodiscard]] bool admit_registrar(const Call& call);
  [[nodiscard]] static Result<registry::InstanceCall> read_instance_call(const Call& call,
                                                                         registry::InstanceCall::Kind kind);
  /// Answers `status`, 200 with the instance.
  void ask_registry(const Call& call, registry::InstanceCall order, unsigned status);
  Result<> list_instances(const Call& call);
  Result<> broadcast(const Call& call);  ///< rest_broadcast.cpp
  Result<> show_instance(const Call& call);
  Result<> put_instance(const Call& call);
  Result<> delete_instance(const Call& call);
  Result<> set_instance_status(const Call& call);
  Result<> clear_instance_status(const Call& call);

  // Operators (rest_sessions.cpp)
  Result<> list_sessions(const Call& call);
  Result<> show_user(const Call& call);
  Result<> evict_user(const Call& call);

  /// What a call asked to send, until its receipt is there.
  struct PendingSend {
    edge::ConnectionId connection = 0;
    std::string to;
    bool wants_receipt = false;  ///< JSON receipt, else 202
  };

  net::Core& core_;
  const Options& options_;
  const bool is_gateway_;
  edge::Edge& edge_;
  cluster::Sender& sender_;
  cluster::Inquirer& inquirer_;
  TrustedProxies trusted_;
  net::HttpPool broadcasts_;
  Registrar& registrar_;
  std::shared_ptr<const Doors> doors_;
  FileSender files_;
  std::shared_ptr<const cluster::View> view_;
  std::unordered_map<std::uint64_t, PendingSend> sends_;
  std::uint64_t next_send_ = 1;
};

}  // namespace wscluster::front
