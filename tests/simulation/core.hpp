// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <set>
#include <string>
#include <vector>

#include "cluster/attachments.hpp"
#include "cluster/holder.hpp"
#include "cluster/inquirer.hpp"
#include "cluster/sender.hpp"

namespace wscluster::simulation {

class Client;
class Process;
class World;

using cluster::PathId;

/// One core of one process as the real ones are put together (front::Desk with node::Shard), without sockets: the
/// machines and the way frames take to them.
class Core final : public cluster::Network, public cluster::Sockets, public cluster::ReceiptSink {
 public:
  Core(World& world, Process& process, unsigned index, const cluster::Self& self, bool is_gateway);
  ~Core() override;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void adopt(TimePoint now, const std::shared_ptr<const cluster::View>& view);
  void tick(TimePoint now);
  /// After each turn.
  void work_late(TimePoint now);
  void receive(TimePoint now, PathId path, std::string_view bytes);
  void link_down(TimePoint now, cluster::LinkId link);

  /// A message that somebody sends over REST here.
  void send_message(TimePoint now, const std::string& service, const std::string& uid, wire::Wait wait,
                    Duration patience);
  void publish(TimePoint now, const std::string& service, const std::string& group, Duration patience);

  /// One more copy of a message that an application sends under an id of its own.
  void send_copy(TimePoint now, const std::string& uid, std::uint64_t number, std::uint64_t copy, Duration patience);
  /// An operator at this process wants the clients of that user to come back.
  void evict(TimePoint now, const std::string& uid, unsigned attempts);

  void close_socket(cluster::Attachments::Ref ref, std::uint16_t code);

  // cluster::Network
  PathId path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) override;
  std::string* output(PathId path) override;
  [[nodiscard]] bool is_local(PathId path) const override;
  // cluster::Sockets
  void on_attached(std::uint64_t socket) override;
  void on_refused(std::uint64_t socket, Refusal reason) override;
  void deliver(std::uint64_t socket, bool is_binary, std::string_view head, std::string_view payload) override;
  void close(std::uint64_t socket, std::uint16_t code, std::string_view text) override;
  void pause(std::uint64_t socket, bool is_paused) override;
  // cluster::ReceiptSink: of REST
  void on_receipt(TimePoint now, std::uint64_t cookie, const cluster::Receipt& receipt) override;

  [[nodiscard]] Process& process() const noexcept { return process_; }
  [[nodiscard]] unsigned index() const noexcept { return index_; }
  [[nodiscard]] cluster::Attachments& attachments() noexcept { return attachments_; }
  [[nodiscard]] cluster::Sender& sender() noexcept { return sender_; }
  [[nodiscard]] cluster::Holder* holder(std::string_view service) const;
  [[nodiscard]] const std::vector<std::unique_ptr<cluster::Holder>>& holders() const noexcept { return holders_; }
  [[nodiscard]] const std::shared_ptr<const cluster::View>& view() const noexcept { return view_; }

  std::map<std::uint64_t, Client*> sockets;  ///< whose they are, by number
  std::set<std::uint64_t> open_sends;        ///< of REST, by cookie

  [[nodiscard]] static std::uint64_t number_of(std::uint64_t cookie) noexcept { return cookie & 0xFFFF'FFFF; }

 private:
  [[nodiscard]] cluster::Holder* holder_of(std::uint64_t ref) const;
  void work_off(TimePoint now);
  void handle(TimePoint now, PathId path, const wire::Frame& frame);
  [[nodiscard]] Client* client_of(std::uint64_t socket) const;

  World& world_;
  Process& process_;
  const unsigned index_;
  const std::uint64_t origin_;  ///< the checker's name of sends from here
  std::pmr::unsynchronized_pool_resource pool_;
  std::shared_ptr<const cluster::View> view_;
  cluster::Sender sender_;
  cluster::Inquirer inquirer_;
  cluster::Attachments attachments_;
  std::vector<std::unique_ptr<cluster::Holder>> holders_;
  struct Parked {
    PathId path = 0;
    std::string bytes;
  };
  std::vector<Parked> parked_;  ///< while suspended
};

}  // namespace wscluster::simulation
