// SPDX-License-Identifier: MIT
#include "compare_delivery.hpp"

#include <boost/json.hpp>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "base/units.hpp"
#include "child.hpp"
#include "demo_place.hpp"
#include "interrupt.hpp"
#include "load/generator.hpp"
#include "load/text.hpp"
#include "load_progress.hpp"
#include "net/http_client.hpp"
#include "progress.hpp"

namespace wscluster::app {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr Duration cluster_patience = 60s;
constexpr std::uint64_t default_connections = 300;
constexpr Duration default_duration = 5s;
constexpr Duration warmup = 1s;

struct Trial {
  std::uint64_t nodes = 0;
  std::string delivery;
  load::RunResult result;
  double cpu_seconds = 0;      ///< of all servers, in the measured time
  std::uint64_t messages = 0;  ///< sent in it

  [[nodiscard]] double cost() const { return messages == 0 ? 0 : cpu_seconds / static_cast<double>(messages); }
  [[nodiscard]] bool is_clean() const {
    return result.messages.lost == 0 && result.messages.duplicated == 0 && result.error_count() == 0;
  }
};

/// A cluster of `demo` that lives until we say so.
class PrivateCluster {
 public:
  PrivateCluster(std::uint64_t nodes, const std::string& delivery)
      : place_(""),
        demo_("demo",
              {fs::read_symlink("/proc/self/exe").string(), "demo", "--nodes", std::to_string(nodes), "--delivery",
               delivery, "--dir", place_.path(), "--exec",
               "touch \"$DEMO_DIR/up\"; while [ ! -e \"$DEMO_DIR/over\" ]; do sleep 0.1; done"},
              place_.file("demo.log")) {}

  void wait_until_up(const Interrupt& interrupt) {
    const TimePoint until = Clock::now() + cluster_patience;
    while (!fs::exists(place_.file("up"))) {
      const bool is_late = Clock::now() > until;
      if (demo_.poll() || is_late) {
        const auto log = read_file(demo_.log_file());
        throw Failure(ExitCode::unavailable,
                      "the private cluster did not start: " + std::string(trim(log ? *log : "")));
      }
      if (interrupt.is_requested()) throw Failure(ExitCode::interrupted, "interrupted");
      interrupt.sleep_for(50ms);
    }
  }
  void end() {
    place_.write("over", "");
    static_cast<void>(demo_.wait());
  }
  [[nodiscard]] std::string file(const std::string& name) const { return place_.file(name); }
  [[nodiscard]] std::string address(const std::string& member, const std::string& kind) const {
    return place_.port(member, kind);
  }
  /// Of gateway and nodes since their start.
  [[nodiscard]] double cpu_seconds() const {
    double sum = 0;
    for (const auto& entry : fs::directory_iterator(place_.path())) {
      if (entry.path().extension() != ".ports") continue;
      const auto answer =
          net::http_call({.url = "http://" + address(entry.path().stem().string(), "admin") + "/metrics"});
      if (!answer) throw Failure(answer.error());
      constexpr std::string_view metric = "\nprocess_cpu_seconds_total ";
      const auto at = answer->body.find(metric);
      if (at != std::string::npos) sum += std::stod(answer->body.substr(at + metric.size()));
    }
    return sum;
  }

