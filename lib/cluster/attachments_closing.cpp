// SPDX-License-Identifier: MIT
// Direct clients whose user has moved away: closed at the pace of their change, and counted.
#include <algorithm>
#include <utility>

#include "cluster/attachments.hpp"
#include "cluster/attachments_state.hpp"

namespace wscluster::cluster {

void Attachments::close_in_turn(TimePoint now) {
  for (auto& [key, closing] : closings_) {
    const ServiceView* service = view_->service(key.first);
    if (service == nullptr) continue;
    closing.pace.advance(now, service->policy_of(key.second));
    for (const Ref ref : std::exchange(closing.queue, {})) {
      Attachment* a = slots_.find(ref);
      if (a == nullptr || a->closes != key.second) continue;
      if (a->holder == 0 || !closing.pace.may_close()) {
        closing.queue.push_back(ref);
        continue;
      }
      closing.pace.closed();
      DonorCount& count = donated_[key];
      ++count.closed;
      if (closing.pace.is_late()) ++count.forced;
      ++counters_.closed_for_change;
      a->closes = 0;
      a->evicting = key.second;
      evict(*a);
    }
  }
  std::erase_if(closings_, [](const auto& entry) { return entry.second.queue.empty(); });
}

/// Said again to each new holder until the socket is gone.
void Attachments::evict(const Attachment& a) {
  const ServiceView* service = view_->service(a.options->name);
  const ChangePolicy* policy = service == nullptr ? nullptr : service->policy_of(a.evicting);
  const ChangePolicy fallback;
  network_.send(a.path, wire::Evict{a.holder, a.evicting, (policy == nullptr ? fallback : *policy).close_code,
                                    close_text(service == nullptr ? 0 : service->epoch(), policy, jitter_)});
}

/// Counts are told for as long as the change is not done.
void Attachments::forget_done_closings() {
  std::erase_if(donated_, [&](const auto& entry) {
    const auto& [service_name, epoch] = entry.first;
    const ServiceView* service = view_ ? view_->service(service_name) : nullptr;
    return service != nullptr && !service->is_change_open(epoch) && !closings_.contains(entry.first);
  });
}

std::size_t Attachments::closes_pending() const noexcept {
  std::size_t count = 0;
  for (const auto& [key, closing] : closings_)
    count += closing.queue.size();
  return count;
}

}  // namespace wscluster::cluster
