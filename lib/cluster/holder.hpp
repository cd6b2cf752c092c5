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
#include "cluster/close_pace.hpp"
#include "cluster/counts.hpp"
#include "cluster/handler.hpp"
#include "cluster/memberships.hpp"
#include "cluster/options.hpp"
#include "cluster/sender.hpp"
#include "cluster/view.hpp"
#include "metrics/histogram.hpp"
#include "protocol/client_frame.hpp"
#include "protocol/filter.hpp"
#include "protocol/server_frames.hpp"
#include "session/frame_queue.hpp"
#include "session/permissions.hpp"
#include "session/session_id.hpp"
#include "session/slots.hpp"
#include "wire/user_state.hpp"

namespace wscluster::cluster {

/// Which shard of which life of which node.
struct Self {
  std::string name;
  std::uint64_t incarnation = 0;
  unsigned shard = 0;
  unsigned shards = 1;
};

struct HolderCounters {
  std::uint64_t messages_up = 0;
  std::uint64_t messages_down = 0;
  std::uint64_t unicasts = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t refusals = 0;
  std::uint64_t slow_consumers = 0;
  std::uint64_t dropped = 0;
  std::uint64_t moved = 0;               ///< sessions given to another holder
  std::uint64_t closed_for_change = 0;   ///< sessions
  std::uint64_t closed_by_operator = 0;  ///< sessions
  std::uint64_t handovers = 0;           ///< begun; repeats after a thaw count
  std::uint64_t thaws = 0;
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t installed = 0;  ///< users taken over
  std::uint64_t unreadable_snapshots = 0;
  std::uint64_t unhandled_events = 0;
  std::uint64_t failed_events = 0;  ///< answered with an error
  std::uint64_t missed = 0;         ///< sessions closed because something published is lost
  std::uint64_t receipts[6] = {};   ///< by ReceiptStatus
};

/// The users of one service on one shard: their sessions, messages to them, and how they move when the ring changes
/// (DESIGN sections 6 and 7). Pure: events in, frames out through Network, time given.
///
/// A user is with at most one active holder. Its life here:
///
///     unresolved ──all earlier owners say none──▶ active ──its turn, or an ask──▶ frozen ──prepared──▶ gone
///         └───────────snapshot──▶ passive ──release──▶ active ◀──declined, owner gone──┘
class Holder final : public ReceiptSink, private MembershipSink {
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

  /// Before the first session: who hears of them. Without one nobody does. Outlives this.
  void set_handler(Handler& handler) noexcept { handler_ = &handler; }

