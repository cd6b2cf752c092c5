// SPDX-License-Identifier: MIT
#include "interrupt.hpp"

#include <csignal>
#include <ctime>

namespace wscluster::app {
namespace {

volatile std::sig_atomic_t noted = 0;

extern "C" void note(int signal) {
  noted = signal;
}

}  // namespace

Interrupt::Interrupt() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Interrupt::~Interrupt() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupt::is_requested() const {
  return noted != 0;
}
int Interrupt::exit_code() const {
  return 128 + static_cast<int>(noted);
}

void Interrupt::sleep_for(Duration time) const {
  const auto ms = time.count();
  const timespec wait{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000 * 1'000'000)};
  // A signal interrupts it; one that came just before costs one wait, which is short.
  if (noted == 0) ::nanosleep(&wait, nullptr);
}

}  // namespace wscluster::app
