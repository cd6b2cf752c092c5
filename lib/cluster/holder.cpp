// SPDX-License-Identifier: MIT
// Users, and who holds them: asking the earlier owners.
#include "cluster/holder.hpp"

#include <algorithm>
#include <cassert>

#include "base/random.hpp"
#include "cluster/holder_state.hpp"
#include "ring/key.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration lazy_interval = 50ms;
constexpr Duration cleanup_interval = 1s;
constexpr Duration orphan_lifetime = 10s;
constexpr Duration elsewhere_lifetime = 250ms;
constexpr Duration attach_patience = 5s;
constexpr Duration loss_memory = 60s;

}  // namespace

Holder::Holder(const ServiceOptions& options, Self self, std::uint8_t service_index, Network& network, Sender& sender,
               std::pmr::memory_resource& pool)
    : options_(options),
      self_(std::move(self)),
      service_index_(service_index),
      network_(network),
      sender_(sender),
      pool_(pool),
      jitter_(random_id()) {}

Holder::~Holder() {
  sessions_.for_each(
      [&](SessionRef, Session& session) { session.queue.clear(pool_, [](const session::FrameQueue::Node&, bool) {}); });
}

Holder::User* Holder::find_user(std::uint64_t hash, std::string_view uid) {
  // The uid is copied only on the rare equal hash.
  for (auto it = users_.lower_bound(UserKey{hash, {}}); it != users_.end() && it->first.hash == hash; ++it) {
    if (it->first.uid == uid) return it->second.get();
  }
  return nullptr;
}

Holder::User& Holder::make_user(std::uint64_t hash, std::string_view uid) {
  const auto [it, is_new] = users_.try_emplace(UserKey{hash, std::string(uid)});
  assert(is_new);
  it->second = std::make_unique<User>();
  User& user = *it->second;
  user.key = &it->first;
  user.life = random_id();
  if (earlier_owners(hash).empty()) user.resolved = service_->epoch();
  if (const auto found = evicted_.find(*user.key); found != evicted_.end()) {
    // We closed its sessions ourselves, and a later epoch made us owner again.
    expect_return(user, found->second.sessions, found->second.epoch, found->second.at);
  }
  for (const Loss& loss : losses_) {
    const ring::Member* owner = loss.ring.owner_of(hash);
    if (owner != nullptr && owner->name == loss.node && owner->incarnation == loss.incarnation)
      user.born = std::max(user.born, loss.epoch);
  }
  return user;
}

void Holder::erase_user_if_idle(User& user) {
  if (!user.sessions.empty() || user.is_asking || user.is_leaving || !user.held.empty() || !user.executed.empty() ||
      !user.last_seen.empty() || user.in_cleanup || user.in_waiting || user.expected > 0) {
    return;
  }
  users_.erase(users_.find(*user.key));
}

bool Holder::owns(std::uint64_t hash) const {
  const ring::Member* owner = service_ == nullptr ? nullptr : service_->ring.owner_of(hash);
  return owner != nullptr && owner->name == self_.name && owner->incarnation == self_.incarnation;
}

std::vector<Holder::EarlierOwner> Holder::earlier_owners(std::uint64_t hash) const {
  std::vector<EarlierOwner> found;
  const auto add = [&](const OpenEpoch& epoch, bool is_open) {
    const ring::Member* owner = epoch.ring.owner_of(hash);
    if (owner == nullptr || (owner->name == self_.name && owner->incarnation == self_.incarnation)) return;
    const bool is_known = std::any_of(found.begin(), found.end(), [&](const EarlierOwner& e) {
      return e.member->name == owner->name && e.member->incarnation == owner->incarnation;
    });
    if (!is_known) found.push_back({owner, is_open});
  };
  for (const OpenEpoch& open : service_->open)
    add(open, true);
  for (const Closed& closed : closed_)
    add(*closed.epoch, false);
  return found;
}

void Holder::expect_return(User& user, std::uint64_t sessions, std::uint64_t epoch, TimePoint evicted_at) {
  user.expected = sessions;
  user.evicted_epoch = epoch;
  user.evicted_at = evicted_at;
  user.hold_until = std::max(user.hold_until, evicted_at + options_.hold);
}

void Holder::start_asking(TimePoint now, User& user, bool pull) {
  const bool again = !user.is_asking || user.asked_epoch != service_->epoch() || (pull && !user.pull);
  user.pull = user.pull || pull;
  if (!again) return;
  if (!user.is_asking) asking_.push_back(*user.key);
  user.is_asking = true;
  user.asked_epoch = service_->epoch();
  user.questions.clear();
  user.elsewhere.clear();
  for (const EarlierOwner& owner : earlier_owners(user.key->hash)) {
    user.questions.push_back({owner.member->name, owner.member->incarnation, 0, owner.is_open, false});
  }
  continue_asking(now, user);
}

