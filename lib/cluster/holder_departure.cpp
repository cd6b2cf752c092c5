// SPDX-License-Identifier: MIT
// Handing a user over: planned by an epoch, frozen, sent, released; or thawed and tried again.
#include <algorithm>
#include <limits>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "ring/plan.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// On their way at the same time, unless they are asked for.
constexpr std::size_t window_users = 256;
constexpr std::size_t window_bytes = 16U << 20U;
/// Between the begin of one and the next one of the same change, or less so that all are done in time: who stays must
/// not wait for those that go. What is behind is caught up with for a tick at most.
constexpr Clock::duration longest_interval = 2500us;
constexpr Duration longest_move = 20s;
constexpr Duration tick_interval = 10ms;
/// A part of a state, and how many bytes may be ahead of the owner's answer.
constexpr std::size_t part_bytes = 256U << 10U;
constexpr std::size_t bytes_ahead = 4U << 20U;
constexpr Duration handover_delay = 20ms;
constexpr Duration longest_handover_delay = 500ms;
/// Kept for a frozen user; beyond it senders are refused and try again.
constexpr std::size_t most_parked_bytes = 4U << 20U;

std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 31U)) * 0x9E3779B97F4A7C15U;
  return value ^ (value >> 29U);
}

template <class... F>
struct Overloads : F... {
  using F::operator()...;
};
template <class... F>
Overloads(F...) -> Overloads<F...>;

wire::Frame frame_of(std::string_view bytes) {
  wire::Raw raw;
  static_cast<void>(wire::cut(bytes, bytes.size(), raw));
  return wire::decode(raw).value();
}

/// The epochs above `known` with their rings, oldest first. `open` leaves out an epoch whose owners the next one has,
/// too, and those before the first change that is not done; the change to the former is waited for all the same.
std::vector<std::pair<std::uint64_t, const ring::HashRing*>> steps_since(const ServiceView& service,
                                                                         std::uint64_t known) {
  std::vector<std::pair<std::uint64_t, const ring::HashRing*>> steps;
  auto open = service.open.begin();
  std::uint64_t epoch = open == service.open.end() ? service.epoch() : std::max(known + 1, open->epoch);
  for (; epoch <= service.epoch(); ++epoch) {
    while (open != service.open.end() && open->epoch < epoch)
      ++open;
    steps.emplace_back(epoch, open == service.open.end() ? &service.ring : &open->ring);
  }
  return steps;
}

}  // namespace

// ---- what an epoch takes away

void Holder::plan_moves(TimePoint now, const ServiceView* before) {
  // An earlier life of our name may be a donor that is not done.
  const auto may_donate = [&](const ring::HashRing& ring) {
    const ring::Member* member = ring.find(self_.name);
    return member != nullptr && is_us(*member);
  };
  if (before == nullptr) {
    // Changes that were made before we looked for the first time: nothing was ever here.
    for (const OpenEpoch& open : service_->open)
      if (may_donate(open.ring)) donated_[open.epoch + 1].is_done = true;
    return;
  }
  const auto steps = steps_since(*service_, before->epoch());
  const ring::HashRing* from = &before->ring;
  ring::Plan plan;
  for (const auto& [epoch, to] : steps) {
    plan = ring::plan(*from, *to);
    double ours = 0;
    for (const auto& move : plan.moves())
      ours += plan.name(move.from) == self_.name ? move.share : 0;
    if (may_donate(*from)) donated_[epoch];
    Move& move = moves_[epoch];
    move.share = plan.share() > 0 ? ours / plan.share() / self_.shards : 0;
    move.since = now;
    set_pace(now, move, epoch, part_of_all_closes(*from, plan, self_.name));
    from = to;
  }
  const auto step_of = [&](std::uint64_t hash) {
    for (const auto& [epoch, ring] : steps) {
      const ring::Member* owner = ring->owner_of(hash);
      if (owner == nullptr || !is_us(*owner)) return epoch;
    }
    return service_->epoch();
  };
  if (steps.size() != 1) plan = ring::plan(before->ring, service_->ring);
  for (User* user : users_between(before->ring, plan)) {
    if (!user->is_held()) continue;
    if (owns(user->key->hash)) {
      if (user->leaves != 0 && user->phase != User::Phase::frozen) stay(now, *user);
    } else if (user->leaves == 0) {
      plan_user(*user, step_of(user->key->hash));
    }
  }
  for (const auto& [epoch, ring] : steps) {
    plan_closes(now, epoch);
    // Neighbours on the ring must not go together.
    Move& move = moves_[epoch];
    std::sort(move.queue.begin(), move.queue.end(),
              [](const UserKey& a, const UserKey& b) { return mix(a.hash) < mix(b.hash); });
    // The owners adopt the epoch now, too, and until then would decline.
    move.next = now + tick_interval;
    move.interval =
        std::min<Clock::duration>(longest_interval, longest_move / std::max<std::size_t>(1, move.queue.size()));
  }
  // What waited for another owner or another epoch.
  for (auto& [epoch, move] : moves_) {
    for (auto& later : move.later)
      later.at = now;
  }
}

