// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/attachments.hpp"
#include "cluster/holder.hpp"
#include "cluster/inquirer.hpp"
#include "cluster/sender.hpp"
#include "edge/edge.hpp"
#include "front/admission.hpp"
#include "front/doors.hpp"
#include "front/eureka_calls.hpp"
#include "front/provenance.hpp"
#include "front/registrar.hpp"
#include "front/rest.hpp"
#include "front/router.hpp"
#include "link/hub.hpp"
#include "net/core.hpp"
#include "proxy/proxy.hpp"
#include "webhook/application.hpp"
#include "websession/core_finder.hpp"

namespace wscluster::front {

/// What one core tells core 0 a few times a second.
struct CoreReport {
  std::uint64_t generation = 0;  ///< of the view that the core has
  std::size_t missing_links = 0;
  std::size_t connections = 0;
  std::size_t open_sends = 0;  ///< receipts that somebody waits for, here or where a session has moved to
  std::size_t open_calls = 0;  ///< of applications
  struct Service {
    std::uint64_t sessions = 0;
    std::uint64_t misplaced = 0;
    std::map<std::uint64_t, cluster::DonorCount> donated;      ///< by epoch, cumulative
    std::map<std::uint64_t, cluster::ReceiverCount> received;  ///< by epoch, since the last report
  };
  std::map<std::string, Service> services;
  /// Sockets of direct clients that changes have closed on this core, by service and epoch.
  std::map<std::pair<std::string, std::uint64_t>, cluster::DonorCount> closed_here;

  /// The process may end.
  [[nodiscard]] bool is_empty() const noexcept { return connections == 0 && open_sends == 0 && open_calls == 0; }
};

/// Counters of one core, copied out for a scrape.
struct CoreCounters {
  edge::Counters edge;
  cluster::AttachmentCounters attachments;
  std::size_t attached = 0;
  std::size_t open_sends = 0;
  std::size_t links = 0;
  FileCounters files;
  InstanceCounters instances;
  cluster::HolderCounters holder;
  std::size_t sessions = 0;
  std::size_t users = 0;
  std::size_t misplaced = 0;
  std::size_t moves_pending = 0;   ///< users
  std::size_t closes_pending = 0;  ///< sockets
  struct Application {
    webhook::Counters counters;
    std::size_t open = 0;
  };
  std::map<std::string, Application> applications;  ///< by service
  metrics::Histogram upgrade_times;
  metrics::Histogram misplaced_times{metrics::change_bounds};
  RouterCounters router;
  std::map<std::string, proxy::ServiceReport> upstreams;  ///< by service
  std::size_t idle_upstream_connections = 0;
  websession::Counters http_sessions;
};

/// The part of a core that holds sessions; only nodes have one. Called on its core.
class Holding {
 public:
  virtual ~Holding() = default;
  virtual void on_frame(TimePoint now, cluster::PathId path, const wire::Raw& raw) = 0;
  virtual void on_link_down(TimePoint now, cluster::LinkId link) = 0;
  virtual void adopt(TimePoint now, std::shared_ptr<const cluster::View> view) = 0;
  virtual void tick(TimePoint now) = 0;
  /// After each turn: a small portion of what nothing else should wait for. True: there was some.
  virtual bool work_late(TimePoint now) = 0;
  virtual void report(CoreReport& report) = 0;
  virtual void count(CoreCounters& counters) const = 0;
  /// The node has lost its lease: nothing is executed, delivered or sent.
  [[nodiscard]] virtual bool is_suspended() const = 0;
};

/// One core of a gateway or node: client sockets, what ties them to sessions, REST, and the links. Everything here runs
/// on that core.
class Desk final : public edge::Application, public cluster::Sockets, public link::Receiver {
 public:
  Desk(net::Core& core, const Options& options, std::shared_ptr<const Doors> doors, const link::Identity& identity,
       const std::vector<link::Hub*>& hubs);
  ~Desk() override;

  /// Nodes: before the core starts.
  void set_holding(Holding& holding) {
    holding_ = &holding;
    sender_.hold_while([&holding] { return holding.is_suspended(); });
  }
  /// Gateways: before the core starts.
  void register_instances_with(Registrar::Ask ask) { registrar_.connect(std::move(ask)); }
  void start();

  void adopt(std::shared_ptr<const cluster::View> view, std::uint64_t generation);
  [[nodiscard]] CoreReport report();
  [[nodiscard]] CoreCounters count() const;
  /// Other keys for who comes from now on.
  void use_doors(const std::shared_ptr<const Doors>& doors);
  /// Before the core starts; where HTTP sessions are configured.
  void use_sessions(websession::CoreFinder& sessions);
  void use_routes(std::shared_ptr<const Routes> routes);
  /// Gateways: the application servers of upstream services.
  void use_table(std::shared_ptr<const proxy::Table> table);
  void use_files(std::shared_ptr<const StaticFiles> files) { rest_.use_files(std::move(files)); }
  /// Instances of upstream services, as the registry knows them.
  void use_instances(std::shared_ptr<const registry::Snapshot> snapshot) { registrar_.adopt(std::move(snapshot)); }
  /// New clients are refused with 503.
  void close_doors() { is_closed_ = true; }

