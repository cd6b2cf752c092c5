// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "cluster/options.hpp"
#include "cluster/sender.hpp"
#include "cluster/view.hpp"
#include "session/frame_queue.hpp"
#include "session/session_id.hpp"
#include "session/slots.hpp"

namespace wscluster::cluster {

/// Which shard of which life of which node.
struct Self {
  std::string name;
  std::uint64_t incarnation = 0;
  unsigned shard = 0;
  unsigned shards = 1;
};

/// What one shard has done for the change that made an epoch. planned = moved + closed + gone when done.
struct DonorCount {
  std::uint64_t planned = 0;  ///< sessions that were to go when the epoch was adopted
  std::uint64_t closed = 0;
  std::uint64_t gone = 0;    ///< ended by themselves, or stayed because a later epoch brought them back
  std::uint64_t forced = 0;  ///< of `closed`: at the deadline
  bool is_done = false;
};
struct ReceiverCount {
  std::uint64_t returned = 0;
  std::vector<Duration> gaps;  ///< from close to return; taken out by take_gaps()
};

struct HolderCounters {
  std::uint64_t messages_up = 0;
  std::uint64_t messages_down = 0;
  std::uint64_t unicasts = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t refusals = 0;
  std::uint64_t slow_consumers = 0;
  std::uint64_t dropped = 0;
  std::uint64_t evicted = 0;
  std::uint64_t receipts[6] = {};  ///< by ReceiptStatus
};

/// The users of one service on one shard: their sessions, messages to them, and how they leave when the ring changes
/// (DESIGN sections 6 and 7). Pure: events in, frames out through Network, time given. A user's sessions are always on
/// one holder; a new owner first asks the earlier ones.
class Holder final : public ReceiptSink {
 public:
  /// References of sessions carry the service index in the top byte, so that the core finds the holder.
  Holder(const ServiceOptions& options, Self self, std::uint8_t service_index, Network& network, Sender& sender,
         std::pmr::memory_resource& pool);
  ~Holder() override;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  [[nodiscard]] static std::uint8_t service_index_of(std::uint64_t ref) noexcept {
    return static_cast<std::uint8_t>(ref >> 56U);
  }

  void adopt(TimePoint now, std::shared_ptr<const View> view);
  void on_attach(TimePoint now, PathId path, const wire::Attach& attach);
  void on_up(TimePoint now, const wire::Up& up);
  void on_progress(TimePoint now, const wire::Progress& progress);
  void on_detach(TimePoint now, const wire::Detach& detach);
  void on_message(TimePoint now, PathId path, const wire::Message& message);
  void on_settled(TimePoint now, const wire::Settled& settled);
  void on_ask(TimePoint now, PathId path, const wire::Ask& ask);
  void on_answer(TimePoint now, PathId path, const wire::Answer& answer);
  void on_link_down(TimePoint now, LinkId link);
  /// Of a relayed message of one of our sessions.
  void on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) override;
  /// About every 10 ms.
  void tick(TimePoint now);

  /// Closes every session, e.g. when the process stops.
  void close_all(std::uint16_t code, std::string_view text);

  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
  [[nodiscard]] std::size_t users() const noexcept { return users_.size(); }
  [[nodiscard]] std::size_t sessions_of(std::string_view uid) const;
  /// Sessions whose owner is another node.
  [[nodiscard]] std::size_t misplaced() const noexcept;
  /// Sessions that are waiting for their turn to be evicted.
  [[nodiscard]] std::size_t eviction_pending() const noexcept;
  [[nodiscard]] const std::map<std::uint64_t, DonorCount>& donated() const noexcept { return donated_; }
  [[nodiscard]] std::map<std::uint64_t, ReceiverCount>& received() noexcept { return received_; }
  [[nodiscard]] const HolderCounters& counters() const noexcept { return counters_; }

 private:
  struct Session;
  struct User;
  struct Visit;
  using SessionRef = std::uint64_t;
  /// Ordered by hash, so that the sessions of an arc are found in O(log n + found).
  struct UserKey {
    std::uint64_t hash = 0;
    std::string uid;
    friend auto operator<=>(const UserKey&, const UserKey&) = default;
  };
  using Users = std::map<UserKey, std::unique_ptr<User>>;

  // Users
  User* find_user(std::uint64_t hash, std::string_view uid);
  User& make_user(std::uint64_t hash, std::string_view uid);
  void erase_user_if_idle(User& user);
  [[nodiscard]] bool owns(std::uint64_t hash) const;

  // Who holds a user that we gained (asking)
  struct EarlierOwner {
    const ring::Member* member = nullptr;
    bool is_open = true;  ///< false: its change is done, it only knows who is on the way back
  };
  [[nodiscard]] std::vector<EarlierOwner> earlier_owners(std::uint64_t hash) const;
  void expect_return(User& user, std::uint64_t sessions, std::uint64_t epoch, TimePoint evicted_at);
  void remember_closed(TimePoint now, const std::shared_ptr<const View>& before, const ServiceView& service_before);
  void start_asking(TimePoint now, User& user, bool pull);
  void continue_asking(TimePoint now, User& user);
  void settle_user(TimePoint now, User& user);
  void refuse_visits(User& user);
  void end_visit(const Visit& visit);
  void held_elsewhere(TimePoint now, User& user, const std::string& node);
  void wait_for_return(User& user);

