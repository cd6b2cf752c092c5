// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "cluster/network.hpp"
#include "cluster/view.hpp"

namespace wscluster::cluster {

/// One session as its holder described it.
struct SessionFacts {
  std::string uid;
  std::string connection;     ///< its id for people
  std::string node;           ///< the holder
  std::string edge;           ///< the process with the socket; empty: not known here
  bool is_gateway = false;    ///< the edge is one
  std::string owner;          ///< when it is another node
  Duration misplaced_for{0};  ///< since the holder knows
  Duration age{0};
  bool is_detached = false;
  Duration detached_for{0};
  bool is_moving = false;
  std::uint16_t close_code = 0;  ///< 0: open
  std::uint64_t life = 0;
  std::uint64_t in_flight = 0;  ///< frames given to the edge and not yet written to the client
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t waiting = 0;  ///< frames kept behind them
  std::uint64_t waiting_bytes = 0;
};

/// Users in the order of their hashes, each one whole.
struct SessionList {
  std::vector<SessionFacts> sessions;
  std::string next;                  ///< uid to go on after; empty: that was all
  std::vector<std::string> missing;  ///< nodes that did not answer, or not with all shards
};

struct UserReport {
  enum class Status : std::uint8_t {
    done,     ///< the holder has answered
    nobody,   ///< nobody holds the user
    busy,     ///< the user is on its way, or its holder cannot be asked now: nothing was done
    unknown,  ///< the holder was asked and did not answer
  };
  Status status = Status::busy;
  std::string node;
  std::uint64_t epoch = 0;
  std::vector<SessionFacts> sessions;
  std::uint64_t held = 0;  ///< messages that wait for a session
  std::uint64_t held_bytes = 0;
  std::uint64_t closed = 0;  ///< sessions
};

/// Asks holders for an operator: who is connected, and an end to a user's sessions. Lists ask every shard at once and
/// put the answers together. One user is looked for where the ring says, then with the earlier owners that may still
/// hold it, then with the owner again, since it may have come there meanwhile. Pure: time and network are given.
class Inquirer {
 public:
  explicit Inquirer(Network& network) : network_(network) {}

  struct ListRequest {
    std::string service;
    std::string node;  ///< empty: all
    std::string after;
    std::string prefix;
    std::size_t limit = 0;
    bool is_misplaced = false;
  };
  using ListDone = std::function<void(SessionList)>;
  using UserDone = std::function<void(UserReport)>;

  // `done` is called once, perhaps before the call returns; by the deadline at the latest.
  void list(const ListRequest& request, TimePoint deadline, ListDone done);
  void show(std::string_view service, std::string_view uid, TimePoint deadline, UserDone done);
  void evict(std::string_view service, std::string_view uid, std::uint16_t code, std::string_view text,
             TimePoint deadline, UserDone done);

  void adopt(std::shared_ptr<const View> view) { view_ = std::move(view); }
  void on_sessions(PathId path, const wire::Sessions& answer);
  void on_link_down(LinkId link);
  /// About every 10 ms.
  void tick(TimePoint now);

 private:
  struct Shard {
    std::string node;
    PathId path = 0;  ///< 0: could not be asked, or its link broke
    bool is_answered = false;
    std::string through;
    std::vector<SessionFacts> sessions;
  };
  struct List {
    std::string service;
    std::size_t limit = 0;
    TimePoint deadline;
    ListDone done;
    std::vector<Shard> shards;
  };
  struct Candidate {
    std::string node;
    std::uint64_t incarnation = 0;
  };
  struct Search {
    std::string service;
    std::string uid;
    bool evicts = false;
    std::uint16_t code = 0;
    std::string text;
    TimePoint deadline;
    UserDone done;
    std::uint64_t epoch = 0;  ///< in which these are the candidates
    std::vector<Candidate> candidates;
    std::size_t step = 0;  ///< the candidate that is asked
    PathId path = 0;
    std::uint64_t newest_epoch = 0;  ///< of the answers
  };

  [[nodiscard]] SessionFacts facts_of(const wire::SessionEntry& entry, std::string_view uid,
                                      const std::string& node) const;
  [[nodiscard]] std::vector<SessionFacts> facts_of(const wire::Sessions& answer, std::string_view uid,
                                                   const std::string& node) const;
  [[nodiscard]] std::vector<Candidate> candidates_for(const ServiceView& service, std::uint64_t hash) const;
  [[nodiscard]] SessionList put_together(List& list) const;
  void begin(Search search);
  void ask(std::uint64_t number);
  void on_answer(std::uint64_t number, const wire::Sessions& answer);
  void finish(std::uint64_t number, UserReport report);
  void give_up(std::uint64_t number);
  void finish_list(std::uint64_t number);

  Network& network_;
  std::shared_ptr<const View> view_;
  std::map<std::uint64_t, List> lists_;
  std::map<std::uint64_t, Search> searches_;
  std::uint64_t last_number_ = 0;
};

}  // namespace wscluster::cluster
