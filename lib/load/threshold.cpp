// SPDX-License-Identifier: MIT
#include "load/threshold.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "base/units.hpp"
#include "load/text.hpp"

namespace wscluster::load {
namespace {

enum class Kind : std::uint8_t { time, ratio, count, rate, factor };

struct Distribution {
  std::string_view name;
  const Histogram& (*histogram)(const RunResult&);
};

constexpr std::array<Distribution, 9> distributions{
    {{"latency", [](const RunResult& r) -> const Histogram& { return r.latency; }},
     {"service", [](const RunResult& r) -> const Histogram& { return r.service; }},
     {"receipt", [](const RunResult& r) -> const Histogram& { return r.receipt; }},
     {"connect", [](const RunResult& r) -> const Histogram& { return r.connect; }},
     {"gap", [](const RunResult& r) -> const Histogram& { return r.gap; }},
     {"lag", [](const RunResult& r) -> const Histogram& { return r.lag; }},
     {"quiet", [](const RunResult& r) -> const Histogram& { return r.change_latency.quiet; }},
     {"unmoved", [](const RunResult& r) -> const Histogram& { return r.change_latency.unmoved; }},
     {"moved", [](const RunResult& r) -> const Histogram& { return r.change_latency.moved; }}}};

struct Figure {
  std::string_view name;
  Kind kind;
  double (*value)(const RunResult&);  ///< or no_sample
};

constexpr double no_sample = std::numeric_limits<double>::quiet_NaN();

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

constexpr std::array<Figure, 16> figures{{
    {"errors.ratio", Kind::ratio, [](const RunResult& r) { return r.error_ratio(); }},
    {"rate.ratio", Kind::ratio, [](const RunResult& r) { return r.rate_ratio(); }},
    {"deliveries.rate", Kind::rate, [](const RunResult& r) { return r.delivery_rate(); }},
    {"unmoved.factor", Kind::factor,
     [](const RunResult& r) { return r.change_latency.unmoved_factor().value_or(no_sample); }},
    {"lost.count", Kind::count, [](const RunResult& r) { return number(r.messages.lost); }},
    {"duplicate.count", Kind::count, [](const RunResult& r) { return number(r.messages.duplicated); }},
    {"order.count", Kind::count, [](const RunResult& r) { return number(r.messages.out_of_order); }},
    {"wrong_node.count", Kind::count, [](const RunResult& r) { return number(r.wrong_node); }},
    {"misdelivered.count", Kind::count, [](const RunResult& r) { return number(r.messages.misdelivered); }},
    {"contradicted.count", Kind::count, [](const RunResult& r) { return number(r.messages.contradicted); }},
    {"unanswered.count", Kind::count, [](const RunResult& r) { return number(r.messages.unanswered_at_close); }},
    {"closed.count", Kind::count, [](const RunResult& r) { return number(r.closes.planned + r.closes.unplanned); }},
    {"unplanned.count", Kind::count, [](const RunResult& r) { return number(r.closes.unplanned); }},
    {"recovered.count", Kind::count, [](const RunResult& r) { return number(r.closes.recovered); }},
    {"session_lost.count", Kind::count, [](const RunResult& r) { return number(r.closes.sessions_lost); }},
    {"not_returned.count", Kind::count, [](const RunResult& r) { return number(r.closes.not_returned); }},
}};

/// The N of pN, when it is a percentage.
std::optional<double> percentile_of(std::string_view statistic) {
  if (!statistic.starts_with('p')) return std::nullopt;
  statistic.remove_prefix(1);
  double percent = 0;
  const auto [end, ec] =
      std::from_chars(statistic.data(), statistic.data() + statistic.size(), percent, std::chars_format::fixed);
  if (ec != std::errc{} || end != statistic.data() + statistic.size() || percent <= 0 || percent > 100) {
    return std::nullopt;
  }
  return percent;
}

/// What is measured, and the part behind the point; nothing when there is no such distribution.
std::optional<std::pair<Distribution, std::string_view>> find_distribution(std::string_view name) {
  const auto point = name.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  for (const auto& distribution : distributions) {
    if (name.substr(0, point) == distribution.name) return std::pair{distribution, name.substr(point + 1)};
  }
  return std::nullopt;
}

std::optional<Kind> kind_of(std::string_view name) {
  for (const auto& figure : figures) {
    if (figure.name == name) return figure.kind;
  }
  if (const auto found = find_distribution(name)) {
    if (found->second == "max" || found->second == "mean" || percentile_of(found->second)) return Kind::time;
  }
  return std::nullopt;
}

/// Finer than parse_duration: a latency limit may be 0.5ms or 800us.
std::optional<double> parse_seconds(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc{} || value < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "us" || unit == "µs") return value / 1e6;
  if (unit == "ms") return value / 1e3;
  if (unit == "s") return value;
  if (unit == "m") return value * 60;
  return value == 0 && unit.empty() ? std::optional(0.0) : std::nullopt;
}

std::optional<double> parse_factor(std::string_view text) {
  if (text.ends_with('x')) text.remove_suffix(1);
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc{} || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
  return value;
}

Result<double> parse_limit(Kind kind, std::string_view metric, std::string_view text) {
  const auto bad = [&](const char* wanted) {
    return error(Errc::invalid,
                 std::string(metric) + " is compared with " + wanted + ", not with '" + std::string(text) + "'");
  };
  if (kind == Kind::time) {
    if (const auto limit = parse_seconds(text)) return *limit;
    return bad("a time (50ms, 1.5s)");
  }
  if (kind == Kind::ratio) {
    if (const auto limit = parse_ratio(text)) return *limit;
    return bad("a share (0.1%, 0.99)");
  }
  if (kind == Kind::rate) {
    if (const auto limit = parse_rate(text)) return *limit;
    return bad("a rate (5000/s)");
  }
  if (kind == Kind::factor) {
    if (const auto limit = parse_factor(text)) return *limit;
    return bad("a factor (1.5)");
  }
  if (const auto limit = parse_count(text)) return static_cast<double>(*limit);
  return bad("a count (0, 10k)");
}

struct Sign {
  std::string_view text;
  Comparison comparison;
};

// Longer ones first: "<" is the beginning of "<=".
constexpr std::array<Sign, 6> signs{{{"<=", Comparison::at_most},
                                     {">=", Comparison::at_least},
                                     {"==", Comparison::equal},
                                     {"<", Comparison::less},
                                     {">", Comparison::greater},
                                     {"=", Comparison::equal}}};

std::string_view sign_of(Comparison comparison) {
  for (const auto& sign : signs) {
    if (sign.comparison == comparison) return sign.text;
  }
  return "?";
}

bool holds(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::less:
      return value < limit;
    case Comparison::at_most:
      return value <= limit;
    case Comparison::greater:
      return value > limit;
    case Comparison::at_least:
      return value >= limit;
    case Comparison::equal:
      return value == limit;
  }
  return false;
}