  void adopt(TimePoint now, std::shared_ptr<const View> view);
  void on_attach(TimePoint now, PathId path, const wire::Attach& attach);
  void on_up(TimePoint now, const wire::Up& up);
  void on_progress(TimePoint now, const wire::Progress& progress);
  void on_detach(TimePoint now, PathId path, const wire::Detach& detach);
  void on_evict(TimePoint now, const wire::Evict& evict);
  void on_message(TimePoint now, PathId path, const wire::Message& message);
  void on_settled(TimePoint now, const wire::Settled& settled);
  void on_ask(TimePoint now, PathId path, const wire::Ask& ask);
  void on_none(TimePoint now, PathId path, const wire::None& none);
  void on_snapshot(TimePoint now, PathId path, const wire::Snapshot& snapshot);
  void on_prepared(TimePoint now, const wire::Prepared& prepared);
  void on_release(TimePoint now, const wire::Release& release);
  void on_declined(TimePoint now, const wire::Declined& declined);
  void on_outcome(TimePoint now, const wire::Outcome& outcome);
  void on_subscribe(TimePoint now, PathId path, const wire::Subscribe& subscribe);
  void on_unsubscribe(TimePoint now, PathId path, const wire::Unsubscribe& unsubscribe);
  void on_copy_taken(TimePoint now, PathId path, const wire::CopyTaken& taken);
  /// What a group's sequencer says goes to these.
  [[nodiscard]] Memberships& memberships() noexcept { return memberships_; }
  void on_list(TimePoint now, PathId path, const wire::ListSessions& request) const;
  void on_order(TimePoint now, PathId path, const wire::Order& order);
  void on_link_down(TimePoint now, LinkId link);
  /// Of a relayed message of one of our sessions.
  void on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) override;
  /// To the event of that number.
  void on_reply(TimePoint now, std::uint64_t number, EventReply reply);
  /// About every 10 ms.
  void tick(TimePoint now);
  /// Between ticks, as often as may be: begins one user whose turn it is, so that they do not go in heaps. False: it is
  /// nobody's.
  bool continue_moves(TimePoint now);

  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
  [[nodiscard]] std::size_t users() const noexcept { return users_.size(); }
  [[nodiscard]] std::size_t sessions_of(std::string_view uid) const;
  /// Of which an active state is here.
  [[nodiscard]] bool is_active(std::string_view uid) const;
  /// Sessions whose owner is another node.
  [[nodiscard]] std::size_t misplaced() const noexcept { return misplaced_; }
  /// How long each one was that is no longer: from the epoch's adoption here to its hand-over, its end, or another
  /// epoch that gave it back.
  [[nodiscard]] const metrics::Histogram& misplaced_times() const noexcept { return misplaced_times_; }
  /// Users that wait for their turn or are on their way.
  [[nodiscard]] std::size_t moves_pending() const noexcept;
  /// Of sessions that are here, or have moved: their receipts are expected here.
  [[nodiscard]] std::size_t open_sends() const noexcept { return sends_.size(); }
  [[nodiscard]] const std::map<std::uint64_t, DonorCount>& donated() const noexcept { return donated_; }
  [[nodiscard]] std::map<std::uint64_t, ReceiverCount>& received() noexcept { return received_; }
  [[nodiscard]] const HolderCounters& counters() const noexcept { return counters_; }

 private:
  struct Client;
  struct Session;
  struct User;
  struct Group;
  struct Interest;
  struct Execution;
  struct Executed;
  struct Visit;
  struct Arrival;
  struct Departure;
  struct Outcome;
  struct OwnSend;
  struct Forwarded;
  struct Move;
  using SessionRef = std::uint64_t;
  /// Ordered by hash, so that the sessions of an arc are found in O(log n + found).
  struct UserKey {
    std::uint64_t hash = 0;
    std::string uid;
    friend auto operator<=>(const UserKey&, const UserKey&) = default;
  };
  using Users = std::map<UserKey, std::unique_ptr<User>>;

  // Users (holder.cpp)
  [[nodiscard]] User* find_user(std::uint64_t hash, std::string_view uid) const;
  [[nodiscard]] User* find_user(std::string_view uid) const;
  User& make_user(std::uint64_t hash, std::string_view uid);
  void inherit_losses(User& user) const;
  void erase_user_if_idle(User& user);
  void erase_user(User& user);
  [[nodiscard]] bool owns(std::uint64_t hash) const;
  [[nodiscard]] bool is_us(const ring::Member& member) const;
  void remember_losses(TimePoint now, const ServiceView* before);
  void remember_losses_of(TimePoint now, const OpenEpoch& open);
  void tick_slowly(TimePoint now);

  // Who holds a user that we gained (holder_asking.cpp)
  void start_asking(TimePoint now, User& user);
  void continue_asking(TimePoint now, User& user);
  void ask_again(TimePoint now);
  void resolve_user(TimePoint now, User& user);
  void work_off_visits(TimePoint now, User& user);
  void work_off(TimePoint now, const Visit& visit);
  void refuse_visit(const Visit& visit);
  void refuse_visits(User& user);
  void expire_visits(TimePoint now, User& user);
  void end_visit(const Visit& visit);
  void answer_none(PathId path, std::string_view uid);

