// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "upstream/instance.hpp"

namespace wscluster::registry {

/// The instance as it is now. Errc::not_found: it must be registered (again); conflict: the name of the service belongs
/// to nodes; invalid; unavailable: Redis is away and nothing was done.
using InstanceAnswer = Result<upstream::Instance>;
/// Called on the directory thread, once; must be quick.
using InstanceCallback = std::function<void(InstanceAnswer)>;

/// What is asked of the registry about one instance of an upstream service.
struct InstanceCall {
  enum class Kind : std::uint8_t { enroll, renew, cancel, override_status, set_metadata };

  Kind kind = Kind::renew;
  upstream::Instance instance;                          ///< service and id; all of it for `enroll`
  std::optional<std::uint64_t> dirty_ms{};              ///< of `renew`, as upstream::check_renewal
  upstream::Status status = upstream::Status::unknown;  ///< of `override_status`; unknown: the undo
  std::optional<upstream::Status> own{};                ///< of the undo: what the instance says of itself
  std::map<std::string, std::string> metadata{};        ///< of `set_metadata`: entries to set
  InstanceCallback callback{};
};

/// What the call makes of what is known under its id (null: nothing, or nothing readable); not for `renew`.
[[nodiscard]] InstanceAnswer apply(const InstanceCall& call, const upstream::Instance* known, std::uint64_t now_ms);

}  // namespace wscluster::registry
