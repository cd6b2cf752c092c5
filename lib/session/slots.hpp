// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace wscluster::session {

/// Objects of one core behind references that do not meet a successor: 24 bits of generation above 32 of index, so the
/// top byte is free for the owner. Look-up is one indexed load. Objects do not move; references are never 0.
template <class T>
class Slots {
 public:
  using Ref = std::uint64_t;

  template <class... Args>
  std::pair<Ref, T*> emplace(Args&&... args) {
    std::uint32_t index = free_;
    if (index == none) {
      if (used_ % page_size == 0) pages_.push_back(std::make_unique<Page>());
      index = used_++;
    } else {
      free_ = cell(index).next_free;
    }
    Cell& c = cell(index);
    c.generation = c.generation % max_generation + 1;
    c.value = std::make_unique<T>(std::forward<Args>(args)...);
    ++size_;
    return {static_cast<Ref>(c.generation) << 32U | index, c.value.get()};
  }

  /// Null when it is gone.
  [[nodiscard]] T* find(Ref ref) const noexcept {
    const auto index = static_cast<std::uint32_t>(ref);
    if (index >= used_) return nullptr;
    const Cell& c = cell(index);
    return c.generation == static_cast<std::uint32_t>(ref >> 32U) ? c.value.get() : nullptr;
  }

  void erase(Ref ref) {
    if (find(ref) == nullptr) return;
    const auto index = static_cast<std::uint32_t>(ref);
    Cell& c = cell(index);
    c.value.reset();
    c.next_free = free_;
    free_ = index;
    --size_;
  }

  /// The same object under a new reference; the old one is that of nobody any more. Only with a valid one.
  Ref renew(Ref ref) noexcept {
    const auto index = static_cast<std::uint32_t>(ref);
    Cell& c = cell(index);
    c.generation = c.generation % max_generation + 1;
    return static_cast<Ref>(c.generation) << 32U | index;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls f(ref, object) for all; f may erase the one it is called for.
  template <class F>
  void for_each(F f) {
    for (std::uint32_t index = 0; index < used_; ++index) {
      Cell& c = cell(index);
      if (c.value) f(static_cast<Ref>(c.generation) << 32U | index, *c.value);
    }
  }

 private:
  static constexpr std::uint32_t page_size = 256;
  static constexpr std::uint32_t max_generation = (1U << 24U) - 1;
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Cell {
    std::uint32_t generation = 0;
    std::uint32_t next_free = none;
    std::unique_ptr<T> value;
  };
  struct Page {
    Cell cells[page_size];
  };

  [[nodiscard]] Cell& cell(std::uint32_t index) const noexcept {
    return pages_[index / page_size]->cells[index % page_size];
  }

  std::vector<std::unique_ptr<Page>> pages_;
  std::uint32_t used_ = 0;
  std::uint32_t free_ = none;
  std::size_t size_ = 0;
};

}  // namespace wscluster::session
