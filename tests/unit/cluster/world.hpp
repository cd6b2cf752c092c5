// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "checker.hpp"
#include "client.hpp"
#include "core.hpp"
#include "ring/document.hpp"

namespace wscluster::cluster {

/// A whole cluster of the pure core in one process: links are byte queues with wire frames, time is moved by hand, and
/// everything that can happen in any order happens in the order of a seed. The same seed is the same story.
class World {
 public:
  World(std::uint64_t seed, std::vector<ServiceOptions> services);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // ---- what there is
  void add_node(const std::string& name, unsigned shards);
  void add_gateway(const std::string& name, unsigned cores);
  Client& add_client(const std::string& service, const std::string& uid);
  /// The first document of every service; every core adopts it at once.
  void form_ring(const std::vector<std::string>& nodes);
  /// Writes the next document of every service; cores adopt it as chance will have it.
  void change_ring(const std::vector<std::string>& nodes, double rate);
  /// Members that no longer own anything leave the document.
  void drop_leavers();
  [[nodiscard]] bool is_change_done() const { return done_through_ == epoch(); }
  [[nodiscard]] std::uint64_t epoch() const { return documents_.front()->epoch; }

  // ---- what happens
  void run_for(Duration duration);
  /// Runs until nothing is open and every view is the newest, or for `limit`. Then no more messages are sent.
  void settle(Duration limit);
  void cut_some_link();
  /// Everything that must be so at the end.
  void check_end();
  /// Everybody leaves, and nothing may remain in memory.
  void check_empty();

  unsigned messages_per_ms = 0;  ///< of a thousand chances: how often somebody says something
  unsigned cuts_per_second = 0;
  unsigned leaves_per_second = 0;  ///< clients that close their socket and stay away
  bool has_direct_clients = true;  ///< clients also connect to nodes
  bool has_rest = true;
  bool is_telling = false;
  Checker checker;

  // ---- for cores and clients
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  [[nodiscard]] std::uint64_t random(std::uint64_t from, std::uint64_t to);
  /// Once in `n`.
  [[nodiscard]] bool chance(std::uint64_t n) { return random(1, n) == 1; }
  Core& some_edge();
  std::uint64_t new_socket() { return ++sockets_; }
  std::uint64_t new_sender() { return ++senders_; }
  PathId path_to(Core& core, std::string_view node, std::uint64_t incarnation, unsigned shard);
  std::string* output(Core& core, PathId path);
  [[nodiscard]] bool is_local(PathId path) const;
  void on_evicted(const std::string& service, const std::string& uid);
  void note(const std::string& text);
  [[nodiscard]] std::string name_of(const Core& core) const;

  [[nodiscard]] Core& core(const std::string& process, unsigned index) {
    return *processes_[index_of(process)].cores[index];
  }
  /// 0 when there is no such process.
  [[nodiscard]] std::size_t core_count(const std::string& process) const;
  [[nodiscard]] std::vector<std::unique_ptr<Client>>& clients() noexcept { return clients_; }
  [[nodiscard]] std::size_t sessions() const;
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }
  [[nodiscard]] std::uint64_t cuts() const noexcept { return cuts_; }
  [[nodiscard]] const std::vector<std::string>& story() const noexcept { return story_; }

 private:
  struct Process {
    std::string name;
    std::uint64_t incarnation = 0;
    bool is_gateway = false;
    std::vector<std::unique_ptr<Core>> cores;
  };
  /// Bytes on their way to one core.
  struct Channel {
    LinkId link = 0;
    std::size_t side = 0;
    unsigned core = 0;
    std::string bytes;
    TimePoint stalled_until;
  };
  struct Link {
    std::size_t processes[2] = {0, 0};
    unsigned number = 0;
    bool is_cut = false;
    bool has_noticed[2] = {false, false};
    TimePoint heal_at;
  };

  std::size_t index_of(const std::string& process) const;
  void add_process(const std::string& name, unsigned cores, bool is_gateway);
  void make_link(std::size_t a, std::size_t b, unsigned number);
  Channel& channel(LinkId link, std::size_t side, unsigned core);
  void step();
  void deliver_some();
  void deliver(Channel& channel);
  void notice_cuts();
  void adopt_some();
  void adopt(Core& core, std::size_t version);
  void publish();
  void mark_done();
  void talk();
  void check_holders();
  void check_counts();

  std::mt19937_64 random_;
  const std::vector<ServiceOptions> services_;
  TimePoint now_{std::chrono::hours(1)};
  std::vector<Process> processes_;
  std::map<LinkId, Link> links_;
  LinkId last_link_ = 0;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::map<std::tuple<LinkId, std::size_t, unsigned>, Channel*> channel_index_;
  std::string void_;                                              ///< what is written to a link that is cut
  std::vector<std::shared_ptr<const ring::Document>> documents_;  ///< the newest of each service
  std::vector<std::shared_ptr<const ring::Document>> history_;    ///< of the first service
  std::uint64_t done_through_ = 0;
  std::vector<ChangePolicy> policies_;
  std::vector<std::shared_ptr<const View>> versions_;
  std::map<const Core*, std::size_t> adopted_;
  std::map<std::uint64_t, DonorCount> donated_;  ///< sums of changes that are done
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<std::string, std::uint64_t> evicted_users_;
  std::uint64_t evictions_ = 0;
  std::uint64_t cuts_ = 0;
  bool has_somebody_left_ = false;
  std::uint64_t sockets_ = 0;
  std::uint64_t senders_ = 0;
  std::vector<std::string> story_;
};

}  // namespace wscluster::cluster
