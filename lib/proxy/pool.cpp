// SPDX-License-Identifier: MIT
#include "proxy/pool.hpp"

#include <algorithm>
#include <utility>

#include "net/core.hpp"
#include "proxy/connection.hpp"

namespace wscluster::proxy {
namespace {

constexpr Duration address_lifetime{30'000};

}  // namespace

struct Pool::State {
  std::vector<Connection*> dirty;
  std::vector<Connection*> flushing;
  std::array<char, 65'536> input;
  Pool* pool = nullptr;
};

Pool::Pool(net::Core& core) : core_(core), state_(std::make_shared<State>()) {
  state_->pool = this;
  core.on_flush([weak = std::weak_ptr(state_)] {
    const auto state = weak.lock();
    if (!state) return;
    state->flushing.swap(state->dirty);
    for (Connection* connection : state->flushing) {
      if (connection != nullptr) connection->flush();
    }
    state->flushing.clear();
  });
}

Pool::~Pool() {
  state_->pool = nullptr;
  idle_.clear();
}

std::unique_ptr<Connection> Pool::take(const std::string& target) {
  const auto found = idle_.find(target);
  if (found == idle_.end()) return nullptr;
  while (!found->second.empty()) {
    auto connection = std::move(found->second.back().connection);
    found->second.pop_back();
    // The server may have ended it in this very turn.
    if (connection->is_quiet()) return connection;
    discard(std::move(connection));
  }
  return nullptr;
}

void Pool::put(std::unique_ptr<Connection> connection, std::uint64_t most) {
  connection->use(nullptr);
  connection->pause(false);
  connection->mark_used();
  std::vector<Idle>& waiting = idle_[connection->target()];
  if (connection->is_broken() || waiting.size() >= most) return discard(std::move(connection));
  waiting.push_back({std::move(connection), core_.now()});
}

void Pool::discard(std::unique_ptr<Connection> connection) {
  if (!connection) return;
  connection->retire();
  core_.destroy_later(std::move(connection));
}

std::unique_ptr<Connection> Pool::make(const std::string& target) {
  return std::make_unique<Connection>(*this, target);
}

void Pool::locate(const Endpoint& endpoint, std::function<void(Result<net::SocketAddress>)> done) {
  Place& place = places_[endpoint];
  place.waiting.push_back(std::move(done));
  if (std::exchange(place.is_asked, true)) return;
  if (!place.addresses.empty() && place.until > core_.now()) {
    core_.post([weak = std::weak_ptr(state_), endpoint] {
      const auto state = weak.lock();
      if (!state || state->pool == nullptr) return;
      state->pool->on_located(endpoint, state->pool->places_[endpoint].addresses);
    });
    return;
  }
  place.until = core_.now() + address_lifetime;
  net::resolve_later(core_, endpoint,
                     [weak = std::weak_ptr(state_), endpoint](Result<std::vector<net::SocketAddress>> found) {
                       const auto state = weak.lock();
                       if (state && state->pool != nullptr) state->pool->on_located(endpoint, std::move(found));
                     });
}

void Pool::on_located(const Endpoint& endpoint, Result<std::vector<net::SocketAddress>> found) {
  Place& place = places_[endpoint];
  place.is_asked = false;
  if (found) place.addresses = std::move(*found);
  for (const auto& done : std::exchange(place.waiting, {})) {
    if (place.addresses.empty()) {
      done(found ? error(Errc::unavailable, "no address is known for " + endpoint.to_string()) : found.error());
    } else {
      done(place.addresses[place.next++ % place.addresses.size()]);
    }
  }
}

void Pool::sweep(TimePoint now, Duration keep_alive, const std::function<bool(const std::string&)>& is_wanted) {
  for (auto& [target, waiting] : idle_) {
    const bool is_known = is_wanted(target);
    std::erase_if(waiting, [&](const Idle& idle) { return !is_known || now - idle.since >= keep_alive; });
  }
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

std::size_t Pool::idle() const {
  std::size_t count = 0;
  for (const auto& [target, waiting] : idle_)
    count += waiting.size();
  return count;
}

std::span<char> Pool::input() noexcept {
  return state_->input;
}

void Pool::flush_later(Connection& connection) {
  state_->dirty.push_back(&connection);
}

void Pool::forget(Connection& connection) {
  for (std::vector<Connection*>* list : {&state_->dirty, &state_->flushing})
    std::replace(list->begin(), list->end(), &connection, static_cast<Connection*>(nullptr));
}

void Pool::drop_idle(Connection& connection) {
  const auto found = idle_.find(connection.target());
  if (found == idle_.end()) return;
  const auto idle = std::find_if(found->second.begin(), found->second.end(),
                                 [&](const Idle& one) { return one.connection.get() == &connection; });
  if (idle == found->second.end()) return;
  connection.retire();
  core_.destroy_later(std::move(idle->connection));
  found->second.erase(idle);
}

}  // namespace wscluster::proxy