  // The state as it travels (holder_snapshot.cpp)
  [[nodiscard]] std::string encode_user(TimePoint now, const User& user) const;
  void install(TimePoint now, User& user, const wire::UserState& state);
  void install_session(TimePoint now, User& user, const wire::SessionState& state);
  void install_client(Client& client, const wire::SessionState& state);
  void install_frame(Session& session, const wire::FrameState& frame);

  // Taking over (holder_arrival.cpp)
  [[nodiscard]] bool may_take(const wire::Snapshot& snapshot, std::uint64_t hash) const;
  bool take_part(PathId path, User& user, const wire::Snapshot& snapshot);
  void decline(PathId path, const wire::Snapshot& snapshot);
  void tell_prepared(PathId path, const User& user);
  void activate(TimePoint now, User& user);
  void drop_parts(User& user);
  void review_arrivals(TimePoint now);
  void repeat_prepared(TimePoint now);

  // Handing over (holder_departure.cpp)
  void plan_moves(TimePoint now, const ServiceView* before);
  [[nodiscard]] std::vector<User*> users_between(const ring::HashRing& from, const ring::Plan& plan) const;
  void move_nothing();
  void plan_user(User& user, std::uint64_t epoch);
  void stay(TimePoint now, User& user);
  void settle(TimePoint now, const User& user, std::size_t sessions);
  void move_in_turn(TimePoint now);
  bool begin_next(TimePoint now, std::uint64_t epoch, Move& move);
  void begin_move(TimePoint now, User& user);
  void send_parts(User& user);
  void release(TimePoint now, User& user);
  [[nodiscard]] PathId path_to_owner(std::uint64_t incarnation, std::string_view uid) const;
  void refuse_parked(const Departure& departure);
  void move_session(Session& session, std::uint64_t state_epoch);
  void thaw(TimePoint now, User& user);
  void put_back(TimePoint now, User& user);
  void hurry_departures(TimePoint now);
  template <class F>
  void park(User& user, PathId path, const F& frame);
  [[nodiscard]] bool has_room_to_park(const User& user) const;
  void finish_changes();

  // Closing for a change that closes everybody (holder_closing.cpp)
  Move& closing_move(TimePoint now, std::uint64_t epoch);
  void set_pace(TimePoint now, Move& move, std::uint64_t epoch, double part);
  void note_policy(Move& move, std::uint64_t epoch) const;
  void plan_closes(TimePoint now, std::uint64_t epoch);
  void close_in_turn(TimePoint now);
  void evict_session(TimePoint now, Session& session, std::uint64_t evicted, std::uint16_t code, std::string_view text);
  void close_for_change(TimePoint now, Session& session, std::uint64_t epoch, std::uint16_t code,
                        std::string_view text);
  [[nodiscard]] bool is_closing_for_change(const User& user) const;

  // What operators and applications ask and order (holder_listing.cpp, holder_orders.cpp)
  struct Stretch {
    std::vector<User*> users;
    bool has_more = false;
  };
  [[nodiscard]] Stretch users_behind(std::string_view after, std::string_view in_group, std::size_t most) const;
  void describe_session(TimePoint now, const Session& session, std::vector<wire::SessionEntry>& entries) const;
  [[nodiscard]] static wire::Finding finding_of(const User* user);
  [[nodiscard]] User* find_user_of(const session::SessionId& id) const;
  void order_one(TimePoint now, Execution& execution);
  void order_everybody(TimePoint now, Execution& execution);
  bool order_user(TimePoint now, const User& user, Execution& execution);
  [[nodiscard]] bool is_meant(const Session& session, const Execution& execution) const;
  bool send_to(TimePoint now, const User& user, Execution& execution);
  void carry_out(TimePoint now, Session& session, Execution& execution);
  bool close_by_operator(TimePoint now, Session& session, std::uint16_t code, std::string_view text);

