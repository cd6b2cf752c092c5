// SPDX-License-Identifier: MIT
// Asking the application servers how they are.
#include "base/log.hpp"
#include "net/core.hpp"
#include "proxy/proxy.hpp"

namespace wscluster::proxy {

void Proxy::check_health(TimePoint now) {
  for (const auto& [name, group] : groups_) {
    const Service& service = group->balancer.service();
    if (service.options.health_path.empty() || now < group->next_check) continue;
    group->next_check = now + service.options.health_interval;
    for (const Target& target : service.targets) {
      net::HttpCall call;
      call.url = "http://" + target.endpoint.to_string() + service.options.health_path;
      call.deadline = service.options.connect_timeout;
      checks_.call(std::move(call),
                   [weak = std::weak_ptr(group), server = target.name](const Result<net::HttpAnswer>& answer) {
                     const auto checked = weak.lock();
                     if (!checked || checked->balancer.service().find(server) == nullptr) return;
                     const bool is_well = answer && answer->status >= 200 && answer->status < 400;
                     if (!checked->balancer.checked(server, is_well)) return;
                     const std::string why = is_well  ? ""
                                             : answer ? "status " + std::to_string(answer->status)
                                                      : answer.error().message;
                     log::warning("proxy", is_well ? "a server is well again" : "a server is sick and gets nothing",
                                  {{"service", checked->balancer.service().name}, {"server", server}, {"err", why}});
                   });
    }
  }
}

}  // namespace wscluster::proxy
