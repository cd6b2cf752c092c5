// SPDX-License-Identifier: MIT
#include "cluster/sender.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// A holder answers at the deadline itself; only a silent one makes us answer for it.
constexpr Duration answer_grace = 250ms;
constexpr Duration resend_delay = 20ms;
constexpr Duration longest_resend_delay = 200ms;
constexpr Duration sweep_interval = 50ms;
constexpr Duration settled_interval = 1s;
constexpr Duration reader_memory = 60s;
/// A copy is executed until its deadline; a link that holds one back longer than this is broken.
constexpr Duration copy_delay = 10s;

std::string key_of(std::string_view service, std::string_view uid, std::uint64_t target) {
  std::string key;
  key.reserve(service.size() + 1 + uid.size());
  key.append(service).push_back('\0');
  key.append(uid);
  if (target != 0) key.append(1, '\0').append(reinterpret_cast<const char*>(&target), sizeof target);
  return key;
}

/// The worst that may be true of the whole comes first.
unsigned rank_of(wire::ReceiptStatus status) noexcept {
  switch (status) {
    case wire::ReceiptStatus::unknown:
      return 4;
    case wire::ReceiptStatus::queued:
      return 3;
    case wire::ReceiptStatus::delivered:
      return 2;
    case wire::ReceiptStatus::expired:
      return 1;
    case wire::ReceiptStatus::offline:
      break;
  }
  return 0;
}

}  // namespace

const char* to_string(wire::ReceiptStatus status) noexcept {
  switch (status) {
    case wire::ReceiptStatus::delivered:
      return "delivered";
    case wire::ReceiptStatus::queued:
      return "queued";
    case wire::ReceiptStatus::offline:
      return "offline";
    case wire::ReceiptStatus::expired:
      return "expired";
    case wire::ReceiptStatus::unknown:
      return "unknown";
  }
  return "unknown";
}

std::uint64_t Tally::begin(std::size_t parts, ReceiptSink& sink, std::uint64_t cookie) {
  counts_[++last_] = {parts, {wire::ReceiptStatus::offline, 0, {}, 0, {}, false}, {}, &sink, cookie};
  return last_;
}

void Tally::on_receipt(TimePoint now, std::uint64_t cookie, const Receipt& receipt) {
  const auto found = counts_.find(cookie);
  Count& count = found->second;
  count.sum.sessions += receipt.sessions;
  count.sum.epoch = std::max(count.sum.epoch, receipt.epoch);
  count.sum.latency = std::max(count.sum.latency, receipt.latency);
  count.sum.is_duplicate = count.sum.is_duplicate || receipt.is_duplicate;
  if (rank_of(receipt.status) > rank_of(count.sum.status)) {
    count.sum.status = receipt.status;
    count.node = receipt.node;
  }
  if (--count.missing > 0) return;
  Count done = std::move(count);
  counts_.erase(found);
  done.sum.node = done.node;
  done.sink->on_receipt(now, done.cookie, done.sum);
}

Sender::Sender(Network& network, Mutations mutations)
    : network_(network), mutations_(mutations), origin_(random_id()) {}

bool Sender::send(TimePoint now, const Outgoing& message, ReceiptSink& sink, std::uint64_t cookie) {
  const ServiceView* service = view_ ? view_->service(message.service) : nullptr;
  if (service == nullptr) return false;
  if (!service->is_broadcast) {
    send_to(now, *service, 0, message, sink, cookie);
    return true;
  }
  const auto& members = service->document->members;
  if (members.empty()) return false;
  const std::uint64_t part = tally_.begin(members.size(), sink, cookie);
  for (const ring::Member& member : members)
    send_to(now, *service, member.incarnation, message, tally_, part);
  return true;
}

void Sender::send_to(TimePoint now, const ServiceView& service, std::uint64_t target, const Outgoing& message,
                     ReceiptSink& sink, std::uint64_t cookie) {
  auto& conversation = conversations_[key_of(message.service, message.uid, target)];
  if (!conversation) {
    conversation = std::make_unique<Conversation>();
    conversation->service = message.service;
    conversation->uid = message.uid;
    conversation->hash = service.hash_of(message.uid);
    conversation->target = target;
    ++paused_count_;
  }
  const std::uint64_t counter = first_counter_ + by_counter_.size();
  by_counter_.push_back({conversation.get(), {}});
  ++open_count_;
  conversation->open.push_back({counter, 0, false, now, message.deadline, message.wait, std::string(message.payload),
                                std::string(message.request),
                                message.audience == nullptr ? nullptr : std::make_unique<Audience>(*message.audience),
                                message.lifetime ? static_cast<std::uint64_t>(message.lifetime->count()) + 1 : 0, &sink,
                                cookie});
  if (conversation->path == 0 && mutations_.no_order_hold) conversation->retry_at = now;
  if (conversation->path == 0) {
    start_if_due(now, *conversation);
  } else {
    transmit(now, *conversation, conversation->open.size() - 1);
  }
}

