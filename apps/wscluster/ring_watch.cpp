// SPDX-License-Identifier: MIT
#include "ring_watch.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "base/units.hpp"
#include "progress.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;
using registry::Change;
using registry::ChangeState;

constexpr Duration watch_interval{200};

bool is_final(const Change& change) {
  return change.state == ChangeState::done || change.state == ChangeState::aborted;
}

std::string fixed(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

/// Donors that have not said that they are done, with what is known about them.
std::string waiting_for(const Change& change) {
  std::string names;
  for (const auto& donor : change.donors_expected) {
    const auto at = change.donors.find(donor.name);
    if (at != change.donors.end() && at->second.done) continue;
    names += (names.empty() ? "" : ",") + donor.name + (at == change.donors.end() ? " (nothing heard yet)" : "");
  }
  if (names.empty() && change.state == ChangeState::settling)
    return change.donor_total().closing > 0 ? "closes" : "clients to return";
  return names.empty() ? "-" : names;
}

/// Rate and time left, from counters seen one after the other.
class Pace {
 public:
  void note(std::uint64_t evicted) {
    const auto now = Clock::now();
    if (start_ == TimePoint{}) start_ = now, first_ = evicted;
    const double time = seconds(now - start_);
    if (time >= 0.5) rate_ = static_cast<double>(evicted - first_) / time;
  }
  [[nodiscard]] double rate() const { return rate_; }
  [[nodiscard]] std::string left(std::uint64_t remaining) const {
    if (remaining == 0) return "0s";
    if (rate_ <= 0) return "?";
    return format_duration(std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(remaining) / rate_) + 1));
  }

 private:
  TimePoint start_{};
  std::uint64_t first_ = 0;
  double rate_ = 0;
};

void show_progress(Progress& progress, Pace& pace, const Change& change, const std::string& trouble) {
  const auto donors = change.donor_total();
  const auto back = change.receiver_total().returned;
  const auto evicted = donors.moved + donors.closed;
  const auto handled = evicted + donors.gone;
  const auto planned = std::max(donors.planned, handled);
  if (change.state == ChangeState::evicting || donors.closing > 0) pace.note(evicted);
  const double ratio = planned == 0 ? (change.state == ChangeState::settling ? 1.0 : 0.0)
                                    : static_cast<double>(handled) / static_cast<double>(planned);
  const bool is_settling = change.state == ChangeState::settling;
  const std::string left = planned == 0 && !donors.done ? "?" : pace.left(planned - handled);
  const std::string waiting = trouble.empty() ? waiting_for(change) : trouble;
  progress.show("Epoch " + std::to_string(change.to_epoch) + " is written. " + (is_settling ? "Settling" : "Moving") +
                    "  " + bar_of(ratio) + "  " + format_count(handled) + "/" + format_count(planned) + "  " +
                    fixed(pace.rate(), 0) + "/s  " + left + " left  closed " + format_count(donors.closed) + " back " +
                    format_count(back),
                "epoch " + std::to_string(change.to_epoch) + ": " + fixed(ratio * 100, 0) + "% of " +
                    std::to_string(planned) + " moved " + std::to_string(donors.moved) + " closed " +
                    std::to_string(donors.closed) + " gone " + std::to_string(donors.gone) + " rate " +
                    fixed(pace.rate(), 0) + "/s left " + left + " back " + std::to_string(back) + " waiting " + waiting,
                json::object{{"progress", to_string(change.state)},
                             {"epoch", change.to_epoch},
                             {"planned", planned},
                             {"moved", donors.moved},
                             {"closed", donors.closed},
                             {"gone", donors.gone},
                             {"returned", back},
                             {"rate", pace.rate()},
                             {"left", left},
                             {"waiting", waiting}});
}

/// Stats come with heartbeats, so the count of misplaced sessions may be a few of them late.
std::uint64_t misplaced_after(const config::Config& config, registry::Directory& directory, const Change& change,
                              const Interrupt& interrupt) {
  std::uint64_t misplaced = 0;
  for (int attempt = 0; attempt < 4 && !interrupt.is_requested(); ++attempt) {
    if (attempt > 0) interrupt.sleep_for(config.redis.heartbeat);
    const auto snapshot = directory.load();
    if (!snapshot) return misplaced;
    misplaced = 0;
    for (const auto& member : snapshot->members) {
      const auto at = member.stats.services.find(change.service);
      if (member.is_alive && at != member.stats.services.end()) misplaced += at->second.misplaced;
    }
    if (misplaced == 0) break;
  }
  return misplaced;
}

