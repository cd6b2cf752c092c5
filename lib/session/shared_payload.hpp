// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <string_view>
#include <utility>

namespace wscluster::session {

/// Bytes that several sessions keep together, freed with the last of them. Copies count without atomics, so all of them
/// live on one core; the pool they come from outlives them.
class SharedPayload {
 public:
  SharedPayload() noexcept = default;
  SharedPayload(std::pmr::memory_resource& pool, std::string_view bytes) {
    void* const memory = pool.allocate(sizeof(Block) + bytes.size(), alignof(Block));
    block_ = new (memory) Block{&pool, bytes.size(), 1};
    if (!bytes.empty()) std::memcpy(block_ + 1, bytes.data(), bytes.size());
  }
  SharedPayload(const SharedPayload& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->owners;
  }
  SharedPayload(SharedPayload&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedPayload& operator=(SharedPayload other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedPayload() {
    if (block_ != nullptr && --block_->owners == 0)
      block_->pool->deallocate(block_, sizeof(Block) + block_->size, alignof(Block));
  }

  /// Empty when it was made from nothing.
  [[nodiscard]] std::string_view bytes() const noexcept {
    if (block_ == nullptr) return {};
    return {reinterpret_cast<const char*>(block_ + 1), block_->size};
  }

 private:
  struct Block {
    std::pmr::memory_resource* pool;
    std::size_t size;
    std::size_t owners;
  };

  Block* block_ = nullptr;
};

}  // namespace wscluster::session
