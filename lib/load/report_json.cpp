// SPDX-License-Identifier: MIT
#include <sys/utsname.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <thread>

#include "load/report.hpp"
#include "load/text.hpp"

namespace json = boost::json;

namespace wscluster::load {
namespace {

/// Boost.JSON writes 20000.0 as 2E4; people read these files too.
void append_json(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    out += '{';
    for (bool is_first = true; const auto& [key, member] : *object) {
      if (!is_first) out += ',';
      is_first = false;
      out += json::serialize(json::value(key)) + ':';
      append_json(out, member);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (bool is_first = true; const auto& item : *array) {
      if (!is_first) out += ',';
      is_first = false;
      append_json(out, item);
    }
    out += ']';
  } else if (const auto* number = value.if_double()) {
    out += format_number(*number);
  } else {
    out += json::serialize(value);
  }
}

json::object distribution(const Histogram& histogram, const std::vector<double>& percentiles) {
  json::object out;
  for (const double percent : percentiles)
    out["p" + format_number(percent)] = histogram.percentile(percent);
  out["max"] = histogram.max();
  out["mean"] = histogram.mean();
  out["count"] = histogram.count();
  return out;
}

json::object counts(const std::map<std::string, std::uint64_t>& map) {
  json::object out;
  for (const auto& [name, count] : map)
    out[name] = count;
  return out;
}

json::object config_block(const Options& options) {
  return {{"scenario", to_string(options.scenario)},
          {"url", options.url},
          {"connections", options.connections},
          {"connect_rate", options.connect_rate},
          {"model", is_open_model(options) ? "open" : "closed"},
          {"rate", is_open_model(options) ? options.rate : 0},
          {"in_flight", options.in_flight},
          {"publishers", options.scenario == Scenario::group ? options.publishers : 0},
          {"drop_rate", options.scenario == Scenario::recovery ? options.drop_rate : 0},
          {"duration_seconds", seconds(options.duration)},
          {"warmup_seconds", seconds(options.warmup)},
          {"size_bytes", options.size_bytes},
          {"binary", options.binary},
          {"threads", options.threads},
          {"seed", options.seed}};
}

json::object message_block(const RunResult& result) {
  const auto& account = result.messages;
  json::object receipts;
  for (std::size_t i = 1; i < receipt_statuses; ++i) {
    receipts[to_string(static_cast<ReceiptStatus>(i))] = account.receipts[i];
  }
  return {{"planned", result.planned},
          {"sent", account.sent},
          {"not_sent", result.not_sent},
          {"answered", account.answered},
          {"arrived", account.arrived},
          {"lost", account.lost},
          {"lost_promised", account.lost_promised},
          {"duplicated", account.duplicated},
          {"out_of_order", account.out_of_order},
          {"wrong_node", result.wrong_node},
          {"misdelivered", account.misdelivered},
          {"contradicted", account.contradicted},
          {"unreceipted", account.unreceipted},
          {"unanswered_at_close", account.unanswered_at_close},
          {"resent", account.resent},
          {"foreign", result.foreign},
          {"receipts", std::move(receipts)},
          {"nodes", counts(result.nodes)},
          {"errors", counts(result.errors)}};
}

json::object close_block(const RunResult& result) {
  const auto& closes = result.closes;
  json::object by_code;
  for (const auto& [code, count] : closes.by_code)
    by_code[std::to_string(code)] = count;
  return {{"closed", closes.planned + closes.unplanned},
          {"connections", closes.connections},
          {"planned", closes.planned},
          {"unplanned", closes.unplanned},
          {"again", closes.again},
          {"never_closed", closes.never_closed},
          {"by_code", std::move(by_code)}};
}

json::object change_latency_block(const RunResult& result) {
  const auto& latency = result.change_latency;
  const auto& percentiles = result.options.percentiles;
  const auto factor = latency.unmoved_factor();
  return {{"quiet_seconds", distribution(latency.quiet, percentiles)},
          {"unmoved_seconds", distribution(latency.unmoved, percentiles)},
          {"moved_seconds", distribution(latency.moved, percentiles)},
          {"unmoved_factor", factor ? json::value(*factor) : json::value(nullptr)},
          {"unmoved_users", latency.unmoved_users},
          {"moved_users", latency.moved_users},
          {"unknown_users", latency.unknown_users}};
}

json::object change_block(const RunResult& result) {
  const auto& closes = result.closes;
  json::object out{{"change", result.options.change},
                   {"at_seconds", seconds(result.options.change_at)},
                   {"from_epoch", result.change ? result.change->from_epoch : 0},
                   {"to_epoch", result.change ? result.change->to_epoch : closes.last_epoch},
                   {"first_epoch_seen", closes.first_epoch},
                   {"last_epoch_seen", closes.last_epoch},
                   {"evicted", closes.planned},
                   {"returned", closes.returned},
                   {"not_returned", closes.not_returned},
                   {"late_answers", closes.late_answers},
                   {"lost", result.messages.lost},
                   {"gap_seconds", distribution(result.gap, result.options.percentiles)}};
  if (shows_moves(result.options)) out["latency"] = change_latency_block(result);
  if (result.change && !result.change->error.empty()) out["error"] = result.change->error;
  return out;
}

json::object return_block(const RunResult& result) {
  const auto& closes = result.closes;
  json::array slots;
  for (const auto count : closes.returns)
    slots.push_back(count);
  return {{"returned", closes.returned},
          {"not_returned", closes.not_returned},
          {"failed_attempts", closes.retries},
          {"resumed", closes.resumed},
          {"slot_seconds", seconds(CloseAccount::return_slot)},
          {"by_slot", std::move(slots)},
          {"gap_seconds", distribution(result.gap, result.options.percentiles)}};
}

json::object recovery_block(const RunResult& result) {
  const auto& closes = result.closes;
  return {{"dropped", closes.dropped},
          {"recovered", closes.recovered},
          {"sessions_lost", closes.sessions_lost},
          {"not_returned", closes.not_returned},
          {"failed_attempts", closes.retries},
          {"gap_seconds", distribution(result.gap, result.options.percentiles)}};
}

json::array threshold_block(const std::vector<ThresholdOutcome>& outcomes) {
  json::array out;
  for (const auto& outcome : outcomes) {
    out.push_back(json::object{{"expr", outcome.threshold.text},
                               {"value", outcome.value ? json::value(*outcome.value) : json::value(nullptr)},
                               {"passed", outcome.passed}});
  }
  return out;
}

json::object host_block(const std::string& version) {
  utsname system{};
  ::uname(&system);
  return {{"cpus", std::thread::hardware_concurrency()}, {"kernel", system.release}, {"version", version}};
}

}  // namespace

std::string Report::to_json(const std::string& version) const {
  const auto& percentiles = result.options.percentiles;
  json::object out{{"schema", "wscluster/load-test/v1"}, {"valid", is_valid()}, {"passed", has_passed()}};
  if (result.was_interrupted) out["interrupted"] = true;
  if (!is_valid()) out["doubts"] = json::value_from(doubts);
  out["config"] = config_block(result.options);
  out["connect"] = json::object{{"ok", result.connected},
                                {"failed", result.connect_failed},
                                {"seconds", distribution(result.connect, percentiles)}};
  out["messages"] = message_block(result);
  out["rate"] =
      json::object{{"asked", result.asked_rate()}, {"achieved", result.achieved_rate}, {"ratio", result.rate_ratio()}};
  out["latency_seconds"] = distribution(result.latency, percentiles);
  out["service_seconds"] = distribution(result.service, percentiles);
  if (relays(result.options)) out["receipt_seconds"] = distribution(result.receipt, percentiles);
  out["closes"] = close_block(result);
  if (!result.options.further_urls.empty()) out["returns"] = return_block(result);
  if (result.options.scenario == Scenario::group) {
    out["deliveries"] = json::object{{"members", result.options.connections - result.options.publishers},
                                     {"per_second", result.delivery_rate()}};
  }
  if (speaks_subprotocol(result.options)) out["recovery"] = recovery_block(result);
  if (result.options.scenario == Scenario::ring_change) out["ring_change"] = change_block(result);
  out["generator"] = json::object{{"lag_seconds", distribution(result.lag, percentiles)},
                                  {"busiest_thread_ratio", result.busiest_thread},
                                  {"measured_seconds", result.measured_seconds}};
  out["thresholds"] = threshold_block(thresholds);
  out["host"] = host_block(version);
  std::string text;
  append_json(text, out);
  return text;
}

}  // namespace wscluster::load
