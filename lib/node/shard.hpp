// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/holder.hpp"
#include "front/desk.hpp"

namespace wscluster::node {

/// Where an application inside of the process meets one service on one core.
struct Place {
  std::string service;
  front::Desk& desk;
  /// To an event, as Handler has it; on the core, not from inside.
  std::function<void(std::uint64_t number, cluster::EventReply reply)> reply;
};
/// Null for a service without one.
using MakeHandler = std::function<std::unique_ptr<cluster::Handler>(const Place& place)>;

/// The sessions of one core of a node: a Holder for each service. `max_sessions` is the node's; each shard takes its
/// part of it. While the node is suspended nothing is executed: what comes in is parked and worked off when it goes on.
class Shard final : public front::Holding {
 public:
  Shard(front::Desk& desk, const link::Identity& identity, const std::vector<front::ServiceDoor>& services,
        std::uint64_t max_sessions, std::function<bool(TimePoint)> is_suspended, const MakeHandler& make_handler);
  ~Shard() override;

  void on_frame(TimePoint now, cluster::PathId path, const wire::Raw& raw) override;
  void on_link_down(TimePoint now, cluster::LinkId link) override;
  void adopt(TimePoint now, std::shared_ptr<const cluster::View> view) override;
  void tick(TimePoint now) override;
  bool work_late(TimePoint now) override;
  void report(front::CoreReport& report) override;
  void count(front::CoreCounters& counters) const override;
  [[nodiscard]] bool is_suspended() const override { return is_suspended_(Clock::now()); }

 private:
  void handle(TimePoint now, cluster::PathId path, const wire::Raw& raw);
  void handle_operator(TimePoint now, cluster::PathId path, const wire::Raw& raw);
  [[nodiscard]] cluster::Holder* by_name(std::string_view service) const;
  void work_off(TimePoint now);
  [[nodiscard]] bool is_full() const;
  [[nodiscard]] cluster::Holder* by_ref(std::uint64_t ref) const;

  void find_handler(const std::string& service, cluster::Holder& holder, const MakeHandler& make_handler);
  void take_reply(cluster::Holder& holder, std::uint64_t number, cluster::EventReply reply);

  struct Reply {
    cluster::Holder& holder;
    std::uint64_t number = 0;
    cluster::EventReply reply;
  };
  struct Parked {
    cluster::PathId path = 0;
    std::string frame;
  };

  front::Desk& desk_;
  std::function<bool(TimePoint)> is_suspended_;
  std::vector<std::unique_ptr<cluster::Handler>> handlers_;  ///< of applications in this process; holders refer to them
  std::vector<std::pair<std::string, std::unique_ptr<cluster::Holder>>>
      holders_;                 ///< index = service index of references
  std::uint64_t max_sessions_;  ///< of this shard, all services together
  std::vector<Parked> parked_;
  std::size_t parked_bytes_ = 0;
  std::vector<Reply> parked_replies_;
};

}  // namespace wscluster::node
