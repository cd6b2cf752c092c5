// SPDX-License-Identifier: MIT
// The end of a story, and what must be true there.
#include <algorithm>

#include "session/keys.hpp"
#include "world.hpp"

namespace wscluster::simulation {

using namespace std::chrono_literals;

void World::play() {
  for (const Cast& cast : story_.cast)
    add_process(cast, !cast.is_member);
  if (story_.starts_cold) {
    for (const auto& process : processes_)
      process->registrar().start();
  } else {
    form_ring();
  }
  for (const Device& device : story_.devices) {
    const auto options = std::find_if(services_.begin(), services_.end(),
                                      [&](const auto& service) { return service.name == device.service; });
    clients_.push_back(std::make_unique<Client>(*this, clients_.size(), device, *options));
    watch_.add_user(device.service, device.uid);
    if (!device.is_late) agenda_.in(random_.micros(1'000, 20'000), [c = clients_.back().get()] { c->connect(); });
  }
  for (unsigned i = 1; i <= story_.groups; ++i)
    watch_.add_user("chat", session::group_key("g" + std::to_string(i)));
  play_actions();
  Duration length{0};
  for (const Action& action : story_.actions)
    if (action.nth == 0) length = std::max(length, action.at + action.lasting);
  agenda_.run_until(started_ + overture + length + 100ms);
  end_all_faults();
  settle();
  check_end();
  if (story_.promises.forgets_everybody) check_empty();
}

void World::end_all_faults() {
  triggers_.clear();
  redis_away_until_ = agenda_.now();
  redis_cut_until_.clear();
  redis_deaf_until_.clear();
  links_.heal_all();
  for (const auto& process : processes_) {
    process->lag = Duration(0);
    process->resume();
  }
  bool has_gateway = false;
  bool has_node = false;
  for (const Process* process : living())
    (process->is_gateway() ? has_gateway : has_node) |= !process->is_draining();
  for (const Cast& cast : story_.cast) {
    bool& is_there = cast.is_gateway ? has_gateway : has_node;
    if (is_there || find(cast.name) != nullptr) continue;
    is_there = true;
    add_process(cast, false).registrar().start();
  }
}

bool World::are_views_equal() const {
  for (const cluster::ServiceOptions& service : services_) {
    const ServiceRow* row = redis_.service(service.name);
    if (row == nullptr || !row->head) return false;
    for (const Process* process : living()) {
      for (const auto& core : process->cores()) {
        const cluster::ServiceView* view = core->view() ? core->view()->service(service.name) : nullptr;
        if (view == nullptr || view->document->digest != row->head->digest) return false;
      }
    }
  }
  return true;
}

bool World::is_quiet() const {
  for (const auto& client : clients_) {
    if (client->is_busy() || !(client->is_open() || client->is_away())) return false;
  }
  for (const Process* process : living()) {
    if (process->is_draining()) return false;
    for (const auto& core : process->cores()) {
      if (core->sender().open() > 0) return false;
      for (const auto& holder : core->holders())
        if (holder->misplaced() > 0 || holder->open_sends() > 0) return false;
    }
  }
  if (!links_.is_silent()) return false;
  if (!story_.promises.ends_equal) return true;
  for (const cluster::ServiceOptions& service : services_) {
    const ServiceRow* row = redis_.service(service.name);
    if (row == nullptr || !row->head || !row->running.empty()) return false;
    for (const ring::Member& member : row->head->members)
      if (member.weight == 0 || !redis_.is_alive(agenda_.now(), member.name, member.incarnation)) return false;
  }
  return are_views_equal();
}

void World::settle() {
  const TimePoint end = agenda_.now() + 60s;
  // So long that whoever is dead is missed, and whoever wants to come in is in.
  const Duration calm = story_.promises.is_lossless ? 200ms : story_.lease + 3 * story_.heartbeat;
  for (TimePoint restless = agenda_.now(); agenda_.now() < end && agenda_.now() - restless < calm;) {
    if (!is_quiet()) restless = agenda_.now();
    agenda_.run_until(agenda_.now() + 50ms);
  }
}

void World::check_end() {
  checker_.finish();
  groups_.finish(checker_.unknown());
  evictions_.finish();
  if (story_.promises.ends_equal && !are_views_equal()) checker_.break_promise("not everybody has what Redis has");
  check_counts();
  std::size_t present = 0;
  for (const auto& client : clients_) {
    const bool is_changed = written_[client->device().service].size() > 1;
    if (story_.promises.closes_everybody && client->closes() != (is_changed ? 1U : 0U)) {
      checker_.break_promise(client->uid() + " was closed " + std::to_string(client->closes()) +
                             " times by a change that closes everybody once");
    }
    present += client->is_away() ? 0 : 1;
    if (!client->is_open() && !client->is_away()) {
      checker_.break_promise(client->uid() + " (device " + std::to_string(&client - clients_.data()) +
                             ") never came back");
    }
  }
  std::size_t sessions = 0;
  for (const Process* process : living()) {
    for (const auto& core : process->cores()) {
      if (core->sender().open() > 0) checker_.break_promise(process->name() + " still has open sends");
      for (const auto& holder : core->holders()) {
        sessions += holder->sessions();
        if (holder->misplaced() > 0) checker_.break_promise(process->name() + " holds what it does not own");
      }
    }
  }
  // Sessions of sockets that died with their edge stay for a while.
  if (sessions < present || (killed_ == 0 && sessions > present + abandoned_)) {
    checker_.break_promise(std::to_string(sessions) + " sessions of " + std::to_string(present) + " clients");
  }
}

void World::check_counts() {
  if (!story_.promises.ends_equal) return;
  for (const cluster::ServiceOptions& service : services_) {
    const ServiceRow* row = redis_.service(service.name);
    if (row == nullptr || !row->head) continue;
    for (const auto& [epoch, change] : row->changes) {
      const bool is_whole =
          std::all_of(change.donors_expected.begin(), change.donors_expected.end(),
                      [&](const registry::Donor& donor) { return !lost_.contains(donor.incarnation); });
      // Whom the change threw out may tell what it would have had to give.
      registry::Change expected = change;
      std::erase_if(expected.donors, [&](const auto& told) {
        // Whoever closes somebody counts.
        if (change.policy.evict == registry::Evict::all) return false;
        return std::none_of(change.donors_expected.begin(), change.donors_expected.end(),
                            [&](const registry::Donor& donor) { return donor.name == told.first; });
      });
      const registry::DonorProgress sum = expected.donor_total();
      const std::string counts = ": planned " + std::to_string(sum.planned) + ", moved " + std::to_string(sum.moved) +
                                 ", closed " + std::to_string(sum.closed) + ", gone " + std::to_string(sum.gone);
      if (change.state == registry::ChangeState::evicting) {
        for (const registry::Donor& donor : change.donors_expected) {
          const auto told = change.donors.find(donor.name);
          if (told == change.donors.end() || !told->second.done)
            note("the change to epoch " + std::to_string(epoch) + " waits for " + donor.name);
        }
        checker_.break_promise("the change to epoch " + std::to_string(epoch) + " is never done" + counts);
      } else if (is_whole && sum.planned != sum.moved + sum.closed + sum.gone) {
        checker_.break_promise("epoch " + std::to_string(epoch) + counts);
      }
    }
  }
}

void World::check_empty() {
  for (const auto& client : clients_)
    client->vanish();
  // Longer than anything is remembered.
  agenda_.run_until(agenda_.now() + 75s);
  for (const Process* process : living()) {
    for (const auto& core : process->cores()) {
      std::size_t left = core->attachments().size() + core->sender().open();
      for (const auto& holder : core->holders())
        left += holder->users() + holder->sessions();
      if (left > 0) checker_.break_promise(process->name() + " still remembers somebody");
    }
  }
}

}  // namespace wscluster::simulation
