// SPDX-License-Identifier: MIT
#pragma once

#include "base/time.hpp"
#include "net/poller.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace wscluster::net {

/// Tells when files have changed: written anew, renamed over, or reached by another symbolic link, also one of a folder
/// on the way. Changes that come together are told once, when it has been quiet for a moment. Where the kernel tells
/// nothing (inotify is used up, a network file system) it looks by itself every few seconds. On the poller's core, or
/// before that starts.
class FileWatch final : Watcher {
 public:
  FileWatch(Poller& poller, std::function<void()> changed) : poller_(poller), changed_(std::move(changed)) {}
  ~FileWatch() override { forget(); }
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// From now on these, as they are now. They need not exist.
  void watch(const std::vector<std::string>& files);
  /// To be called with every tick of the core; this is where changes are told.
  void tick(TimePoint now);

 private:
  /// Differs when the file behind a name is another one or was written.
  struct Mark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t written_s = 0;
    std::int64_t written_ns = 0;
    std::int64_t changed_s = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const Mark&) const = default;
  };

  void on_ready(bool readable, bool writable) override;
  [[nodiscard]] static Mark mark_of(const std::string& file);
  [[nodiscard]] std::vector<Mark> look() const;
  void follow();
  void forget();

  Poller& poller_;
  std::function<void()> changed_;
  std::vector<std::string> files_;
  std::vector<Mark> marks_;
  int descriptor_ = -1;
  bool is_stirred_ = false;           ///< something has happened since the last tick
  TimePoint stirred_since_;           ///< while due_ is set
  TimePoint due_ = TimePoint::max();  ///< when to look because of it
  TimePoint next_look_;
};

}  // namespace wscluster::net