Error unknown_metric(std::string_view metric) {
  std::vector<std::string> candidates;
  for (const auto& name : metric_names()) {
    const bool is_pattern = name.ends_with("pN");
    const auto stem = name.substr(0, name.size() - 1);
    for (const char* percent : {"50", "90", "99", "99.9"}) {
      if (is_pattern) candidates.push_back(stem + percent);
    }
    if (!is_pattern) candidates.push_back(name);
  }
  const std::string near = closest_match(metric, candidates);
  return error(Errc::invalid, "unknown metric '" + std::string(metric) + "'" +
                                  (near.empty() ? "" : " (did you mean '" + near + "'?)") +
                                  "; load-test --list-metrics lists them");
}

}  // namespace

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& distribution : distributions) {
      for (const char* statistic : {".pN", ".max", ".mean"})
        all.push_back(std::string(distribution.name) + statistic);
    }
    for (const auto& figure : figures)
      all.emplace_back(figure.name);
    return all;
  }();
  return names;
}

std::optional<double> metric_value(const RunResult& result, std::string_view name) {
  for (const auto& figure : figures) {
    if (figure.name != name) continue;
    const double value = figure.value(result);
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }
  const auto found = find_distribution(name);
  if (!found) return std::nullopt;
  const Histogram& histogram = found->first.histogram(result);
  if (histogram.empty()) return std::nullopt;
  if (found->second == "max") return histogram.max();
  if (found->second == "mean") return histogram.mean();
  if (const auto percent = percentile_of(found->second)) return histogram.percentile(*percent);
  return std::nullopt;
}

std::string format_metric(std::string_view name, double value) {
  switch (kind_of(name).value_or(Kind::count)) {
    case Kind::time:
      return format_time(value);
    case Kind::ratio:
      return format_percent(value);
    case Kind::rate:
      return format_per_second(value) + "/s";
    case Kind::factor:
      return format_factor(value);
    case Kind::count:
      return format_count(static_cast<std::uint64_t>(value));
  }
  return {};
}

Result<Threshold> Threshold::parse(std::string_view text) {
  const auto at = text.find_first_of("<>=");
  if (at == std::string_view::npos) {
    return error(Errc::invalid, "'" + std::string(text) + "' compares nothing (example: latency.p99<50ms)");
  }
  Threshold threshold;
  threshold.text = trim(text);
  threshold.metric = trim(text.substr(0, at));
  auto rest = text.substr(at);
  for (const auto& sign : signs) {
    if (!rest.starts_with(sign.text)) continue;
    threshold.comparison = sign.comparison;
    rest.remove_prefix(sign.text.size());
    break;
  }
  const auto kind = kind_of(threshold.metric);
  if (!kind) return unknown_metric(threshold.metric);
  const auto limit = parse_limit(*kind, threshold.metric, trim(rest));
  if (!limit) return limit.error();
  threshold.limit = *limit;
  return threshold;
}

std::string Threshold::to_string() const {
  return metric + " " + std::string(sign_of(comparison)) + " " +
         std::string(trim(std::string_view(text).substr(text.find_last_of("<>=") + 1)));
}

ThresholdOutcome evaluate(const Threshold& threshold, const RunResult& result) {
  ThresholdOutcome outcome{threshold, metric_value(result, threshold.metric), false};
  outcome.passed = outcome.value && holds(*outcome.value, threshold.comparison, threshold.limit);
  return outcome;
}

std::vector<Threshold> parse_thresholds(const std::vector<std::string>& texts) {
  std::vector<Threshold> thresholds;
  std::string problems;
  for (const auto& text : texts) {
    auto threshold = Threshold::parse(text);
    if (threshold) {
      thresholds.push_back(std::move(*threshold));
    } else {
      problems += (problems.empty() ? "" : "; ") + ("--threshold: " + threshold.error().message);
    }
  }
  if (!problems.empty()) throw Failure(ExitCode::usage, problems);
  return thresholds;
}

}  // namespace wscluster::load