/// Whom `plan`, from that ring to today's, may give to us or take from us: those in the arcs that touch our name, or
/// all when the name was not ours alone. The others need not even be looked at.
std::vector<Holder::User*> Holder::users_between(const ring::HashRing& from, const ring::Plan& plan) const {
  std::vector<User*> found;
  const auto add = [&](Users::const_iterator first, Users::const_iterator last) {
    for (; first != last; ++first)
      found.push_back(first->second.get());
  };
  const auto is_other_life = [&](const ring::HashRing& ring) {
    const ring::Member* member = ring.find(self_.name);
    return member != nullptr && !is_us(*member);
  };
  if (is_other_life(from) || is_other_life(service_->ring)) {
    add(users_.begin(), users_.end());
    return found;
  }
  const auto after = [&](std::uint64_t hash) {
    return hash == std::numeric_limits<std::uint64_t>::max() ? users_.end() : users_.lower_bound({hash + 1, {}});
  };
  for (const ring::Plan::Arc& arc : plan.arcs()) {
    if (plan.name(arc.from) != self_.name && plan.name(arc.to) != self_.name) continue;
    if (arc.start < arc.end) {
      add(after(arc.start), after(arc.end));
    } else {
      add(after(arc.start), users_.end());
      add(users_.begin(), after(arc.end));
    }
  }
  return found;
}

/// Delivery::broadcast: we are done with every change that somebody waits for.
void Holder::move_nothing() {
  for (const ring::OpenMembership& open : service_->document->open)
    donated_[open.epoch + 1].is_done = true;
  donated_[service_->epoch()].is_done = true;
}

void Holder::plan_user(User& user, std::uint64_t epoch) {
  user.leaves = epoch;
  user.attempts = 0;
  Move& move = moves_[epoch];
  ++move.users;
  move.queue.push_back(*user.key);
  misplaced_ += user.sessions.size();
  for (const SessionRef ref : user.sessions) {
    Session& session = *find_session(ref);
    if (session.planned != 0) continue;
    session.planned = epoch;
    ++donated_[epoch].planned;
  }
}

/// A later epoch brought the user back before it had gone.
void Holder::stay(TimePoint now, User& user) {
  for (const SessionRef ref : user.sessions) {
    Session& session = *find_session(ref);
    if (session.planned == 0 || session.closes != 0) continue;
    ++donated_[session.planned].gone;
    session.planned = 0;
  }
  settle(now, user, user.sessions.size());
  --moves_[user.leaves].users;
  user.leaves = 0;
  user.askers.clear();
}

/// So many of the user's sessions are misplaced no longer.
void Holder::settle(TimePoint now, const User& user, std::size_t sessions) {
  if (user.leaves == 0) return;
  misplaced_ -= sessions;
  const TimePoint since = moves_.at(user.leaves).since;
  for (; sessions > 0; --sessions)
    misplaced_times_.observe(now - since);
}

