// SPDX-License-Identifier: MIT
#include "front/file_sender.hpp"

#include "front/answers.hpp"

namespace wscluster::front {

void FileSender::serve(edge::ConnectionId id, const edge::Request& request) {
  const auto answer = files_->answer(request);
  if (!answer) {
    ++counters_.missing;
    edge_.respond(id, failure(404, "NotFound", "no such resource"));
    return;
  }
  if (!has_room()) {
    ++counters_.no_room;
    edge_.respond(id, retry_later("too many clients have not read their files yet"));
    return;
  }
  ++(answer->status == 304 ? counters_.unchanged : counters_.sent);
  if (!answer->body.empty()) {
    receivers_.insert(id);
    unsent_ += answer->body.size();
  }
  edge_.respond(id, *answer);
}

/// Counts anew only when the upper bound says no.
bool FileSender::has_room() {
  if (unsent_ <= max_unsent_) return true;
  unsent_ = 0;
  std::erase_if(receivers_, [this](edge::ConnectionId id) {
    const std::size_t left = edge_.unsent_bytes(id);
    unsent_ += left;
    return left == 0;
  });
  return unsent_ <= max_unsent_;
}

}  // namespace wscluster::front
