// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "base/time.hpp"
#include "output.hpp"

namespace wscluster::app {

/// What is under way, on stderr: a line that redraws itself, a plain line every ten seconds, JSON lines, or nothing.
class Progress {
 public:
  explicit Progress(ProgressStyle style) : style_(style) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `bar` for terminals, `plain` for logs, `json` for programs. Cheap to call often.
  void show(const std::string& bar, const std::string& plain, const boost::json::object& json);
  /// Takes the redrawn line away.
  void clear();

 private:
  [[nodiscard]] bool is_due(Duration interval);

  ProgressStyle style_;
  TimePoint last_{};
  bool has_line_ = false;
};

/// "[#########-----------]  46%"
[[nodiscard]] std::string bar_of(double ratio);

}  // namespace wscluster::app