 private:
  DemoPlace place_;
  Child demo_;
};

std::vector<std::uint64_t> nodes_of(const Invocation& invocation) {
  std::vector<std::uint64_t> numbers;
  const std::string text = invocation.text("nodes");
  for (const auto part : split(text, ',')) {
    std::uint64_t number = 0;
    const auto read = config::read_value(config::Type::count, trim(part), number);
    if (!read) throw Failure(ExitCode::usage, "--nodes: " + read.error().message);
    if (number == 0 || number > 100)
      throw Failure(ExitCode::usage, "--nodes: 1 to 100 of them, not " + std::string(part));
    numbers.push_back(number);
  }
  return numbers;
}

load::Options load_for(const Invocation& invocation, const PrivateCluster& cluster) {
  load::Options options;
  options.url = "wss://" + cluster.address("gateway-1", "clients") + "/ws";
  options.tls_ca_file = cluster.file("cert.pem");
  options.access_key_file = cluster.file("access.key");
  options.scenario = load::Scenario::send;
  options.traffic = load::Traffic::send;
  options.connections =
      invocation.has("connections") ? invocation.value<std::uint64_t>("connections") : default_connections;
  options.connect_rate = invocation.value<double>("connect-rate");
  options.rate = invocation.value<double>("rate");
  options.duration = invocation.has("duration") ? invocation.value<Duration>("duration") : default_duration;
  options.warmup = invocation.has("warmup") ? invocation.value<Duration>("warmup") : warmup;
  options.size_bytes = invocation.value<std::uint64_t>("size");
  options.interval = Duration(500);
  options.allow_lag = true;
  return options;
}

/// What the servers have used between the first and the last look at the running load.
Trial measure(const Invocation& invocation, std::uint64_t nodes, const std::string& delivery,
              const Interrupt& interrupt) {
  PrivateCluster cluster(nodes, delivery);
  cluster.wait_until_up(interrupt);
  Trial trial;
  trial.nodes = nodes;
  trial.delivery = delivery;
  struct Look {
    double cpu_seconds;
    std::uint64_t sent;
  };
  std::optional<Look> first;
  Progress line(invocation.output().progress);
  load::Callbacks callbacks;
  callbacks.should_stop = [&] { return interrupt.is_requested(); };
  callbacks.progress = [&](const load::Progress& now) {
    show_progress(line, now);
    if (now.stage != load::Progress::Stage::running) return;
    const Look look{cluster.cpu_seconds(), now.sent};
    if (!first) first = look;
    trial.cpu_seconds = look.cpu_seconds - first->cpu_seconds;
    trial.messages = look.sent - first->sent;
  };
  load::Generator generator(load_for(invocation, cluster));
  trial.result = generator.run(callbacks);
  line.clear();
  cluster.end();
  if (interrupt.is_requested()) throw Failure(ExitCode::interrupted, "interrupted");
  return trial;
}

/// Of the run with a ring and as many nodes.
double ratio_of(const Trial& trial, const std::vector<Trial>& all) {
  for (const Trial& other : all) {
    if (other.nodes == trial.nodes && other.delivery == "ring" && other.cost() > 0) return trial.cost() / other.cost();
  }
  return 0;
}

json::object as_json(const Trial& trial, const std::vector<Trial>& all) {
  return {{"nodes", trial.nodes},
          {"delivery", trial.delivery},
          {"messages", trial.messages},
          {"cpu_seconds_per_message", trial.cost()},
          {"ratio_to_ring", ratio_of(trial, all)},
          {"latency_seconds",
           json::object{{"p50", trial.result.latency.percentile(50)}, {"p99", trial.result.latency.percentile(99)}}},
          {"lost", trial.result.messages.lost},
          {"duplicated", trial.result.messages.duplicated}};
}

void print_runs(const Output& output, const std::vector<Trial>& runs) {
  if (output.is_json()) {
    json::array list;
    for (const Trial& trial : runs)
      list.push_back(as_json(trial, runs));
    print(render_json(json::object{{"schema", "wscluster/compare-delivery/v1"}, {"runs", std::move(list)}}, output));
    return;
  }
  Table table({{"NODES", true},
               {"DELIVERY"},
               {"MESSAGES", true},
               {"CPU/MESSAGE", true},
               {"RATIO", true},
               {"P50", true},
               {"P99", true},
               {"LOST", true},
               {"TWICE", true}});
  for (const Trial& trial : runs) {
    std::array<char, 32> ratio{};
    std::snprintf(ratio.data(), ratio.size(), "%.2f", ratio_of(trial, runs));
    table.add({std::to_string(trial.nodes), trial.delivery, format_count(trial.messages),
               load::format_time(trial.cost()), ratio.data(), load::format_time(trial.result.latency.percentile(50)),
               load::format_time(trial.result.latency.percentile(99)), format_count(trial.result.messages.lost),
               format_count(trial.result.messages.duplicated)});
  }
  print(table.render(output));
}

}  // namespace

int compare_delivery(const Invocation& invocation) {
  if (!invocation.arguments().empty()) {
    throw Failure(ExitCode::usage, "--compare-delivery starts clusters of its own, so there is no address to give");
  }
  const Interrupt interrupt;
  std::vector<Trial> runs;
  for (const std::uint64_t nodes : nodes_of(invocation)) {
    for (const char* delivery : {"ring", "broadcast"})
      runs.push_back(measure(invocation, nodes, delivery, interrupt));
  }
  print_runs(invocation.output(), runs);
  const bool is_clean = std::all_of(runs.begin(), runs.end(), [](const Trial& trial) { return trial.is_clean(); });
  return static_cast<int>(is_clean ? ExitCode::ok : ExitCode::negative);
}

}  // namespace wscluster::app
