// SPDX-License-Identifier: MIT
#include "node/shard.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace wscluster::node {
namespace {

/// Beyond this the oldest senders have given up anyway.
constexpr std::size_t max_parked_bytes = 64U << 20U;

}  // namespace

Shard::Shard(front::Desk& desk, const link::Identity& identity, const std::vector<front::ServiceDoor>& services,
             std::uint64_t max_sessions, std::function<bool(TimePoint)> is_suspended, const MakeHandler& make_handler)
    : desk_(desk),
      is_suspended_(std::move(is_suspended)),
      max_sessions_((max_sessions + identity.shards - 1) / identity.shards) {
  const cluster::Self self{identity.name, identity.incarnation, desk.core().index(), identity.shards};
  for (const front::ServiceDoor& door : services) {
    const auto index = static_cast<std::uint8_t>(holders_.size());
    auto& holder =
        *holders_
             .emplace_back(door.service.name, std::make_unique<cluster::Holder>(door.service, self, index, desk.hub(),
                                                                                desk.sender(), desk.pool()))
             .second;
    find_handler(door.service.name, holder, make_handler);
  }
}

Shard::~Shard() = default;

/// The application in this process, else the one that is called over HTTP.
void Shard::find_handler(const std::string& service, cluster::Holder& holder, const MakeHandler& make_handler) {
  const auto reply = [this, &holder](std::uint64_t number, cluster::EventReply what) {
    take_reply(holder, number, std::move(what));
  };
  if (auto handler = make_handler ? make_handler({service, desk_, reply}) : nullptr) {
    handlers_.push_back(std::move(handler));
    holder.set_handler(*handlers_.back());
  } else if (webhook::Application* application = desk_.application(service)) {
    holder.set_handler(*application);
    application->on_reply(reply);
  }
}

cluster::Holder* Shard::by_name(std::string_view service) const {
  for (const auto& [name, holder] : holders_) {
    if (name == service) return holder.get();
  }
  return nullptr;
}

cluster::Holder* Shard::by_ref(std::uint64_t ref) const {
  const std::size_t index = cluster::Holder::service_index_of(ref);
  return index < holders_.size() ? holders_[index].second.get() : nullptr;
}

bool Shard::is_full() const {
  std::uint64_t sessions = 0;
  for (const auto& [name, holder] : holders_)
    sessions += holder->sessions();
  return sessions >= max_sessions_;
}

void Shard::on_frame(TimePoint now, cluster::PathId path, const wire::Raw& raw) {
  // The lease is held against the clock itself: this turn may have begun before a pause of the whole process.
  if (!is_suspended()) {
    work_off(now);
    handle(now, path, raw);
    return;
  }
  parked_bytes_ += raw.size;
  parked_.push_back({path, std::string(raw.body.data() - wire::header_bytes, raw.size)});
  // Nothing may be dropped from a way that goes on; a broken link everybody knows how to deal with.
  if (parked_bytes_ > max_parked_bytes) desk_.hub().cut(cluster::link_of(path), "suspended, and too much to keep");
}

/// While it is suspended nothing is acknowledged either.
void Shard::take_reply(cluster::Holder& holder, std::uint64_t number, cluster::EventReply reply) {
  if (is_suspended()) {
    parked_replies_.push_back({holder, number, std::move(reply)});
  } else {
    holder.on_reply(Clock::now(), number, std::move(reply));
  }
}

void Shard::work_off(TimePoint now) {
  for (Reply& parked : std::exchange(parked_replies_, {}))
    parked.holder.on_reply(now, parked.number, std::move(parked.reply));
  if (parked_.empty()) return;
  log::info("node", "going on after a suspension", {{"frames", static_cast<std::uint64_t>(parked_.size())}});
  parked_bytes_ = 0;
  for (const Parked& parked : std::exchange(parked_, {})) {
    wire::Raw raw;
    if (wire::cut(parked.frame, parked.frame.size(), raw) == wire::CutStatus::ok) handle(now, parked.path, raw);
  }
}

