// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "registry/instance_call.hpp"
#include "registry/snapshot.hpp"

namespace wscluster::net {
class Core;
}

namespace wscluster::front {

/// Of one core; all from calls, not from what a process does by itself.
struct InstanceCounters {
  std::uint64_t registrations = 0;
  std::uint64_t renewals = 0;
  std::uint64_t cancels = 0;
  std::uint64_t changes = 0;  ///< of status or metadata
  std::uint64_t unknown = 0;  ///< renewals and others of an instance that must register first
  std::uint64_t refused = 0;  ///< bad, not allowed, or a name of nodes
  std::uint64_t away = 0;     ///< while Redis was
};

/// One core's way to the registry's instances: what is known of them, and calls whose answers come on this core.
class Registrar {
 public:
  using Ask = std::function<void(registry::InstanceCall)>;

  explicit Registrar(net::Core& core) : core_(core) {}

  /// Gateways, before the core starts; `ask` may be called on any core.
  void connect(Ask ask) { ask_ = std::move(ask); }
  [[nodiscard]] bool is_connected() const noexcept { return ask_ != nullptr; }
  void adopt(std::shared_ptr<const registry::Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  [[nodiscard]] const upstream::Upstreams& upstreams() const noexcept;
  /// nullptr when it is no upstream service.
  [[nodiscard]] const upstream::UpstreamState* upstream(std::string_view service) const;
  /// What is asked of the registry; `answered` is called later, on this core.
  void ask(registry::InstanceCall call, registry::InstanceCallback answered);
  /// A call that did not come so far.
  void count_refused() noexcept { ++counters_.refused; }
  [[nodiscard]] const InstanceCounters& counters() const noexcept { return counters_; }

 private:
  void count(registry::InstanceCall::Kind kind, const registry::InstanceAnswer& answer);

  net::Core& core_;
  Ask ask_;
  std::shared_ptr<const registry::Snapshot> snapshot_;
  InstanceCounters counters_;
};

/// A call about the instance of that name.
[[nodiscard]] registry::InstanceCall instance_call(registry::InstanceCall::Kind kind, std::string service,
                                                   std::string id);

}  // namespace wscluster::front
