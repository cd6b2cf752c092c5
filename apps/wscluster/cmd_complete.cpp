// SPDX-License-Identifier: MIT
#include <sys/time.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "commands.hpp"
#include "complete.hpp"
#include "registry/directory.hpp"

namespace wscluster::app {
namespace {

/// The shell waits: after this time the answer is whatever the cache gave.
constexpr suseconds_t deadline_us = 300'000;

/// What the signal handler writes; complete before the timer starts.
std::string* late_answer = nullptr;

extern "C" void answer_late(int) {
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, late_answer->data(), late_answer->size());
  ::_exit(0);
}

std::string render(const Completion& completion, const std::vector<std::string>& nodes) {
  std::string out;
  for (const auto& candidate : completion.candidates) {
    out += candidate.value + (candidate.text.empty() ? "" : "\t" + candidate.text) + "\n";
  }
  for (const auto& node : nodes) {
    if (node.starts_with(completion.prefix)) out += completion.lead + node + "\n";
  }
  return out + (completion.wants_files ? ":files\n" : ":none\n");
}

std::string cache_file(const config::Environment& environment, const std::string& cluster) {
  const auto variable = [&](const char* name) {
    const auto at = environment.find(name);
    return at == environment.end() ? std::string() : at->second;
  };
  std::string base = variable("XDG_CACHE_HOME");
  if (base.empty() && !variable("HOME").empty()) base = variable("HOME") + "/.cache";
  return base.empty() ? "" : base + "/wscluster/nodes-" + cluster;
}

std::vector<std::string> read_cache(const std::string& file) {
  std::vector<std::string> names;
  const auto content = file.empty() ? Result<std::string>(std::string()) : read_file(file, 1U << 20U);
  if (!content) return names;
  for (const auto line : split(*content, '\n')) {
    if (!line.empty()) names.emplace_back(line);
  }
  return names;
}

/// Written beside and renamed, so that two shells never see half a file. Failing to cache is nobody's problem.
void write_cache(const std::string& file, const std::vector<std::string>& names) {
  if (file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  const std::string fresh = file + "." + std::to_string(::getpid());
  {
    std::ofstream out(fresh);
    for (const auto& name : names)
      out << name << "\n";
  }
  std::filesystem::rename(fresh, file, ignored);
}

int run_complete(const Invocation& invocation) {
  auto words = invocation.arguments();
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  const auto completion = complete(words);
  if (!completion.wants_nodes) {
    print(render(completion, {}));
    return 0;
  }
  const auto loaded = config::load({std::nullopt, invocation.environment(), {}}, config::Roles::none);
  const std::string cache = cache_file(invocation.environment(), loaded.config.redis.cluster);
  std::string fallback = render(completion, read_cache(cache));
  late_answer = &fallback;
  std::signal(SIGALRM, answer_late);
  const itimerval timer{{0, 0}, {0, deadline_us}};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  const auto names = registry::Directory(loaded.config.redis).names();
  std::signal(SIGALRM, SIG_IGN);
  if (names) write_cache(cache, *names);
  print(names ? render(completion, *names) : fallback);
  return 0;
}

}  // namespace

Command complete_command() {
  return {.path = "__complete",
          .summary = "Candidates for the last word, one a line, then a directive",
          .is_hidden = true,
          .takes_anything = true,
          .run = run_complete};
}

}  // namespace wscluster::app