  // The same for groups and permissions (holder_group_orders.cpp)
  bool order_joins(TimePoint now, Session& session, Execution& execution);
  void order_leaves(TimePoint now, Session& session, const wire::Order& order);
  void order_permission(Session& session, Execution& execution);
  void finish_order(PathId path, Execution& execution);
  void order_joined(SessionRef ref, std::string_view group_key);
  void order_ended(SessionRef ref);
  [[nodiscard]] bool is_in_group(const Session& session, std::string_view group) const;

  // Sessions (holder_sessions.cpp)
  void attach(TimePoint now, User& user, PathId path, const wire::Attach& request);
  void count_return(TimePoint now, User& user);
  void answer_attached(const Session& session);
  void refuse_attach(PathId path, const wire::Attach& attach, wire::RefuseReason reason);
  /// References outside of the slots carry the service in the top byte.
  [[nodiscard]] static std::uint64_t slot_of(SessionRef ref) noexcept { return ref & ((SessionRef{1} << 56U) - 1); }
  [[nodiscard]] Session* find_session(SessionRef ref) const;
  [[nodiscard]] Session* find_session(const User& user, const session::SessionId& id) const;
  Session& add_session(User& user, const session::SessionId& id);
  void say(TimePoint now, Session& session, std::uint64_t position, std::string_view text);
  void enqueue(TimePoint now, Session& session, session::FrameMark mark, std::string_view payload);
  void enqueue_message(TimePoint now, Session& session, session::FrameMark mark, const session::SharedPayload& message);
  [[nodiscard]] bool is_outbox_full(const Session& session, std::size_t bytes) const;
  bool make_room(TimePoint now, Session& session, std::size_t bytes);
  void drop(TimePoint now, Session& session, const session::FrameMark& mark);
  void pump(Session& session);
  void render(const Session& session, const session::FrameQueue::Node& node, wire::Down& down);
  void close_slow(Session& session);
  void send_close(Session& session);
  void report_answered(Session& session);
  void forget_unanswered(Session& session, std::uint64_t position);
  void collect_unanswered(Session& session);
  void cover(TimePoint now, Session& session, std::uint64_t written);
  void close_session(Session& session, std::uint16_t code, std::string_view text);
  void end_session(TimePoint now, Session& session, bool edge_is_known);
  void on_socket_end(TimePoint now, Session& session, std::uint64_t code);
  void hurry_closing(TimePoint now);

  // Clients that speak a subprotocol (holder_clients.cpp)
  [[nodiscard]] static std::unique_ptr<Client> make_client(std::string_view profile);
  [[nodiscard]] static std::string encode_client(const Client& client);
  void greet(TimePoint now, Session& session, std::string_view token);
  void recover(TimePoint now, Session& before, std::string_view token);
  void keep_away(TimePoint now, Session& session);
  [[nodiscard]] std::optional<std::uint64_t> keep_unacknowledged(Session& session,
                                                                 const session::SharedPayload& message);
  bool execute_frame(TimePoint now, Session& session, const wire::Up& up);
  [[nodiscard]] bool is_in_flight(const Session& session, std::uint64_t ack_id) const;
  void execute_behind_close(TimePoint now, Session& session, const wire::Up& up);
  void postpone(Session& session, const wire::Up& up);
  bool execute_simple(TimePoint now, Session& session, const wire::Up& up);
  void tell_disconnected(TimePoint now, Session& session, std::string_view reason);
  void refuse_frame(TimePoint now, Session& session, std::uint16_t code, std::string_view text);
  void say_ack(TimePoint now, Session& session, const OwnSend& send, const Outcome& outcome);
  bool send_to_group(TimePoint now, Session& session, const protocol::ClientFrame& frame);
  bool say_error(TimePoint now, Session& session, std::optional<std::uint64_t> ack_id, protocol::AckError error,
                 std::string_view message);

