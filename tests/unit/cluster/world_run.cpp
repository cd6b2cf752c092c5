// SPDX-License-Identifier: MIT
// How a world goes on, and what must be true in it.
#include <algorithm>

#include "ring/key.hpp"
#include "world.hpp"

namespace wscluster::cluster {

using namespace std::chrono_literals;

void World::step() {
  now_ += 1ms;
  const auto ms = static_cast<std::uint64_t>(now_.time_since_epoch() / 1ms);
  if (cuts_per_second > 0 && random(1, 1000) <= cuts_per_second) cut_some_link();
  if (leaves_per_second > 0 && random(1, 1000) <= leaves_per_second) {
    has_somebody_left_ = true;
    clients_[random(0, clients_.size() - 1)]->leave(now_);
  }
  notice_cuts();
  deliver_some();
  adopt_some();
  talk();
  for (const auto& client : clients_)
    client->tick(now_);
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      if ((ms + core->index()) % 10 == 0) core->tick(now_);
    }
  }
  if (ms % 10 == 0) mark_done();
  if (ms % 40 == 0) check_holders();
}

void World::run_for(Duration duration) {
  for (const TimePoint end = now_ + duration; now_ < end;)
    step();
}

void World::settle(Duration limit) {
  messages_per_ms = 0;
  cuts_per_second = 0;
  leaves_per_second = 0;
  const auto is_quiet = [&] {
    for (const auto& client : clients_) {
      if ((client->has_open_sends() && checker.promises.is_answered) || !(client->is_open() || client->is_away()))
        return false;
    }
    for (const Process& process : processes_) {
      for (const auto& core : process.cores) {
        if (core->sender().open() > 0 || adopted_[core.get()] + 1 < versions_.size()) return false;
      }
    }
    const bool is_linked =
        std::none_of(links_.begin(), links_.end(), [](const auto& entry) { return entry.second.is_cut; });
    const bool is_silent =
        std::all_of(channels_.begin(), channels_.end(), [](const auto& one) { return one->bytes.empty(); });
    return is_change_done() && is_linked && is_silent;
  };
  for (const TimePoint end = now_ + limit; now_ < end && !is_quiet();)
    run_for(50ms);
  // What is at an edge is read.
  run_for(200ms);
}

void World::talk() {
  if (messages_per_ms == 0 || clients_.empty() || random(1, 1000) > messages_per_ms) return;
  Client& to = *clients_[random(0, clients_.size() - 1)];
  if (has_rest && to.options().raw == RawMode::relay && chance(4)) {
    const auto wait = checker.promises.is_ordered || chance(2) ? wire::Wait::delivered : wire::Wait::queued;
    const std::uint64_t number = some_edge().send(now_, to.options().name, to.uid(), wait, 20s);
    note("rest sends #" + std::to_string(number) + " to " + to.uid());
    return;
  }
  Client& from = *clients_[random(0, clients_.size() - 1)];
  if (&from.options() != &to.options() || !from.is_open() || from.is_paused()) return;
  // It would never see its receipts.
  if (from.reading == Client::Reading::never) return;
  for (auto count = chance(8) ? random(2, 12) : 1; count > 0 && from.is_open(); --count)
    from.say(now_, to.uid());
}

void World::on_evicted(const std::string& service, const std::string& uid) {
  ++evictions_;
  const std::uint64_t hash = ring::hash_uid(uid, documents_.front()->seed);
  bool has_moved = false;
  for (std::size_t i = 1; i < history_.size() && !has_moved; ++i) {
    const ring::HashRing before(*history_[i - 1]);
    const ring::HashRing after(*history_[i]);
    has_moved = before.owner_of(hash)->name != after.owner_of(hash)->name;
  }
  if (!has_moved) checker.break_promise(service + "/" + uid + " was evicted, but its owner never changed");
}

/// At most one node has sessions of a user.
void World::check_holders() {
  for (const auto& client : clients_) {
    unsigned holders = 0;
    for (const Process& process : processes_) {
      for (const auto& core : process.cores) {
        Holder* const holder = core->holder(client->options().name);
        holders += holder != nullptr && holder->sessions_of(client->uid()) > 0 ? 1 : 0;
      }
    }
    if (holders > 1) checker.break_promise(client->uid() + " is held twice");
  }
}

void World::check_counts() {
  std::uint64_t closed = 0;
  for (const auto& [epoch, count] : donated_) {
    closed += count.closed;
    if (count.planned == count.moved + count.closed + count.gone) continue;
    checker.break_promise("epoch " + std::to_string(epoch) + ": planned " + std::to_string(count.planned) + ", moved " +
                          std::to_string(count.moved) + ", closed " + std::to_string(count.closed) + ", gone " +
                          std::to_string(count.gone));
  }
  // A client that leaves at the same moment may not see its close.
  if (cuts_ == 0 && (closed < evictions_ || (closed > evictions_ && !has_somebody_left_))) {
    checker.break_promise("the nodes count " + std::to_string(closed) + " closes, the clients " +
                          std::to_string(evictions_));
  }
}

void World::check_empty() {
  for (const auto& client : clients_)
    client->leave(now_);
  // Longer than anything is remembered.
  run_for(70s);
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      std::size_t left = core->attachments().size() + core->sender().open();
      for (const auto& holder : core->holders())
        left += holder->users() + holder->sessions();
      if (left > 0) checker.break_promise(name_of(*core) + " still remembers somebody");
    }
  }
}

void World::check_end() {
  checker.finish();
  if (!is_change_done())
    checker.break_promise("the change to epoch " + std::to_string(done_through_ + 1) + " is never done");
  check_counts();
  check_holders();
  std::size_t present = 0;
  for (const auto& client : clients_) {
    present += client->is_away() ? 0 : 1;
    if (!client->is_open() && !client->is_away()) checker.break_promise(client->uid() + " never came back");
  }
  if (sessions() != present) {
    checker.break_promise(std::to_string(sessions()) + " sessions of " + std::to_string(present) + " clients");
  }
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      if (core->sender().open() > 0) checker.break_promise(process.name + " still has open sends");
      for (const auto& holder : core->holders()) {
        if (holder->misplaced() > 0) checker.break_promise(process.name + " holds what it does not own");
        if (holder->moves_pending() > 0) checker.break_promise(process.name + " is not done evicting");
      }
    }
  }
}

}  // namespace wscluster::cluster