void Holder::continue_asking(TimePoint now, User& user) {
  for (User::Question& question : user.questions) {
    if (question.is_answered || question.path != 0) continue;
    // An incarnation that left the document holds nothing by definition.
    if (!service_->has_member(question.node, question.incarnation)) {
      question.is_answered = true;
      if (question.is_open) user.born = std::max(user.born, service_->epoch());
      // Its clients come back, and nobody is left to say which.
      for (const Departed& departed : departed_) {
        if (departed.incarnation == question.incarnation)
          user.hold_until = std::max(user.hold_until, departed.at + options_.hold);
      }
      continue;
    }
    const Peer* peer = view_->peer(question.node, question.incarnation);
    if (peer == nullptr || peer->shards == 0) continue;
    const PathId path = network_.path_to(peer->name, peer->incarnation, ring::shard_of(user.key->hash, peer->shards));
    if (path != 0 && network_.send(path, wire::Ask{options_.name, user.key->uid, service_->epoch(), user.pull}))
      question.path = path;
  }
  if (std::all_of(user.questions.begin(), user.questions.end(), [](const User::Question& q) { return q.is_answered; }))
    settle_user(now, user);
}

void Holder::on_answer(TimePoint now, PathId path, const wire::Answer& answer) {
  User* user = find_user(service_ == nullptr ? 0 : service_->hash_of(answer.uid), answer.uid);
  if (user == nullptr || !user->is_asking || answer.epoch != service_->epoch()) return;
  for (User::Question& question : user->questions) {
    if (link_of(question.path) != link_of(path) || question.path == 0) continue;
    if (answer.is_held) {
      if (!user->pull) held_elsewhere(now, *user, question.node);
      return;
    }
    question.is_answered = true;
    if (answer.evicted > 0)
      expect_return(*user, answer.evicted, answer.evicted_epoch, now - Duration(answer.evicted_ms_ago));
  }
  continue_asking(now, *user);
}

/// All earlier owners said none: the user is ours.
void Holder::settle_user(TimePoint now, User& user) {
  user.is_asking = false;
  user.pull = false;
  user.resolved = service_->epoch();
  user.questions.clear();
  std::vector<Visit> visits = std::move(user.visits);
  user.visits.clear();
  for (const bool attaches : {true, false}) {
    for (Visit& visit : visits) {
      if (visit.is_attach != attaches) continue;
      if (now >= visit.deadline) {
        end_visit(visit);
        continue;
      }
      if (visit.is_attach) {
        wire::Attach request{visit.edge, visit.number,   options_.name,  user.key->uid, visit.session,
                             visit.life, visit.accepted, visit.received, visit.written};
        attach(now, user, visit.path, request);
      } else {
        wire::Message message;
        message.service = options_.name;
        message.uid = user.key->uid;
        message.origin = visit.origin;
        message.counter = visit.counter;
        message.epoch = visit.epoch;
        message.wait = visit.wait;
        message.is_binary = visit.is_binary;
        message.deadline_ms = static_cast<std::uint64_t>(std::chrono::ceil<Duration>(visit.deadline - now).count());
        message.payload = visit.payload;
        on_message(now, visit.path, message);
      }
    }
  }
  if (user.expected > 0) wait_for_return(user);
}

/// An earlier owner still has the user's sessions and keeps them until their turn: senders go there.
void Holder::held_elsewhere(TimePoint now, User& user, const std::string& node) {
  user.is_asking = false;
  user.elsewhere = node;
  user.elsewhere_until = now + elsewhere_lifetime;
  std::vector<Visit> visits = std::move(user.visits);
  user.visits.clear();
  for (const Visit& visit : visits)
    refuse_message(visit.path, visit.counter, wire::RefuseReason::held, node);
  wait_for_return(user);
}

void Holder::wait_for_return(User& user) {
  if (user.in_waiting) return;
  user.in_waiting = true;
  waiting_.push_back(*user.key);
}

void Holder::refuse_visits(User& user) {
  std::vector<Visit> visits = std::move(user.visits);
  user.visits.clear();
  user.is_asking = false;
  for (const Visit& visit : visits) {
    if (visit.is_attach) {
      network_.send(visit.path,
                    wire::Refused{visit.edge, visit.number, wire::RefuseReason::not_owner, service_->epoch()});
    } else {
      refuse_message(visit.path, visit.counter, wire::RefuseReason::not_owner);
    }
  }
}

