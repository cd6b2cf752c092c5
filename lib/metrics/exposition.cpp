// SPDX-License-Identifier: MIT
#include "metrics/exposition.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace wscluster::metrics {
namespace {

/// `[a-zA-Z_:][a-zA-Z0-9_:]*` for metrics, the same without ':' for labels.
[[maybe_unused]] bool is_name(std::string_view name, bool with_colon) {
  const auto is_good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (with_colon && c == ':');
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), is_good);
}

void append_escaped(std::string& out, std::string_view text, bool with_quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && with_quotes) {
      out += "\\\"";
    } else {
      out.push_back(c);
    }
  }
}

template <class Number>
std::string text_of(Number value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double exact = 9007199254740992.0;
  if (std::trunc(value) == value && std::abs(value) < exact) return text_of(static_cast<std::int64_t>(value));
  return text_of<double>(value);
}

void append_line(std::string& out, std::string_view name, const Labels& labels, std::string_view value) {
  out += name;
  char separator = '{';
  for (const auto& [key, text] : labels) {
    out.push_back(separator);
    out.append(key).append("=\"");
    append_escaped(out, text, true);
    out.push_back('"');
    separator = ',';
  }
  if (!labels.empty()) out.push_back('}');
  out.append(1, ' ').append(value).append(1, '\n');
}

void append_histogram(std::string& out, const std::string& name, Labels labels, const Histogram& histogram) {
  std::uint64_t cumulative = 0;
  const Labels plain = labels;
  labels.emplace_back("le", "");
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    cumulative += histogram.count_in(i);
    labels.back().second = text_of(histogram.bounds()[i]);
    append_line(out, name + "_bucket", labels, text_of(cumulative));
  }
  labels.back().second = "+Inf";
  append_line(out, name + "_bucket", labels, text_of(histogram.count()));
  append_line(out, name + "_sum", plain, text_of(histogram.sum()));
  append_line(out, name + "_count", plain, text_of(histogram.count()));
}

void append_samples(std::string& out, const Family& family) {
  for (const Sample& sample : family.samples()) {
    if (const auto* histogram = std::get_if<Histogram>(&sample.value)) {
      append_histogram(out, family.name(), sample.labels, *histogram);
    } else if (const auto* count = std::get_if<std::uint64_t>(&sample.value)) {
      append_line(out, family.name(), sample.labels, text_of(*count));
    } else if (const auto* level = std::get_if<std::int64_t>(&sample.value)) {
      append_line(out, family.name(), sample.labels, text_of(*level));
    } else {
      append_line(out, family.name(), sample.labels, text_of(std::get<double>(sample.value)));
    }
  }
}

}  // namespace

Family::Family(std::string_view type, std::string name, std::string help)
    : type_(type), name_(std::move(name)), help_(std::move(help)) {
  assert(is_name(name_, true));
  assert((type_ == "counter") == name_.ends_with("_total"));
}

Family& Family::add_sample(decltype(Sample::value) value, Labels labels) {
  assert(std::holds_alternative<Histogram>(value) == (type_ == "histogram"));
  assert(std::all_of(labels.begin(), labels.end(),
                     [](const auto& label) { return is_name(label.first, false) && label.first != "le"; }));
  samples_.push_back({std::move(labels), std::move(value)});
  return *this;
}

std::string render(const std::vector<Family>& families) {
  std::string out;
  for (auto first = families.begin(); first != families.end(); ++first) {
    const auto has_its_name = [&](const Family& family) { return family.name() == first->name(); };
    if (std::any_of(families.begin(), first, has_its_name)) continue;
    out.append("# HELP ").append(first->name()).append(1, ' ');
    append_escaped(out, first->help(), false);
    out.append("\n# TYPE ").append(first->name()).append(1, ' ').append(first->type()).append(1, '\n');
    for (auto family = first; family != families.end(); ++family) {
      if (!has_its_name(*family)) continue;
      assert(family->type() == first->type());
      append_samples(out, *family);
    }
  }
  return out;
}

}  // namespace wscluster::metrics
