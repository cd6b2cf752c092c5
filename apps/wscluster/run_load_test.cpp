// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <boost/json.hpp>
#include <thread>

#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "compare_delivery.hpp"
#include "interrupt.hpp"
#include "load/generator.hpp"
#include "load/report.hpp"
#include "load_progress.hpp"
#include "progress.hpp"
#include "service_key.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

/// Per second: each of them goes to all members.
constexpr double default_publications = 10;

/// The service of the configuration that is meant; null when it names none and the command line is explicit enough.
const front::ServiceDoor* find_door(const Invocation& invocation, const config::Config& config) {
  const auto& doors = config.node.front.services;
  const std::string named = invocation.text("service");
  if (named.empty()) return doors.size() == 1 ? &doors.front() : nullptr;
  for (const auto& door : doors) {
    if (door.service.name == named) return &door;
  }
  return nullptr;
}

std::string url_of(const Invocation& invocation, const config::Config& config, const front::ServiceDoor* door) {
  if (!invocation.arguments().empty()) return invocation.arguments().front();
  if (config.client.url.empty()) {
    throw Failure(ExitCode::usage, "there is no address to test",
                  "Write it: wscluster load-test ws://127.0.0.1:8080/chat, or set client.url");
  }
  std::string base = config.client.url;
  if (base.starts_with("http")) base.replace(0, 4, "ws");
  while (base.ends_with('/'))
    base.pop_back();
  return base +
         (door != nullptr && !door->paths.empty() ? door->paths.front() : "/" + chosen_service(invocation, config));
}

std::vector<double> percentiles_of(const Invocation& invocation) {
  std::vector<double> found;
  const std::string text = invocation.text("percentiles");
  for (const auto part : split(text, ',')) {
    double percent = 0;
    if (const auto read = config::read_value(config::Type::number, trim(part), percent); !read) {
      throw Failure(ExitCode::usage, "--percentiles: " + read.error().message);
    }
    found.push_back(percent);
  }
  return found;
}

std::vector<std::string> list_of(const Invocation& invocation, const std::string& flag) {
  std::vector<std::string> found;
  const std::string text = invocation.text(flag);
  for (const auto part : split(text, ',')) {
    if (!trim(part).empty()) found.emplace_back(trim(part));
  }
  return found;
}

std::uint64_t in_flight_of(const Invocation& invocation) {
  const auto in_flight = invocation.value<std::uint64_t>("in-flight");
  if (in_flight == 0) throw Failure(ExitCode::usage, "--in-flight must be at least 1");
  if (invocation.has("rate"))
    throw Failure(ExitCode::usage, "--in-flight and --rate contradict each other: answers set the pace, or a schedule");
  return in_flight;
}

void check_belongs(const Invocation& invocation, const std::string& flag, bool is_fitting, const char* scenario) {
  if (invocation.has(flag) && !is_fitting)
    throw Failure(ExitCode::usage, "--" + flag + " needs --scenario " + scenario);
}

load::Options options_of(const Invocation& invocation) {
  const auto config = invocation.load_config();
  const auto* door = find_door(invocation, config);
  load::Options options;
  options.url = url_of(invocation, config, door);
  if (const auto& urls = invocation.arguments(); urls.size() > 1)
    options.further_urls.assign(urls.begin() + 1, urls.end());
  options.scenario = invocation.choice<load::Scenario>("scenario");
  check_belongs(invocation, "publishers", options.scenario == load::Scenario::group, "group");
  check_belongs(invocation, "drop-rate", options.scenario == load::Scenario::recovery, "recovery");
  options.publishers = invocation.value<std::uint64_t>("publishers");
  options.drop_rate = invocation.value<double>("drop-rate");
  options.connections = invocation.value<std::uint64_t>("connections");
  options.connect_rate = invocation.value<double>("connect-rate");
  const bool fans_out = options.scenario == load::Scenario::group && !invocation.has("rate");
  options.rate = fans_out ? default_publications : invocation.value<double>("rate");
  if (invocation.has("in-flight")) options.in_flight = in_flight_of(invocation);
  options.resumes_tls = invocation.has("resume-tls");
  options.duration = invocation.value<Duration>("duration");
  options.warmup = invocation.value<Duration>("warmup");
  options.size_bytes = invocation.value<std::uint64_t>("size");
  options.binary = invocation.has("binary");
  options.uid_prefix = invocation.text("uid-prefix");
  options.uid_start = invocation.value<std::uint64_t>("uid-start");
  options.source_addresses = list_of(invocation, "source-ip");
  options.threads = invocation.value<unsigned>("threads");
  options.seed = invocation.value<std::uint64_t>("seed");
  options.tls_ca_file = config.client.ca_file;
  options.insecure = config.client.insecure;
  options.thresholds = invocation.texts("threshold");
  options.allow_lag = invocation.has("allow-lag");
  options.interval = invocation.value<Duration>("interval");
  options.reports = invocation.texts("report");
  options.percentiles = percentiles_of(invocation);
  options.change = invocation.text("change");
  options.change_at = invocation.value<Duration>("at");
  options.access_key_file = invocation.text("key-file");
  if (door != nullptr) {
    const bool needs_token = door->auth == front::AuthMode::jwt && !door->key_files.empty();
    if (options.access_key_file.empty() && needs_token) options.access_key_file = door->key_files.front();
    options.traffic = door->service.raw == cluster::RawMode::echo ? load::Traffic::echo : load::Traffic::send;
  }
  return options;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(descriptor);
  return text;
}