/// Nobody could say in time who holds the user.
void Holder::end_visit(const Visit& visit) {
  if (visit.is_attach) {
    network_.send(visit.path,
                  wire::Refused{visit.edge, visit.number, wire::RefuseReason::not_owner, service_->epoch()});
  } else {
    ++counters_.receipts[static_cast<std::size_t>(wire::ReceiptStatus::expired)];
    network_.send(visit.path, wire::Receipt{visit.counter, wire::ReceiptStatus::expired, 0, service_->epoch()});
  }
}

void Holder::on_ask(TimePoint now, PathId path, const wire::Ask& ask) {
  if (service_ == nullptr || ask.epoch > service_->epoch()) {
    deferred_asks_.push_back({path, std::string(ask.uid), ask.epoch, ask.pull});
    return;
  }
  const std::uint64_t hash = service_->hash_of(ask.uid);
  User* user = find_user(hash, ask.uid);
  const bool is_held = user != nullptr && (!user->sessions.empty() || user->is_leaving);
  if (!is_held || owns(hash)) {
    // Still owner in a newer epoch than the asker's: it will adopt that and see.
    answer_asker(path, hash, ask.uid, now);
    return;
  }
  if (!ask.pull && !user->is_leaving) {
    network_.send(path, wire::Answer{options_.name, ask.uid, service_->epoch(), true, 0, 0, 0});
    return;
  }
  user->askers.push_back(path);
  if (!user->is_leaving) begin_eviction(now, *user);
}

void Holder::answer_asker(PathId path, std::uint64_t hash, std::string_view uid, TimePoint now) {
  wire::Answer answer{options_.name, uid, service_->epoch(), false, 0, 0, 0};
  if (const auto found = evicted_.find(UserKey{hash, std::string(uid)}); found != evicted_.end()) {
    answer.evicted = found->second.sessions;
    answer.evicted_epoch = found->second.epoch;
    answer.evicted_ms_ago =
        static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(now - found->second.at).count());
  }
  network_.send(path, answer);
}

void Holder::adopt(TimePoint now, std::shared_ptr<const View> view) {
  const std::shared_ptr<const View> before = std::move(view_);
  const ServiceView* const service_before = service_;
  view_ = std::move(view);
  service_ = view_->service(options_.name);
  if (service_ == nullptr) return;
  if (service_before != nullptr) remember_closed(now, before, *service_before);
  if (service_before == nullptr || service_before->epoch() != service_->epoch()) {
    // A member that left with a life that is no longer in the document took its state along.
    for (const OpenEpoch& open : service_->open) {
      for (const ring::Member& member : open.ring.members()) {
        const bool is_known = std::any_of(losses_.begin(), losses_.end(),
                                          [&](const Loss& l) { return l.incarnation == member.incarnation; });
        if (is_known || member.weight == 0 || service_->has_member(member.name, member.incarnation)) continue;
        losses_.push_back({open.ring, member.name, member.incarnation, service_->epoch(), now + loss_memory});
      }
    }
    for (auto& [key, user] : users_) {
      if (user->is_asking && !owns(key.hash)) refuse_visits(*user);
    }
    plan_evictions(now, service_before);
    auto asking = std::move(asking_);
    asking_.clear();
    for (const UserKey& key : asking) {
      User* user = find_user(key.hash, key.uid);
      if (user == nullptr || !user->is_asking) continue;
      user->is_asking = false;
      start_asking(now, *user, user->pull);
    }
  }
  auto deferred = std::move(deferred_asks_);
  deferred_asks_.clear();
  for (const DeferredAsk& ask : deferred)
    on_ask(now, ask.path, {options_.name, ask.uid, ask.epoch, ask.pull});
}

/// After a change is done its clients are still on their way back, and their earlier owners know which.
void Holder::remember_closed(TimePoint now, const std::shared_ptr<const View>& before,
                             const ServiceView& service_before) {
  for (const OpenEpoch& epoch : service_before.open) {
    const bool is_open = std::any_of(service_->open.begin(), service_->open.end(),
                                     [&](const OpenEpoch& o) { return o.epoch == epoch.epoch; });
    if (!is_open) closed_.push_back({before, &epoch, now + options_.hold});
  }
  for (const ring::Member& member : service_before.ring.members()) {
    if (!service_->has_member(member.name, member.incarnation)) departed_.push_back({member.incarnation, now});
  }
}