void Shard::handle(TimePoint now, cluster::PathId path, const wire::Raw& raw) {
  switch (raw.type) {
    case wire::FrameType::up:
      wire::with<wire::Up>(raw, [&](const auto& frame) {
        if (auto* holder = by_ref(frame.holder)) holder->on_up(now, frame);
      });
      return;
    case wire::FrameType::progress:
      wire::with<wire::Progress>(raw, [&](const auto& frame) {
        if (auto* holder = by_ref(frame.holder)) holder->on_progress(now, frame);
      });
      return;
    case wire::FrameType::detach:
      wire::with<wire::Detach>(raw, [&](const auto& frame) {
        if (auto* holder = by_ref(frame.holder)) holder->on_detach(now, path, frame);
      });
      return;
    case wire::FrameType::evict:
      wire::with<wire::Evict>(raw, [&](const auto& frame) {
        if (auto* holder = by_ref(frame.holder)) holder->on_evict(now, frame);
      });
      return;
    case wire::FrameType::message:
      wire::with<wire::Message>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) {
          holder->on_message(now, path, frame);
        } else {
          desk_.hub().send(path, wire::Refusal{frame.counter, wire::RefuseReason::forbidden, 0});
        }
      });
      return;
    case wire::FrameType::attach:
      wire::with<wire::Attach>(raw, [&](const auto& frame) {
        // Only new sessions are turned away: one that comes back over another link has its place.
        if (frame.life == 0 && is_full()) {
          desk_.hub().send(path, wire::Refused{frame.edge, frame.number, wire::RefuseReason::full, 0});
        } else if (auto* holder = by_name(frame.service)) {
          holder->on_attach(now, path, frame);
        } else {
          desk_.hub().send(path, wire::Refused{frame.edge, frame.number, wire::RefuseReason::forbidden, 0});
        }
      });
      return;
    case wire::FrameType::settled:
      wire::with<wire::Settled>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_settled(now, frame);
      });
      return;
    case wire::FrameType::ask:
      wire::with<wire::Ask>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_ask(now, path, frame);
      });
      return;
    case wire::FrameType::none:
      wire::with<wire::None>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_none(now, path, frame);
      });
      return;
    case wire::FrameType::snapshot:
      wire::with<wire::Snapshot>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_snapshot(now, path, frame);
      });
      return;
    case wire::FrameType::prepared:
      wire::with<wire::Prepared>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_prepared(now, frame);
      });
      return;
    case wire::FrameType::release:
      wire::with<wire::Release>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_release(now, frame);
      });
      return;
    case wire::FrameType::outcome:
      wire::with<wire::Outcome>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_outcome(now, frame);
      });
      return;
    case wire::FrameType::subscribe:
      wire::with<wire::Subscribe>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_subscribe(now, path, frame);
      });
      return;
    case wire::FrameType::unsubscribe:
      wire::with<wire::Unsubscribe>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_unsubscribe(now, path, frame);
      });
      return;
    case wire::FrameType::copy_taken:
      wire::with<wire::CopyTaken>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_copy_taken(now, path, frame);
      });
      return;
    case wire::FrameType::subscribed:
      wire::with<wire::Subscribed>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->memberships().on_subscribed(now, path, frame);
      });
      return;
    case wire::FrameType::subscribe_refused:
      wire::with<wire::SubscribeRefused>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->memberships().on_refused(now, frame);
      });
      return;
    case wire::FrameType::ask_interest:
      wire::with<wire::AskInterest>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->memberships().on_ask_interest(now, frame);
      });
      return;
    case wire::FrameType::copy:
      wire::with<wire::Copy>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->memberships().on_copy(now, path, frame);
      });
      return;
    case wire::FrameType::declined:
      wire::with<wire::Declined>(raw, [&](const auto& frame) {
        if (auto* holder = by_name(frame.service)) holder->on_declined(now, frame);
      });
      return;
    default:
      handle_operator(now, path, raw);
      return;
  }
}

