// SPDX-License-Identifier: MIT
#include "process.hpp"

#include <algorithm>

#include "client.hpp"
#include "topology/donor_total.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration tick_interval = 10ms;

}  // namespace

Process::Process(World& world, std::size_t index, registry::Registration self)
    : world_(world),
      index_(index),
      name_(self.name),
      incarnation_(self.incarnation),
      is_gateway_(self.role == registry::Role::gateway),
      random_(mix(mix(world.seed(), self.name), self.incarnation)),
      registrar_(world, *this, self),
      ticked_(self.cores),
      last_posts_(self.cores),
      generations_(self.cores) {
  for (unsigned i = 0; i < self.cores; ++i) {
    const cluster::Self me{name_, incarnation_, i, self.cores};
    cores_.push_back(std::make_unique<Core>(world, *this, i, me, is_gateway_));
  }
}

Process::~Process() = default;

void Process::start() {
  for (unsigned i = 0; i < cores_.size(); ++i)
    world_.agenda().in(random_.micros(0, 10'000), [this, i] { when_running([this, i] { tick_core(i); }); });
}

void Process::tick_core(unsigned index) {
  world_.turn(*cores_[index], [this](Core& core) { core.tick(turn_time()); });
  ticked_[index] = true;
  if (index == 0 && std::exchange(was_suspended_, is_suspended()) != was_suspended_)
    world_.note(name_ + (was_suspended_ ? " is suspended" : " goes on"));
  if (index == 0 && phase_ == Phase::running) look_around();
  world_.agenda().in(tick_interval, [this, index] { when_running([this, index] { tick_core(index); }); });
}

void Process::when_running(Task task) {
  if (phase_ == Phase::dead) return;
  if (phase_ == Phase::stopped) {
    postponed_.push_back(std::move(task));
    return;
  }
  task();
}

void Process::stop() {
  if (phase_ != Phase::running) return;
  phase_ = Phase::stopped;
  stopped_at_ = world_.agenda().now();
}

void Process::resume() {
  if (phase_ != Phase::stopped) return;
  phase_ = Phase::running;
  stale_tasks_ = static_cast<unsigned>(random_.between(0, 4));
  for (Task& task : std::exchange(postponed_, {})) {
    when_running(std::move(task));
    if (stale_tasks_ > 0) --stale_tasks_;
  }
  stale_tasks_ = 0;
}

TimePoint Process::turn_time() {
  return stale_tasks_ > 0 ? stopped_at_ : world_.agenda().now();
}

bool Process::is_suspended() {
  return !is_gateway_ && registrar_.is_suspended(world_.agenda().now());
}

bool Process::every_core_ticked() const {
  return std::all_of(ticked_.begin(), ticked_.end(), [](bool ticked) { return ticked; });
}

void Process::take_ticks() {
  std::fill(ticked_.begin(), ticked_.end(), false);
}

void Process::kill() {
  if (phase_ == Phase::dead) return;
  phase_ = Phase::dead;
  postponed_.clear();
  world_.on_dead(*this, true);
}

void Process::end() {
  if (phase_ == Phase::dead) return;
  registrar_.stop();
  phase_ = Phase::dead;
  world_.on_dead(*this, false);
}

void Process::on_left(bool was_planned) {
  if (was_planned) return;
  world_.note(name_ + ": the ring went on without it");
  is_expelled_ = true;
  const bool starts_again = !is_draining_;
  world_.agenda().in(random_.micros(10, 2'000), [this, starts_again] {
    when_running([this, starts_again] {
      end();
      if (starts_again) world_.start_again(*this, random_.millis(20, 400));
    });
  });
}

// ---- what comes from the registry and from peers

void Process::post_view(std::shared_ptr<const cluster::View> view, std::uint64_t generation) {
  const TimePoint now = world_.agenda().now();
  if (!view_) view_ = view;
  const TimePoint made = now + lag + random_.micros(5, random_.chance(20) ? 60'000 : 800);
  for (unsigned i = 0; i < cores_.size(); ++i) {
    // The mailbox keeps their order.
    last_posts_[i] = std::max(last_posts_[i], made + random_.micros(0, random_.chance(10) ? 20'000 : 300));
    world_.agenda().at(last_posts_[i], [this, i, view, generation] {
      when_running([this, i, view, generation] {
        generations_[i] = generation;
        world_.turn(*cores_[i], [&](Core& core) { core.adopt(turn_time(), view); });
        if (i != 0) return;
        const auto before = std::exchange(view_, view);
        generation_ = generation;
        for (const auto& [name, service] : view->services) {
          const cluster::ServiceView* old = before && before != view ? before->service(name) : nullptr;
          if (old != nullptr && old->epoch() >= service->epoch()) continue;
          for (const cluster::PathId path : world_.links().paths_to_peers(*this))
            world_.send_document(*this, path, *service->document);
        }
      });
    });
  }
}

void Process::share_documents(cluster::LinkId link) {
  if (!view_) return;
  for (const auto& [name, service] : view_->services)
    world_.send_document(*this, cluster::make_path(link, wire::this_core), *service->document);
}

void Process::on_document(const wire::Document& document) {
  const cluster::ServiceView* known = view_ ? view_->service(document.service) : nullptr;
  if (known != nullptr && known->epoch() >= document.epoch) return;
  if (DocumentPtr found = world_.document(std::string(document.json))) registrar_.offer(std::move(found));
}

void Process::on_word(cluster::LinkId link, const Process& peer, const wire::Word& word) {
  const TimePoint now = world_.agenda().now();
  const registry::Life life{peer.name(), peer.incarnation()};
  if (word.is_given) {
    const TimePoint asked_at = world_.started() + Duration(word.question);
    if (word.question != 0 && asked_at <= now) registrar_.word_received(now, life, asked_at);
    return;
  }
  std::vector<std::string> services;
  for (const auto& service : world_.services()) {
    const DocumentPtr held = registrar_.held(service.name);
    if (!view_ || !held) continue;
    const cluster::ServiceView* view = view_->service(service.name);
    if (view != nullptr && view->has_member(life.name, life.incarnation)) services.push_back(service.name);
  }
  if (!registrar_.give_word(now, life, services)) return;
  cores_[0]->send(cluster::make_path(link, wire::this_core), wire::Word{true, word.question});
  world_.links().flush();
}

void Process::ask_for_words() {
  const TimePoint now = world_.agenda().now();
  if (is_gateway_ || !registrar_.wants_words(now)) return;
  const auto question = static_cast<std::uint64_t>(std::chrono::floor<Duration>(now - world_.started()).count());
  for (const cluster::PathId path : world_.links().paths_to_peers(*this))
    cores_[0]->send(path, wire::Word{false, question});
  world_.links().flush();
}

bool Process::is_fully_linked() const {
  if (!view_) return true;
  for (const auto& [name, peer] : view_->peers) {
    if (peer.is_alive && peer.name != name_ && !world_.links().is_linked(*this, peer.name, peer.incarnation))
      return false;
  }
  return true;
}

/// As Process::tick() of lib/front.
void Process::look_around() {
  const TimePoint now = world_.agenda().now();
  // Who is suspended asks with every tick: its time for it is short.
  if (now >= next_question_ || is_suspended()) {
    next_question_ = now + world_.heartbeat() / 4;
    ask_for_words();
  }
  if (now < next_report_) return;
  next_report_ = now + world_.heartbeat() / 4;
  report();
}

/// As Process::tell_registry() of lib/front.
void Process::report() {
  registrar_.stats.state = "up";
  registrar_.is_linked =
      is_fully_linked() && std::all_of(generations_.begin(), generations_.end(),
                                       [&](std::uint64_t generation) { return generation == generation_; });
  report_changes();
  if (is_draining_) continue_drain();
}

void Process::report_changes() {
  bool is_news = false;
  std::map<std::pair<std::string, std::uint64_t>, topology::DonorTotal> donors;
  for (const auto& core : cores_) {
    for (std::size_t i = 0; i < core->holders().size(); ++i) {
      const std::string& service = world_.services()[i].name;
      cluster::Holder& holder = *core->holders()[i];
      for (const auto& [epoch, count] : holder.donated()) {
        donors[{service, epoch}].add(count);
      }
      for (auto& [epoch, count] : std::exchange(holder.received(), {})) {
        registry::ReceiverProgress& progress = received_[{service, epoch}];
        progress.returned += count.returned;
        registrar_.report_receiver(service, epoch, progress);
        is_news = true;
      }
    }
  }
  // Sockets that were left here as edges are closed here.
  for (const auto& core : cores_) {
    for (const auto& [key, count] : core->attachments().donated()) {
      donors[key].add(count);
    }
  }
  for (const auto& [key, total] : donors) {
    registry::DonorProgress sum = total.progress(cores_.size());
    sum.incarnation = incarnation_;
    registry::DonorProgress& told = told_[key];
    // Final: what was counted is forgotten piece by piece afterwards.
    if (told.done && (!sum.done || !topology::is_news(told, sum))) continue;
    is_news = is_news || !(told == sum);
    told = sum;
    registrar_.report_donor(key.first, key.second, sum);
  }
  if (is_news) registrar_.wake();
}

// ---- leaving

void Process::drain(double rate) {
  if (is_draining_ || phase_ == Phase::dead) return;
  is_draining_ = is_closed_ = true;
  drain_deadline_ = world_.agenda().now() + 20s;
  if (!is_gateway_ && can_hand_over()) registrar_.leave(world_.policy(rate));
}

bool Process::can_hand_over() const {
  if (!view_) return false;
  return std::any_of(view_->services.begin(), view_->services.end(), [&](const auto& entry) {
    const auto& members = entry.second->ring.members();
    return entry.second->has_member(name_, incarnation_) &&
           std::any_of(members.begin(), members.end(),
                       [&](const ring::Member& m) { return m.name != name_ && m.weight > 0; });
  });
}

void Process::continue_drain() {
  const bool is_late = world_.agenda().now() >= drain_deadline_;
  if (!is_gateway_ && !is_late && can_hand_over()) return;
  if (!closes_clients_) {
    closes_clients_ = true;
    for (const auto& core : cores_) {
      const auto sockets = core->sockets;
      for (const auto& [socket, client] : sockets)
        client->on_close(1012);
    }
  }
  // Receipts for sessions that have moved still come here.
  const bool is_empty = std::all_of(cores_.begin(), cores_.end(), [](const auto& core) {
    const auto& holders = core->holders();
    return core->sockets.empty() && core->sender().open() == 0 &&
           std::all_of(holders.begin(), holders.end(), [](const auto& holder) { return holder->open_sends() == 0; });
  });
  if (is_empty || is_late) end();
}

}  // namespace wscluster::simulation
