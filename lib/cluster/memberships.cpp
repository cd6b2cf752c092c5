// SPDX-License-Identifier: MIT
#include "cluster/memberships.hpp"

#include <algorithm>

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration subscribe_delay = 20ms;
constexpr Duration longest_subscribe_delay = 500ms;
/// A group that was left may be joined again at once.
constexpr Duration idle_time = 2s;

}  // namespace

struct Memberships::Group {
  std::string name;
  std::uint64_t hash = 0;
  std::vector<Member> members;
  std::uint64_t term = 0;
  std::uint64_t cursor = 0;
  std::uint64_t newest = 0;    ///< in the sequence when it was subscribed
  bool is_subscribed = false;  ///< at the sequencer behind the path
  PathId path = 0;             ///< where it was asked for; 0: nowhere now
  std::uint64_t incarnation = 0;
  std::uint64_t number = 0;
  std::uint64_t wants_epoch = 0;
  unsigned refusals = 0;
  bool is_due = false;
  TimePoint retry_at;
  bool is_idle = false;
  TimePoint idle_since;
};

Memberships::Memberships(Network& network, std::string service, std::uint64_t incarnation, unsigned shard,
                         MembershipSink& sink, Mutations mutations)
    : network_(network),
      service_name_(std::move(service)),
      incarnation_(incarnation),
      shard_(shard),
      sink_(sink),
      mutations_(mutations) {}

Memberships::~Memberships() = default;

Memberships::Group* Memberships::find(std::string_view group) const {
  const auto found = groups_.find(std::string(group));
  return found == groups_.end() ? nullptr : found->second.get();
}

Memberships::Member* Memberships::member_of(Group& group, std::uint64_t ref) {
  const auto found =
      std::find_if(group.members.begin(), group.members.end(), [&](const Member& m) { return m.ref == ref; });
  return found == group.members.end() ? nullptr : &*found;
}

Memberships::Group& Memberships::make(std::string_view name) {
  auto& group = groups_[std::string(name)];
  if (!group) {
    group = std::make_unique<Group>();
    group->name = name;
    if (service_ != nullptr) group->hash = service_->hash_of(name);
  }
  return *group;
}

// ---- members

bool Memberships::join(TimePoint now, std::uint64_t ref, std::string_view name, GroupPosition position) {
  Group& group = make(name);
  if (const Member* known = member_of(group, ref)) return known->standing != Standing::joining;
  group.members.push_back({ref, Standing::joining, false, position});
  by_member_[ref].push_back(&group);
  Member& member = group.members.back();
  if (position.term == 0) {
    if (group.is_subscribed) member.standing = Standing::level;
    if (group.path == 0) subscribe(now, group);
    return member.standing == Standing::level;
  }
  member.standing = mutations_.no_catch_up ? Standing::level : Standing::apart;
  level_out(group, member);
  if (member.standing == Standing::level && group.path != 0) return true;
  if (group.is_subscribed && is_of_other_term(group, member)) {
    sink_.on_missed(now, ref, name);
  } else {
    subscribe(now, group);
  }
  return true;
}

bool Memberships::is_of_other_term(const Group& group, const Member& member) const {
  return member.position.term != group.term && !mutations_.any_term;
}

/// Before the cursor has come as far as others may be, the member would miss what dies with the sequencer.
void Memberships::level_out(const Group& group, Member& member) const {
  const bool is_level =
      member.position.term == group.term && member.position.last == group.cursor && group.cursor >= group.newest;
  if (member.standing == Standing::apart && !member.is_held && group.term != 0 && is_level)
    member.standing = Standing::level;
}

void Memberships::forget(Group& group, std::uint64_t ref, TimePoint now) {
  Member* member = member_of(group, ref);
  if (member == nullptr) return;
  *member = group.members.back();
  group.members.pop_back();
  if (!group.members.empty() || group.is_idle) return;
  group.is_idle = true;
  group.idle_since = now;
  idle_.push_back(group.name);
}

void Memberships::leave(TimePoint now, std::uint64_t ref, std::string_view name) {
  Group* group = find(name);
  const auto joined = by_member_.find(ref);
  if (group == nullptr || joined == by_member_.end()) return;
  std::erase(joined->second, group);
  if (joined->second.empty()) by_member_.erase(joined);
  forget(*group, ref, now);
}

void Memberships::leave_all(TimePoint now, std::uint64_t ref) {
  const auto joined = by_member_.find(ref);
  if (joined == by_member_.end()) return;
  for (Group* group : joined->second)
    forget(*group, ref, now);
  by_member_.erase(joined);
}

void Memberships::hold(std::uint64_t ref) {
  if (mutations_.no_hold) return;
  const auto joined = by_member_.find(ref);
  if (joined == by_member_.end()) return;
  for (Group* group : joined->second) {
    Member& member = *member_of(*group, ref);
    if (member.standing == Standing::level) {
      member.standing = Standing::apart;
      member.position = {group->term, group->cursor};
    }
    member.is_held = true;
  }
}

