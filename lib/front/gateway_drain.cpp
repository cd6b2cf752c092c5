// SPDX-License-Identifier: MIT
// How a gateway stops.
#include <algorithm>
#include <limits>

#include "base/log.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"

namespace wscluster::front {
namespace {

/// Closes leave in bursts, one per tick; the returns should not.
constexpr Duration least_spread{250};

}  // namespace

/// First a grace time, in which load balancers see /readyz and nothing else has changed. Then clients are closed at the
/// rate; those that are left at the deadline all at once.
void Process::continue_gateway_drain(TimePoint now) {
  if (now < grace_end_) return;
  const bool is_late = now >= drain_deadline_;
  if (!closes_clients_ || (is_late && !hurries_clients_)) close_gateway_clients(is_late);
  const bool is_empty =
      std::all_of(reports_.begin(), reports_.end(), [](const CoreReport& report) { return report.is_empty(); });
  if (is_empty || now >= drain_deadline_ + options_.edge.close_timeout) end(Ending::stopped);
}

/// The other gateways get them back at the drain rate in any case: closes at the rate do that by themselves, those that
/// come all at once are told to spread their return over the time it takes.
void Process::close_gateway_clients(bool is_late) {
  constexpr auto not_reported = std::numeric_limits<std::uint32_t>::max();
  closes_clients_ = true;
  hurries_clients_ = is_late;
  client_listener_.reset();
  std::uint64_t clients = 0;
  for (CoreReport& report : reports_) {
    if (report.connections < not_reported) clients += report.connections;
    // Older than the clients that came since; only new reports may say that nobody is left.
    report.connections = not_reported;
  }
  const double rate = is_late ? 0 : options_.drain_rate / identity_.cores;
  const Duration absorbed(static_cast<Duration::rep>(1000 * static_cast<double>(clients) / options_.drain_rate));
  const Duration spread = is_late ? std::max(least_spread, absorbed) : least_spread;
  log::info("process", is_late ? "closing all clients at once" : "closing clients",
            {{"clients", clients}, {"rate", options_.drain_rate}, {"spread_s", seconds(spread)}});
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get(), rate, spread] {
      desk->edge().drain(websocket::CloseCode::service_restart, {}, rate, spread);
    });
  }
}

}  // namespace wscluster::front