  // Sessions
  void attach(TimePoint now, User& user, PathId path, const wire::Attach& request);
  void count_return(TimePoint now, User& user);
  void answer_attached(const Session& session);
  void refuse_attach(PathId path, const wire::Attach& attach, wire::RefuseReason reason);
  Session* find_session(SessionRef ref);
  void execute(TimePoint now, Session& session, const wire::Up& up);
  void relay(TimePoint now, Session& session, const wire::Up& up);
  void say(TimePoint now, Session& session, std::string_view text);
  void enqueue(TimePoint now, Session& session, session::FrameMark mark, std::string_view payload);
  bool make_room(TimePoint now, Session& session, std::size_t bytes);
  void pump(Session& session);
  void send_close(Session& session);
  void report_accepted(Session& session);
  void cover(TimePoint now, Session& session, std::uint64_t written);
  void close_session(Session& session, std::uint16_t code, std::string_view text);
  void end_session(TimePoint now, Session& session, bool edge_is_known);

  // Messages
  struct Executed;
  void deliver(TimePoint now, User& user, Executed& entry, bool is_binary, std::string_view payload);
  void resolve(TimePoint now, User& user, const session::FrameMark& mark, bool was_written, bool is_sure,
               std::string_view payload = {});
  [[nodiscard]] Executed* find_executed(User& user, std::uint64_t origin, std::uint64_t counter);
  [[nodiscard]] bool has_had(const User& user, std::uint64_t origin, std::uint64_t counter) const;
  void accept_message(TimePoint now, User& user, PathId path, const wire::Message& message);
  void queue_visit(TimePoint now, User& user, PathId path, const wire::Message& message);
  void send_after(TimePoint now, const User& user, bool is_binary, std::string_view payload);
  void answer(Executed& entry, wire::ReceiptStatus status, std::uint64_t sessions);
  void refuse_message(PathId path, std::uint64_t counter, wire::RefuseReason reason, std::string_view node = {});
  bool is_repeat(User& user, PathId path, const wire::Message& message);
  void flush_held(TimePoint now, User& user);
  void expire_held(TimePoint now, User& user);
  void forget_settled(TimePoint now);
  [[nodiscard]] std::uint64_t settled_of(std::uint64_t origin) const;

  // Leaving
  void plan_evictions(TimePoint now, const ServiceView* before);
  void evict_in_turn(TimePoint now);
  void begin_eviction(TimePoint now, User& user);
  void hurry_leaving(TimePoint now);
  void stay(User& user);
  [[nodiscard]] std::string close_text(const ChangePolicy& policy);
  void release(TimePoint now, User& user);
  void answer_asker(PathId path, std::uint64_t hash, std::string_view uid, TimePoint now);

  const ServiceOptions options_;
  const Self self_;
  const std::uint8_t service_index_;
  Network& network_;
  Sender& sender_;
  std::pmr::memory_resource& pool_;
  std::shared_ptr<const View> view_;
  const ServiceView* service_ = nullptr;  ///< in view_

  Users users_;
  session::Slots<Session> sessions_;
  /// A relayed message of one of our sessions that waits for its receipt.
  struct RelayedSend {
    SessionRef session = 0;
    std::string to;
    std::string id;  ///< as the client wrote it, JSON
  };
  session::Slots<RelayedSend> relays_;
  std::vector<SessionRef> lazy_;     ///< owe the edge an `accepted`
  std::vector<SessionRef> orphans_;  ///< their link broke
  std::vector<UserKey> asking_;      ///< gained users with an unanswered question
  std::vector<UserKey> waiting_;     ///< users with held messages
  std::vector<UserKey> cleanup_;     ///< users with dedupe entries
  struct OriginState {
    std::uint64_t settled = 0;
    TimePoint heard;
  };
  std::unordered_map<std::uint64_t, OriginState> origins_;

  /// Nodes that left with their state: what they owned is made anew, and older messages are answered `unknown`.
  struct Loss {
    ring::HashRing ring;  ///< in which it owned
    std::string node;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;
    TimePoint until;
  };
  std::vector<Loss> losses_;

  /// The ring of a change that is done, for as long as its clients may still be on their way back.
  struct Closed {
    std::shared_ptr<const View> view;  ///< keeps `epoch`
    const OpenEpoch* epoch = nullptr;
    TimePoint until;
  };
  std::vector<Closed> closed_;
  struct Departed {
    std::uint64_t incarnation = 0;
    TimePoint at;  ///< when the document without it was adopted
  };
  std::vector<Departed> departed_;

  struct Eviction {
    std::uint64_t epoch = 0;
    double share = 0;  ///< of the change's rate, for this shard
    double allowance = 0;
    TimePoint last;
    std::vector<UserKey> queue;    ///< taken from the back
    std::vector<UserKey> leaving;  ///< their closes are under way
  };
  std::vector<Eviction> evictions_;
  std::map<std::uint64_t, DonorCount> donated_;
  std::map<std::uint64_t, ReceiverCount> received_;
  struct Evicted {
    std::uint64_t sessions = 0;
    std::uint64_t epoch = 0;
    TimePoint at;
  };
  std::map<UserKey, Evicted> evicted_;
  struct DeferredAsk {
    PathId path = 0;
    std::string uid;
    std::uint64_t epoch = 0;
    bool pull = false;
  };
  std::vector<DeferredAsk> deferred_asks_;

  HolderCounters counters_;
  TimePoint next_lazy_;
  TimePoint next_cleanup_;
  std::uint64_t jitter_;  ///< state of a small generator, for hints to clients only
};

}  // namespace wscluster::cluster