void Memberships::resume(TimePoint now, std::uint64_t ref) {
  const auto joined = by_member_.find(ref);
  if (joined == by_member_.end()) return;
  std::vector<std::string> became_member;
  std::vector<std::string> missed;
  for (Group* group : joined->second) {
    Member& member = *member_of(*group, ref);
    member.is_held = false;
    if (member.standing == Standing::joining && group->is_subscribed) {
      member.standing = Standing::level;
      became_member.push_back(group->name);
    } else if (member.standing == Standing::apart) {
      level_out(*group, member);
      if (member.standing == Standing::level) continue;
      if (group->is_subscribed && is_of_other_term(*group, member)) {
        missed.push_back(group->name);
      } else {
        subscribe(now, *group);
      }
    }
  }
  for (const std::string& name : became_member)
    sink_.on_joined(now, ref, name);
  for (const std::string& name : missed)
    sink_.on_missed(now, ref, name);
}

void Memberships::rename(std::uint64_t before, std::uint64_t after) {
  auto joined = by_member_.extract(before);
  if (joined.empty()) return;
  for (Group* group : joined.mapped())
    member_of(*group, before)->ref = after;
  joined.key() = after;
  by_member_.insert(std::move(joined));
}

bool Memberships::is_member(std::uint64_t ref, std::string_view name) const {
  const auto joined = by_member_.find(ref);
  return joined != by_member_.end() && std::any_of(joined->second.begin(), joined->second.end(),
                                                   [&](const Group* group) { return group->name == name; });
}

std::vector<std::uint64_t> Memberships::members(std::string_view name) const {
  std::vector<std::uint64_t> refs;
  if (const Group* group = find(name)) {
    for (const Member& member : group->members)
      refs.push_back(member.ref);
  }
  return refs;
}

std::size_t Memberships::groups_of(std::uint64_t ref) const {
  const auto joined = by_member_.find(ref);
  return joined == by_member_.end() ? 0 : joined->second.size();
}

std::vector<std::pair<std::string_view, GroupPosition>> Memberships::positions(std::uint64_t ref) const {
  std::vector<std::pair<std::string_view, GroupPosition>> all;
  const auto joined = by_member_.find(ref);
  if (joined == by_member_.end()) return all;
  for (Group* group : joined->second) {
    const Member& member = *member_of(*group, ref);
    const bool is_level = member.standing == Standing::level;
    all.emplace_back(group->name, is_level ? GroupPosition{group->term, group->cursor} : member.position);
  }
  return all;
}

// ---- the subscription

/// Where copies are needed from, in the newest term that is known here.
GroupPosition Memberships::lowest_position(const Group& group) {
  GroupPosition lowest{group.term, group.cursor};
  for (const Member& member : group.members) {
    if (member.standing != Standing::apart || member.is_held) continue;
    if (lowest.term == 0) lowest = member.position;
    if (member.position.term == lowest.term) lowest.last = std::min(lowest.last, member.position.last);
  }
  return lowest;
}

void Memberships::subscribe(TimePoint now, Group& group) {
  const ring::Member* owner =
      service_ == nullptr || service_->epoch() < group.wants_epoch ? nullptr : service_->ring.owner_of(group.hash);
  const Peer* peer = owner == nullptr ? nullptr : view_->peer(owner->name, owner->incarnation);
  const PathId path = path_to_shard(network_, peer, group.hash);
  const GroupPosition from = lowest_position(group);
  const std::uint64_t number = last_number_ + 1;
  const bool is_sent = path != 0 && network_.send(path, wire::Subscribe{service_name_, group.name, incarnation_, shard_,
                                                                        number, from.term, from.last});
  if (!is_sent) {
    lose_path(now + subscribe_delay, group);
    return;
  }
  last_number_ = number;
  if (group.path != path) group.is_subscribed = false;
  group.number = number;
  group.path = path;
  group.incarnation = owner->incarnation;
}

void Memberships::subscribe_at(Group& group, TimePoint when) {
  group.retry_at = when;
  if (group.is_due) return;
  group.is_due = true;
  due_.push_back(group.name);
}

void Memberships::lose_path(TimePoint retry_at, Group& group) {
  group.path = 0;
  group.is_subscribed = false;
  subscribe_at(group, retry_at);
}

void Memberships::adopt(TimePoint now, std::shared_ptr<const View> view) {
  view_ = std::move(view);
  service_ = view_->service(service_name_);
  if (service_ == nullptr) return;
  for (auto& [name, group] : groups_) {
    group->hash = service_->hash_of(name);
    const ring::Member* owner = service_->ring.owner_of(group->hash);
    const bool is_new = owner != nullptr && owner->incarnation != group->incarnation;
    if (group->path == 0 || is_new) lose_path(now, *group);
  }
}

