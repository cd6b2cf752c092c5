// SPDX-License-Identifier: MIT
#include "cluster/attachments.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "cluster/attachments_state.hpp"
#include "protocol/server_frames.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration retry_delay = 20ms;
constexpr Duration longest_retry_delay = 500ms;
constexpr Duration progress_interval = 50ms;
/// How long the end of a socket is kept for a holder that cannot be reached now: then the holder ends it by itself.
constexpr Duration end_patience = 10s;

}  // namespace

Attachments::Attachments(Network& network, Sockets& sockets, std::pmr::memory_resource& pool)
    : network_(network), sockets_(sockets), pool_(pool), jitter_(random_id()) {}

Attachments::~Attachments() {
  slots_.for_each([&](Ref, Attachment& a) { a.queue.clear(pool_, [](const session::FrameQueue::Node&, bool) {}); });
}

Attachments::Ref Attachments::open(TimePoint now, std::uint64_t socket, const ServiceOptions& options,
                                   ClientInfo client, TimePoint deadline) {
  const ServiceView* service = view_ ? view_->service(options.name) : nullptr;
  if (service == nullptr) return 0;
  const auto [ref, a] = slots_.emplace();
  a->ref = ref;
  a->socket = socket;
  a->options = &options;
  a->uid = std::move(client.uid);
  a->id = client.id;
  a->profile = std::move(client.profile);
  a->token = std::move(client.token);
  a->recovers = client.recovers;
  a->deadline = deadline;
  attach(now, *a);
  return ref;
}

void Attachments::attach(TimePoint now, Attachment& a) {
  const ServiceView* service = view_->service(a.options->name);
  const ring::Member* owner =
      service == nullptr || service->epoch() < a.wants_epoch ? nullptr : service->holder_of(a.id);
  const Peer* peer = owner == nullptr ? nullptr : view_->peer(owner->name, owner->incarnation);
  const PathId path = path_to_shard(network_, peer, a.id.hash);
  if (path == 0) {
    retry_at(a, now + retry_delay);
    return;
  }
  const auto id = a.id.bytes();
  wire::Attach request{a.ref,
                       ++a.number,
                       a.options->name,
                       a.uid,
                       {id.data(), id.size()},
                       a.life,
                       a.queue.covered(),
                       a.received,
                       a.written_of_life(),
                       a.end_code,
                       process_,
                       a.profile,
                       a.token,
                       a.recovers};
  if (!network_.send(path, request)) {
    retry_at(a, now + retry_delay);
    return;
  }
  a.path = path;
  a.told = request.written;
  ++counters_.attaches;
  counters_.reattaches += a.was_attached ? 1 : 0;
  if (!a.was_attached || a.is_gone()) retry_at(a, a.deadline);
}

void Attachments::retry_at(Attachment& a, TimePoint when) {
  a.retry_at = when;
  if (a.is_retrying) return;
  a.is_retrying = true;
  retrying_.push_back(a.ref);
}

Attachments::Attachment* Attachments::find(Ref ref, std::uint64_t number, PathId path) const {
  Attachment* a = slots_.find(ref);
  // What an older attachment still says is about a socket that has moved on.
  return a != nullptr && a->number == number && link_of(a->path) == link_of(path) ? a : nullptr;
}

void Attachments::on_attached(TimePoint, PathId path, const wire::Attached& attached) {
  Attachment* a = find(attached.edge, attached.number, path);
  if (a == nullptr) {
    // Nobody is left who waits for it: the holder must not keep the session.
    // The way back leads to the core of the link, not to the holder.
    const PathId to_holder = make_path(link_of(path), static_cast<std::uint8_t>(attached.shard));
    if (slots_.find(attached.edge) == nullptr)
      network_.send(to_holder, wire::Detach{attached.holder, 1006, 0, 0, attached.edge, attached.number});
    return;
  }
  if (a->is_gone()) {
    // The client left before the answer came.
    const bool is_same = attached.life == a->life;
    network_.send(a->path, wire::Detach{attached.holder, a->end_code, is_same ? a->received : 0,
                                        is_same ? a->written_of_life() : 0, a->ref, a->number});
    return;
  }
  if (a->closes != 0 && network_.is_local(path)) {
    // A later change has brought the user back to this node.
    ++donated_[{a->options->name, a->closes}].gone;
    a->closes = 0;
  }
  if (a->holder == 0) ++attached_;
  a->holder = attached.holder;
  a->refusals = 0;
  if (attached.life != a->life && (a->life == 0 || !a->options->mutations.no_life)) {
    // The state is new: its positions start again, and what went out before may have been executed by the lost one.
    if (a->life != 0) a->unsure_until = a->ever_sent;
    a->life = attached.life;
    a->received = 0;
    a->life_base = a->delivered;
    a->told = 0;
  }
  if (!a->options->mutations.no_resend) a->queue.rewind(attached.accepted);
  if (!a->was_attached) {
    a->was_attached = true;
    a->token = {};
    sockets_.on_attached(a->socket);
    a = slots_.find(attached.edge);
    if (a == nullptr || a->holder == 0) return;
  }
  if (a->evicting != 0) evict(*a);
  send_waiting(*a);
  // Written while the answer was under way.
  tell_progress(*a);
}

