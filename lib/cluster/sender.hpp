// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "cluster/network.hpp"
#include "cluster/options.hpp"
#include "cluster/view.hpp"

namespace wscluster::cluster {

/// What became of a send. Exactly one per send.
struct Receipt {
  wire::ReceiptStatus status = wire::ReceiptStatus::unknown;
  std::uint64_t sessions = 0;
  std::string_view node;  ///< who answered; empty when nobody did. Valid during the call.
  std::uint64_t epoch = 0;
  Clock::duration latency{};
  bool is_duplicate = false;  ///< an earlier message of the same request had this fate
};
[[nodiscard]] const char* to_string(wire::ReceiptStatus status) noexcept;

/// Who wants to know. Must outlive the Sender, or its sends.
class ReceiptSink {
 public:
  virtual ~ReceiptSink() = default;
  /// `cookie` as given to send().
  virtual void on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) = 0;
};

/// Which sessions of a user or of a group get a message.
struct Audience {
  std::string only;      ///< this one, 24 raw bytes; empty: all
  std::string excluded;  ///< not these, 24 raw bytes each
  std::string filter;    ///< those that match; empty: all
};

struct Outgoing {
  std::string_view service;
  std::string_view uid;      ///< or session::group_key()
  std::string_view payload;  ///< packed protocol::Envelope
  wire::Wait wait = wire::Wait::delivered;
  TimePoint deadline;
  std::string_view request = {};          ///< the application's id: repeats of it become one message; empty: none
  const Audience* audience = nullptr;     ///< null: all sessions
  std::optional<Duration> lifetime = {};  ///< how long it waits for a session; nothing: as the service says
};

/// One receipt of many: of a message that was sent to every node.
class Tally final : public ReceiptSink {
 public:
  /// Returns the cookie of each part.
  std::uint64_t begin(std::size_t parts, ReceiptSink& sink, std::uint64_t cookie);
  void on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) override;

 private:
  struct Count {
    std::size_t missing = 0;
    Receipt sum;
    std::string node;  ///< of the part that counts
    ReceiptSink* sink = nullptr;
    std::uint64_t cookie = 0;
  };
  std::map<std::uint64_t, Count> counts_;
  std::uint64_t last_ = 0;
};

/// The origin of unicast messages of one core (DESIGN section 6, "Unicast"): computes the owner, keeps each message
/// until it is answered or its deadline is over, and sends all open ones to a user again, in order, after a refusal, a
/// broken link or a new owner. The holders' dedupe makes that harmless. Nobody forwards. With Delivery::broadcast each
/// goes to every node, and their answers become one. Pure: time and network are given.
class Sender {
 public:
  explicit Sender(Network& network, Mutations mutations = {});

  /// While `is_suspended` says so nothing leaves: what a node may not execute it may not send either, or it would come
  /// after what its successor has sent.
  void hold_while(std::function<bool()> is_suspended) { is_suspended_ = std::move(is_suspended); }

  /// False when the service is not known here; then there is no receipt.
  [[nodiscard]] bool send(TimePoint now, const Outgoing& message, ReceiptSink& sink, std::uint64_t cookie);

  void adopt(TimePoint now, std::shared_ptr<const View> view);
  void on_receipt(TimePoint now, PathId path, const wire::Receipt& receipt);
  void on_refusal(TimePoint now, PathId path, const wire::Refusal& refusal);
  void on_link_down(TimePoint now, LinkId link);
  /// About every 10 ms.
  void tick(TimePoint now);

  [[nodiscard]] std::size_t open() const noexcept { return open_count_; }

 private:
  struct Open {
    std::uint64_t counter = 0;
    std::uint64_t epoch = 0;  ///< of the first sending; 0: never sent
    bool was_sent_again = false;
    TimePoint created;
    TimePoint deadline;
    wire::Wait wait = wire::Wait::delivered;
    std::string payload;
    std::string request;
    std::unique_ptr<const Audience> audience;
    std::uint64_t lifetime = 0;  ///< as in wire::Message
    ReceiptSink* sink = nullptr;
    std::uint64_t cookie = 0;
  };
  /// All open messages to one user; with Delivery::broadcast at one node.
  struct Conversation {
    std::string service;
    std::string uid;
    std::uint64_t hash = 0;
    std::uint64_t target = 0;  ///< life of the node it is for; 0: the owner, whoever that is
    std::deque<Open> open;
    PathId path = 0;   ///< where they were sent; 0: nowhere now
    std::string node;  ///< behind the path
    std::uint64_t incarnation = 0;
    TimePoint retry_at;             ///< when path is 0
    unsigned refusals = 0;          ///< in a row
    std::uint64_t wants_epoch = 0;  ///< a refuser has a newer document: wait for it
  };
  struct Reader {
    std::string service;
    std::uint64_t told = 0;
    TimePoint used;
  };

  void send_to(TimePoint now, const ServiceView& service, std::uint64_t target, const Outgoing& message,
               ReceiptSink& sink, std::uint64_t cookie);
  void end_conversations_with_gone(TimePoint now);
  void start(TimePoint now, Conversation& conversation);
  bool transmit(TimePoint now, Conversation& conversation, std::size_t index);
  void pause(Conversation& conversation, TimePoint retry_at);
  [[nodiscard]] const ring::Member* owner_of(const Conversation& conversation) const;
  void start_if_due(TimePoint now, Conversation& conversation);
  void finish(TimePoint now, Conversation& conversation, std::size_t index, Receipt receipt);
  void forget_if_done(Conversation& conversation);
  void sweep(TimePoint now);
  void tell_settled(TimePoint now);
  void settle(TimePoint now);
  /// Below it every message is answered, and no copy of it is under way.
  [[nodiscard]] std::uint64_t settled() const noexcept { return first_counter_; }

  Network& network_;
  const Mutations mutations_;
  std::function<bool()> is_suspended_;
  std::shared_ptr<const View> view_;
  std::uint64_t origin_;
  std::unordered_map<std::string, std::unique_ptr<Conversation>> conversations_;  ///< by service, NUL, uid, NUL, target
  struct Place {
    Conversation* conversation = nullptr;  ///< null: answered
    TimePoint lingers_until;               ///< another copy may be under way or wait somewhere
  };
  std::deque<Place> by_counter_;  ///< of the counters from first_counter_ on
  std::uint64_t first_counter_ = 1;
  std::size_t open_count_ = 0;
  std::size_t paused_count_ = 0;
  std::unordered_map<PathId, std::vector<Reader>> readers_;  ///< who keeps dedupe entries of ours
  Tally tally_;
  TimePoint next_sweep_;
  TimePoint next_settled_;
};

}  // namespace wscluster::cluster
