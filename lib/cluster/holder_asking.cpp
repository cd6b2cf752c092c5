// SPDX-License-Identifier: MIT
// Who holds a user that we own: asking the earlier owners, and answering those who ask us.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {

/// Begins, or begins again under a newer epoch. Visits wait meanwhile.
void Holder::start_asking(TimePoint now, User& user) {
  if (user.asked_epoch == service_->epoch()) return;
  if (user.asked_epoch == 0) asking_.push_back(*user.key);
  user.asked_epoch = service_->epoch();
  user.questions.clear();
  for (const OpenEpoch& open : service_->open) {
    const ring::Member* owner = open.ring.owner_of(user.key->hash);
    if (owner == nullptr || is_us(*owner)) continue;
    const bool is_known = std::any_of(user.questions.begin(), user.questions.end(),
                                      [&](const User::Question& q) { return q.incarnation == owner->incarnation; });
    if (!is_known) user.questions.push_back({owner->name, owner->incarnation, 0, false});
  }
  continue_asking(now, user);
}

void Holder::continue_asking(TimePoint now, User& user) {
  for (User::Question& question : user.questions) {
    if (question.is_answered || question.path != 0) continue;
    // An incarnation that left the document holds nothing by definition.
    if (!service_->has_member(question.node, question.incarnation)) {
      question.is_answered = true;
      continue;
    }
    const PathId path = path_to_shard(network_, view_->peer(question.node, question.incarnation), user.key->hash);
    if (path != 0 && network_.send(path, wire::Ask{options_.name, user.key->uid, service_->epoch()}))
      question.path = path;
  }
  const bool is_known =
      std::all_of(user.questions.begin(), user.questions.end(), [](const User::Question& q) { return q.is_answered; });
  // While a state is coming in, nobody else can be its holder.
  if (is_known && !user.arrival) resolve_user(now, user);
}

void Holder::on_none(TimePoint now, PathId path, const wire::None& none) {
  User* user = find_user(none.uid);
  if (user == nullptr || user->asked_epoch == 0 || none.epoch != service_->epoch()) return;
  for (User::Question& question : user->questions) {
    if (question.path != 0 && link_of(question.path) == link_of(path)) question.is_answered = true;
  }
  continue_asking(now, *user);
}

/// Under a new epoch: what we own no more is refused, for the rest the answers must name the new epoch.
void Holder::ask_again(TimePoint now) {
  for (const UserKey& key : std::exchange(asking_, {})) {
    User* user = find_user(key.hash, key.uid);
    if (user == nullptr || user->asked_epoch == 0) continue;
    user->asked_epoch = 0;
    if (owns(key.hash)) {
      start_asking(now, *user);
    } else {
      refuse_visits(*user);
    }
  }
}

/// All earlier owners said none: the user is ours, and new.
void Holder::resolve_user(TimePoint now, User& user) {
  user.asked_epoch = 0;
  user.questions.clear();
  user.phase = User::Phase::active;
  inherit_losses(user);
  work_off_visits(now, user);
}

/// Attaches and subscriptions first, so that messages meet them. The user may be gone afterwards.
void Holder::work_off_visits(TimePoint now, User& user) {
  const UserKey key = *user.key;
  const std::vector<Visit> visits = std::exchange(user.visits, {});
  for (const bool messages : {false, true}) {
    for (const Visit& visit : visits) {
      if (visit.is_message() != messages) continue;
      if (now >= visit.deadline) {
        end_visit(visit);
      } else {
        work_off(now, visit);
      }
    }
  }
  if (User* still = find_user(key.hash, key.uid)) {
    wait_for_return(*still);
    erase_user_if_idle(*still);
  }
}

void Holder::work_off(TimePoint now, const Visit& visit) {
  wire::Raw raw;
  static_cast<void>(wire::cut(visit.frame, visit.frame.size(), raw));
  if (raw.type == wire::FrameType::attach) {
    wire::with<wire::Attach>(raw, [&](const wire::Attach& attach) { on_attach(now, visit.path, attach); });
  } else if (raw.type == wire::FrameType::subscribe) {
    wire::with<wire::Subscribe>(raw, [&](const wire::Subscribe& frame) { on_subscribe(now, visit.path, frame); });
  } else {
    wire::Message message;
    if (!wire::decode_into(raw.body, message)) return;
    message.deadline_ms = static_cast<std::uint64_t>(std::chrono::ceil<Duration>(visit.deadline - now).count());
    on_message(now, visit.path, message);
  }
}

void Holder::refuse_visits(User& user) {
  for (const Visit& visit : std::exchange(user.visits, {}))
    refuse_visit(visit);
  erase_user_if_idle(user);
}

void Holder::refuse_visit(const Visit& visit) {
  wire::Raw raw;
  static_cast<void>(wire::cut(visit.frame, visit.frame.size(), raw));
  if (raw.type == wire::FrameType::attach) {
    wire::with<wire::Attach>(
        raw, [&](const wire::Attach& attach) { refuse_attach(visit.path, attach, wire::RefuseReason::not_owner); });
  } else if (raw.type == wire::FrameType::subscribe) {
    wire::with<wire::Subscribe>(raw, [&](const wire::Subscribe& frame) { refuse_subscribe(visit.path, frame); });
  } else {
    refuse_message(visit.path, visit.counter, wire::RefuseReason::not_owner);
  }
}

void Holder::expire_visits(TimePoint now, User& user) {
  std::erase_if(user.visits, [&](const Visit& visit) {
    if (now < visit.deadline) return false;
    end_visit(visit);
    return true;
  });
}

/// Nobody could say in time who holds the user, nor what became of a message that may have been elsewhere before.
void Holder::end_visit(const Visit& visit) {
  if (!visit.is_message()) {
    refuse_visit(visit);
  } else {
    ++counters_.receipts[static_cast<std::size_t>(wire::ReceiptStatus::unknown)];
    network_.send(visit.path, wire::Receipt{visit.counter, wire::ReceiptStatus::unknown, 0, service_->epoch(), false});
  }
}

void Holder::on_ask(TimePoint now, PathId path, const wire::Ask& ask) {
  if (service_ == nullptr || ask.epoch > service_->epoch()) {
    deferred_asks_.push_back({path, std::string(ask.uid), ask.epoch});
    return;
  }
  User* user = find_user(ask.uid);
  if (user == nullptr || !user->is_held()) {
    answer_none(path, ask.uid);
    return;
  }
  // An older epoch's question is asked again under ours, if it still stands.
  if (ask.epoch < service_->epoch() || owns(user->key->hash)) return;
  user->askers.push_back(path);
  if (user->phase == User::Phase::active) begin_move(now, *user);
}

void Holder::answer_none(PathId path, std::string_view uid) {
  network_.send(path, wire::None{options_.name, uid, service_->epoch()});
}

}  // namespace wscluster::cluster
