// SPDX-License-Identifier: MIT
#include "load/run_result.hpp"

#include <algorithm>

#include "load/text.hpp"

namespace wscluster::load {
namespace {

constexpr double max_lag_seconds = 0.005;
constexpr double max_lag_share = 0.1;
// Below it the clock and the scheduler of the host are what is measured.
constexpr double negligible_lag_seconds = 0.001;
constexpr double min_rate_ratio = 0.99;
constexpr double max_busy = 0.95;

}  // namespace

bool sends_messages(const Options& options) {
  return options.scenario != Scenario::hold && (options.rate > 0 || options.in_flight > 0);
}

bool is_open_model(const Options& options) {
  return sends_messages(options) && options.in_flight == 0;
}

bool returns(const Options& options) {
  return options.scenario == Scenario::ring_change || speaks_subprotocol(options) || !options.further_urls.empty();
}

bool relays(const Options& options) {
  return options.scenario == Scenario::send || speaks_subprotocol(options) ||
         (options.scenario == Scenario::ring_change && options.traffic == Traffic::send);
}

bool shows_moves(const Options& options) {
  return options.scenario == Scenario::ring_change && relays(options);
}

bool speaks_subprotocol(const Options& options) {
  return options.scenario == Scenario::group || options.scenario == Scenario::ack ||
         options.scenario == Scenario::recovery;
}

Flow flow_of(const Options& options) {
  if (options.scenario == Scenario::group) return Flow::fan_out;
  return relays(options) ? Flow::relay : Flow::echo;
}

const char* to_string(Scenario scenario) noexcept {
  switch (scenario) {
    case Scenario::echo:
      return "echo";
    case Scenario::send:
      return "send";
    case Scenario::group:
      return "group";
    case Scenario::ack:
      return "ack";
    case Scenario::recovery:
      return "recovery";
    case Scenario::hold:
      return "hold";
    case Scenario::ring_change:
      return "ring-change";
  }
  return "?";
}

double RunResult::asked_rate() const {
  return is_open_model(options) ? options.rate : 0;
}

double RunResult::rate_ratio() const {
  return asked_rate() > 0 ? achieved_rate / asked_rate() : 1;
}

double RunResult::delivery_rate() const {
  return measured_seconds > 0 ? static_cast<double>(latency.count()) / measured_seconds : 0;
}

std::uint64_t RunResult::error_count() const {
  const auto& receipts = messages.receipts;
  const auto refused = receipts[static_cast<std::size_t>(ReceiptStatus::offline)] +
                       receipts[static_cast<std::size_t>(ReceiptStatus::expired)] +
                       receipts[static_cast<std::size_t>(ReceiptStatus::unknown)];
  std::uint64_t other = 0;
  for (const auto& [what, count] : errors)
    other += count;
  return messages.lost + messages.unanswered_at_close + messages.misdelivered + messages.unreceipted + refused +
         not_sent + closes.unplanned + other;
}

double RunResult::error_ratio() const {
  const auto tried = connected + connect_failed + planned;
  return tried == 0 ? 0 : std::min(1.0, static_cast<double>(error_count()) / static_cast<double>(tried));
}

std::vector<std::string> doubts(const RunResult& result) {
  std::vector<std::string> found;
  if (!result.lag.empty()) {
    const double lag = result.lag.percentile(99);
    const double median = result.latency.percentile(50);
    if (lag > max_lag_seconds) {
      found.push_back("send lag p99 " + format_ms(lag) +
                      "ms is more than 5ms: the generator could not keep to its schedule");
    } else if (!result.latency.empty() && lag > std::max(negligible_lag_seconds, max_lag_share * median)) {
      found.push_back("send lag p99 " + format_ms(lag) + "ms is more than 10% of latency p50 " + format_ms(median) +
                      "ms");
    }
  }
  if (result.rate_ratio() < min_rate_ratio) {
    found.push_back("only " + format_percent(result.rate_ratio()) + " of the asked rate was sent");
  }
  if (result.busiest_thread > max_busy) {
    found.push_back("the busiest thread worked " + format_percent(result.busiest_thread) +
                    " of the time: use more --threads or more machines");
  }
  return found;
}

}  // namespace wscluster::load