const ring::Member* Sender::owner_of(const Conversation& conversation) const {
  const ServiceView* service = view_ ? view_->service(conversation.service) : nullptr;
  if (service == nullptr) return nullptr;
  return conversation.target != 0 ? service->member_of(conversation.target) : service->ring.owner_of(conversation.hash);
}

void Sender::start_if_due(TimePoint now, Conversation& conversation) {
  const ServiceView* service = view_ ? view_->service(conversation.service) : nullptr;
  if (service == nullptr || now < conversation.retry_at || conversation.wants_epoch > service->epoch()) return;
  start(now, conversation);
}

void Sender::start(TimePoint now, Conversation& conversation) {
  const ring::Member* target = owner_of(conversation);
  const Peer* peer = target == nullptr ? nullptr : view_->peer(target->name, target->incarnation);
  const PathId path = path_to_shard(network_, peer, conversation.hash);
  if (path == 0) return;
  conversation.path = path;
  conversation.node = peer->name;
  conversation.incarnation = peer->incarnation;
  --paused_count_;
  std::size_t first = mutations_.no_order_hold ? conversation.open.size() - 1 : 0;
  while (first < conversation.open.size() && transmit(now, conversation, first))
    ++first;
}

bool Sender::transmit(TimePoint now, Conversation& conversation, std::size_t index) {
  if (is_suspended_ && is_suspended_()) {
    pause(conversation, now);
    return false;
  }
  Open& open = conversation.open[index];
  open.was_sent_again = open.epoch != 0;
  if (open.epoch == 0) open.epoch = view_->service(conversation.service)->epoch();
  const auto left = std::chrono::ceil<Duration>(open.deadline - now);
  wire::Message message;
  message.service = conversation.service;
  message.uid = conversation.uid;
  message.origin = origin_;
  message.counter = open.counter;
  message.after = index == 0 ? 0 : conversation.open[index - 1].counter;
  message.settled = settled();
  message.epoch = open.epoch;
  message.deadline_ms = static_cast<std::uint64_t>(std::max<Duration::rep>(left.count(), 1));
  message.wait = open.wait;
  message.payload = open.payload;
  message.request = open.request;
  message.lifetime = open.lifetime;
  if (open.audience) {
    message.only = open.audience->only;
    message.excluded = open.audience->excluded;
    message.filter = open.audience->filter;
  }
  if (!network_.send(conversation.path, message)) {
    pause(conversation, now);
    return false;
  }
  auto& readers = readers_[conversation.path];
  auto reader =
      std::find_if(readers.begin(), readers.end(), [&](const Reader& r) { return r.service == conversation.service; });
  if (reader == readers.end()) reader = readers.insert(readers.end(), Reader{conversation.service, 0, now});
  reader->used = now;
  reader->told = std::max(reader->told, message.settled);
  return true;
}

void Sender::pause(Conversation& conversation, TimePoint retry_at) {
  if (conversation.path != 0) ++paused_count_;
  conversation.path = 0;
  conversation.retry_at = retry_at;
}

void Sender::adopt(TimePoint now, std::shared_ptr<const View> view) {
  view_ = std::move(view);
  for (auto& [key, conversation] : conversations_) {
    const ring::Member* owner = owner_of(*conversation);
    const bool is_new =
        owner != nullptr && (owner->name != conversation->node || owner->incarnation != conversation->incarnation);
    if (conversation->path != 0 && is_new) pause(*conversation, now);
    if (conversation->path != 0) continue;
    conversation->retry_at = now;
    start_if_due(now, *conversation);
  }
  end_conversations_with_gone(now);
}

/// A node that is gone has nobody. What it was sent and has not answered, nobody knows.
void Sender::end_conversations_with_gone(TimePoint now) {
  std::vector<Conversation*> gone;
  for (auto& [key, conversation] : conversations_) {
    if (conversation->target != 0 && owner_of(*conversation) == nullptr) gone.push_back(conversation.get());
  }
  for (Conversation* conversation : gone) {
    while (!conversation->open.empty()) {
      const bool was_sent = conversation->open.front().epoch != 0;
      finish(now, *conversation, 0,
             {was_sent ? wire::ReceiptStatus::unknown : wire::ReceiptStatus::offline, 0, {}, 0, {}, false});
    }
    forget_if_done(*conversation);
  }
}

