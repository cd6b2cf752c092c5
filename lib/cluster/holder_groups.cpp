// SPDX-License-Identifier: MIT
// What the owner of a group does (DESIGN section 6): it puts what is published into one sequence and sends each shard
// with members a copy. A group is held, found and moved like a user; it has subscribers instead of sessions.
#include <algorithm>

#include "base/random.hpp"
#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// Kept for members that are behind: longer than any of them is on its way.
constexpr std::size_t most_published = 4096;
constexpr std::uint64_t most_published_bytes = 8U << 20U;
constexpr Duration subscribe_patience = 5s;
constexpr Duration ask_interval = 500ms;
/// A member that has moved subscribes within this time.
constexpr Duration keep_time = 5s;
constexpr Duration groups_interval = 250ms;

}  // namespace

/// Made anew after a loss it does not know who has members.
Holder::Group& Holder::group_of(TimePoint now, User& user) {
  if (!user.group) {
    user.group = std::make_unique<Group>();
    user.group->term = random_id();
    if (user.born != 0 && !options_.mutations.no_gather) gather(now, *user.group);
    watch_group(user);
  }
  return *user.group;
}

/// Until it has answered, everything that is published waits for each shard there is.
void Holder::gather(TimePoint now, Group& group) const {
  for (const ring::Member& member : service_->ring.members()) {
    const Peer* peer = view_->peer(member.name, member.incarnation);
    const unsigned shards = peer == nullptr ? 0 : peer->shards;
    for (unsigned shard = 0; shard < shards; ++shard)
      group.interests.push_back({member.incarnation, shard, 0, 0, now});
  }
}

void Holder::watch_group(User& user) {
  if (user.in_groups) return;
  user.in_groups = true;
  groups_here_.push_back(*user.key);
}

void Holder::refuse_subscribe(PathId path, const wire::Subscribe& subscribe) {
  network_.send(make_path(link_of(path), static_cast<std::uint8_t>(subscribe.shard)),
                wire::SubscribeRefused{options_.name, subscribe.group, subscribe.number,
                                       service_ == nullptr ? 0 : service_->epoch()});
}

void Holder::on_subscribe(TimePoint now, PathId path, const wire::Subscribe& subscribe) {
  const std::uint64_t hash = service_ == nullptr ? 0 : service_->hash_of(subscribe.group);
  User* user = service_ == nullptr ? nullptr : find_user(hash, subscribe.group);
  if (user != nullptr && user->phase == User::Phase::frozen) {
    park(*user, path, subscribe);
    return;
  }
  const bool is_active = user != nullptr && user->phase == User::Phase::active;
  const bool is_expected = user != nullptr && user->phase == User::Phase::passive;
  if (!is_active && !is_expected && !owns(hash)) {
    refuse_subscribe(path, subscribe);
    return;
  }
  if (user == nullptr) user = &make_user(hash, subscribe.group);
  if (!is_active) {
    user->visits.push_back({path, now + subscribe_patience, {}, 0, 0});
    wire::append(user->visits.back().frame, subscribe);
    if (user->phase == User::Phase::unresolved) start_asking(now, *user);
    return;
  }
  Group& group = group_of(now, *user);
  const auto shard = static_cast<unsigned>(subscribe.shard);
  Interest* interest = group.find(subscribe.incarnation, shard);
  const bool is_new = interest == nullptr;
  if (subscribe.term == 0 && !is_new) take_through(now, *user, *interest, group.newest(), 0);  // it had no members
  const bool is_known_term = subscribe.term == group.term;
  // Who knows another term has had nothing of this one; who knows none begins with what comes next.
  std::uint64_t wanted = group.newest();
  if (subscribe.term != 0) wanted = is_known_term ? std::min(subscribe.from, group.newest()) : 0;
  const std::uint64_t start = std::max(wanted, group.base);
  if (is_new) {
    const bool is_member = service_->member_of(subscribe.incarnation) != nullptr;
    interest = &group.interests.emplace_back(Interest{subscribe.incarnation, shard, 0, start, now, is_member});
    if (!options_.mutations.no_lateness) wait_for_copies(*user, start);
  }
  interest->path = make_path(link_of(path), static_cast<std::uint8_t>(shard));
  network_.send(interest->path, wire::Subscribed{options_.name, subscribe.group, subscribe.number, group.term, start,
                                                 start > wanted, group.newest()});
  send_copies(*user, *interest, start);
  // The answers to those were lost, or the copies are.
  take_through(now, *user, *interest, start, 0);
}

