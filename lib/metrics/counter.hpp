// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace wscluster::metrics {

/// Only grows. A plain number that lives on one core; a scrape copies it out there and merges the cores' copies.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_ += n; }
  void merge(const Counter& other) noexcept { value_ += other.value_; }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// Goes up and down; the cores' values are summed. As Counter, it lives on one core.
class Gauge {
 public:
  void set(std::int64_t value) noexcept { value_ = value; }
  void add(std::int64_t n = 1) noexcept { value_ += n; }
  void subtract(std::int64_t n = 1) noexcept { value_ -= n; }
  void merge(const Gauge& other) noexcept { value_ += other.value_; }
  [[nodiscard]] std::int64_t value() const noexcept { return value_; }

 private:
  std::int64_t value_ = 0;
};

}  // namespace wscluster::metrics