void Holder::on_link_down(TimePoint now, LinkId link) {
  sessions_.for_each([&](SessionRef ref, Session& session) {
    if (session.path == 0 || link_of(session.path) != link) return;
    session.path = 0;
    session.orphaned = now;
    orphans_.push_back(ref);
  });
  for (const UserKey& key : asking_) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr) continue;
    for (User::Question& question : user->questions) {
      if (question.path != 0 && link_of(question.path) == link) question.path = 0;
    }
  }
  std::erase_if(deferred_asks_, [&](const DeferredAsk& ask) { return link_of(ask.path) == link; });
}

void Holder::tick(TimePoint now) {
  if (service_ == nullptr) return;
  evict_in_turn(now);
  if (!asking_.empty()) {
    const auto asking = std::move(asking_);
    asking_.clear();
    for (const UserKey& key : asking) {
      User* user = find_user(key.hash, key.uid);
      if (user == nullptr || !user->is_asking) continue;
      std::erase_if(user->visits, [&](const Visit& visit) {
        if (now < visit.deadline) return false;
        end_visit(visit);
        return true;
      });
      if (user->visits.empty()) {
        user->is_asking = false;
        erase_user_if_idle(*user);
        continue;
      }
      asking_.push_back(key);
      continue_asking(now, *user);
    }
  }
  if (now < next_lazy_) return;
  next_lazy_ = now + lazy_interval;
  for (const SessionRef ref : std::exchange(lazy_, {})) {
    Session* session = find_session(ref);
    if (session == nullptr) continue;
    session->is_lazy = false;
    report_accepted(*session);
  }
  for (const SessionRef ref : std::exchange(orphans_, {})) {
    Session* session = find_session(ref);
    if (session == nullptr || session->path != 0) continue;
    if (now - session->orphaned < orphan_lifetime) {
      orphans_.push_back(ref);
    } else {
      end_session(now, *session, false);
    }
  }
  for (const UserKey& key : std::exchange(waiting_, {})) {
    if (User* user = find_user(key.hash, key.uid)) expire_held(now, *user);
  }
  if (now >= next_cleanup_) {
    next_cleanup_ = now + cleanup_interval;
    forget_settled(now);
    std::erase_if(losses_, [&](const Loss& loss) { return now >= loss.until; });
    std::erase_if(closed_, [&](const Closed& closed) { return now >= closed.until; });
    std::erase_if(departed_, [&](const Departed& departed) { return now - departed.at > options_.hold; });
  }
}

std::size_t Holder::misplaced() const noexcept {
  std::uint64_t count = 0;
  for (const auto& [epoch, donor] : donated_)
    count += donor.planned - donor.closed - donor.gone;
  return count;
}

std::size_t Holder::sessions_of(std::string_view uid) const {
  if (service_ == nullptr) return 0;
  const auto found = users_.find(UserKey{service_->hash_of(uid), std::string(uid)});
  return found == users_.end() ? 0 : found->second->sessions.size();
}

void Holder::close_all(std::uint16_t code, std::string_view text) {
  sessions_.for_each([&](SessionRef, Session& session) { close_session(session, code, text); });
}

// ---- attach needs the patience of an edge's handshake

void Holder::on_attach(TimePoint now, PathId path, const wire::Attach& request) {
  const bool is_known = service_ != nullptr;
  const std::uint64_t hash = is_known ? service_->hash_of(request.uid) : 0;
  User* user = is_known ? find_user(hash, request.uid) : nullptr;
  if (user != nullptr && !user->is_asking && !user->is_leaving && request.life != 0) {
    // A socket that was here before comes back over another link: it may, wherever the uid belongs.
    const auto id = session::SessionId::from_bytes(request.session);
    for (const SessionRef ref : user->sessions) {
      if (Session* session = find_session(ref); session->id == id) {
        attach(now, *user, path, request);
        return;
      }
    }
  }
  if (!is_known || !owns(hash) || (user != nullptr && user->is_leaving)) {
    refuse_attach(path, request, wire::RefuseReason::not_owner);
    return;
  }
  if (user == nullptr) user = &make_user(hash, request.uid);
  if (user->resolved != 0) {
    attach(now, *user, path, request);
    return;
  }
  Visit visit;
  visit.path = path;
  visit.deadline = now + attach_patience;
  visit.is_attach = true;
  visit.edge = request.edge;
  visit.number = request.number;
  visit.life = request.life;
  visit.accepted = request.accepted;
  visit.received = request.received;
  visit.written = request.written;
  visit.session = request.session;
  user->visits.push_back(std::move(visit));
  start_asking(now, *user, true);
}

void Holder::refuse_attach(PathId path, const wire::Attach& attach, wire::RefuseReason reason) {
  network_.send(path, wire::Refused{attach.edge, attach.number, reason, service_ == nullptr ? 0 : service_->epoch()});
}

}  // namespace wscluster::cluster