  // What the application hears and answers (holder_events.cpp)
  template <class Tell>
  void with_caller(const Session& session, Tell tell) const;
  void tell_connected(const Session& session);
  void tell_gone(const Session& session);
  bool send_event(TimePoint now, Session& session, const ClientEvent& event, std::optional<std::uint64_t> ack_id);
  bool send_raw_event(TimePoint now, Session& session, const wire::Up& up);
  void answer_event(TimePoint now, Session& session, const OwnSend& send, const Outcome& outcome);

  // Own sends of sessions (holder_sends.cpp)
  void execute(TimePoint now, Session& session, const wire::Up& up);
  void relay(TimePoint now, Session& session, const wire::Up& up);
  void settle_send(TimePoint now, std::uint64_t number, const Outcome& outcome);
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> name_of_send(const OwnSend& send, std::uint64_t number) const;
  void forward_outcome(TimePoint now, const OwnSend& send, std::uint64_t number, const Outcome& outcome);
  void send_outcome(Forwarded& forwarded);
  void repeat_outcomes(TimePoint now);
  void work_off_ups(TimePoint now, SessionRef ref);
  void inherit_send(TimePoint now, Session& session, const wire::OwnSendState& state);
  void expire_inherited(TimePoint now);
  void release_sends(TimePoint now, const Session& session, const Departure& departure);
  void thaw_sends(TimePoint now, const User& user);

  // Groups that clients join and leave (holder_members.cpp)
  [[nodiscard]] bool may_be_in_another(const Session& session, std::string_view group_key) const;
  bool join_group(TimePoint now, Session& session, const protocol::ClientFrame& frame);
  bool leave_group(TimePoint now, Session& session, const protocol::ClientFrame& frame);
  void join_first_groups(TimePoint now, Session& session);
  void join_on_arrival(TimePoint now, Session& session);
  void answer_join(TimePoint now, Session& session, std::string_view group);
  void say_success(TimePoint now, Session& session, std::uint64_t position, std::optional<std::uint64_t> ack_id);
  void on_joined(TimePoint now, std::uint64_t member, std::string_view group) override;
  void on_missed(TimePoint now, std::uint64_t member, std::string_view group) override;
  std::size_t on_copy(TimePoint now, const std::vector<std::uint64_t>& members, const wire::Copy& copy) override;
  [[nodiscard]] bool can_fan_out(const Session& session, std::size_t bytes) const;
  [[nodiscard]] std::vector<wire::MembershipState> memberships_of(const Session& session) const;
  void install_memberships(Session& session, const wire::SessionState& state);

  // What the owner of a group does (holder_groups.cpp)
  Group& group_of(TimePoint now, User& user);
  void gather(TimePoint now, Group& group) const;
  void publish(TimePoint now, User& user, Executed& entry, const wire::Message& message);
  void wait_for_copies(User& user, std::uint64_t above);
  void send_copies(const User& user, const Interest& interest, std::uint64_t above);
  void trim(TimePoint now, User& user);
  void take_through(TimePoint now, User& user, Interest& interest, std::uint64_t sequence, std::uint64_t sessions);
  void drop_interest(TimePoint now, User& user, std::uint64_t incarnation, unsigned shard);
  void refuse_subscribe(PathId path, const wire::Subscribe& subscribe);
  void watch_group(User& user);
  void ask_interest(const User& user, PathId path) const;
  void tick_groups(TimePoint now);
  void encode_group(const Group& group, wire::UserState& state) const;
  void install_group(TimePoint now, User& user, const wire::GroupState& state);

