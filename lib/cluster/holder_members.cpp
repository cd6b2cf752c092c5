// SPDX-License-Identifier: MIT
// Groups that sessions are in: joining, leaving, and what is published in them.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"
#include "protocol/envelope.hpp"
#include "session/keys.hpp"

namespace wscluster::cluster {
namespace {

using protocol::AckError;

/// Far below the smallest limit of a link's frames.
constexpr std::size_t most_targets = 1024;

}  // namespace

void Holder::say_success(TimePoint now, Session& session, std::uint64_t position, std::optional<std::uint64_t> ack_id) {
  if (ack_id) session.client->acks.add(*ack_id);
  if (position == 0) return;
  if (!ack_id) {
    forget_unanswered(session, position);
    return;
  }
  std::string frame;
  protocol::append_ack(frame, *ack_id);
  say(now, session, position, frame);
}

/// Or is in that one already.
bool Holder::may_be_in_another(const Session& session, std::string_view group_key) const {
  return memberships_.groups_of(session.ref) < options_.max_groups_per_session ||
         memberships_.is_member(session.ref, group_key);
}

bool Holder::join_group(TimePoint now, Session& session, const protocol::ClientFrame& frame) {
  Client& client = *session.client;
  const std::string group(frame.group);
  const std::string_view user = session::user_id_of(session.user->key->uid);
  if (!client.permissions.may_join(group, user)) {
    return say_error(now, session, frame.ack_id, AckError::forbidden, "'" + group + "' is for another user");
  }
  if (!client.permissions.allows(session::Permission::join_leave_group, group)) {
    return say_error(now, session, frame.ack_id, AckError::forbidden,
                     "no role allows joining the group '" + group + "'");
  }
  const std::string key = session::group_key(group);
  if (!may_be_in_another(session, key)) {
    return say_error(now, session, frame.ack_id, AckError::forbidden,
                     "a connection may be in " + std::to_string(options_.max_groups_per_session) + " groups");
  }
  if (memberships_.join(now, session.ref, key)) {
    say_success(now, session, session.accepted, frame.ack_id);
    return frame.ack_id.has_value();
  }
  client.joins.push_back({key, session.accepted, frame.ack_id});
  return true;
}

/// One that waits to be joined has its answer as well: it was in, and is out.
bool Holder::leave_group(TimePoint now, Session& session, const protocol::ClientFrame& frame) {
  const std::string group(frame.group);
  if (!session.client->permissions.allows(session::Permission::join_leave_group, group)) {
    return say_error(now, session, frame.ack_id, AckError::forbidden,
                     "no role allows leaving the group '" + group + "'");
  }
  const SessionRef ref = session.ref;
  const std::string key = session::group_key(group);
  memberships_.leave(now, ref, key);
  answer_join(now, session, key);
  if (Session* still = find_session(ref)) say_success(now, *still, still->accepted, frame.ack_id);
  return frame.ack_id.has_value();
}

void Holder::join_first_groups(TimePoint now, Session& session) {
  if (!session.client) return;
  for (const std::string& group : std::exchange(session.client->first_groups, {}))
    memberships_.join(now, session.ref, session::group_key(group));
}

void Holder::answer_join(TimePoint now, Session& session, std::string_view group) {
  const SessionRef ref = session.ref;
  order_joined(ref, group);
  auto& joins = session.client->joins;
  std::vector<Client::Join> done;
  std::copy_if(joins.begin(), joins.end(), std::back_inserter(done),
               [&](const Client::Join& join) { return join.group == group; });
  std::erase_if(joins, [&](const Client::Join& join) { return join.group == group; });
  for (const Client::Join& join : done) {
    if (Session* still = find_session(ref)) say_success(now, *still, join.position, join.ack_id);
  }
  const Session* still = find_session(ref);
  if (still != nullptr && still->is_repeating && still->inherited == 0) work_off_ups(now, ref);
}

void Holder::on_joined(TimePoint now, std::uint64_t member, std::string_view group) {
  Session* session = find_session(member);
  if (session != nullptr && session->client) answer_join(now, *session, group);
}

/// Its client must not believe that it has got everything.
void Holder::on_missed(TimePoint now, std::uint64_t member, std::string_view group) {
  Session* session = find_session(member);
  if (session == nullptr || session->is_over) return;
  ++counters_.missed;
  constexpr std::string_view text = "messages of a group were lost";
  tell_disconnected(now, *session, std::string(text) + ": " + std::string(session::group_of_key(group)));
  close_session(*session, policy_violation, text);
}

/// One frame for all sockets behind a link that have nothing before it.
std::size_t Holder::on_copy(TimePoint now, const std::vector<std::uint64_t>& members, const wire::Copy& copy) {
  const auto envelope = protocol::open_envelope(copy.payload);
  if (!envelope) return 0;
  const auto filter = protocol::Filter::parse(copy.filter);
  if (!filter) return 0;  // of a newer version
  const session::SharedPayload message(pool_, copy.payload);
  struct Batch {
    PathId path = 0;
    wire::Fan fan;
  };
  std::vector<Batch> batches;
  const auto flush = [&](Batch& batch) {
    network_.send(batch.path, batch.fan);
    batch.fan.targets.clear();
  };
  std::size_t count = 0;
  for (const SessionRef ref : members) {
    Session* session = find_session(ref);
    if (session == nullptr || !is_meant(*session, {}, copy.excluded, *filter)) continue;
    ++count;
    if (!can_fan_out(*session, copy.payload.size())) {
      enqueue_message(now, *session, {}, message);
      continue;
    }
    session::FrameMark mark;
    if (session->is_reliable()) {
      const auto sequence = keep_unacknowledged(*session, message);
      if (!sequence) continue;
      mark.sequence = *sequence;
    }
    session->queue.push(pool_, mark, message);
    session->queue.mark_sent();
    ++counters_.messages_down;
    auto batch = std::find_if(batches.begin(), batches.end(), [&](const Batch& b) { return b.path == session->path; });
    if (batch == batches.end()) batch = batches.insert(batches.end(), {session->path, {envelope->tail, {}}});
    batch->fan.targets.push_back({session->edge, session->number, mark.sequence + 1});
    if (batch->fan.targets.size() >= most_targets) flush(*batch);
  }
  for (Batch& batch : batches) {
    if (!batch.fan.targets.empty()) flush(batch);
  }
  return count;
}

bool Holder::can_fan_out(const Session& session, std::size_t bytes) const {
  const session::FrameQueue& queue = session.queue;
  const bool has_room = queue.in_flight() < options_.window_messages &&
                        (queue.in_flight() == 0 || queue.in_flight_bytes() + bytes <= options_.window_bytes);
  return session.path != 0 && session.close_code == 0 && session.subprotocol() != wire::Subprotocol::none &&
         queue.unsent() == nullptr && has_room && !session.is_over;
}

std::vector<wire::MembershipState> Holder::memberships_of(const Session& session) const {
  std::vector<wire::MembershipState> states;
  for (const auto& [group, position] : memberships_.positions(session.ref)) {
    wire::MembershipState& state = states.emplace_back();
    state.group = group;
    state.term = position.term;
    state.last = position.last;
    if (position.term != 0 || !session.client) continue;
    for (const Client::Join& join : session.client->joins) {
      if (join.group != group) continue;
      state.position = join.position;
      state.has_ack_id = join.ack_id.has_value();
      state.ack_id = join.ack_id.value_or(0);
    }
  }
  return states;
}

/// They are joined when the user is active here.
void Holder::install_memberships(Session& session, const wire::SessionState& state) {
  if (state.groups.empty()) return;
  if (!session.client) session.client = std::make_unique<Client>();
  for (const wire::MembershipState& group : state.groups) {
    session.client->arriving.emplace_back(group.group, GroupPosition{group.term, group.last});
    if (group.position == 0 && !group.has_ack_id) continue;
    session.client->joins.push_back({std::string(group.group), group.position, {}});
    if (group.has_ack_id) session.client->joins.back().ack_id = group.ack_id;
  }
}

void Holder::join_on_arrival(TimePoint now, Session& session) {
  if (!session.client) return;
  const SessionRef ref = session.ref;
  for (const auto& [group, position] : std::exchange(session.client->arriving, {})) {
    const bool is_member = memberships_.join(now, ref, group, position);
    Session* still = find_session(ref);
    if (still == nullptr) return;
    if (is_member && position.term == 0) answer_join(now, *still, group);
  }
}

}  // namespace wscluster::cluster