void Holder::finish_changes() {
  std::erase_if(moves_, [&](const auto& entry) {
    const auto& [epoch, move] = entry;
    const auto donated = donated_.find(epoch);
    if (donated != donated_.end()) donated->second.closing = move.closing.size();
    if (move.users != 0 || !move.closing.empty()) return false;
    if (donated != donated_.end()) donated->second.is_done = true;
    // Sessions to be closed may still come; they are at the same pace.
    return !service_->is_change_open(epoch);
  });
  std::erase_if(donated_,
                [&](const auto& entry) { return entry.second.is_done && !service_->is_change_open(entry.first); });
}

std::size_t Holder::moves_pending() const noexcept {
  std::size_t count = 0;
  for (const auto& [epoch, move] : moves_)
    count += move.users;
  return count;
}

// ---- whose turn it is

void Holder::move_in_turn(TimePoint now) {
  for (auto& [epoch, move] : moves_) {
    std::erase_if(move.later, [&, &queue = move.queue](const Move::Later& later) {
      const bool is_due = now >= later.at;
      if (is_due) queue.push_back(later.key);
      return is_due;
    });
    while (begin_next(now, epoch, move)) {
    }
  }
}

bool Holder::begin_next(TimePoint now, std::uint64_t epoch, Move& move) {
  while (!move.queue.empty() && now >= move.next) {
    if (departing_users_ >= window_users || departing_bytes_ >= window_bytes) return false;
    const UserKey key = std::move(move.queue.back());
    move.queue.pop_back();
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || user->leaves != epoch || user->phase != User::Phase::active) continue;
    begin_move(now, *user);
    move.next = std::max(move.next, now - tick_interval) + move.interval;
    return true;
  }
  return false;
}

bool Holder::continue_moves(TimePoint now) {
  for (auto& [epoch, move] : moves_)
    if (begin_next(now, epoch, move)) return true;
  return false;
}

void Holder::put_back(TimePoint now, User& user) {
  const Duration delay =
      std::min<Duration>(handover_delay * (1U << std::min(user.attempts, 5U)), longest_handover_delay);
  ++user.attempts;
  moves_[user.leaves].later.push_back({now + delay, *user.key});
}

/// From now on nothing is executed, delivered or answered here; what comes is kept.
void Holder::begin_move(TimePoint now, User& user) {
  if (user.leaves == 0) plan_user(user, service_->epoch());
  const ring::Member* owner = service_->ring.owner_of(user.key->hash);
  const Peer* peer = owner == nullptr ? nullptr : view_->peer(owner->name, owner->incarnation);
  const PathId path = path_to_shard(network_, peer, user.key->hash);
  if (path == 0) {
    put_back(now, user);
    return;
  }
  user.phase = User::Phase::frozen;
  user.departure = std::make_unique<Departure>();
  Departure& departure = *user.departure;
  departure.handover = ++last_handover_;
  departure.node = peer->name;
  departure.incarnation = peer->incarnation;
  departure.epoch = service_->epoch();
  departure.path = path;
  departure.bytes = encode_user(now, user);
  for (const SessionRef ref : user.sessions)
    memberships_.hold(ref);
  departing_.push_back(*user.key);
  ++departing_users_;
  departing_bytes_ += departure.bytes.size();
  counters_.snapshot_bytes += departure.bytes.size();
  ++counters_.handovers;
  send_parts(user);
}

/// As many as may be ahead of the owner's answer.
void Holder::send_parts(User& user) {
  Departure& departure = *user.departure;
  const std::size_t until = std::min(departure.bytes.size(), departure.taken + bytes_ahead);
  while (departure.sent < until) {
    const std::string_view part = std::string_view(departure.bytes).substr(departure.sent, part_bytes);
    const bool is_sent = network_.send(
        departure.path, wire::Snapshot{options_.name, user.key->uid, departure.handover, departure.epoch, self_.name,
                                       self_.incarnation, self_.shard, departure.sent, departure.bytes.size(), part});
    if (!is_sent) {
      departure.path = 0;
      return;
    }
    departure.sent += part.size();
  }
}

// ---- what the owner says