struct Ended {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// Runs this program with other words and waits for it.
Ended run_self(std::vector<std::string> words) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) return {71, {}, "no pipe"};
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  words.insert(words.begin(), "wscluster");
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(err[1]);
  Ended ended;
  std::thread errors([&ended, descriptor = err[0]] { ended.err = read_all(descriptor); });
  ended.out = read_all(out[0]);
  errors.join();
  if (failed != 0) return {71, {}, "cannot start 'wscluster ring'"};
  int status = 0;
  ::waitpid(child, &status, 0);
  ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

/// A process of its own: the change is watched, and interrupted, exactly as by hand.
load::ChangeOutcome change_ring(const Invocation& invocation, const std::string& change) {
  std::vector<std::string> words{"ring"};
  for (const auto word : split(change, ' '))
    words.emplace_back(word);
  for (const char* word : {"--yes", "--output=json", "--progress=none", "--color=never"})
    words.emplace_back(word);
  for (const char* flag : {"config", "redis", "cluster", "service"}) {
    if (invocation.has(flag)) words.push_back("--" + std::string(flag) + "=" + invocation.text(flag));
  }
  const Ended ended = run_self(std::move(words));
  load::ChangeOutcome outcome;
  boost::system::error_code broken;
  const json::value parsed = json::parse(ended.out, broken);
  if (const auto* object = broken ? nullptr : parsed.if_object()) {
    const auto number = [&](std::string_view key) -> std::uint64_t {
      const auto* member = object->if_contains(key);
      return member != nullptr && member->is_int64() ? static_cast<std::uint64_t>(member->get_int64()) : 0;
    };
    outcome.from_epoch = number("from_epoch");
    outcome.to_epoch = number("to_epoch");
  }
  if (ended.exit_code != 0) {
    const std::string why(trim(ended.err));
    outcome.error =
        "'ring " + change + "' ended with " + std::to_string(ended.exit_code) + (why.empty() ? "" : ": " + why);
  }
  return outcome;
}

void print_result(const Output& output, const load::Report& report) {
  switch (output.format) {
    case Format::json:
      return print(pretty(json::parse(report.to_json(version()))));
    case Format::jsonl:
      return print(report.to_json(version()) + "\n");
    case Format::csv:
      return print(report.to_csv());
    case Format::table:
    case Format::wide:
    case Format::plain:
      return print(report.to_text());
  }
}

/// Every file is tried; the first failure counts.
void write_reports(const load::Report& report) {
  std::string failed;
  for (const auto& path : report.result.options.reports) {
    const auto written = report.write_file(path, version());
    if (!written && failed.empty()) failed = written.error().message;
  }
  if (!failed.empty()) throw Failure(ExitCode::cannot_create, "--report: " + failed);
}

}  // namespace

int run_load_test(const Invocation& invocation) {
  if (invocation.has("list-metrics")) {
    for (const auto& name : load::metric_names())
      print(name + "\n");
    return 0;
  }
  if (invocation.has("compare-delivery")) return compare_delivery(invocation);
  if (invocation.has("nodes")) throw Failure(ExitCode::usage, "--nodes needs --compare-delivery");
  const auto thresholds = load::parse_thresholds(invocation.texts("threshold"));
  load::Generator generator(options_of(invocation));
  const Interrupt interrupt;
  Progress line(invocation.output().progress);
  load::Callbacks callbacks;
  if (const std::string change = invocation.text("change"); !change.empty()) {
    callbacks.change = [&invocation, change] { return change_ring(invocation, change); };
  }
  callbacks.should_stop = [&interrupt] { return interrupt.is_requested(); };
  callbacks.progress = [&line](const load::Progress& now) { show_progress(line, now); };
  const load::Report report(generator.run(callbacks), thresholds);
  line.clear();
  print_result(invocation.output(), report);
  write_reports(report);
  if (interrupt.is_requested()) return interrupt.exit_code();
  const auto& change = report.result.change;
  const bool is_good =
      report.has_passed() && (report.is_valid() || invocation.has("allow-lag")) && (!change || change->error.empty());
  return static_cast<int>(is_good ? ExitCode::ok : ExitCode::negative);
}

}  // namespace wscluster::app
