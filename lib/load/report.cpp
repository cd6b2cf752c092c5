// SPDX-License-Identifier: MIT
#include "load/report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/units.hpp"
#include "load/text.hpp"

namespace wscluster::load {
namespace {

constexpr std::size_t name_width = 12;

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string right(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string row(std::string_view name, const std::string& text) {
  return padded(std::string(name), name_width) + text + "\n";
}

std::string seconds_text(Duration duration) {
  return format_duration(duration);
}

std::string scenario_row(const RunResult& result) {
  const auto& options = result.options;
  std::string text =
      std::string(to_string(options.scenario)) + ", " + format_count(options.connections) + " connections";
  if (sends_messages(options)) {
    text += ", " +
            (is_open_model(options) ? format_per_second(options.rate) + " msg/s"
                                    : "closed loop with " + format_count(options.in_flight) + " in flight each") +
            " for " + seconds_text(options.duration) + " (" + seconds_text(options.warmup) + " warm-up not counted)";
  } else {
    text += " for " + seconds_text(options.duration);
  }
  return row("Scenario", text);
}

std::string connect_row(const RunResult& result) {
  std::string text = format_count(result.connected) + " ok, " + format_count(result.connect_failed) + " failed";
  if (!result.connect.empty()) {
    text += "; handshake p50 " + format_time(result.connect.percentile(50)) + "  p99 " +
            format_time(result.connect.percentile(99)) + "  max " + format_time(result.connect.max());
  }
  return row("Connect", text);
}

std::string some(std::uint64_t count, const char* what) {
  return count == 0 ? "" : ", " + format_count(count) + what;
}

std::string message_rows(const RunResult& result) {
  const auto& account = result.messages;
  std::string text = format_count(account.sent) + " sent, " + format_count(account.answered) + " answered";
  if (relays(result.options)) text += ", " + format_count(account.arrived) + " arrived";
  text += "; " + format_count(account.lost) + " lost, " + format_count(account.duplicated) + " twice, " +
          format_count(account.out_of_order) + " out of order, " + format_count(result.wrong_node) +
          " from the wrong node";
  text += some(account.unanswered_at_close, " unanswered when a connection broke");
  text +=
      some(account.misdelivered, " at the wrong user") + some(account.contradicted, " arrived against their receipt");
  text += some(account.unreceipted, " without a receipt") + some(result.not_sent, " not sent");
  std::string rows = row("Messages", text);
  if (relays(result.options)) {
    std::string receipts;
    for (std::size_t i = 1; i < receipt_statuses; ++i) {
      if (account.receipts[i] == 0) continue;
      receipts += (receipts.empty() ? "" : ", ") + format_count(account.receipts[i]) + " " +
                  std::string(to_string(static_cast<ReceiptStatus>(i)));
    }
    if (!receipts.empty()) rows += row("Receipts", receipts);
  }
  return rows;
}

std::string rate_row(const RunResult& result) {
  if (!is_open_model(result.options))
    return row("Rate", format_per_second(result.achieved_rate) + "/s, as fast as answers came");
  return row("Rate", format_per_second(result.achieved_rate) + "/s of " + format_per_second(result.asked_rate()) +
                         "/s (" + format_percent(result.rate_ratio()) + ")");
}

std::string latency_rows(const RunResult& result) {
  const auto& percentiles = result.options.percentiles;
  std::string heading = padded("", name_width);
  for (const double percent : percentiles)
    heading += right("p" + format_number(percent), 8);
  std::string rows = heading + right("max", 8) + "\n";
  const auto add = [&](const char* name, const Histogram& histogram, const char* meaning) {
    if (histogram.empty()) return;
    rows += padded(name, name_width);
    for (const double percent : percentiles)
      rows += right(format_ms(histogram.percentile(percent)), 8);
    rows += right(format_ms(histogram.max()), 8) + "   " + meaning + "\n";
  };
  const bool is_relayed = relays(result.options);
  if (!is_open_model(result.options)) {
    add("Service ms", result.service, "from the send time: a slow answer also delays what is measured next");
    return result.service.empty() ? "" : rows;
  }
  add("Latency ms", result.latency,
      is_relayed ? "from the planned send time to the receiver" : "from the planned send time");
  add("Service ms", result.service, is_relayed ? "from the real send time to the receiver" : "from the real send time");
  add("Receipt ms", result.receipt, "from the planned send time to the receipt");
  return result.latency.empty() && result.receipt.empty() ? "" : rows;
}

std::string delivery_row(const RunResult& result) {
  const std::uint64_t members = result.options.connections - result.options.publishers;
  return row("Deliveries", format_per_second(result.delivery_rate()) + "/s, each publication to " +
                               format_count(members) + (members == 1 ? " member" : " members"));
}

std::string recovery_row(const RunResult& result) {
  const auto& closes = result.closes;
  std::string text = format_count(closes.dropped) + " sockets dropped, " + format_count(closes.recovered) +
                     " sessions recovered, " + format_count(closes.sessions_lost) + " lost";
  text += some(closes.not_returned, " not back") + some(closes.retries, " attempts failed") +
          some(result.messages.resent, " messages sent again");
  if (!result.gap.empty()) {
    text += "; gap p50 " + format_time(result.gap.percentile(50)) + "  p99 " + format_time(result.gap.percentile(99)) +
            "  max " + format_time(result.gap.max());
  }
  return row("Recovery", text);
}

std::string change_latency_text(const ChangeLatency& latency) {
  const auto p99 = [](const Histogram& histogram) {
    return histogram.empty() ? std::string("none") : format_time(histogram.percentile(99));
  };
  const auto factor = latency.unmoved_factor();
  return "latency p99 " + p99(latency.quiet) + " before, " + p99(latency.unmoved) + " meanwhile to " +
         format_count(latency.unmoved_users) + " users that stayed" +
         (factor ? " (" + format_factor(*factor) + ")" : "") + ", " + p99(latency.moved) + " to " +
         format_count(latency.moved_users) + " that moved" + some(latency.unknown_users, " not known");
}

std::string change_rows(const RunResult& result) {
  const auto& closes = result.closes;
  std::string heading = "Ring change";
  const auto from = result.change && result.change->from_epoch != 0
                        ? result.change->from_epoch
                        : closes.first_epoch - (closes.first_epoch != 0 ? 1 : 0);
  const auto to = result.change && result.change->to_epoch != 0 ? result.change->to_epoch : closes.last_epoch;
  if (to != 0) heading += " " + std::to_string(from) + " -> " + std::to_string(to);
  if (result.change) {
    heading += " at " + format_minutes(seconds(result.options.change_at)) + " (" + result.options.change + ")";
  }
  std::string text = format_count(closes.planned) + " evicted, " + format_count(closes.returned) + " back";
  text += some(closes.not_returned, " not back");
  if (!result.gap.empty()) {
    text += "; gap p50 " + format_time(result.gap.percentile(50)) + "  p99 " + format_time(result.gap.percentile(99)) +
            "  max " + format_time(result.gap.max());
  }
  text += "; " + format_count(closes.late_answers) + " answers late, " + format_count(result.messages.lost) + " lost";
  std::string rows = heading + "\n" + row("", text);
  rows += row("", format_count(closes.never_closed) + " never closed, " + format_count(closes.unplanned) +
                      " closed without a plan, " + format_count(closes.again) + " closed again, " +
                      format_count(result.messages.resent) + " messages sent again");
  if (result.change_latency.moved_users + result.change_latency.unmoved_users > 0) {
    rows += row("", change_latency_text(result.change_latency));
  }
  if (result.change && !result.change->error.empty()) rows += row("", "the change failed: " + result.change->error);
  return rows;
}

std::string close_row(const RunResult& result) {
  std::string text;
  for (const auto& [code, count] : result.closes.by_code) {
    text += (text.empty() ? "" : ", ") + format_count(count) + " with " + std::to_string(code);
  }
  return row("Closed", format_count(result.closes.connections) + " connections: " + text);
}

std::string return_row(const RunResult& result) {
  const auto& closes = result.closes;
  std::string text = format_count(closes.returned) + " back";
  text += some(closes.not_returned, " not back") + some(closes.retries, " attempts failed") +
          some(closes.resumed, " resumed TLS");
  if (!result.gap.empty()) {
    text += "; gap p50 " + format_time(result.gap.percentile(50)) + "  p99 " + format_time(result.gap.percentile(99)) +
            "  max " + format_time(result.gap.max());
  }
  return row("Returned", text);
}

std::string generator_row(const Report& report) {
  std::string text;
  if (!report.result.lag.empty()) text += "send lag p99 " + format_time(report.result.lag.percentile(99)) + ", ";
  text += "busiest thread " + format_percent(report.result.busiest_thread) + ": result is " +
          (report.is_valid() ? "valid" : "NOT VALID");
  std::string rows = row("Generator", text);
  for (const auto& doubt : report.doubts)
    rows += row("", doubt);
  return rows;
}

std::string threshold_row(const ThresholdOutcome& outcome) {
  const std::string value = outcome.value ? format_metric(outcome.threshold.metric, *outcome.value) : "no sample";
  return row(outcome.passed ? "PASS" : "FAIL", padded(outcome.threshold.to_string(), 26) + value);
}

enum class FileKind : std::uint8_t { json, csv, hgrm };

Result<FileKind> kind_of_file(const std::string& path) {
  if (path.ends_with(".json")) return FileKind::json;
  if (path.ends_with(".csv")) return FileKind::csv;
  if (path.ends_with(".hgrm")) return FileKind::hgrm;
  return error(Errc::invalid, "--report " + path + ": the name must end in .json, .csv or .hgrm");
}

}  // namespace

Report::Report(RunResult found, const std::vector<Threshold>& claims)
    : result(std::move(found)), doubts(load::doubts(result)) {
  for (const auto& claim : claims)
    thresholds.push_back(evaluate(claim, result));
}

bool Report::has_passed() const noexcept {
  return std::ranges::all_of(thresholds, [](const ThresholdOutcome& outcome) { return outcome.passed; });
}

std::string Report::to_text() const {
  std::string text = scenario_row(result) + connect_row(result);
  if (sends_messages(result.options)) text += message_rows(result) + rate_row(result) + latency_rows(result);
  if (result.options.scenario == Scenario::group) text += delivery_row(result);
  if (result.closes.dropped + result.closes.recovered + result.closes.sessions_lost > 0) text += recovery_row(result);
  if (result.options.scenario == Scenario::ring_change) text += change_rows(result);
  if (!result.closes.by_code.empty()) text += close_row(result);
  if (!result.options.further_urls.empty()) text += return_row(result);
  for (const auto& [what, count] : result.errors)
    text += row("Error", format_count(count) + " " + what);
  text += generator_row(*this);
  for (const auto& outcome : thresholds)
    text += threshold_row(outcome);
  return text;
}

std::string Report::to_csv() const {
  std::string out = "metric,value\n";
  const auto add = [&](const std::string& name) {
    if (const auto value = metric_value(result, name)) out += name + "," + format_number(*value) + "\n";
  };
  for (const auto& name : metric_names()) {
    if (!name.ends_with("pN")) {
      add(name);
      continue;
    }
    for (const double percent : result.options.percentiles) {
      add(name.substr(0, name.size() - 1) + format_number(percent));
    }
  }
  return out;
}

Result<> check_report_name(const std::string& path) {
  const auto kind = kind_of_file(path);
  if (!kind) return kind.error();
  return {};
}

Result<> Report::write_file(const std::string& path, const std::string& version) const {
  const auto kind = kind_of_file(path);
  if (!kind) return kind.error();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << (*kind == FileKind::json ? to_json(version) + "\n" : *kind == FileKind::csv ? to_csv() : to_hgrm());
  file.close();
  if (!file) return error(Errc::io, path + ": cannot be written");
  return {};
}

}  // namespace wscluster::load