void Holder::on_prepared(TimePoint now, const wire::Prepared& prepared) {
  User* user = find_user(prepared.uid);
  const bool is_open = user != nullptr && user->phase == User::Phase::frozen &&
                       user->departure->handover == prepared.handover &&
                       user->departure->incarnation == prepared.incarnation;
  if (is_open && !prepared.is_installed) {
    user->departure->taken = std::max<std::size_t>(user->departure->taken, prepared.taken);
    send_parts(*user);
  } else if (is_open) {
    // The old way may have broken meanwhile.
    user->departure->path = path_to_owner(prepared.incarnation, prepared.uid);
    release(now, *user);
  } else if (prepared.is_installed && service_ != nullptr) {
    // Released before, and the release was lost with its link. A life outside of the document takes over nothing.
    const auto& members = service_->ring.members();
    const bool is_member = std::any_of(members.begin(), members.end(), [&](const ring::Member& member) {
      return member.incarnation == prepared.incarnation;
    });
    if (is_member) {
      network_.send(path_to_owner(prepared.incarnation, prepared.uid),
                    wire::Release{options_.name, prepared.uid, prepared.handover, self_.incarnation});
    }
  }
}

/// An answer would go to the core that holds the link there, which need not be the shard of the uid.
PathId Holder::path_to_owner(std::uint64_t incarnation, std::string_view uid) const {
  return path_to_shard(network_, view_->peer_of(incarnation), service_->hash_of(uid));
}

void Holder::on_declined(TimePoint now, const wire::Declined& declined) {
  User* user = find_user(declined.uid);
  if (user != nullptr && user->phase == User::Phase::frozen && user->departure->handover == declined.handover)
    thaw(now, *user);
}

/// Irrevocable. Edges hear of it before anything is forgotten; what we still owe a receipt for is refused, so that it
/// goes to the new holder, whose dedupe knows it.
void Holder::release(TimePoint now, User& user) {
  const std::unique_ptr<Departure> departure = std::move(user.departure);
  for (const SessionRef ref : user.sessions)
    move_session(*find_session(ref), departure->epoch);
  network_.send(departure->path, wire::Release{options_.name, user.key->uid, departure->handover, self_.incarnation});
  refuse_parked(*departure);
  for (const Executed& entry : user.executed) {
    if (!entry.is_answered) refuse_message(entry.path, entry.counter, wire::RefuseReason::not_owner);
  }
  for (const PathId asker : user.askers)
    answer_none(asker, user.key->uid);
  departing_bytes_ -= departure->bytes.size();
  --departing_users_;
  settle(now, user, user.sessions.size());
  for (const SessionRef ref : user.sessions) {
    release_sends(now, *find_session(ref), *departure);
    memberships_.leave_all(now, ref);
    find_session(ref)->queue.clear(pool_, [](const session::FrameQueue::Node&, bool) {});
    sessions_.erase(slot_of(ref));
  }
  erase_user(user);
}

/// Tells the edge, and counts. A direct client's socket is its edge's to close and to count, and a session that is to
/// be closed its new holder's. `state_epoch`: a later change is not in the state that has gone.
void Holder::move_session(Session& session, std::uint64_t state_epoch) {
  wire::Moved moved{session.edge, session.number, service_->epoch(), 0, 0};
  if (session.planned != 0) {
    const ChangePolicy* policy = service_->policy_of(session.planned);
    const Evict evict = policy == nullptr ? Evict::moved : policy->evict;
    const bool is_direct = session.path != 0 && network_.is_local(session.path);
    if (session.closes != 0 && session.closes <= state_epoch) {
      DonorCount& count = donated_[session.planned];
      ++(session.planned == session.closes ? count.handed_on : count.closed);
    } else if (is_direct && evict == Evict::moved) {
      moved.closes = session.planned;
      moved.share = static_cast<std::uint64_t>(moves_[session.planned].share * 1e6);
    } else {
      ++donated_[session.planned].moved;
    }
  }
  ++counters_.moved;
  order_ended(session.ref);
  network_.send(session.path, moved);
}