void Holder::send_copies(const User& user, const Interest& interest, std::uint64_t above) {
  const Group& group = *user.group;
  if (interest.path == 0) return;
  for (std::uint64_t sequence = above + 1; sequence <= group.newest(); ++sequence) {
    const Group::Published& published = group.published[sequence - group.base - 1];
    network_.send(interest.path, wire::Copy{options_.name, user.key->uid, group.term, sequence,
                                            published.message.bytes(), published.excluded, published.filter});
  }
}

/// A further shard gets what is above; what is not answered yet waits for it as well.
void Holder::wait_for_copies(User& user, std::uint64_t above) {
  const Group& group = *user.group;
  for (std::uint64_t sequence = above + 1; sequence <= group.newest(); ++sequence) {
    const Group::Published& published = group.published[sequence - group.base - 1];
    Executed* entry = find_executed(user, published.origin, published.counter);
    if (entry != nullptr && !entry->is_answered) ++entry->pending;
  }
}

/// Answered when every shard with members has its copy: `queued` for so many sessions.
void Holder::publish(TimePoint now, User& user, Executed& entry, const wire::Message& message) {
  Group& group = group_of(now, user);
  group.published.push_back({message.origin, message.counter, session::SharedPayload(pool_, message.payload),
                             std::string(message.excluded), std::string(message.filter)});
  group.bytes += message.payload.size();
  entry.pending = static_cast<std::uint32_t>(group.interests.size());
  if (entry.pending == 0) answer(now, user, entry, wire::ReceiptStatus::offline, 0);
  for (const Interest& interest : group.interests)
    send_copies(user, interest, group.newest() - 1);
  trim(now, user);
}

/// Whoever still waits for what is too old will hear that it is missing.
void Holder::trim(TimePoint now, User& user) {
  Group& group = *user.group;
  while (group.published.size() > most_published || group.bytes > most_published_bytes) {
    const Group::Published oldest = std::move(group.published.front());
    group.published.pop_front();
    ++group.base;
    group.bytes -= oldest.message.bytes().size();
    Executed* entry = find_executed(user, oldest.origin, oldest.counter);
    if (entry == nullptr || entry->is_answered) continue;
    entry->pending = 0;
    answer(now, user, *entry, wire::ReceiptStatus::unknown, entry->written);
  }
}

void Holder::take_through(TimePoint now, User& user, Interest& interest, std::uint64_t sequence,
                          std::uint64_t sessions) {
  Group& group = *user.group;
  sequence = std::min(sequence, group.newest());
  for (std::uint64_t at = std::max(interest.taken, group.base) + 1; at <= sequence; ++at) {
    const Group::Published& published = group.published[at - group.base - 1];
    Executed* entry = find_executed(user, published.origin, published.counter);
    if (entry == nullptr || entry->pending == 0) continue;
    if (at == sequence) entry->written += static_cast<std::uint32_t>(sessions);
    if (--entry->pending > 0 || entry->is_answered) continue;
    const bool is_anybody = entry->written > 0;
    answer(now, user, *entry, is_anybody ? wire::ReceiptStatus::queued : wire::ReceiptStatus::offline, entry->written);
  }
  interest.taken = std::max(interest.taken, sequence);
}

void Holder::on_copy_taken(TimePoint now, PathId path, const wire::CopyTaken& taken) {
  User* user = find_user(taken.group);
  if (user == nullptr || !user->group) return;
  if (user->phase == User::Phase::frozen) {
    park(*user, path, taken);
    return;
  }
  if (user->phase != User::Phase::active || taken.term != user->group->term) return;
  if (Interest* interest = user->group->find(taken.incarnation, static_cast<unsigned>(taken.shard)))
    take_through(now, *user, *interest, taken.sequence, taken.sessions);
}

