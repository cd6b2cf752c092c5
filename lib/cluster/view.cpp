// SPDX-License-Identifier: MIT
#include "cluster/view.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "ring/key.hpp"

namespace wscluster::cluster {

std::uint64_t ServiceView::hash_of(std::string_view uid) const noexcept {
  return ring::hash_uid(uid, document->seed);
}

const ChangePolicy* ServiceView::policy_of(std::uint64_t epoch) const noexcept {
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const auto& p) { return p.epoch == epoch; });
  return found == policies.end() ? nullptr : &*found;
}

bool ServiceView::is_change_open(std::uint64_t change_epoch) const noexcept {
  return change_epoch >= epoch() || policy_of(change_epoch) != nullptr ||
         std::any_of(open.begin(), open.end(),
                     [&](const OpenEpoch& before) { return before.epoch + 1 == change_epoch; });
}

bool ServiceView::has_member(std::string_view name, std::uint64_t incarnation) const noexcept {
  const ring::Member* member = member_of(incarnation);
  return member != nullptr && member->name == name;
}

const ring::Member* ServiceView::member_of(std::uint64_t incarnation) const noexcept {
  const auto& members = document->members;
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& member) { return member.incarnation == incarnation; });
  return found == members.end() ? nullptr : &*found;
}

// With broadcast an id has the holder's life in the place of its first random number. Who held it may be gone; then a
// client without a subprotocol goes on anywhere.
const ring::Member* ServiceView::holder_of(const session::SessionId& id) const noexcept {
  const ring::Member* holder = is_broadcast ? member_of(id.random[0]) : nullptr;
  return holder != nullptr ? holder : ring.owner_of(id.hash);
}

session::SessionId ServiceView::new_session(std::string_view uid) const {
  auto id = session::SessionId::make(hash_of(uid));
  if (!is_broadcast) return id;
  if (const ring::Member* holder = ring.owner_of(random_id())) id.random[0] = holder->incarnation;
  return id;
}

std::shared_ptr<const ServiceView> ServiceView::make(std::shared_ptr<const ring::Document> document,
                                                     std::uint64_t done_through, std::vector<ChangePolicy> policies) {
  auto view = std::make_shared<ServiceView>();
  view->ring = ring::HashRing(*document);
  for (const auto& open : document->open) {
    auto& list = open.epoch < done_through ? view->closed : view->open;
    list.push_back({open.epoch, ring::HashRing(open.members, document->seed, document->points_per_weight)});
  }
  view->policies = std::move(policies);
  view->document = std::move(document);
  return view;
}

std::shared_ptr<const ServiceView> ServiceView::make_broadcast(std::shared_ptr<const ring::Document> document,
                                                               std::vector<ChangePolicy> policies,
                                                               const ring::Member* self) {
  auto view = std::make_shared<ServiceView>();
  view->is_broadcast = true;
  view->ring = self == nullptr ? ring::HashRing(*document)
                               : ring::HashRing({*self}, document->seed, document->points_per_weight);
  view->policies = std::move(policies);
  view->document = std::move(document);
  return view;
}

const ServiceView* View::service(std::string_view name) const noexcept {
  const auto found = services.find(name);
  return found == services.end() ? nullptr : found->second.get();
}

const Peer* View::peer(std::string_view name) const noexcept {
  const auto found = peers.find(name);
  return found == peers.end() ? nullptr : &found->second;
}

const Peer* View::peer(std::string_view name, std::uint64_t incarnation) const noexcept {
  const Peer* found = peer(name);
  return found != nullptr && found->incarnation == incarnation ? found : nullptr;
}

const Peer* View::peer_of(std::uint64_t incarnation) const noexcept {
  const auto found = std::find_if(peers.begin(), peers.end(),
                                  [&](const auto& entry) { return entry.second.incarnation == incarnation; });
  return found == peers.end() ? nullptr : &found->second;
}

PathId path_to_shard(Network& network, const Peer* peer, std::uint64_t hash) {
  if (peer == nullptr || peer->shards == 0) return 0;
  return network.path_to(peer->name, peer->incarnation, ring::shard_of(hash, peer->shards));
}

}  // namespace wscluster::cluster
