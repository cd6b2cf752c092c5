// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "cluster/network.hpp"
#include "ring/hash_ring.hpp"
#include "session/session_id.hpp"

namespace wscluster::cluster {

/// The ring of an earlier epoch whose change is not done: its owners may still hold uids.
struct OpenEpoch {
  std::uint64_t epoch = 0;
  ring::HashRing ring;
};

/// Which sockets a change closes. State moves in any case.
enum class Evict : std::uint8_t {
  moved,  ///< those of direct clients whose user has moved away
  all,    ///< every one of the donors, moved or not (the reference architecture's plan A)
  none,   ///< none: they stay as edges of the new owner
};

/// How sessions are taken off their nodes by the change that made `epoch`.
struct ChangePolicy {
  std::uint64_t epoch = 0;
  double rate = 500;  ///< closes per second, of all donors together; 0: at once
  std::uint16_t close_code = 1012;
  std::string close_text;  ///< put after "epoch=N after=Mms" when not empty
  Evict evict = Evict::moved;
  Duration lb_wait{0};   ///< no close before a balancer in front has had so long to notice
  Duration deadline{0};  ///< after it the rest is closed at once; 0: none

  friend bool operator==(const ChangePolicy&, const ChangePolicy&) = default;
};

/// One service in one epoch. Immutable; all cores share it.
struct ServiceView {
  std::shared_ptr<const ring::Document> document;  ///< never null
  ring::HashRing ring;
  std::vector<OpenEpoch> open;  ///< ascending; those of done changes are left out
  /// Of done changes, as far as the document lists them: they were not done when it was made, so a member that is not
  /// in it any more was lost.
  std::vector<OpenEpoch> closed;
  std::vector<ChangePolicy> policies;  ///< of changes that are not done, ascending
  /// Delivery::broadcast. A node's ring has itself alone then, and a gateway's says where new clients go.
  bool is_broadcast = false;

  [[nodiscard]] std::uint64_t epoch() const noexcept { return document->epoch; }
  [[nodiscard]] std::uint64_t hash_of(std::string_view uid) const noexcept;
  /// Who has, or shall have, the session of that id; null: nobody.
  [[nodiscard]] const ring::Member* holder_of(const session::SessionId& id) const noexcept;
  /// For a client that is new.
  [[nodiscard]] session::SessionId new_session(std::string_view uid) const;
  [[nodiscard]] const ring::Member* member_of(std::uint64_t incarnation) const noexcept;
  [[nodiscard]] const ChangePolicy* policy_of(std::uint64_t epoch) const noexcept;
  /// The change that made this epoch may not be done: what was counted for it is still asked for. A view that came over
  /// a link has no policies.
  [[nodiscard]] bool is_change_open(std::uint64_t epoch) const noexcept;
  /// The member with that name and life is in the document.
  [[nodiscard]] bool has_member(std::string_view name, std::uint64_t incarnation) const noexcept;
  /// Its hash rings; `done_through`: changes up to and including the one to that epoch are done.
  [[nodiscard]] static std::shared_ptr<const ServiceView> make(std::shared_ptr<const ring::Document> document,
                                                               std::uint64_t done_through,
                                                               std::vector<ChangePolicy> policies);
  /// As a node (`self`) or a gateway (null) sees a service with Delivery::broadcast.
  [[nodiscard]] static std::shared_ptr<const ServiceView> make_broadcast(std::shared_ptr<const ring::Document> document,
                                                                         std::vector<ChangePolicy> policies,
                                                                         const ring::Member* self);
};

/// A process of the cluster as its registration tells.
struct Peer {
  std::string name;
  std::uint64_t incarnation = 0;
  bool is_gateway = false;
  bool is_alive = true;  ///< its lease runs
  unsigned cores = 1;
  unsigned shards = 0;
  std::string link_address;    ///< HOST:PORT
  std::string client_address;  ///< HOST:PORT for clients; with scheme in client_is_tls
  bool client_is_tls = false;
};

/// What one process knows of the cluster: immutable; each core has a pointer to one and swaps it whole.
struct View {
  std::map<std::string, std::shared_ptr<const ServiceView>, std::less<>> services;
  std::map<std::string, Peer, std::less<>> peers;  ///< by name; this process included

  [[nodiscard]] const ServiceView* service(std::string_view name) const noexcept;
  [[nodiscard]] const Peer* peer(std::string_view name) const noexcept;
  /// The peer of that name if it is also that life.
  [[nodiscard]] const Peer* peer(std::string_view name, std::uint64_t incarnation) const noexcept;
  /// The peer that is that life, whatever its name.
  [[nodiscard]] const Peer* peer_of(std::uint64_t incarnation) const noexcept;
};

/// The way to the shard of a uid with that hash; 0 when there is none now, or no peer, or it holds nothing.
[[nodiscard]] PathId path_to_shard(Network& network, const Peer* peer, std::uint64_t hash);

}  // namespace wscluster::cluster
