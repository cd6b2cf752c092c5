// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "auth/secret.hpp"
#include "net/core.hpp"
#include "registry/options.hpp"
#include "websession/core_finder.hpp"
#include "websession/options.hpp"
#include "websession/reader_thread.hpp"

namespace wscluster::websession {

/// The sessions of HTTP applications for one process: a thread that asks Redis, and a CoreFinder on every core. Made
/// before the cores start, ended after they have.
class Finder {
 public:
  /// The options outlive it. Throws Failure that names the secret's file.
  Finder(const Options& options, const registry::Options& registry, const std::vector<net::Core*>& cores);

  void start() { thread_.start(); }
  [[nodiscard]] CoreFinder& on(unsigned core) { return *finders_[core]; }

 private:
  auth::Secret secret_;
  auth::Secret digest_key_;
  std::vector<std::unique_ptr<CoreFinder>> finders_;
  ReaderThread thread_;  ///< ends first: it posts to the cores what it has found
};

}  // namespace wscluster::websession