void Attachments::on_refused(TimePoint now, PathId path, const wire::Refused& refused) {
  Attachment* a = find(refused.edge, refused.number, path);
  if (a == nullptr) return;
  ++counters_.refused;
  ++a->refusals;
  a->path = 0;
  if (refused.reason == wire::RefuseReason::full) {
    if (a->is_gone()) {
      slots_.erase(refused.edge);
      return;
    }
    const std::uint64_t socket = a->socket;
    if (a->was_attached) {
      sockets_.close(socket, 1013, "too many sessions");
    } else {
      on_closed(now, a->ref, 0);
      sockets_.on_refused(socket, Sockets::Refusal::full);
    }
    return;
  }
  if (refused.reason == wire::RefuseReason::gone) {
    lose(now, *a);
    return;
  }
  const ServiceView* service = view_->service(a->options->name);
  if (refused.epoch > (service == nullptr ? 0 : service->epoch())) a->wants_epoch = refused.epoch;
  retry_at(*a, now + std::min<Duration>(retry_delay * a->refusals, longest_retry_delay));
}

/// The session is no more. Its client has to know, and to begin anew.
void Attachments::lose(TimePoint now, Attachment& a) {
  const std::uint64_t socket = a.socket;
  if (a.is_gone()) {
    slots_.erase(a.ref);
  } else if (a.was_attached) {
    sockets_.close(socket, 1008, "the session is lost");
  } else {
    on_closed(now, a.ref, 0);
    sockets_.on_refused(socket, Sockets::Refusal::gone);
  }
}

void Attachments::on_frame(TimePoint, Ref ref, bool is_binary, std::string_view payload) {
  Attachment* a = slots_.find(ref);
  if (a == nullptr) return;
  a->queue.push(pool_, {.is_binary = is_binary}, payload);
  send_waiting(*a);
  const bool is_full = a->queue.size() >= a->options->max_open_sends || a->queue.bytes() >= a->options->window_bytes;
  if (is_full && !a->is_paused) {
    a->is_paused = true;
    sockets_.pause(a->socket, true);
  }
}

void Attachments::send_waiting(Attachment& a) {
  if (a.holder == 0) return;
  std::string* out = network_.output(a.path);
  if (out == nullptr) return;
  while (const auto* node = a.queue.unsent()) {
    const std::uint64_t position = a.queue.sent() + 1;
    const bool is_unsure = position <= a.unsure_until;
    const bool is_answered = is_unsure && node->mark.counter != 0;
    wire::append(*out,
                 wire::Up{a.holder, node->mark.is_binary, is_unsure, a.received, a.written_of_life(),
                          is_answered ? std::string_view() : node->payload(), is_answered},
                 destination_of(a.path));
    a.queue.mark_sent();
    a.told = a.written_of_life();
    a.ever_sent = std::max(a.ever_sent, position);
  }
}

void Attachments::forget_answered(Attachment& a, std::uint64_t answered) {
  if (answered <= a.queue.covered()) return;
  a.queue.cover(pool_, answered, [](const session::FrameMark&) {});
  const bool has_room =
      a.queue.size() <= a.options->max_open_sends / 2 && a.queue.bytes() <= a.options->window_bytes / 2;
  if (!a.is_paused || !has_room) return;
  a.is_paused = false;
  sockets_.pause(a.socket, false);
}

void Attachments::on_answered(TimePoint, PathId path, const wire::Answered& answered) {
  if (Attachment* a = find(answered.edge, answered.number, path)) forget_answered(*a, answered.answered);
}

void Attachments::on_down(TimePoint, PathId path, const wire::Down& down) {
  Attachment* a = find(down.edge, down.number, path);
  if (a == nullptr || a->holder == 0) return;
  forget_answered(*a, down.answered);
  a->queue.set_counter(down.answers, 1);
  a->tell_written = a->tell_written || down.tell_written;
  deliver(*a, down.is_binary, down.head, down.payload);
}

void Attachments::on_fan(PathId path, const wire::Fan& fan) {
  for (const wire::FanTarget& target : fan.targets) {
    Attachment* a = find(target.edge, target.number, path);
    if (a != nullptr && a->holder != 0) deliver(*a, false, target.head, fan.payload);
  }
}

/// `head`: as in wire::Down.
void Attachments::deliver(Attachment& a, bool is_binary, std::uint64_t head, std::string_view payload) {
  ++a.received;
  ++a.delivered;
  head_.clear();
  if (head != 0) protocol::append_message_head(head_, head - 1);
  sockets_.deliver(a.socket, is_binary, head_, payload);
}

