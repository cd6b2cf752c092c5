// SPDX-License-Identifier: MIT
#include "load/options.hpp"

#include "base/names.hpp"
#include "base/units.hpp"

namespace wscluster::load {
namespace {

/// Run id, sender, sequence and time in front of the padding.
constexpr std::uint64_t smallest_message = 64;

void check_reports(const Options& options, std::vector<std::string>& found) {
  for (const auto& report : options.reports) {
    if (report.ends_with(".json") || report.ends_with(".csv") || report.ends_with(".hgrm")) continue;
    found.push_back("--report " + report + ": the name must end in .json, .csv or .hgrm");
  }
  for (const double percentile : options.percentiles) {
    if (percentile > 0 && percentile < 100) continue;
    found.push_back("--percentiles: each must be above 0 and below 100");
    break;
  }
}

void check_change(const Options& options, std::vector<std::string>& found) {
  const bool changes = options.scenario == Scenario::ring_change;
  if (!changes && !options.change.empty()) found.push_back("--change needs --scenario ring-change");
  if (!changes || options.change.empty()) return;
  const auto space = options.change.find(' ');
  const std::string verb = options.change.substr(0, space);
  const std::string name = space == std::string::npos ? "" : options.change.substr(space + 1);
  if ((verb != "add" && verb != "remove") || !check_member_name(name)) {
    found.push_back("--change '" + options.change + "': write 'add NODE' or 'remove NODE'");
  }
  if (options.change_at >= options.warmup + options.duration) {
    found.push_back("--at " + format_duration(options.change_at) + " is after the end of the run (" +
                    format_duration(options.warmup + options.duration) + ")");
  }
}

}  // namespace

std::vector<std::string> problems(const Options& options) {
  std::vector<std::string> found;
  if (!options.url.starts_with("ws://") && !options.url.starts_with("wss://")) {
    found.push_back("'" + options.url +
                    "' is not a WebSocket URL (examples: ws://127.0.0.1:8080/chat, wss://host/chat)");
  }
  if (options.connections == 0) found.push_back("--connections must be at least 1");
  if (options.scenario == Scenario::send && options.connections < 2) {
    found.push_back("--scenario send needs at least 2 connections: users write to one another");
  }
  if (options.scenario == Scenario::group && (options.publishers == 0 || options.publishers >= options.connections)) {
    found.push_back("--publishers must be at least 1 and less than --connections: the others are the members");
  }
  if (options.scenario == Scenario::recovery && options.drop_rate <= 0) {
    found.push_back("--drop-rate must be more than 0/s");
  }
  if (options.connect_rate <= 0) found.push_back("--connect-rate must be more than 0/s");
  if (options.in_flight > 0 && options.scenario != Scenario::echo) {
    found.push_back("--in-flight needs --scenario echo: only an echo tells when to send the next message");
  }
  if (options.scenario != Scenario::hold && options.in_flight == 0 && options.rate <= 0) {
    found.push_back("--rate must be more than 0/s; --scenario hold sends nothing");
  }
  if (options.duration.count() <= 0) found.push_back("--duration must be more than 0s");
  if (options.size_bytes < smallest_message) {
    found.push_back("--size must be at least " + format_size(smallest_message) +
                    ": each message carries run id, sender, sequence and time");
  }
  if (options.threads == 0) found.push_back("--threads must be at least 1");
  if (options.interval < std::chrono::milliseconds(100)) found.push_back("--interval must be at least 100ms");
  if (!check_uid(options.uid_prefix + "0")) found.push_back("--uid-prefix cannot begin a uid");
  if (options.insecure && !options.tls_ca_file.empty()) {
    found.push_back("--insecure and --tls-ca contradict each other");
  }
  check_reports(options, found);
  check_change(options, found);
  return found;
}

}  // namespace wscluster::load
