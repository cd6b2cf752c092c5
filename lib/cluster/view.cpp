// SPDX-License-Identifier: MIT
#include "cluster/view.hpp"

#include <algorithm>

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
  const auto* member = ring.find(name);
  return member != nullptr && member->incarnation == incarnation;
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
