// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "edge/edge.hpp"
#include "front/missing_origin.hpp"

namespace wscluster::front {

/// From which web pages browsers may open a WebSocket: "https://app.example.org", "https://*.example.org" for all hosts
/// below it, "http://localhost:3000", or "null" for pages without an origin. An empty list lets everybody in.
class OriginList {
 public:
  OriginList() = default;
  /// The patterns have passed check().
  OriginList(const std::vector<std::string>& patterns, MissingOrigin missing);

  [[nodiscard]] static Result<> check(const std::string& pattern);
  [[nodiscard]] bool allows(const edge::Request& request) const;

 private:
  struct Pattern {
    std::string before;  ///< all of it, or up to the asterisk
    std::string behind;  ///< from the dot behind it; empty: exact
  };
  [[nodiscard]] bool matches(const std::string& origin) const;

  std::vector<Pattern> patterns_;
  bool allows_missing_ = true;
};

}  // namespace wscluster::front
