// SPDX-License-Identifier: MIT
#include "net/signals.hpp"

#include "net/core.hpp"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace wscluster::net {

struct Signals::State {
  State(Core& core, Actions what) : actions(std::move(what)), set(core.context(), SIGTERM, SIGINT, SIGHUP) { wait(); }

  void wait() {
    set.async_wait([this](const boost::system::error_code& failed, int signal) {
      if (failed) return;
      wait();
      act(signal);
    });
  }

  void act(int signal) {
    if (signal == SIGHUP) {
      if (actions.reload) actions.reload();
    } else if (std::exchange(is_stopping, true)) {
      if (actions.force) actions.force(signal);
    } else if (actions.graceful) {
      actions.graceful(signal);
    }
  }

  Actions actions;
  boost::asio::signal_set set;
  bool is_stopping = false;
};

Signals::Signals(Core& core, Actions actions) : state_(std::make_unique<State>(core, std::move(actions))) {}

Signals::~Signals() = default;

}  // namespace wscluster::net