std::string result_text(const Change& change, std::uint64_t misplaced) {
  const auto donors = change.donor_total();
  const auto receivers = change.receiver_total();
  const std::string what = std::string(to_string(change.action)) + " " + change.node;
  std::string out = change.aborted_by > 0
                        ? "Epoch " + std::to_string(change.to_epoch) + " was aborted by epoch " +
                              std::to_string(change.aborted_by) + ": " + what + ".\n"
                        : "Epoch " + std::to_string(change.to_epoch) + " is active: " + what + " is done.\n";
  out += format_count(donors.moved) + " sessions moved, " + format_count(donors.closed) + " closed";
  if (donors.forced > 0) out += " (" + format_count(donors.forced) + " of them at the deadline)";
  out += " in " + fixed(donors.seconds, 1) + "s";
  if (const auto handled = static_cast<double>(donors.moved + donors.closed); donors.seconds > 0 && handled > 0)
    out += " (" + fixed(handled / donors.seconds, 0) + "/s)";
  out += "; " + format_count(donors.gone) + " had gone by themselves.\n";
  if (donors.closed > 0) {
    const auto missing = donors.closed - std::min(donors.closed, receivers.returned);
    out += format_count(receivers.returned) + " are back";
    if (receivers.gaps.total() > 0) {
      out += " (gap p50 " + fixed(receivers.gaps.quantile(0.5), 1) + "s, p99 " +
             fixed(receivers.gaps.quantile(0.99), 1) + "s, longest " + fixed(receivers.gaps.max_seconds, 1) + "s)";
    }
    out += ", " + format_count(missing) + " did not return.\n";
  }
  if (misplaced > 0) out += format_count(misplaced) + " sessions are misplaced: look with 'wscluster ring check'.\n";
  return out;
}

int stopped(const Invocation& invocation, const Change& change, json::object out, int code, const std::string& why) {
  if (invocation.output().is_json()) {
    add_progress(out, change);
    print(render_json(out, invocation.output()));
  }
  print_error("wscluster: " + why + " The change to epoch " + std::to_string(change.to_epoch) +
              " keeps running: 'wscluster ring watch' follows it, 'wscluster ring abort' takes it back.\n");
  return code;
}

}  // namespace

void add_progress(json::object& out, const Change& change) {
  const auto donors = change.donor_total();
  const auto receivers = change.receiver_total();
  const auto evicted = donors.moved + donors.closed;
  const auto null_if_empty = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  const auto null_if_0 = [](std::uint64_t epoch) { return epoch == 0 ? json::value(nullptr) : json::value(epoch); };
  out["from_epoch"] = change.from_epoch;
  out["to_epoch"] = change.to_epoch;
  out["state"] = to_string(change.state);
  out["aborts"] = null_if_0(change.aborts);
  out["aborted_by"] = null_if_0(change.aborted_by);
  out["planned"] = donors.planned;
  out["evicted"] = evicted;
  out["moved"] = donors.moved;
  out["closed"] = donors.closed;
  out["forced"] = donors.forced;
  out["gone"] = donors.gone;
  out["returned"] = receivers.returned;
  out["not_returned"] = donors.closed - std::min(donors.closed, receivers.returned);
  out["misplaced"] = nullptr;
  out["eviction_seconds"] = donors.seconds;
  out["eviction_rate"] = donors.seconds > 0 ? static_cast<double>(evicted) / donors.seconds : 0.0;
  out["gap_seconds"] = json::object{{"p50", receivers.gaps.quantile(0.5)},
                                    {"p99", receivers.gaps.quantile(0.99)},
                                    {"max", receivers.gaps.max_seconds}};
  out["started_at"] = null_if_empty(change.started_at);
  out["finished_at"] = null_if_empty(change.finished_at);
}

int watch_change(const Invocation& invocation, const config::Config& config, registry::Directory& directory,
                 const Change& change, json::object out) {
  const Interrupt interrupt;
  const auto deadline = Clock::now() + invocation.value<Duration>("timeout");
  Progress progress(invocation.output().progress);
  Pace pace;
  Change latest = change;
  std::string trouble;
  while (!is_final(latest)) {
    show_progress(progress, pace, latest, trouble);
    interrupt.sleep_for(watch_interval);
    if (interrupt.is_requested()) {
      progress.clear();
      return stopped(invocation, latest, std::move(out), interrupt.exit_code(), "stopped watching.");
    }
    if (Clock::now() >= deadline) {
      progress.clear();
      return stopped(invocation, latest, std::move(out), static_cast<int>(ExitCode::temp_fail),
                     "not done after " + invocation.text("timeout") + ", waiting for " + waiting_for(latest) + ".");
    }
    // The nodes need no Redis to go on, so neither do we give up.
    auto next = directory.watch_change(latest.service, latest.to_epoch);
    trouble = next ? "" : next.error().message;
    if (next) latest = std::move(*next);
  }
  progress.clear();
  const auto misplaced = misplaced_after(config, directory, latest, interrupt);
  if (invocation.output().is_json()) {
    add_progress(out, latest);
    out["misplaced"] = misplaced;
    print(render_json(out, invocation.output()));
  } else {
    print(result_text(latest, misplaced));
  }
  return static_cast<int>(misplaced > 0 ? ExitCode::negative : ExitCode::ok);
}

}  // namespace wscluster::app