void Memberships::on_subscribed(TimePoint now, PathId path, const wire::Subscribed& subscribed) {
  Group* group = find(subscribed.group);
  const bool is_ours = group != nullptr && group->number == subscribed.number && link_of(path) == link_of(group->path);
  if (!is_ours) return;
  group->refusals = 0;
  group->is_subscribed = true;
  group->newest = subscribed.newest;
  const bool is_other_term = group->term != subscribed.term;
  // What was published between is known to nobody any more.
  const bool is_broken = subscribed.is_broken && (is_other_term || subscribed.start > group->cursor);
  if (is_other_term) {
    group->term = subscribed.term;
    group->cursor = subscribed.start;
  } else if (is_broken) {
    group->cursor = subscribed.start;
  }
  std::vector<std::uint64_t> joined;
  std::vector<std::uint64_t> missed;
  for (Member& member : group->members) {
    if (member.is_held) continue;
    if (member.standing == Standing::joining) {
      member.standing = Standing::level;
      joined.push_back(member.ref);
    } else if (member.standing == Standing::level) {
      if (is_broken) missed.push_back(member.ref);
    } else if (is_of_other_term(*group, member) || (member.position.last < subscribed.start && !mutations_.any_term)) {
      missed.push_back(member.ref);
    } else {
      level_out(*group, member);
    }
  }
  const std::string name = group->name;
  for (const std::uint64_t ref : joined)
    sink_.on_joined(now, ref, name);
  for (const std::uint64_t ref : missed)
    sink_.on_missed(now, ref, name);
}

void Memberships::on_refused(TimePoint now, const wire::SubscribeRefused& refused) {
  Group* group = find(refused.group);
  if (group == nullptr || group->number != refused.number || group->path == 0) return;
  ++group->refusals;
  if (service_ == nullptr || refused.epoch > service_->epoch()) group->wants_epoch = refused.epoch;
  lose_path(now + std::min<Duration>(subscribe_delay * group->refusals, longest_subscribe_delay), *group);
}

void Memberships::on_ask_interest(TimePoint now, const wire::AskInterest& ask) {
  if (service_ == nullptr) return;
  if (Group* group = find(ask.group)) {
    group->wants_epoch = std::max(group->wants_epoch, ask.epoch);
    lose_path(now, *group);
    return;
  }
  const PathId path = path_to_shard(network_, view_->peer_of(ask.incarnation), service_->hash_of(ask.group));
  network_.send(path, wire::Unsubscribe{service_name_, ask.group, incarnation_, shard_});
}

void Memberships::on_copy(TimePoint now, PathId path, const wire::Copy& copy) {
  Group* group = find(copy.group);
  const bool is_ours = group != nullptr && group->is_subscribed && link_of(path) == link_of(group->path) &&
                       copy.term == group->term && copy.sequence <= group->cursor + 1;
  if (!is_ours) return;
  const bool is_next = copy.sequence == group->cursor + 1;
  if (is_next) group->cursor = copy.sequence;
  std::vector<std::uint64_t> targets;
  targets.reserve(is_next ? group->members.size() : 0);
  for (Member& member : group->members) {
    if (member.is_held || member.standing == Standing::joining) continue;
    if (member.standing == Standing::level) {
      if (is_next) targets.push_back(member.ref);
      continue;
    }
    if (member.position.term == copy.term && member.position.last + 1 == copy.sequence) {
      member.position.last = copy.sequence;
      targets.push_back(member.ref);
    }
    level_out(*group, member);
  }
  const PathId sequencer = group->path;
  const std::size_t sessions = targets.empty() ? 0 : sink_.on_copy(now, targets, copy);
  network_.send(sequencer, wire::CopyTaken{service_name_, copy.group, incarnation_, shard_, copy.term, copy.sequence,
                                           is_next ? sessions : 0});
}

void Memberships::on_link_down(TimePoint now, LinkId link) {
  for (auto& [name, group] : groups_) {
    if (group->path != 0 && link_of(group->path) == link) lose_path(now, *group);
  }
}

void Memberships::tick(TimePoint now) {
  if (service_ == nullptr) return;
  for (const std::string& name : std::exchange(due_, {})) {
    Group* group = find(name);
    if (group == nullptr) continue;
    group->is_due = false;
    if (group->path != 0) continue;
    if (now < group->retry_at || service_->epoch() < group->wants_epoch) {
      subscribe_at(*group, group->retry_at);
    } else {
      subscribe(now, *group);
    }
  }
  for (const std::string& name : std::exchange(idle_, {})) {
    Group* group = find(name);
    if (group == nullptr) continue;
    group->is_idle = group->members.empty();
    if (!group->is_idle) continue;
    if (now - group->idle_since < idle_time) {
      idle_.push_back(name);
      continue;
    }
    if (group->path != 0)
      network_.send(group->path, wire::Unsubscribe{service_name_, group->name, incarnation_, shard_});
    groups_.erase(name);
  }
}

}  // namespace wscluster::cluster
