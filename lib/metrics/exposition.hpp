// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "metrics/counter.hpp"
#include "metrics/histogram.hpp"

/// Prometheus text format 0.0.4. Names begin with wscluster_ (process_ for the process), units are seconds, bytes or
/// ratio, counters end in _total, build data in _info. Never a uid, an address or anything else unbounded as a label.
namespace wscluster::metrics {

inline constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

using Labels = std::vector<std::pair<std::string, std::string>>;

/// One line of the text, or the lines of one histogram.
struct Sample {
  Labels labels;
  std::variant<std::uint64_t, std::int64_t, double, Histogram> value;
};

/// All samples of one name, already summed over the cores.
class Family {
 public:
  /// `help` is one sentence; any text is allowed in it.
  [[nodiscard]] static Family counter(std::string name, std::string help) {
    return {"counter", std::move(name), std::move(help)};
  }
  [[nodiscard]] static Family gauge(std::string name, std::string help) {
    return {"gauge", std::move(name), std::move(help)};
  }
  [[nodiscard]] static Family histogram(std::string name, std::string help) {
    return {"histogram", std::move(name), std::move(help)};
  }

  /// Each set of labels once; label values may be any UTF-8. The kind of value must fit the kind of family.
  Family& add(const Counter& value, Labels labels = {}) { return add_sample(value.value(), std::move(labels)); }
  Family& add(const Gauge& value, Labels labels = {}) { return add_sample(value.value(), std::move(labels)); }
  Family& add(Histogram value, Labels labels = {}) { return add_sample(std::move(value), std::move(labels)); }
  /// For what is computed at the scrape: ratios, seconds, 0 or 1.
  Family& add(double value, Labels labels = {}) { return add_sample(value, std::move(labels)); }

  [[nodiscard]] std::string_view type() const noexcept { return type_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& help() const noexcept { return help_; }
  [[nodiscard]] const std::vector<Sample>& samples() const noexcept { return samples_; }

 private:
  Family(std::string_view type, std::string name, std::string help);
  Family& add_sample(decltype(Sample::value) value, Labels labels);

  std::string_view type_;
  std::string name_;
  std::string help_;
  std::vector<Sample> samples_;
};

/// In the given order. Families of one name (several modules may add samples to it) become one, where the first stands.
[[nodiscard]] std::string render(const std::vector<Family>& families);

}  // namespace wscluster::metrics
