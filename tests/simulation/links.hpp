// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agenda.hpp"
#include "cluster/network.hpp"
#include "random.hpp"

namespace wscluster::simulation {

class Core;
class Process;
class World;
struct Link;

/// Bytes on their way to one core over one link: in order, or not at all.
struct Channel {
  Link* link = nullptr;
  unsigned side = 0;  ///< of the receiver
  unsigned core = 0;
  std::string pending;  ///< of the sender's present turn
  struct Batch {
    TimePoint at;
    std::string bytes;
  };
  std::deque<Batch> batches;
  TimePoint last_arrival;
  Random random{0};
  bool is_scheduled = false;
};

/// One connection of a pair of processes, or the mailboxes of one process (both ends are it, side 0 is used).
struct Link {
  cluster::LinkId id = 0;
  std::array<Process*, 2> ends{};
  unsigned number = 0;
  bool is_cut = false;
  std::array<bool, 2> has_noticed{};
  TimePoint heal_at;
  std::array<std::vector<std::unique_ptr<Channel>>, 2> channels;

  [[nodiscard]] bool is_local() const noexcept { return ends[0] == ends[1]; }
  [[nodiscard]] unsigned side_of(const Process& process) const noexcept { return ends[0] == &process ? 0 : 1; }
};

/// How a link dies.
struct Cut {
  Duration heal{0};        ///< after which it can be made anew
  bool is_silent = false;  ///< nobody is told; both sides notice when nothing comes for long
  bool loses_what_is_sent = true;
};

class Links {
 public:
  Links(World& world, std::uint64_t seed) : world_(world), seed_(seed) {}

  void connect(Process& process, const std::vector<std::unique_ptr<Process>>& others);
  void cut(Link& link, const Cut& how);
  void cut_between(const std::string& a, const std::string& b, const Cut& how);
  void cut_all_of(const Process& process, const Cut& how);
  void part(const std::string& a, const std::string& b);
  void heal(const std::string& a, const std::string& b);
  void heal_all();

  [[nodiscard]] cluster::PathId path_to(const Core& core, std::string_view node, std::uint64_t incarnation,
                                        unsigned shard) const;
  [[nodiscard]] std::string* output(const Core& core, cluster::PathId path);
  [[nodiscard]] bool is_local(cluster::PathId path) const {
    return path != 0 && links_[cluster::link_of(path)]->is_local();
  }
  /// Link number 0 to every process that can be reached from this one.
  [[nodiscard]] std::vector<cluster::PathId> paths_to_peers(const Process& process) const;
  [[nodiscard]] bool is_linked(const Process& a, std::string_view node, std::uint64_t incarnation) const;
  [[nodiscard]] Process& peer_of(cluster::LinkId link, const Process& process) const;
  /// What the present turn has written leaves.
  void flush();
  [[nodiscard]] bool is_silent() const;

 private:
  void make(Process& a, Process& b, unsigned number);
  Channel& channel(Link& link, unsigned side, unsigned core);
  void schedule(Channel& channel);
  void deliver(Channel& channel);
  void put_back(Channel& channel, std::string_view bytes, Clock::duration delay);
  void lose_some(Link& link, const Cut& how);
  void notice(Link& link, unsigned side);
  void renew(Link& link);
  [[nodiscard]] bool is_parted(const Process& a, const Process& b) const;

  World& world_;
  const std::uint64_t seed_;
  std::vector<std::unique_ptr<Link>> links_{1};  ///< by id
  std::vector<Link*> living_;
  std::vector<Channel*> dirty_;
  std::set<std::pair<std::string, std::string>> parted_;
  std::string void_;  ///< what is written to a link that is cut
};

}  // namespace wscluster::simulation
