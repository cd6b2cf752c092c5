// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace wscluster::registry {

/// An operator's wish that everybody follows the document that one process holds. It lies in Redis until that process
/// has made it the ring, or has answered why not.
struct RepairRequest {
  std::string service;
  std::string from;               ///< name of the process
  std::uint64_t incarnation = 0;  ///< its life
  std::uint64_t epoch = 0;        ///< what it is expected to hold
  std::string digest;
  std::string by;
  std::uint64_t asked_ms = 0;  ///< Redis TIME, set by Store::ask_repair
  std::string answer;          ///< why it was not done; empty: not answered

  friend bool operator==(const RepairRequest&, const RepairRequest&) = default;
};

/// An older request is not carried out any more: who asked has given up.
inline constexpr Duration repair_patience = std::chrono::seconds(60);

[[nodiscard]] std::string to_json(const RepairRequest& request);
[[nodiscard]] Result<RepairRequest> parse_repair(std::string_view text);

}  // namespace wscluster::registry
