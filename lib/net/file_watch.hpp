// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wscluster::net {

class Core;

/// Tells when files have changed: written anew, renamed over, or reached by another symbolic link, also one of a folder
/// on the way. Changes that come together are told once, when it has been quiet for a moment. Where the kernel tells
/// nothing (inotify is used up, a network file system) it looks by itself every few seconds. Make and use it before the
/// core starts or on the core.
class FileWatch {
 public:
  FileWatch(Core& core, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// From now on these, as they are now. They need not exist.
  void watch(const std::vector<std::string>& files);

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< the core's hooks know it weakly
};

}  // namespace wscluster::net
