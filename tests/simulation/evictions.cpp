// SPDX-License-Identifier: MIT
#include "evictions.hpp"

namespace wscluster::simulation {

void Evictions::reported(const std::string& uid, const cluster::OrderReport& report) {
  User& user = users_[uid];
  --user.open;
  user.counted += report.count;
  if (is_lossless_ && report.status != cluster::OrderReport::Status::done)
    checker_.break_promise(uid + " could not be evicted");
}

void Evictions::closed(const std::string& uid) {
  if (!has(uid)) return checker_.break_promise(uid + " was evicted, and nobody had ordered it");
  ++users_[uid].closed;
}

void Evictions::finish() {
  if (!is_lossless_) return;
  for (const auto& [uid, user] : users_) {
    if (user.open > 0) checker_.break_promise("nobody says whether " + uid + " was evicted");
    if (user.counted == user.closed) continue;
    checker_.break_promise(uid + ": " + std::to_string(user.counted) + " sessions evicted, " +
                           std::to_string(user.closed) + " closed");
  }
}

}  // namespace wscluster::simulation