void Holder::refuse_parked(const Departure& departure) {
  for (const Departure::Frame& parked : departure.parked) {
    const wire::Frame frame = frame_of(parked.bytes);
    if (const auto* message = std::get_if<wire::Message>(&frame)) {
      refuse_message(parked.path, message->counter, wire::RefuseReason::not_owner);
    } else if (const auto* attach = std::get_if<wire::Attach>(&frame)) {
      refuse_attach(parked.path, *attach, wire::RefuseReason::not_owner);
    } else if (const auto* subscribe = std::get_if<wire::Subscribe>(&frame)) {
      refuse_subscribe(parked.path, *subscribe);
    }
  }
}

/// Only when the owner cannot have installed it. The user may be gone afterwards: its clients may have left.
void Holder::thaw(TimePoint now, User& user) {
  const std::unique_ptr<Departure> departure = std::move(user.departure);
  departing_bytes_ -= departure->bytes.size();
  --departing_users_;
  ++counters_.thaws;
  user.phase = User::Phase::active;
  if (owns(user.key->hash)) {
    if (user.leaves != 0) stay(now, user);
  } else {
    put_back(now, user);
  }
  thaw_sends(now, user);
  for (const SessionRef ref : std::vector<SessionRef>(user.sessions))
    memberships_.resume(now, ref);
  for (const Departure::Frame& parked : departure->parked) {
    std::visit(
        Overloads{[&](const wire::Up& frame) { on_up(now, frame); },
                  [&](const wire::Progress& frame) { on_progress(now, frame); },
                  [&](const wire::Detach& frame) { on_detach(now, parked.path, frame); },
                  [&](const wire::Evict& frame) { on_evict(now, frame); },
                  [&](const wire::Attach& frame) { on_attach(now, parked.path, frame); },
                  [&](const wire::Message& frame) { on_message(now, parked.path, frame); },
                  [&](const wire::Subscribe& frame) { on_subscribe(now, parked.path, frame); },
                  [&](const wire::Unsubscribe& frame) { on_unsubscribe(now, parked.path, frame); },
                  [&](const wire::CopyTaken& frame) { on_copy_taken(now, parked.path, frame); }, [](const auto&) {}},
        frame_of(parked.bytes));
  }
}

/// Deadlines of those on their way, lost links, and owners that are gone.
void Holder::hurry_departures(TimePoint now) {
  for (const UserKey& key : std::exchange(departing_, {})) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || user->phase != User::Phase::frozen) continue;
    Departure& departure = *user->departure;
    if (!service_->has_member(departure.node, departure.incarnation)) {
      thaw(now, *user);
      continue;
    }
    if (departure.path == 0 && !options_.mutations.no_repeats) {
      departure.path = path_to_shard(network_, view_->peer(departure.node, departure.incarnation), key.hash);
      departure.sent = 0;
      departure.taken = 0;
      if (departure.path != 0) send_parts(*user);
    }
    departing_.push_back(key);
  }
}

// ---- what comes meanwhile

bool Holder::has_room_to_park(const User& user) const {
  return user.departure->parked_bytes < most_parked_bytes;
}

template <class F>
void Holder::park(User& user, PathId path, const F& frame) {
  Departure& departure = *user.departure;
  departure.parked.push_back({path, {}});
  wire::append(departure.parked.back().bytes, frame);
  departure.parked_bytes += departure.parked.back().bytes.size();
}

template void Holder::park<wire::Up>(User&, PathId, const wire::Up&);
template void Holder::park<wire::Progress>(User&, PathId, const wire::Progress&);
template void Holder::park<wire::Detach>(User&, PathId, const wire::Detach&);
template void Holder::park<wire::Evict>(User&, PathId, const wire::Evict&);
template void Holder::park<wire::Attach>(User&, PathId, const wire::Attach&);
template void Holder::park<wire::Message>(User&, PathId, const wire::Message&);
template void Holder::park<wire::Subscribe>(User&, PathId, const wire::Subscribe&);
template void Holder::park<wire::Unsubscribe>(User&, PathId, const wire::Unsubscribe&);
template void Holder::park<wire::CopyTaken>(User&, PathId, const wire::CopyTaken&);

}  // namespace wscluster::cluster
