// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

namespace wscluster::net {

class Core;

/// SIGTERM and SIGINT as callbacks on one core: the first means stop in order, the second stop at once. SIGHUP means
/// reload. One per process; make it before the core starts.
class Signals {
 public:
  struct Actions {
    std::function<void(int signal)> graceful;
    std::function<void(int signal)> force;
    std::function<void()> reload;
  };
  Signals(Core& core, Actions actions);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wscluster::net