  // Messages (holder_messages.cpp)
  void deliver(TimePoint now, User& user, Executed& entry, const session::SharedPayload& message,
               const wire::Message* audience);
  [[nodiscard]] bool is_meant(const Session& session, std::string_view only, std::string_view excluded,
                              const protocol::Filter& filter) const;
  /// Of a message at one session.
  struct Fate {
    bool was_written = false;
    bool is_sure = false;   ///< that it was or was not
    bool may_keep = false;  ///< for the next session, if nobody has it
  };
  void resolve(TimePoint now, User& user, const session::FrameMark& mark, Fate fate,
               const session::SharedPayload& message = {});
  [[nodiscard]] Executed* find_executed(User& user, std::uint64_t origin, std::uint64_t counter);
  [[nodiscard]] bool has_had(const User& user, std::uint64_t origin, std::uint64_t counter) const;
  void accept_message(TimePoint now, User& user, PathId path, const wire::Message& message);
  void queue_visit(TimePoint now, User& user, PathId path, const wire::Message& message);
  void hold(TimePoint now, User& user, Executed& entry, const wire::Message& message);
  [[nodiscard]] Duration inbox_time() const noexcept;
  void keep(TimePoint now, User& user, Executed& entry, TimePoint deadline, Duration lifetime,
            session::SharedPayload message);
  [[nodiscard]] bool has_inbox_room(const User& user, std::size_t bytes) const;
  void answer(TimePoint now, User& user, Executed& entry, wire::ReceiptStatus status, std::uint64_t sessions);
  void tell(const Executed& entry);
  void refuse_message(PathId path, std::uint64_t counter, wire::RefuseReason reason);
  bool is_repeat(User& user, PathId path, const wire::Message& message, bool is_active);
  void flush_held(TimePoint now, User& user);
  void expire_held(TimePoint now, User& user);
  void wait_for_return(User& user);
  void clean_up_later(User& user);
  /// Of a slice of the users, so that nobody waits for all of them.
  void forget_settled(TimePoint now);
  [[nodiscard]] std::uint64_t settled_of(std::uint64_t origin) const;

  // Requests that applications may repeat (holder_requests.cpp)
  bool joins_request(TimePoint now, User& user, Executed& entry, std::string_view id);
  void settle_request(TimePoint now, User& user, const Executed& first);
  static void forget_requests(TimePoint now, User& user);

  const ServiceOptions options_;
  const Self self_;
  const std::uint8_t service_index_;
  Network& network_;
  Sender& sender_;
  std::pmr::memory_resource& pool_;
  Handler* handler_ = nullptr;
  Memberships memberships_;
  std::shared_ptr<const View> view_;
  const ServiceView* service_ = nullptr;  ///< in view_

  Users users_;
  session::Slots<Session> sessions_;
  /// What became of a session's own send.
  struct Outcome {
    wire::ReceiptStatus status = wire::ReceiptStatus::unknown;
    std::uint64_t sessions = 0;
    std::string node;
    std::uint64_t epoch = 0;
    Clock::duration latency{};
    std::shared_ptr<const EventReply> reply;  ///< to an event; null: nobody knows what became of it
  };
  /// A message or an event that one of our sessions sends and whose answer it waits for. When the session moves while
  /// it is open, the outcome goes after it: the entry stays here until then, and the new holder has one of its own.
  struct OwnSend {
    SessionRef session = 0;  ///< 0: has moved
    wire::SendPurpose purpose = wire::SendPurpose::relay;
    std::string to;                       ///< key of the recipient, or name of the event
    std::string id;                       ///< as the client wrote it, JSON
    std::uint64_t position = 0;           ///< of the client's frame; 0: of a socket that is gone
    std::optional<std::uint64_t> ack_id;  ///< of a client with a subprotocol that wants an ack
    // Begun at an earlier holder:
    std::uint64_t begun_by = 0;  ///< incarnation; 0: here
    std::uint64_t number = 0;    ///< there
    TimePoint deadline;
    // Answered while the user was frozen or passive:
    std::optional<Outcome> outcome;
    // The session has moved to:
    std::string uid;
    std::string node;
    std::uint64_t incarnation = 0;
  };
  /// An outcome on its way to where the session is now.
  struct Forwarded {
    OwnSend send;
    std::uint64_t number = 0;
    Outcome outcome;
    PathId path = 0;  ///< 0: it may not have arrived
    TimePoint until;
  };
  session::Slots<OwnSend> sends_;
  std::vector<Forwarded> forwarded_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> inherited_;  ///< (begun_by, number) -> in sends_
  std::vector<SessionRef> lazy_;                                                ///< owe the edge an `answered`
  std::vector<SessionRef> orphans_;                                             ///< no edge is attached to them
  std::vector<SessionRef> closing_;   ///< closed for a change, and the socket is not gone yet
  std::vector<UserKey> asking_;       ///< gained users with an unanswered question
  std::vector<UserKey> waiting_;      ///< users with held messages, or expected back
  std::vector<UserKey> cleanup_;      ///< users with dedupe entries
  std::vector<UserKey> cleaning_;     ///< of them, those whose turn it still is in this round
  std::size_t cleanup_slice_ = 0;     ///< at a time: a round takes as long as the next one is away
  std::vector<UserKey> groups_here_;  ///< groups that we own, or own still
  struct Origin {
    std::uint64_t settled = 0;
    TimePoint heard;
  };
  std::unordered_map<std::uint64_t, Origin> origins_;

