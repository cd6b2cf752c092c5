// SPDX-License-Identifier: MIT
#include "topology/view_maker.hpp"

#include <algorithm>

namespace wscluster::topology {
namespace {

cluster::Peer peer_of(const registry::MemberRecord& member) {
  const registry::Registration& registration = member.registration;
  cluster::Peer peer;
  peer.is_alive = member.is_alive;
  peer.name = registration.name;
  peer.incarnation = registration.incarnation;
  peer.is_gateway = registration.role == registry::Role::gateway;
  peer.cores = registration.cores;
  peer.shards = registration.shards;
  peer.link_address = registration.link_address;
  peer.client_address = registration.client_address;
  peer.client_is_tls = registration.client_tls;
  return peer;
}

std::vector<cluster::ChangePolicy> policies_of(const registry::ServiceState& state) {
  std::vector<cluster::ChangePolicy> policies;
  for (const registry::Change& change : state.running) {
    const registry::ChangePolicy& policy = change.policy;
    policies.push_back({change.to_epoch, policy.rate, policy.close_code, policy.close_reason,
                        static_cast<cluster::Evict>(policy.evict), policy.lb_wait, policy.deadline});
  }
  return policies;
}

bool is_same(const cluster::ServiceView& view, const ring::Document& document, std::uint64_t through,
             const std::vector<cluster::ChangePolicy>& policies) {
  const auto is_open = [&](const ring::OpenMembership& open) { return open.epoch >= through; };
  return view.document->digest == document.digest && view.policies == policies &&
         view.open.size() ==
             static_cast<std::size_t>(std::count_if(document.open.begin(), document.open.end(), is_open));
}

}  // namespace

/// Null: the old one is good still.
std::shared_ptr<const cluster::ServiceView> ViewMaker::make_service(const std::string& name,
                                                                    const registry::ServiceState& state,
                                                                    const cluster::ServiceView* old) const {
  auto policies = policies_of(state);
  if (broadcast_.contains(name)) {
    if (old != nullptr && old->document->digest == state.document->digest && old->policies == policies) return nullptr;
    return cluster::ServiceView::make_broadcast(state.document, std::move(policies), self_ ? &*self_ : nullptr);
  }
  std::uint64_t through = state.done_through;
  // A crash's epoch may be done before it is seen. Holders must learn once from whom they inherit, or what the dead
  // one may have delivered would be delivered again.
  if (old != nullptr && old->epoch() < state.document->epoch) {
    through = std::min(through, old->epoch());
    // The same for what a dead donor had not yet handed over: its death is what made the change done.
    if (!old->open.empty()) through = std::min(through, old->open.front().epoch);
  }
  if (old != nullptr && is_same(*old, *state.document, through, policies)) return nullptr;
  return cluster::ServiceView::make(state.document, through, std::move(policies));
}

std::shared_ptr<const cluster::View> ViewMaker::make(const registry::Snapshot& snapshot) {
  auto view = std::make_shared<cluster::View>();
  for (const registry::MemberRecord& member : snapshot.members) {
    // A silent member keeps its place as long as a document names it: only the document says who owns.
    view->peers.emplace(member.registration.name, peer_of(member));
  }
  for (const auto& [name, state] : snapshot.services) {
    if (!state.document) continue;
    const auto old = last_ ? last_->services.find(name) : view->services.end();
    const bool has_old = last_ && old != last_->services.end();
    auto made = make_service(name, state, has_old ? old->second.get() : nullptr);
    if (!made) made = old->second;
    view->services.emplace(name, std::move(made));
  }
  last_ = view;
  return view;
}

}  // namespace wscluster::topology
