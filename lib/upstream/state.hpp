// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ring/member.hpp"
#include "upstream/instance.hpp"

namespace wscluster::upstream {

/// All that is known of one upstream service.
struct UpstreamState {
  std::map<std::string, Instance, std::less<>> instances;  ///< by id, whatever their status
  std::map<std::string, Instance, std::less<>> gone;       ///< by id: those that left lately

  /// nullptr when it is not there, or has left.
  [[nodiscard]] const Instance* find(std::string_view id) const;
  /// By the name it has in the ring; nullptr when there is none.
  [[nodiscard]] const Instance* find_member(std::string_view member) const;

  friend bool operator==(const UpstreamState&, const UpstreamState&) = default;
};

/// By service; never null.
using Upstreams = std::map<std::string, std::shared_ptr<const UpstreamState>, std::less<>>;

/// What the ring of the service should be: those that are up, sorted by name.
[[nodiscard]] std::vector<ring::Member> wanted_members(const UpstreamState& state);

}  // namespace wscluster::upstream
