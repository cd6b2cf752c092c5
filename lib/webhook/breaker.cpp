// SPDX-License-Identifier: MIT
#include "webhook/breaker.hpp"

#include <algorithm>

namespace wscluster::webhook {

bool Breaker::allows(TimePoint now) noexcept {
  if (!is_open()) return true;
  if (is_trying_ || now < paused_until_) return false;
  is_trying_ = true;
  return true;
}

void Breaker::succeeded() noexcept {
  *this = Breaker();
}

void Breaker::failed(TimePoint now) noexcept {
  if (is_open() && !is_trying_) return;  // was under way when it opened
  if (is_trying_ || ++failures_ >= failures_in_a_row) trip(now);
}

void Breaker::trip(TimePoint now) noexcept {
  pause_ = is_open() ? std::min(2 * pause_, longest_pause) : first_pause;
  paused_until_ = now + pause_;
  is_trying_ = false;
}

}  // namespace wscluster::webhook