  [[nodiscard]] net::Core& core() noexcept { return core_; }
  [[nodiscard]] link::Hub& hub() noexcept { return hub_; }
  [[nodiscard]] edge::Edge& edge() noexcept { return edge_; }
  [[nodiscard]] cluster::Sender& sender() noexcept { return sender_; }
  [[nodiscard]] cluster::Inquirer& inquirer() noexcept { return inquirer_; }
  [[nodiscard]] cluster::Attachments& attachments() noexcept { return attachments_; }
  /// Of that service; null when it has none.
  [[nodiscard]] webhook::Application* application(std::string_view service) const;
  [[nodiscard]] Holding* holding() noexcept { return holding_; }
  [[nodiscard]] std::pmr::memory_resource& pool() noexcept { return pool_; }

 private:
  // edge::Application
  bool streams(const net::HttpRequest& head) override { return router_ && router_->streams(head); }
  std::string client_of(const edge::Request& request) override { return front::client_of(request, trusted_); }
  void on_request(edge::ConnectionId id, edge::Request request) override;
  void on_body(edge::ConnectionId id, std::string_view bytes, bool is_last) override;
  void on_drained(edge::ConnectionId id) override;
  void on_upgrade(edge::ConnectionId id, edge::Request request) override;
  void on_message(edge::ConnectionId id, websocket::MessageKind kind, std::string_view payload) override;
  void on_written(edge::ConnectionId id, std::uint64_t frames) override;
  void on_gone(edge::ConnectionId id, edge::CloseReason reason, std::uint16_t code) override;
  // cluster::Sockets
  void on_attached(std::uint64_t socket) override;
  void on_refused(std::uint64_t socket, Refusal reason) override;
  void deliver(std::uint64_t socket, bool is_binary, std::string_view head, std::string_view payload) override;
  void close(std::uint64_t socket, std::uint16_t code, std::string_view text) override;
  void pause(std::uint64_t socket, bool is_paused) override;
  // link::Receiver
  void on_frame(cluster::PathId path, const wire::Raw& raw) override;
  void on_link_down(cluster::LinkId link) override;

  void find_user(edge::ConnectionId id, const Door& door, edge::Request request);
  void admit(edge::ConnectionId id, const Door& door, edge::Request request, Result<Admission> admission);
  void ask_application(edge::ConnectionId id, const Door& door, edge::Request request, Admission admission);
  void on_verdict(edge::ConnectionId id, const webhook::ConnectAnswer& answer);
  void let_in(edge::ConnectionId id, const Door& door, Admission admission, const session::SessionId& session);
  [[nodiscard]] const cluster::ServiceView* view_of(const Door& door) const;
  void tell_lost(edge::ConnectionId id, std::string_view subprotocol);

  net::Core& core_;
  std::shared_ptr<const Doors> doors_;
  TrustedProxies trusted_;
  std::pmr::unsynchronized_pool_resource pool_;
  link::Hub hub_;
  edge::Edge edge_;
  cluster::Sender sender_;
  cluster::Inquirer inquirer_;
  cluster::Attachments attachments_;
  Registrar registrar_;
  Rest rest_;
  std::unique_ptr<proxy::Proxy> proxy_;  ///< of a gateway
  std::unique_ptr<Router> router_;       ///< of a gateway
  EurekaCalls eureka_;
  Holding* holding_ = nullptr;
  std::shared_ptr<const cluster::View> view_;
  std::uint64_t generation_ = 0;
  bool is_closed_ = false;
  struct Client {
    cluster::Attachments::Ref attachment = 0;
    std::unique_ptr<const std::string> subprotocol;  ///< until it is told; null: none
  };
  std::unordered_map<edge::ConnectionId, Client> clients_;
  std::map<std::string, std::unique_ptr<webhook::Application>, std::less<>> applications_;  ///< by service
  websession::CoreFinder* sessions_ = nullptr;
  /// An upgrade whose user is looked up.
  struct Sought {
    std::shared_ptr<const Doors> doors;
    const Door* door = nullptr;  ///< of them
    edge::Request request;
  };
  std::unordered_map<edge::ConnectionId, Sought> sought_;
  /// An upgrade about which its application is asked.
  struct Asked {
    std::shared_ptr<const Doors> doors;
    const Door* door = nullptr;  ///< of them
    edge::Request request;
    Admission admission;
    session::SessionId session;
  };
  std::unordered_map<edge::ConnectionId, Asked> asked_;
};

}  // namespace wscluster::front
