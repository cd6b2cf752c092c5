// SPDX-License-Identifier: MIT
#include "proxy/balancer.hpp"

#include <algorithm>

namespace wscluster::proxy {
namespace {

constexpr unsigned checks_to_believe = 2;
constexpr std::uint64_t longest_ejection = 10;

}  // namespace

const Target* Service::find(std::string_view target) const noexcept {
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const Target& t) { return t.name == target; });
  return found == targets.end() ? nullptr : &*found;
}

void Balancer::adopt(std::shared_ptr<const Service> service) {
  service_ = std::move(service);
  std::erase_if(states_,
                [this](const auto& state) { return service_->find(state.first) == nullptr && state.second.open == 0; });
}

bool Balancer::is_usable(const std::string& target, TimePoint now) const {
  const auto found = states_.find(target);
  return found == states_.end() || (!found->second.is_sick && found->second.ejected_until <= now);
}

bool Balancer::may_take(const Target& target, TimePoint now, const std::vector<std::string>& tried) const {
  return target.weight > 0 && std::find(tried.begin(), tried.end(), target.name) == tried.end() &&
         open(target.name) < service_->options.max_connections && is_usable(target.name, now);
}

const Target* Balancer::pick(TimePoint now, const std::vector<std::string>& tried) {
  const std::vector<Target>& targets = service_->targets;
  const Target* best = nullptr;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Target& target = targets[(next_ + i) % targets.size()];
    if (!may_take(target, now, tried)) continue;
    const auto load = [this](const Target& t) { return static_cast<double>(open(t.name)) / t.weight; };
    if (best == nullptr || (service_->options.balance == Balance::least_connections && load(target) < load(*best)))
      best = &target;
    if (service_->options.balance == Balance::round_robin) break;
  }
  if (best != nullptr) next_ = static_cast<std::size_t>(best - targets.data()) + 1;
  return best;
}

const Target* Balancer::owner_of(std::uint64_t hash) const noexcept {
  const ring::Member* member = service_->ring.owner_of(hash);
  return member == nullptr ? nullptr : service_->find(member->name);
}

const Target* Balancer::pick_for(std::uint64_t hash, TimePoint now, const std::vector<std::string>& tried) const {
  const Target* owner = owner_of(hash);
  if (owner != nullptr && may_take(*owner, now, tried)) return owner;
  if (service_->options.unreachable == Unreachable::fail) return nullptr;
  for (const ring::Member* member : service_->ring.successors_of(hash, service_->targets.size())) {
    const Target* target = service_->find(member->name);
    if (target != nullptr && may_take(*target, now, tried)) return target;
  }
  return nullptr;
}

void Balancer::ended(const std::string& target) {
  const auto found = states_.find(target);
  if (found != states_.end() && found->second.open > 0) --found->second.open;
}

void Balancer::succeeded(const std::string& target) {
  State& state = states_[target];
  state.failures = 0;
  state.ejections = 0;
}

bool Balancer::failed(const std::string& target, TimePoint now) {
  State& state = states_[target];
  const std::uint64_t limit = service_->options.eject_after;
  if (++state.failures < limit || limit == 0 || state.ejected_until > now) return false;
  // If most of them fail, it is not they.
  if ((ejected(now) + 1) * 2 > service_->targets.size()) return false;
  state.failures = 0;
  state.ejections = std::min(state.ejections + 1, longest_ejection);
  state.ejected_until = now + service_->options.eject_time * static_cast<Duration::rep>(state.ejections);
  return true;
}

bool Balancer::checked(const std::string& target, bool is_well) {
  State& state = states_[target];
  if (is_well != state.is_sick) {
    state.unlike = 0;
    return false;
  }
  if (++state.unlike < checks_to_believe) return false;
  state.unlike = 0;
  state.is_sick = !is_well;
  return true;
}

std::size_t Balancer::ejected(TimePoint now) const {
  return static_cast<std::size_t>(std::count_if(states_.begin(), states_.end(),
                                                [&](const auto& state) { return state.second.ejected_until > now; }));
}

std::size_t Balancer::sick() const {
  return static_cast<std::size_t>(
      std::count_if(states_.begin(), states_.end(), [](const auto& state) { return state.second.is_sick; }));
}

std::uint64_t Balancer::open(const std::string& target) const {
  const auto found = states_.find(target);
  return found == states_.end() ? 0 : found->second.open;
}

}  // namespace wscluster::proxy
