// SPDX-License-Identifier: MIT
// What a process does so that neither memory nor descriptors run out. Links and the admin listener are never affected.
#include <sys/resource.h>

#include "base/log.hpp"
#include "front/connection_limit.hpp"
#include "front/memory_ceiling.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"

namespace wscluster::front {

/// Before the cores start, and on core 0.
void Process::use_limits() {
  memory_.use_ceiling(memory_ceiling(options_.memory));
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  const ConnectionLimit limit =
      connection_limit(options_.edge.max_connections, {.descriptors = descriptors.rlim_cur,
                                                       .cores = identity_.cores,
                                                       .relays = role_.is_gateway && relays_clients(options_),
                                                       .memory_ceiling = memory_.ceiling()});
  if (std::exchange(max_connections_, limit.most) == limit.most) return;
  log::info("process", "the most clients at a time",
            {{"max_connections", limit.most},
             {"because", limit.because},
             {"configured", options_.edge.max_connections},
             {"descriptors", static_cast<std::uint64_t>(descriptors.rlim_cur)},
             {"memory_ceiling_bytes", memory_.ceiling()}});
  // Each edge counts its own.
  const std::uint64_t share = (limit.most + identity_.cores - 1) / identity_.cores;
  for (const auto& unit : units_)
    unit->core.post([desk = unit->desk.get(), share] { desk->edge().limit_connections(share); });
}

/// Core 0.
void Process::watch_memory(TimePoint now) {
  const Pressure before = memory_.level();
  const auto level = memory_.look(now);
  if (!level) return;
  if (*level != before) {
    set_intake();
    for (const auto& unit : units_) {
      unit->core.post(
          [desk = unit->desk.get(), is_on = *level < Pressure::no_keep_alive] { desk->edge().keep_alive(is_on); });
    }
  }
  if (*level != Pressure::shed) return;
  const std::size_t most = memory_.portion(options_.drain_rate / identity_.cores);
  for (const auto& unit : units_)
    unit->core.post([desk = unit->desk.get(), most] { desk->edge().shed(most); });
}

void Process::add_limits(std::vector<metrics::Family>& families, const CoreCounters& sum) const {
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.push_back(metrics::Family::gauge(name, help));
    families.back().add(value);
  };
  gauge("wscluster_max_connections", "Client sockets that this process takes at most: see limits.max_connections.",
        static_cast<double>(max_connections_));
  if (sum.edge.open_connections > 0) {
    const double grown = static_cast<double>(resident_bytes()) - static_cast<double>(resident_at_start_);
    gauge("wscluster_connection_resident_bytes", "Resident memory since the start, for each open client connection.",
          grown / static_cast<double>(sum.edge.open_connections));
  }
  memory_.add_metrics(families);
  gauge("wscluster_failed_by_hand", "PUT /fail was asked of the admin listener.", admin_->is_failed_by_hand() ? 1 : 0);
  metrics::Family shed =
      metrics::Family::counter("wscluster_memory_shed_total", "Connections ended to get memory back.");
  shed.add(static_cast<double>(sum.edge.shed_http), {{"kind", "http"}});
  shed.add(static_cast<double>(sum.edge.shed_websockets), {{"kind", "websocket"}});
  families.push_back(std::move(shed));
}

}  // namespace wscluster::front