  /// Nodes that left with their state: what they owned is made anew, and older messages are answered `unknown`.
  struct Loss {
    ring::HashRing ring;           ///< in which it owned
    std::uint64_t ring_epoch = 0;  ///< of that ring; it may have owned others in another one
    std::string node;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0;  ///< without it
    TimePoint at;
    TimePoint until;
  };
  std::vector<Loss> losses_;

  /// What this shard has to do for the change to one epoch.
  struct Move {
    double share = 0;            ///< of the change's closes, for this shard
    TimePoint since;             ///< adopted
    std::size_t users = 0;       ///< planned and still here
    std::vector<UserKey> queue;  ///< wait for their turn; taken from the back
    Clock::duration interval{};  ///< from one that begins to the next
    TimePoint next;              ///< not before it does one begin
    struct Later {
      TimePoint at;
      UserKey key;
    };
    std::vector<Later> later;  ///< could not go when it was their turn
    // A change that closes everybody:
    std::optional<ClosePace> pace;
    ChangePolicy policy;  ///< kept, because the change is done before all that were handed on are closed
    std::vector<SessionRef> closing;
  };
  std::map<std::uint64_t, Move> moves_;
  std::vector<UserKey> departing_;  ///< frozen
  std::vector<UserKey> arriving_;   ///< a part of their state is here, or all of it, passive
  std::uint64_t departing_bytes_ = 0;
  std::size_t departing_users_ = 0;
  std::uint64_t last_handover_ = 0;
  std::size_t misplaced_ = 0;
  metrics::Histogram misplaced_times_{metrics::change_bounds};
  std::map<std::uint64_t, DonorCount> donated_;
  std::map<std::uint64_t, ReceiverCount> received_;
  struct DeferredAsk {
    PathId path = 0;
    std::string uid;
    std::uint64_t epoch = 0;
  };
  std::vector<DeferredAsk> deferred_asks_;
  /// An order whose joins are not all known to be done.
  struct OpenOrder {
    PathId path = 0;
    wire::Sessions answer;
    std::string through;
    std::size_t joins = 0;
  };
  session::Slots<OpenOrder> open_orders_;
  std::map<std::pair<SessionRef, std::string>, std::vector<std::uint64_t>> ordered_joins_;  ///< in open_orders_

  protocol::ClientFrameParser parser_;
  std::string rendered_;  ///< of the frame that is sent now
  HolderCounters counters_;
  TimePoint next_lazy_;
  TimePoint next_groups_;
  TimePoint next_cleanup_;
  std::uint64_t jitter_;  ///< state of a small generator, for hints to clients only
};

}  // namespace wscluster::cluster