void Attachments::on_close(TimePoint, PathId path, const wire::Close& close) {
  Attachment* a = find(close.edge, close.number, path);
  if (a != nullptr && !a->is_gone()) sockets_.close(a->socket, static_cast<std::uint16_t>(close.code), close.text);
}

void Attachments::on_written(Ref ref, std::uint64_t frames) {
  Attachment* a = slots_.find(ref);
  if (a == nullptr || frames <= a->written) return;
  a->written = frames;
  const bool is_due = a->written_of_life() - a->told >= a->options->window_messages / 4;
  if (a->tell_written || is_due) {
    tell_progress(*a);
  } else {
    later(*a);
  }
}

void Attachments::tell_progress(Attachment& a) {
  if (a.holder == 0 || a.told == a.written_of_life()) return;
  if (!network_.send(a.path, wire::Progress{a.holder, a.received, a.written_of_life()})) return;
  a.told = a.written_of_life();
  if (a.written == a.delivered) a.tell_written = false;
}

void Attachments::later(Attachment& a) {
  if (a.is_lazy) return;
  a.is_lazy = true;
  lazy_.push_back(a.ref);
}

void Attachments::on_closed(TimePoint now, Ref ref, std::uint16_t code) {
  Attachment* a = slots_.find(ref);
  if (a == nullptr) return;
  if (a->closes != 0) {
    // Before its turn.
    ++donated_[{a->options->name, a->closes}].gone;
    a->closes = 0;
  }
  a->queue.clear(pool_, [](const session::FrameQueue::Node&, bool) {});
  if (!a->was_attached && a->path == 0) {
    slots_.erase(ref);
    return;
  }
  a->end_code = code != 0 ? code : 1006;
  a->deadline = now + end_patience;
  if (a->holder != 0) {
    network_.send(a->path, wire::Detach{a->holder, a->end_code, a->received, a->written_of_life(), ref, a->number});
    --attached_;
    a->holder = 0;
  }
  retry_at(*a, a->path == 0 ? now : a->deadline);
}

void Attachments::on_detached(TimePoint, PathId path, const wire::Detached& detached) {
  const Attachment* a = find(detached.edge, detached.number, path);
  if (a != nullptr && a->is_gone()) slots_.erase(detached.edge);
}

void Attachments::detached(Attachment& a) {
  if (a.holder != 0) --attached_;
  a.holder = 0;
  a.path = 0;
}

void Attachments::adopt(TimePoint now, std::shared_ptr<const View> view) {
  view_ = std::move(view);
  for (const Ref ref : retrying_) {
    if (Attachment* a = slots_.find(ref)) a->retry_at = now;
  }
  tick(now);
}

void Attachments::on_link_down(TimePoint now, LinkId link) {
  slots_.for_each([&](Ref, Attachment& a) {
    if (a.path == 0 || link_of(a.path) != link) return;
    detached(a);
    retry_at(a, now);
  });
}

void Attachments::tick(TimePoint now) {
  for (const Ref ref : std::exchange(retrying_, {})) {
    Attachment* a = slots_.find(ref);
    if (a == nullptr) continue;
    a->is_retrying = false;
    if (a->is_gone() && now >= a->deadline) {
      slots_.erase(ref);
      continue;
    }
    if (a->holder != 0 || (a->was_attached && !a->is_gone() && a->path != 0)) continue;
    if (!a->was_attached && now >= a->deadline) {
      const std::uint64_t socket = a->socket;
      on_closed(now, ref, 0);
      sockets_.on_refused(socket, Sockets::Refusal::timed_out);
    } else if (now < a->retry_at || a->path != 0) {
      retry_at(*a, a->retry_at);
    } else {
      attach(now, *a);
    }
  }
  if (!closings_.empty()) close_in_turn(now);
  if (now < next_lazy_) return;
  next_lazy_ = now + progress_interval;
  forget_done_closings();
  for (const Ref ref : std::exchange(lazy_, {})) {
    Attachment* a = slots_.find(ref);
    if (a == nullptr) continue;
    a->is_lazy = false;
    tell_progress(*a);
  }
}

void Attachments::on_moved(TimePoint now, PathId path, const wire::Moved& moved) {
  Attachment* a = find(moved.edge, moved.number, path);
  if (a == nullptr) return;
  detached(*a);
  a->wants_epoch = std::max(a->wants_epoch, moved.epoch);
  const std::pair key{a->options->name, moved.closes};
  if (moved.closes != 0 && a->is_gone()) {
    ++donated_[key].gone;
  } else if (moved.closes != 0 && a->closes == 0) {
    a->closes = moved.closes;
    donated_[key];
    Closing& closing =
        closings_.try_emplace(key, Closing{{now, static_cast<double>(moved.share) / 1e6}, {}}).first->second;
    closing.queue.push_back(a->ref);
  }
  attach(now, *a);
}

}  // namespace wscluster::cluster
