// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace wscluster::app {
namespace {

using namespace std::chrono_literals;

constexpr int cannot_execute = 127;

int exit_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// After fork(): only calls that are safe there.
[[noreturn]] void become(char* const* argv, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(cannot_execute);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    const int null = open("/dev/null", O_RDONLY);
    if (null >= 0) dup2(null, STDIN_FILENO);
    setpgid(0, 0);  // Ctrl-C is for us; we stop it in order
  }
  execvp(argv[0], argv);
  _exit(cannot_execute);
}

}  // namespace

Child::Child(std::string name, const std::vector<std::string>& argv, const std::string& log_file,
             const std::map<std::string, std::string>& environment)
    : name_(std::move(name)), log_file_(log_file) {
  for (const auto& [variable, value] : environment)
    setenv(variable.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : argv)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int log = log_file_.empty() ? -1 : open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0 && !log_file_.empty()) throw Failure(ExitCode::cannot_create, log_file_ + ": " + std::strerror(errno));
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(arguments.data(), log, parent);
  const int failure = errno;
  if (log >= 0) close(log);
  if (pid_ < 0) throw Failure(ExitCode::os_error, "cannot start " + name_ + ": " + std::strerror(failure));
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)),
      log_file_(std::move(other.log_file_)),
      pid_(std::exchange(other.pid_, -1)),
      exit_(other.exit_) {}

Child::~Child() {
  stop(1s);
}

std::optional<int> Child::poll() {
  int status = 0;
  if (!exit_ && pid_ > 0 && waitpid(pid_, &status, WNOHANG) == pid_) exit_ = exit_of(status);
  return exit_;
}

int Child::wait() {
  int status = 0;
  while (!exit_ && pid_ > 0) {
    const pid_t ended = waitpid(pid_, &status, 0);
    if (ended == pid_) exit_ = exit_of(status);
    if (ended < 0 && errno != EINTR) break;
  }
  return exit_.value_or(cannot_execute);
}

void Child::signal(int number) const {
  if (pid_ > 0 && !exit_) kill(pid_, number);
}

void Child::stop(Duration patience) {
  if (pid_ <= 0) return;
  for (const int number : {SIGTERM, SIGTERM, SIGKILL}) {
    signal(number);
    const auto until = Clock::now() + patience;
    while (!poll() && Clock::now() < until)
      std::this_thread::sleep_for(10ms);
    if (exit_) return;
  }
  static_cast<void>(wait());
}

}  // namespace wscluster::app
