// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.hpp"
#include "ring/document.hpp"

namespace wscluster::registry {

/// So many epochs are remembered, in Redis and by each process.
inline constexpr std::uint64_t remembered_epochs = 64;

/// Epoch -> "DIGEST NAME=INCARNATION:WEIGHT …", as in the key history:SERVICE.
using HistoryEntries = std::map<std::uint64_t, std::string>;

[[nodiscard]] std::string history_entry(const ring::Document& document);
/// Empty when the entry has none.
[[nodiscard]] std::string_view digest_in(std::string_view history_entry);

/// What a process holds of one service beside the document: enough to put all of it back into a Redis that has lost it.
struct Heritage {
  HistoryEntries history;  ///< of the lineage of the document, the last remembered_epochs as far as known
  std::uint64_t done_through = 0;
  std::vector<Change> running;     ///< complete up to read_through: what is missing there is done
  std::uint64_t read_through = 0;  ///< 0: Redis was never read beside a document

  /// Nothing that belongs to the change to this epoch is waited for any more.
  [[nodiscard]] bool is_final(std::uint64_t to_epoch) const;
};

/// The records of all changes that are not final, and of those after done_through, ascending. One that is not known is
/// made from the memberships that the document keeps open: its donors are asked again, with the policy's defaults.
[[nodiscard]] std::vector<Change> changes_to_restore(const ring::Document& document, const Heritage& heritage);

/// As put_back.lua reads them.
[[nodiscard]] std::string to_json(const HistoryEntries& history);
[[nodiscard]] std::string restored_to_json(const std::vector<Change>& changes);

}  // namespace wscluster::registry
