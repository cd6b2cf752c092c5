// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/attachments.hpp"
#include "cluster/holder.hpp"
#include "cluster/sender.hpp"

namespace wscluster::cluster {

class Client;
class World;

/// One core of one process as the real ones are put together, without sockets: the machines and the way frames take to
/// them.
class Core final : public Network, public Sockets, public ReceiptSink {
 public:
  /// `shards` is 0 in a gateway. World and options outlive it.
  Core(World& world, std::size_t process, unsigned index, const Self& self, bool is_gateway,
       const std::vector<ServiceOptions>& services);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void adopt(TimePoint now, const std::shared_ptr<const View>& view);
  void tick(TimePoint now);
  void receive(TimePoint now, PathId path, const wire::Frame& frame);
  void link_down(TimePoint now, LinkId link);

  /// A message that somebody sends over REST here. Returns its number.
  std::uint64_t send(TimePoint now, const std::string& service, const std::string& uid, wire::Wait wait,
                     Duration patience);

  PathId path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) override;
  std::string* output(PathId path) override;
  bool is_local(PathId path) const override;

  void on_attached(std::uint64_t socket) override;
  void on_refused(std::uint64_t socket, Refusal reason) override;
  void deliver(std::uint64_t socket, bool is_binary, std::string_view payload) override;
  void close(std::uint64_t socket, std::uint16_t code, std::string_view text) override;
  void pause(std::uint64_t socket, bool is_paused) override;
  void on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) override;

  [[nodiscard]] std::size_t process() const noexcept { return process_; }
  [[nodiscard]] unsigned index() const noexcept { return index_; }
  [[nodiscard]] Attachments& attachments() noexcept { return attachments_; }
  [[nodiscard]] Sender& sender() noexcept { return sender_; }
  [[nodiscard]] Holder* holder(std::string_view service);
  [[nodiscard]] std::vector<std::unique_ptr<Holder>>& holders() noexcept { return holders_; }
  [[nodiscard]] const std::shared_ptr<const View>& view() const noexcept { return view_; }

  std::map<std::uint64_t, Client*> sockets;  ///< whose they are, by number

 private:
  Holder* holder_of(std::uint64_t ref);
  void tell(const char* what, std::string_view payload);

  World& world_;
  std::size_t process_;
  unsigned index_;
  std::uint64_t origin_;  ///< the checker's name of sends from here
  std::pmr::unsynchronized_pool_resource pool_;
  std::vector<std::string> services_;
  std::shared_ptr<const View> view_;
  Sender sender_;
  Attachments attachments_;
  std::vector<std::unique_ptr<Holder>> holders_;
};

}  // namespace wscluster::cluster
