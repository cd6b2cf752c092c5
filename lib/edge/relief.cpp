// SPDX-License-Identifier: MIT
// What gives memory back when it is short.
#include "edge/state.hpp"
#include "websocket/frame.hpp"

#include <queue>
#include <utility>

namespace wscluster::edge {

void Edge::limit_connections(std::uint64_t most) {
  state_->options.max_connections = most;
}

void Edge::keep_alive(bool is_on) {
  if (std::exchange(state_->has_keep_alive, is_on) == is_on || is_on) return;
  for (const auto& page : state_->pages) {
    for (Connection& c : *page) {
      if (c.phase != Phase::idle) continue;
      ++state_->counters.shed_http;
      c.reason = CloseReason::limit;
      state_->linger(c);
    }
  }
}

void Edge::shed(std::size_t most) {
  if (most == 0) return;
  // The longest idle so far, the least of them on top: memory for those to be closed only, however many there are.
  std::priority_queue<std::pair<std::int64_t, Connection*>> longest_idle;
  for (const auto& page : state_->pages) {
    for (Connection& c : *page) {
      if (c.phase != Phase::websocket) continue;
      const std::pair candidate{c.used, &c};
      if (longest_idle.size() == most && candidate >= longest_idle.top()) continue;
      longest_idle.push(candidate);
      if (longest_idle.size() > most) longest_idle.pop();
    }
  }
  for (; !longest_idle.empty(); longest_idle.pop()) {
    ++state_->counters.shed_websockets;
    state_->start_close(*longest_idle.top().second, websocket::CloseCode::try_again_later, "memory",
                        CloseReason::limit);
  }
}

}  // namespace wscluster::edge