void Holder::on_unsubscribe(TimePoint now, PathId path, const wire::Unsubscribe& unsubscribe) {
  User* user = find_user(unsubscribe.group);
  if (user == nullptr || !user->group) return;
  if (user->phase == User::Phase::frozen) {
    park(*user, path, unsubscribe);
  } else if (user->phase == User::Phase::active) {
    drop_interest(now, *user, unsubscribe.incarnation, static_cast<unsigned>(unsubscribe.shard));
    erase_user_if_idle(*user);
  }
}

/// Nobody is left there to get anything.
void Holder::drop_interest(TimePoint now, User& user, std::uint64_t incarnation, unsigned shard) {
  Interest* const found = user.group->find(incarnation, shard);
  if (found == nullptr) return;
  take_through(now, user, *found, user.group->newest(), 0);
  user.group->interests.erase(user.group->interests.begin() + (found - user.group->interests.data()));
  user.group->kept_until = now + keep_time;
}

void Holder::ask_interest(const User& user, PathId path) const {
  network_.send(path, wire::AskInterest{options_.name, user.key->uid, self_.incarnation, service_->epoch()});
}

/// Asks shards of which it is not known where they are, and forgets those whose node has left.
void Holder::tick_groups(TimePoint now) {
  if (now < next_groups_) return;
  next_groups_ = now + groups_interval;
  for (const UserKey& key : std::exchange(groups_here_, {})) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || !user->group) continue;
    groups_here_.push_back(key);
    if (user->phase != User::Phase::active) continue;
    const std::vector<Interest> interests = user->group->interests;
    for (const Interest& interest : interests) {
      const ring::Member* member = service_->member_of(interest.incarnation);
      if (member == nullptr) {
        // Of a document that we have not got yet: it goes with its link.
        if (!interest.was_member && interest.path != 0) continue;
        // It may be back already, and not know that it ever was out.
        const Peer* peer = view_->peer_of(interest.incarnation);
        if (peer != nullptr) ask_interest(*user, network_.path_to(peer->name, interest.incarnation, interest.shard));
        drop_interest(now, *user, interest.incarnation, interest.shard);
      } else if (interest.path == 0 && now >= interest.ask_at) {
        ask_interest(*user, network_.path_to(member->name, interest.incarnation, interest.shard));
      }
    }
    for (Interest& interest : user->group->interests) {
      if (service_->member_of(interest.incarnation) != nullptr) interest.was_member = true;
      if (interest.path == 0 && now >= interest.ask_at) interest.ask_at = now + ask_interval;
    }
    if (user->group->kept_until && now >= *user->group->kept_until) user->group->kept_until.reset();
    if (user->group->interests.empty()) erase_user_if_idle(*user);
  }
}

void Holder::encode_group(const Group& group, wire::UserState& state) const {
  wire::GroupState part;
  part.term = group.term;
  part.base = group.base;
  for (const Interest& interest : group.interests)
    part.interests.push_back({interest.incarnation, interest.shard, interest.taken});
  for (const Group::Published& published : group.published) {
    part.published.push_back(
        {published.origin, published.counter, published.message.bytes(), published.excluded, published.filter});
  }
  state.group.push_back(std::move(part));
}

/// Subscribers come by themselves, as they see that the owner is another one; who does not is asked.
void Holder::install_group(TimePoint now, User& user, const wire::GroupState& state) {
  user.group = std::make_unique<Group>();
  Group& group = *user.group;
  group.term = state.term;
  group.base = state.base;
  for (const wire::InterestState& interest : state.interests) {
    group.interests.push_back(
        {interest.incarnation, static_cast<unsigned>(interest.shard), 0, interest.taken, now + ask_interval});
  }
  for (const wire::PublishedState& published : state.published) {
    group.published.push_back({published.origin, published.counter, session::SharedPayload(pool_, published.payload),
                               std::string(published.excluded), std::string(published.filter)});
    group.bytes += published.payload.size();
  }
  group.kept_until = now + keep_time;
  watch_group(user);
}

}  // namespace wscluster::cluster