/// Those of a newer protocol are nobody's.
void Shard::handle_operator(TimePoint now, cluster::PathId path, const wire::Raw& raw) {
  const auto ask = [&](const auto& frame, auto question) {
    if (auto* holder = by_name(frame.service)) {
      question(*holder);
    } else {
      wire::Sessions answer;
      answer.number = frame.number;
      answer.finding = wire::Finding::forbidden;
      desk_.hub().send(path, answer);
    }
  };
  if (raw.type == wire::FrameType::list_sessions) {
    wire::with<wire::ListSessions>(raw, [&](const auto& frame) {
      ask(frame, [&](const cluster::Holder& holder) { holder.on_list(now, path, frame); });
    });
  } else if (raw.type == wire::FrameType::order) {
    wire::with<wire::Order>(raw, [&](const auto& frame) {
      ask(frame, [&](cluster::Holder& holder) { holder.on_order(now, path, frame); });
    });
  }
}

void Shard::on_link_down(TimePoint now, cluster::LinkId link) {
  std::erase_if(parked_, [&](const Parked& parked) {
    const bool is_gone = cluster::link_of(parked.path) == link;
    if (is_gone) parked_bytes_ -= parked.frame.size();
    return is_gone;
  });
  for (const auto& [name, holder] : holders_)
    holder->on_link_down(now, link);
}

void Shard::adopt(TimePoint now, std::shared_ptr<const cluster::View> view) {
  for (const auto& [name, holder] : holders_)
    holder->adopt(now, view);
}

void Shard::tick(TimePoint now) {
  if (is_suspended_(now)) return;
  work_off(now);
  for (const auto& [name, holder] : holders_)
    holder->tick(now);
}

bool Shard::work_late(TimePoint now) {
  if (is_suspended_(now)) return false;
  return std::ranges::any_of(holders_, [&](const auto& named) { return named.second->continue_moves(now); });
}

void Shard::report(front::CoreReport& report) {
  for (const auto& [name, holder] : holders_) {
    report.open_sends += holder->open_sends();
    auto& service = report.services[name];
    service.sessions = holder->sessions();
    service.misplaced = holder->misplaced();
    service.donated = holder->donated();
    service.received = std::exchange(holder->received(), {});
  }
}

void Shard::count(front::CoreCounters& counters) const {
  for (const auto& [name, holder] : holders_) {
    const cluster::HolderCounters& part = holder->counters();
    counters.sessions += holder->sessions();
    counters.users += holder->users();
    counters.misplaced += holder->misplaced();
    counters.misplaced_times.merge(holder->misplaced_times());
    counters.moves_pending += holder->moves_pending();
    counters.holder.moved += part.moved;
    counters.holder.closed_for_change += part.closed_for_change;
    counters.holder.closed_by_operator += part.closed_by_operator;
    counters.holder.handovers += part.handovers;
    counters.holder.thaws += part.thaws;
    counters.holder.installed += part.installed;
    counters.holder.snapshot_bytes += part.snapshot_bytes;
    counters.holder.unreadable_snapshots += part.unreadable_snapshots;
    counters.holder.missed += part.missed;
    counters.holder.unhandled_events += part.unhandled_events;
    counters.holder.failed_events += part.failed_events;
    counters.holder.unicasts += part.unicasts;
    counters.holder.duplicates += part.duplicates;
    counters.holder.refusals += part.refusals;
    counters.holder.dropped += part.dropped;
    counters.holder.slow_consumers += part.slow_consumers;
    counters.holder.messages_up += part.messages_up;
    counters.holder.messages_down += part.messages_down;
    for (std::size_t i = 0; i < std::size(part.receipts); ++i)
      counters.holder.receipts[i] += part.receipts[i];
  }
}

}  // namespace wscluster::node
