// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

int open_output(const std::string& file) {
  const char* name = file.empty() ? "/dev/null" : file.c_str();
  return ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

int open_input(const std::string& text) {
  const int input = ::memfd_create("stdin", MFD_CLOEXEC);
  if (::write(input, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return -1;
  ::lseek(input, 0, SEEK_SET);
  return input;
}

}  // namespace

int slowdown() {
  static const int factor = [] {
    const char* text = std::getenv("WSCLUSTER_TEST_SLOWDOWN");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
  }();
  return factor;
}

std::string binary() {
  const char* other = std::getenv("WSCLUSTER_BINARY");
  return other == nullptr ? WSCLUSTER_DEFAULT_BINARY : other;
}

std::string content_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Child::Child(const Options& options) {
  std::vector<std::string> words = options.argv;
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const int input = open_input(options.input);
  const int output = open_output(options.output_file);
  const int errors = open_output(options.error_file);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    for (const auto& [name, value] : options.environment)
      ::setenv(name.c_str(), value.c_str(), 1);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    // A client's socket that lives on in a child would never end for the server.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  for (const int descriptor : {input, output, errors})
    ::close(descriptor);
}

Child::~Child() {
  kill();
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), exit_(other.exit_) {}

void Child::signal(int number) const {
  if (pid_ > 0 && !exit_) ::kill(pid_, number);
}

std::optional<int> Child::poll() {
  int status = 0;
  if (pid_ > 0 && !exit_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_;
}

std::optional<int> Child::wait(Duration patience) {
  const TimePoint deadline = Clock::now() + patience;
  while (!poll() && Clock::now() < deadline)
    std::this_thread::sleep_for(3ms);
  return exit_;
}

void Child::kill() {
  if (pid_ <= 0 || exit_) return;
  signal(SIGKILL);
  while (!poll())
    std::this_thread::sleep_for(1ms);
}

}  // namespace wscluster::integration
