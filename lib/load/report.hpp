// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "load/run_result.hpp"
#include "load/threshold.hpp"

namespace wscluster::load {

/// A result with what was asked of it: everything a report says.
struct Report {
  RunResult result;
  std::vector<std::string> doubts;  ///< empty: valid
  std::vector<ThresholdOutcome> thresholds;

  Report(RunResult found, const std::vector<Threshold>& claims);

  [[nodiscard]] bool is_valid() const noexcept { return doubts.empty(); }
  /// Every threshold holds.
  [[nodiscard]] bool has_passed() const noexcept;

  /// For people.
  [[nodiscard]] std::string to_text() const;
  /// One object, schema wscluster/load-test/v1; keys are only ever added. `version`: of this program.
  [[nodiscard]] std::string to_json(const std::string& version) const;
  /// metric,value lines with a heading; times in seconds.
  [[nodiscard]] std::string to_csv() const;
  /// The latency distribution in HdrHistogram's text form.
  [[nodiscard]] std::string to_hgrm() const { return result.latency.to_hgrm(); }

  /// Writes by the ending of the name: .json, .csv or .hgrm. Fails for another ending (invalid) and when it cannot be
  /// written (io).
  [[nodiscard]] Result<> write_file(const std::string& path, const std::string& version) const;
};

/// Before the run: whether write_file() knows the ending.
[[nodiscard]] Result<> check_report_name(const std::string& path);

}  // namespace wscluster::load
