// SPDX-License-Identifier: MIT
// Links come and go: dialling, hello, back-off.
#include <algorithm>

#include "base/log.hpp"
#include "link/hub.hpp"
#include "link/target.hpp"

namespace wscluster::link {
namespace {

using namespace std::chrono_literals;

constexpr Duration tick_interval = 50ms;

/// The ring went on without that life, because it was silent. Who leaves by itself has no points any more when it goes.
bool was_expelled(const cluster::View& before, const cluster::View& after, const Remote& peer) {
  return std::any_of(before.services.begin(), before.services.end(), [&](const auto& entry) {
    const auto& [name, service] = entry;
    const ring::Member* member = service->ring.find(peer.name);
    const cluster::ServiceView* now = after.service(name);
    return member != nullptr && member->incarnation == peer.incarnation && member->weight > 0 && now != nullptr &&
           !now->has_member(peer.name, peer.incarnation);
  });
}

bool has_new_life(const cluster::View& view, const Remote& remote) {
  const cluster::Peer* peer = view.peer(remote.name);
  return peer != nullptr && peer->incarnation != remote.incarnation;
}

}  // namespace

/// Gateways dial nodes; of two nodes the one whose name comes first dials.
bool Hub::dials(const cluster::Peer& peer) const {
  if (peer.is_gateway || peer.name == identity_.name) return false;
  return identity_.is_gateway || identity_.name < peer.name;
}

void Hub::adopt(std::shared_ptr<const cluster::View> view) {
  const auto before = std::exchange(view_, std::move(view));
  std::erase_if(targets_, [&](const std::unique_ptr<Target>& target) {
    const cluster::Peer* peer = view_->peer(target->name, target->incarnation);
    return (peer == nullptr || peer->link_address != target->address) && target->link == 0 && !target->is_resolving;
  });
  for (const auto& [name, peer] : view_->peers) {
    if (!dials(peer)) continue;
    const unsigned links = std::max({1U, identity_.cores, peer.shards});
    for (unsigned number = core_.index(); number < links; number += identity_.cores) {
      const bool is_known = std::any_of(targets_.begin(), targets_.end(), [&](const auto& t) {
        return t->incarnation == peer.incarnation && t->number == number;
      });
      if (is_known) continue;
      auto target = std::make_unique<Target>();
      target->name = name;
      target->incarnation = peer.incarnation;
      target->address = peer.link_address;
      target->number = number;
      target->links = links;
      targets_.push_back(std::move(target));
    }
  }
  for (auto& [id, link] : links_) {
    if (!link->is_up()) continue;
    if (has_new_life(*view_, link->remote())) {
      leave_later(id, "your name has a new life in the registry");
    } else if (before && was_expelled(*before, *view_, link->remote())) {
      // Who waits for an answer of that life need not wait for dead_after.
      leave_later(id, "the ring went on without you");
    }
  }
}

void Hub::leave_later(cluster::LinkId id, std::string_view why) {
  core_.post([this, id, why] {
    if (const auto found = links_.find(id); found != links_.end()) found->second->leave(why);
  });
}

void Hub::tick(TimePoint now) {
  if (now < next_tick_) return;
  next_tick_ = now + tick_interval;
  std::vector<cluster::LinkId> ids;
  for (const auto& [id, link] : links_)
    ids.push_back(id);
  for (const cluster::LinkId id : ids) {
    if (const auto found = links_.find(id); found != links_.end()) found->second->tick(now);
  }
  for (const auto& target : targets_) {
    if (target->link == 0 && !target->is_resolving && now >= target->next) dial(now, *target);
  }
}

void Hub::dial(TimePoint now, Target& target) {
  target.delay = std::clamp<Duration>(target.delay * 2, options_.reconnect_min, options_.reconnect_max);
  target.next = now + target.delay;
  const auto endpoint = Endpoint::parse(target.address);
  if (!endpoint || view_->peer(target.name, target.incarnation) == nullptr) return;
  if (auto address = net::numeric_address(*endpoint)) {
    start_link(target, *address);
    return;
  }
  target.is_resolving = true;
  net::resolve_later(core_, *endpoint, [this, &target](Result<std::vector<net::SocketAddress>> addresses) {
    target.is_resolving = false;
    if (addresses) {
      start_link(target, addresses->front());
    } else {
      log::warning("link", "cannot resolve a peer", {{"peer", target.name}, {"err", addresses.error().message}});
    }
  });
}

void Hub::start_link(Target& target, const net::SocketAddress& address) {
  auto descriptor = net::start_connect(address);
  if (!descriptor) return;
  const cluster::LinkId id = next_link_id();
  net::Stream stream = tls_client_ != nullptr ? net::Stream(*descriptor, *tls_client_, {}) : net::Stream(*descriptor);
  target.link = id;
  links_.emplace(
      id, std::make_unique<Link>(core_, *this, options_, id, std::move(stream), true, target.number, target.links));
}

void Hub::adopt_accepted(int descriptor) {
  const cluster::LinkId id = next_link_id();
  net::Stream stream = tls_server_ != nullptr ? net::Stream(descriptor, *tls_server_) : net::Stream(descriptor);
  links_.emplace(id, std::make_unique<Link>(core_, *this, options_, id, std::move(stream), false, 0, 1));
}

void Hub::append_hello(std::string& out, unsigned link, unsigned links) {
  wire::Hello hello;
  hello.version = wire::protocol_version;
  hello.oldest = wire::oldest_protocol_version;
  hello.cluster = identity_.cluster;
  hello.name = identity_.name;
  hello.incarnation = identity_.incarnation;
  hello.is_gateway = identity_.is_gateway;
  hello.cores = identity_.cores;
  hello.shards = identity_.shards;
  hello.link = link;
  hello.links = links;
  hello.software = identity_.software;
  if (view_) {
    for (const auto& [name, service] : view_->services)
      hello.epochs.push_back({name, service->epoch(), service->document->digest});
  }
  wire::append(out, hello);
}

std::string Hub::on_hello(Link& link, const wire::Hello& hello) {
  if (hello.cluster != identity_.cluster)
    return "this is cluster '" + identity_.cluster + "', not '" + std::string(hello.cluster) + "'";
  if (hello.name == identity_.name && hello.incarnation != identity_.incarnation) return "this name is taken";
  const cluster::Peer* known = view_ ? view_->peer(hello.name) : nullptr;
  if (view_ && (known == nullptr || known->incarnation != hello.incarnation)) {
    return "'" + std::string(hello.name) + "' is not registered in this life, as far as is known here";
  }
  if (!link.is_dialled()) {
    const unsigned core = link.remote().link % identity_.cores;
    if (core != core_.index()) {
      // To the core where the links of this number live. The old object ends with this turn.
      auto parts = std::make_shared<Link::Parts>(link.take_parts());
      Hub* const hub = hubs_[core];
      hub->core_.post([hub, parts] { hub->resume_here(std::move(*parts), false); });
      auto node = links_.extract(link.id());
      core_.destroy_later(std::move(node.mapped()));
      return {};
    }
  } else if (const auto target =
                 std::find_if(targets_.begin(), targets_.end(), [&](const auto& t) { return t->link == link.id(); });
             target != targets_.end()) {
    if ((*target)->incarnation != hello.incarnation || (*target)->name != hello.name)
      return "another process answers at this address";
    (*target)->delay = Duration{0};
    (*target)->last_failure.clear();
  }
  end_predecessor(link, hello.incarnation);
  auto& siblings = by_incarnation_[hello.incarnation];
  siblings.push_back(&link);
  std::sort(siblings.begin(), siblings.end(),
            [](const Link* a, const Link* b) { return a->remote().link < b->remote().link; });
  log::debug("link", "a link is up", {{"peer", hello.name}, {"link", link.remote().link}});
  if (link.remote().link == 0 && listener_ != nullptr) {
    core_.post([this, remote = link.remote(), epochs = link.epochs] { listener_->on_peer_up(remote, epochs); });
  }
  return {};
}

/// The other side has given an earlier link of this number up, before we noticed: nothing more may be read from it.
void Hub::end_predecessor(const Link& link, std::uint64_t incarnation) {
  const auto found = by_incarnation_.find(incarnation);
  if (found == by_incarnation_.end()) return;
  const auto same = std::find_if(found->second.begin(), found->second.end(),
                                 [&](const Link* l) { return l->remote().link == link.remote().link; });
  if (same != found->second.end()) (*same)->leave("a new link of this number took its place");
}

void Hub::resume_here(Link::Parts parts, bool is_dialled) {
  const cluster::LinkId id = next_link_id();
  auto link = std::make_unique<Link>(core_, *this, options_, id, std::move(parts.stream), is_dialled, 0, 1);
  Link& resumed = *link;
  links_.emplace(id, std::move(link));
  resumed.resume(parts);
}

void Hub::on_broken(Link& link, std::string_view why) {
  const cluster::LinkId id = link.id();
  bool was_up = false;
  if (const auto found = by_incarnation_.find(link.remote().incarnation); found != by_incarnation_.end()) {
    was_up = std::erase(found->second, &link) > 0;
    if (found->second.empty()) by_incarnation_.erase(found);
  }
  for (const auto& target : targets_) {
    if (target->link != id) continue;
    target->link = 0;
    if (target->last_failure != why && !link.has_said_goodbye()) {
      log::warning("link", was_up ? "a link broke" : "cannot link to a peer",
                   {{"peer", target->name}, {"link", target->number}, {"err", why}});
    }
    target->last_failure = why;
  }
  if (link.has_said_goodbye()) {
    log::info("link", "a peer said goodbye",
              {{"peer", link.remote().name}, {"link", link.remote().link}, {"why", why}});
  } else if (!link.is_dialled()) {
    log::warning("link", was_up ? "a link broke" : "an incoming link failed",
                 {{"peer", link.remote().name}, {"err", why}});
  }
  auto node = links_.extract(id);
  core_.destroy_later(std::move(node.mapped()));
  if (!was_up) return;
  receiver_.on_link_down(id);
  for (unsigned core = 0; core < hubs_.size(); ++core) {
    if (core == core_.index()) continue;
    post_parcels(core);  // what the link has brought comes before its end
    hubs_[core]->core_.post([hub = hubs_[core], id] { hub->receiver_.on_link_down(id); });
  }
}

void Hub::leave(std::string_view reason) {
  std::vector<cluster::LinkId> ids;
  for (const auto& [id, link] : links_)
    ids.push_back(id);
  for (const cluster::LinkId id : ids) {
    if (const auto found = links_.find(id); found != links_.end()) found->second->leave(reason);
  }
  std::erase_if(targets_, [](const std::unique_ptr<Target>& target) { return !target->is_resolving; });
}

std::size_t Hub::links_up() const {
  return static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.end(), [](const auto& entry) { return entry.second->is_up(); }));
}

std::size_t Hub::missing_links() const {
  if (!view_) return 1;
  std::size_t missing = 0;
  for (const auto& [name, peer] : view_->peers) {
    if (peer.name == identity_.name || !peer.is_alive || (peer.is_gateway && identity_.is_gateway)) continue;
    const unsigned links =
        std::max({1U, peer.is_gateway ? peer.cores : identity_.cores, peer.is_gateway ? identity_.shards : peer.shards,
                  peer.is_gateway ? 0 : peer.cores});
    const auto up = by_incarnation_.find(peer.incarnation);
    for (unsigned number = core_.index(); number < links; number += identity_.cores) {
      const bool is_up =
          up != by_incarnation_.end() && std::any_of(up->second.begin(), up->second.end(),
                                                     [&](const Link* link) { return link->remote().link == number; });
      if (!is_up) ++missing;
    }
  }
  return missing;
}

}  // namespace wscluster::link
