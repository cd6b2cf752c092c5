// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "load/run_result.hpp"

namespace wscluster::load {

/// All metrics in the order of a listing; pN stands for any percentile (p50, p99.9).
[[nodiscard]] const std::vector<std::string>& metric_names();

/// A figure of a result by its name: latency.p99, errors.ratio, lost.count. Times in seconds. Nothing when the name is
/// not known or the run has no sample for it.
[[nodiscard]] std::optional<double> metric_value(const RunResult& result, std::string_view name);

/// A figure as people read it: 4.13ms, 0.1%, 12.
[[nodiscard]] std::string format_metric(std::string_view name, double value);

enum class Comparison : std::uint8_t { less, at_most, greater, at_least, equal };

/// A claim about a metric: latency.p99<50ms, errors.ratio<=0.1%, lost.count==0.
struct Threshold {
  std::string text;  ///< as given
  std::string metric;
  Comparison comparison = Comparison::less;
  double limit = 0;  ///< seconds, share or count

  /// Fails for an unknown metric (and suggests one), a missing comparison, or a limit whose unit does not fit the
  /// metric.
  [[nodiscard]] static Result<Threshold> parse(std::string_view text);
  /// "latency.p99 < 50ms"
  [[nodiscard]] std::string to_string() const;
};

struct ThresholdOutcome {
  Threshold threshold;
  std::optional<double> value;  ///< nothing: no sample, which is a failure too
  bool passed = false;
};

[[nodiscard]] ThresholdOutcome evaluate(const Threshold& threshold, const RunResult& result);
/// All of them, or a Failure (usage) that names every bad one.
[[nodiscard]] std::vector<Threshold> parse_thresholds(const std::vector<std::string>& texts);

}  // namespace wscluster::load
