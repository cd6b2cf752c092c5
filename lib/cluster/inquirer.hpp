// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "cluster/inquiry.hpp"
#include "cluster/network.hpp"
#include "cluster/view.hpp"

namespace wscluster::cluster {

/// Asks holders for operators and applications: who is connected, and orders for their sessions. Lists ask every shard
/// at once and put the answers together. One user or session is looked for where the ring says, then with the earlier
/// owners that may still hold it, then with the owner again, since it may have come there meanwhile. An order for
/// everybody goes to every shard, and again until nobody can have moved past it. With Delivery::broadcast one user is
/// asked of every node. Pure: time and network are given.
class Inquirer {
 public:
  explicit Inquirer(Network& network) : network_(network) {}

  using ListDone = std::function<void(SessionList)>;
  using OrderDone = std::function<void(OrderReport)>;

  // `done` is called once, perhaps before the call returns; by the deadline at the latest.
  void list(const ListRequest& request, TimePoint deadline, ListDone done);
  void order(Order order, TimePoint deadline, OrderDone done);

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
    Order order;
    TimePoint deadline;
    OrderDone done;
    std::uint64_t epoch = 0;  ///< in which these are the candidates
    std::vector<Candidate> candidates;
    std::size_t step = 0;  ///< the candidate that is asked
    PathId path = 0;
    std::uint64_t newest_epoch = 0;  ///< of the answers
  };
  /// An order for everybody, in rounds over all shards.
  struct Everybody {
    struct Part {
      std::uint64_t incarnation = 0;
      unsigned shard = 0;
      PathId path = 0;
      bool is_done = false;
    };
    /// How many users had come to each shard (incarnation and number) when it first answered.
    using Came = std::map<std::pair<std::uint64_t, unsigned>, std::uint64_t>;

    Order order;
    TimePoint deadline;
    OrderDone done;
    std::vector<Part> parts;  ///< none between two rounds
    bool has_begun = false;
    std::uint64_t epoch = 0;  ///< of the first answer of the round
    bool is_still = true;     ///< in this round: no change moves anybody, and all answers are of one epoch
    bool is_complete = true;  ///< in this round: nobody was passed over
    Came came;
    bool was_complete = false;  ///< the round before
    Came came_before;
    TimePoint next_round;
    OrderReport report;
  };

  /// A question of one session or user that goes to every node (Delivery::broadcast).
  struct Poll {
    struct Part {
      std::string node;
      PathId path = 0;
    };
    Order order;
    TimePoint deadline;
    OrderDone done;
    std::vector<Part> parts;  ///< not answered
    OrderReport report;
  };

  // What comes back (inquirer.cpp)
  [[nodiscard]] SessionFacts facts_of(const wire::SessionEntry& entry, const std::string& node) const;
  [[nodiscard]] std::vector<SessionFacts> facts_of(const wire::Sessions& answer, const std::string& node) const;
  [[nodiscard]] const ServiceView* service(std::string_view name) const {
    return view_ ? view_->service(name) : nullptr;
  }
  bool send(PathId path, const Order& order, std::uint64_t question, std::string_view after = {});

  // Lists (inquirer_lists.cpp)
  [[nodiscard]] SessionList put_together(List& list) const;
  void on_list_answer(PathId path, const wire::Sessions& answer, std::uint64_t number);
  void finish_list(std::uint64_t number);

  // One session or user (inquirer.cpp)
  [[nodiscard]] static std::uint64_t hash_of(const Order& order, const ServiceView& ring);
  [[nodiscard]] static std::vector<Candidate> candidates_for(const ServiceView& ring, std::uint64_t hash);
  void ask(std::uint64_t number);
  void on_search_answer(std::uint64_t number, const wire::Sessions& answer);
  void finish_search(std::uint64_t number, OrderReport report);
  void give_up_search(std::uint64_t number);

  // One session or user, asked of every node (inquirer_poll.cpp)
  void begin_poll(std::uint64_t number, Order order, TimePoint deadline, OrderDone done);
  void on_poll_answer(PathId path, const wire::Sessions& answer, std::uint64_t number);
  void finish_poll(std::uint64_t number);

  // Everybody (inquirer_everybody.cpp)
  void begin_round(std::uint64_t number);
  [[nodiscard]] std::vector<Everybody::Part> parts_of(const ServiceView& ring);
  void on_part_answer(PathId path, const wire::Sessions& answer, std::uint64_t number);
  void end_round(std::uint64_t number);
  void continue_everybody(TimePoint now, std::uint64_t number);
  void finish_everybody(std::uint64_t number, OrderReport::Status status);

  Network& network_;
  std::shared_ptr<const View> view_;
  std::map<std::uint64_t, List> lists_;
  std::map<std::uint64_t, Search> searches_;
  std::map<std::uint64_t, Everybody> everybody_;
  std::map<std::uint64_t, Poll> polls_;
  std::uint64_t last_number_ = 0;
};

}  // namespace wscluster::cluster
