// SPDX-License-Identifier: MIT
#include "batch.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>

namespace wscluster::simulation {
namespace {

constexpr unsigned most_jobs = 64;
/// A story that takes longer hangs.
constexpr unsigned patience_seconds = 60;
constexpr std::size_t what_bytes = 240;

/// What a worker tells its parent, in memory that they share.
struct Report {
  std::atomic<std::uint64_t> current{0};
  std::uint64_t played = 0;
  Figures figures;
  bool has_failed = false;
  std::uint64_t failed = 0;
  char what[what_bytes] = {};
};

struct Shared {
  std::atomic<bool> is_over{false};
  Report reports[most_jobs];
};

class SharedMemory {
 public:
  SharedMemory() : at_(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (at_ == MAP_FAILED) std::abort();
    new (at_) Shared;
  }
  ~SharedMemory() { munmap(at_, sizeof(Shared)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared& get() { return *static_cast<Shared*>(at_); }

 private:
  void* at_;
};

void add(Figures& sum, const Figures& part) {
  sum.messages += part.messages;
  sum.unknown += part.unknown;
  sum.unanswered += part.unanswered;
  sum.epochs += part.epochs;
  sum.moves += part.moves;
  sum.deaths += part.deaths;
}

void copy_text(char* into, const std::string& text) {
  const std::size_t size = std::min(text.size(), what_bytes - 1);
  std::memcpy(into, text.data(), size);
  into[size] = 0;
}

void work(Shared& shared, Report& report, std::uint64_t first, std::uint64_t count, unsigned step,
          const std::function<Story(std::uint64_t)>& story_at) {
  for (std::uint64_t index = first; index < count && !shared.is_over; index += step) {
    report.current = index;
    alarm(patience_seconds);
    World world(story_at(index));
    world.play();
    ++report.played;
    add(report.figures, world.figures());
    if (world.checker().broken().empty()) continue;
    report.has_failed = true;
    report.failed = index;
    copy_text(report.what, world.checker().broken().front());
    shared.is_over = true;
  }
}

std::string describe_end(int status) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return signal == SIGALRM ? "it hangs" : "it crashes (signal " + std::to_string(signal) + ")";
}

int wait_for_child(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

BatchResult play_batch(std::uint64_t count, unsigned jobs, const std::function<Story(std::uint64_t)>& story_at) {
  SharedMemory memory;
  Shared& shared = memory.get();
  jobs = std::clamp(jobs, 1U, most_jobs);
  std::vector<pid_t> children;
  for (unsigned job = 0; job < jobs; ++job) {
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) {
      work(shared, shared.reports[job], job, count, jobs, story_at);
      _exit(0);
    }
    children.push_back(child);
  }
  BatchResult result;
  const auto note = [&](std::uint64_t index, std::string what) {
    if (!result.failure || index < result.failure->index) result.failure = Failure{index, std::move(what)};
  };
  for (unsigned job = 0; job < jobs; ++job) {
    const int status = wait_for_child(children[job]);
    Report& report = shared.reports[job];
    if (status != 0) {
      shared.is_over = true;
      note(report.current, describe_end(status));
    } else if (report.has_failed) {
      note(report.failed, report.what);
    }
    result.played += report.played;
    add(result.figures, report.figures);
  }
  return result;
}

std::string first_broken(const Story& story) {
  return play_batch(1, 1, [&](std::uint64_t) { return story; }).failure.value_or(Failure{}).what;
}

}  // namespace wscluster::simulation