void Sender::on_receipt(TimePoint now, PathId path, const wire::Receipt& receipt) {
  if (receipt.counter < first_counter_ || receipt.counter - first_counter_ >= by_counter_.size()) return;
  Conversation* conversation = by_counter_[receipt.counter - first_counter_].conversation;
  if (conversation == nullptr) return;
  const auto found = std::find_if(conversation->open.begin(), conversation->open.end(),
                                  [&](const Open& o) { return o.counter == receipt.counter; });
  conversation->refusals = 0;
  const std::string node = link_of(path) == link_of(conversation->path) ? conversation->node : std::string();
  finish(now, *conversation, static_cast<std::size_t>(found - conversation->open.begin()),
         {receipt.status, receipt.sessions, node, receipt.epoch, {}, receipt.is_duplicate});
  forget_if_done(*conversation);
}

void Sender::on_refusal(TimePoint now, PathId path, const wire::Refusal& refusal) {
  if (refusal.counter < first_counter_ || refusal.counter - first_counter_ >= by_counter_.size()) return;
  Conversation* conversation = by_counter_[refusal.counter - first_counter_].conversation;
  if (conversation == nullptr || conversation->path == 0 || link_of(path) != link_of(conversation->path)) return;
  ++conversation->refusals;
  const ServiceView* service = view_->service(conversation->service);
  if (service == nullptr || refusal.epoch > service->epoch()) conversation->wants_epoch = refusal.epoch;
  // Two that refuse in turn are both waiting for a document.
  pause(*conversation, now + std::min<Duration>(resend_delay * conversation->refusals, longest_resend_delay));
}

void Sender::on_link_down(TimePoint now, LinkId link) {
  std::erase_if(readers_, [&](const auto& entry) { return link_of(entry.first) == link; });
  for (auto& [key, conversation] : conversations_) {
    if (conversation->path != 0 && link_of(conversation->path) == link) pause(*conversation, now);
  }
}

void Sender::tick(TimePoint now) {
  if (paused_count_ > 0 && view_) {
    for (auto& [key, conversation] : conversations_) {
      if (conversation->path == 0) start_if_due(now, *conversation);
    }
  }
  if (now >= next_sweep_) {
    next_sweep_ = now + sweep_interval;
    sweep(now);
  }
  if (now >= next_settled_) {
    next_settled_ = now + settled_interval;
    tell_settled(now);
  }
}

void Sender::sweep(TimePoint now) {
  if (open_count_ == 0) return;
  const auto is_over = [&](const Open& open) {
    return now >= open.deadline + (open.epoch != 0 ? answer_grace : Duration{0});
  };
  // Found first, finished then: a sink may send.
  std::vector<Conversation*> affected;
  for (auto& [key, conversation] : conversations_) {
    if (std::any_of(conversation->open.begin(), conversation->open.end(), is_over))
      affected.push_back(conversation.get());
  }
  for (Conversation* conversation : affected) {
    for (std::size_t i = 0; i < conversation->open.size();) {
      if (!is_over(conversation->open[i])) {
        ++i;
        continue;
      }
      const bool was_sent = conversation->open[i].epoch != 0;
      finish(now, *conversation, i,
             {was_sent ? wire::ReceiptStatus::unknown : wire::ReceiptStatus::expired, 0, {}, 0, {}, false});
    }
    forget_if_done(*conversation);
  }
}

void Sender::finish(TimePoint now, Conversation& conversation, std::size_t index, Receipt receipt) {
  Open open = std::move(conversation.open[index]);
  conversation.open.erase(conversation.open.begin() + static_cast<std::ptrdiff_t>(index));
  Place& place = by_counter_[open.counter - first_counter_];
  place.conversation = nullptr;
  // The dedupe must outlive every copy, wherever it was sent.
  if (open.was_sent_again && !mutations_.no_linger) place.lingers_until = open.deadline + copy_delay;
  settle(now);
  --open_count_;
  receipt.latency = now - open.created;
  open.sink->on_receipt(now, open.cookie, receipt);
}

void Sender::settle(TimePoint now) {
  while (!by_counter_.empty() && by_counter_.front().conversation == nullptr &&
         now >= by_counter_.front().lingers_until) {
    by_counter_.pop_front();
    ++first_counter_;
  }
}

void Sender::forget_if_done(Conversation& conversation) {
  if (!conversation.open.empty()) return;
  if (conversation.path == 0) --paused_count_;
  conversations_.erase(key_of(conversation.service, conversation.uid, conversation.target));
}

void Sender::tell_settled(TimePoint now) {
  settle(now);
  for (auto& [path, readers] : readers_) {
    for (Reader& reader : readers) {
      if (reader.told >= settled()) continue;
      if (network_.send(path, wire::Settled{reader.service, origin_, settled()})) reader.told = settled();
    }
    std::erase_if(readers, [&](const Reader& reader) { return now - reader.used > reader_memory; });
  }
  std::erase_if(readers_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace wscluster::cluster
