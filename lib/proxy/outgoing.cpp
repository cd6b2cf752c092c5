// SPDX-License-Identifier: MIT
#include "proxy/outgoing.hpp"

#include <utility>

#include "base/log.hpp"
#include "protocol/relay.hpp"
#include "ring/key.hpp"

namespace wscluster::proxy {

ServiceCounters& ServiceCounters::operator+=(const ServiceCounters& other) noexcept {
  requests += other.requests;
  for (std::size_t i = 0; i < std::size(answered); ++i)
    answered[i] += other.answered[i];
  upgrades += other.upgrades;
  refused += other.refused;
  connects += other.connects;
  reused += other.reused;
  retries += other.retries;
  unreachable += other.unreachable;
  broken += other.broken;
  timed_out += other.timed_out;
  ejections += other.ejections;
  evicted += other.evicted;
  return *this;
}

Outgoing::Outgoing(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call)
    : pool_(pool), edge_(edge), group_(std::move(group)), call_(std::move(call)) {}

Outgoing::~Outgoing() {
  release(false);
}

TimePoint Outgoing::now() const {
  return pool_.core().now();
}

std::optional<std::uint64_t> Outgoing::place() const {
  if (!call_.user) return std::nullopt;
  return ring::hash_uid(*call_.user, group_->balancer.service().seed);
}

void Outgoing::start() {
  const auto hash = place();
  const Target* target = hash ? group_->balancer.pick_for(*hash, now(), tried_) : group_->balancer.pick(now(), tried_);
  if (target == nullptr) {
    ++group_->counters.unreachable;
    return refuse(503, "no server of " + group_->balancer.service().name + " takes this now");
  }
  server_ = target->name;
  group_->balancer.began(server_);
  const std::string key = group_->balancer.service().name + "/" + target->endpoint.to_string();
  connection_ = pool_.take(key);
  if (connection_) {
    ++group_->counters.reused;
    connection_->use(this);
    return on_reached();
  }
  connection_ = pool_.make(key);
  connection_->use(this);
  dial(*target);
}

void Outgoing::dial(const Target& target) {
  ++group_->counters.connects;
  deadline_ = now() + options().connect_timeout;
  pool_.locate(target.endpoint, [weak = weak_from_this(), attempt = ++attempt_](Result<net::SocketAddress> found) {
    const auto self = weak.lock();
    if (!self || self->attempt_ != attempt || !self->connection_) return;
    if (!found) return self->try_next(found.error().message);
    self->connection_->connect(*found);
    if (self->connection_->is_broken()) self->try_next("cannot connect");
  });
}

void Outgoing::on_connected() {
  deadline_ = TimePoint::max();
  on_reached();
}

void Outgoing::try_next(std::string_view why) {
  log::debug("proxy", "a server cannot be reached",
             {{"service", group_->balancer.service().name}, {"server", server_}, {"err", why}});
  tried_.push_back(server_);
  count_failure();
  release(false);
  if (retries_ >= options().retries) {
    ++group_->counters.unreachable;
    return refuse(503, "no server of " + group_->balancer.service().name + " can be reached");
  }
  start_again();
}

void Outgoing::start_again() {
  release(false);
  ++retries_;
  ++group_->counters.retries;
  start();
}

void Outgoing::count_failure() {
  if (server_.empty() || !group_->balancer.failed(server_, now())) return;
  ++group_->counters.ejections;
  log::warning("proxy", "a server fails and gets nothing for a while",
               {{"service", group_->balancer.service().name}, {"server", server_}});
}

void Outgoing::release(bool may_serve_others) {
  ++attempt_;
  deadline_ = TimePoint::max();
  if (!server_.empty()) group_->balancer.ended(std::exchange(server_, {}));
  if (!connection_) return;
  if (may_serve_others) {
    pool_.put(std::move(connection_), options().max_idle);
  } else {
    pool_.discard(std::move(connection_));
  }
}

void Outgoing::refuse(unsigned status, std::string_view text) {
  release(false);
  is_over_ = true;
  ++group_->counters.answered[status / 100];
  edge::Response response;
  response.status = status;
  std::string code(net::reason_phrase(status));
  std::erase(code, ' ');
  response.body = protocol::rest_error(code, text);
  if (status == 503) response.headers.emplace_back("Retry-After", std::to_string(1 + call_.id % 3));
  edge_.respond(call_.id, response);
}

}  // namespace wscluster::proxy
