// SPDX-License-Identifier: MIT
// A whole cluster on loopback, as children of this process.
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/random.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "child.hpp"
#include "classroom.hpp"
#include "commands.hpp"
#include "demo_place.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

namespace wscluster::app {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Duration start_patience = 30s;

volatile std::sig_atomic_t stop_signal = 0;
void remember_signal(int number) {
  stop_signal = number;
}

/// SIGINT and SIGTERM end the demo in order.
void catch_signals() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

class Demo {
 public:
  explicit Demo(const Invocation& invocation)
      : invocation_(invocation),
        place_(invocation.has("dir") ? invocation.text("dir") : ""),
        self_(fs::read_symlink("/proc/self/exe").string()) {}

  /// Servers first and together (the second signal means at once), Redis last.
  ~Demo() {
    for (int round = 0; round < 2; ++round) {
      for (const Child& child : children_) {
        if (child.name() != "redis-server") child.signal(SIGTERM);
      }
      std::this_thread::sleep_for(20ms);
    }
    while (!children_.empty()) {
      children_.back().stop(2s);
      children_.pop_back();
    }
  }
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  int run() {
    catch_signals();
    make_files();
    if (has_classroom()) start_classroom();
    start_redis();
    const auto nodes = invocation_.value<std::uint64_t>("nodes");
    const auto standbys = invocation_.value<std::uint64_t>("standby");
    for (std::uint64_t i = 1; i <= nodes + standbys; ++i)
      start_node("node-" + std::to_string(i), i > nodes);
    const auto gateways = invocation_.value<std::uint64_t>("gateways");
    for (std::uint64_t i = 1; i <= gateways; ++i)
      start_gateway("gateway-" + std::to_string(i));
    for (const Child& child : children_)
      wait_until_ready(child);
    const std::string url = place_.port(door(), "clients");
    const std::string secure = gateways > 0 && !has_classroom() ? "s" : "";
    write_config("http" + secure + "://" + url);
    if (invocation_.has("exec")) return execute("ws" + secure + "://" + url);
    announce(nodes, standbys, gateways, "ws" + secure + "://" + url);
    if (has_classroom()) print_error("\nThe classroom: http://" + url + "/\n");
    return wait_for_the_end();
  }

 private:
  void make_files() {
    place_.write("cluster.key", random_token(32) + "\n");
    place_.write("access.key", random_token(32) + "\n");
    const net::SelfSigned pair = net::make_self_signed("wscluster demo", {"localhost", "127.0.0.1"}, 30);
    place_.write("cert.pem", pair.certificate);
    place_.write("key.pem", pair.key);
    write_config("");
  }

  [[nodiscard]] bool has_classroom() const { return invocation_.has("classroom"); }
  /// The member that clients are told of.
  [[nodiscard]] std::string door() const {
    return invocation_.value<std::uint64_t>("gateways") > 0 ? "gateway-1" : "node-1";
  }

  /// Before the cluster: the gateways want its page and its address.
  void start_classroom() {
    Child preparation = prepare_classroom(place_.path());
    print_error("Preparing the classroom (npm, esbuild) …\n");
    while (!preparation.poll()) {
      if (stop_signal != 0) throw Failure(ExitCode::interrupted, "interrupted");
      std::this_thread::sleep_for(20ms);
    }
    if (preparation.wait() != 0) fail(preparation, "ended with code " + std::to_string(preparation.wait()));
    children_.push_back(serve_classroom(place_.path(), door()));
    const TimePoint until = Clock::now() + start_patience;
    while (place_.port("classroom", "application").empty()) {
      if (children_.back().poll() || Clock::now() > until) fail(children_.back(), "did not start");
      std::this_thread::sleep_for(20ms);
    }
    classroom_ = classroom_config(place_.path(), place_.port("classroom", "application"));
    write_config("");
  }

  void write_config(const std::string& client_url) {
    std::string text =
        "# Made by 'wscluster demo'; every command reads it through WSCLUSTER_CONFIG.\n"
        "cluster:\n  name: demo\n  key_file: " +
        place_.file("cluster.key") +
        "\n"
        "redis:\n  url: unix://" +
        place_.file("redis.sock") +
        "\n  heartbeat: 500ms\n  lease: 2s\n"
        "services:\n  chat:\n    paths: [/ws]\n    auth: jwt\n    key_files: [" +
        place_.file("access.key") + "]\n    raw: " + invocation_.text("raw") +
        "\n    delivery: " + invocation_.text("delivery") + "\n" + classroom_.of_service + classroom_.of_process;
    if (!client_url.empty()) text += "client:\n  url: " + client_url + "\n  ca_file: " + place_.file("cert.pem") + "\n";
    place_.write("wscluster.yaml.tmp", text);
    fs::rename(place_.file("wscluster.yaml.tmp"), place_.file("wscluster.yaml"));
  }

  void start_redis() {
    // A socket file: nobody else can have it, and nobody else can open it.
    children_.emplace_back(
        "redis-server",
        std::vector<std::string>{"redis-server", "--port", "0", "--unixsocket", place_.file("redis.sock"),
                                 "--unixsocketperm", "600", "--save", "", "--appendonly", "no", "--dir", place_.path()},
        place_.file("redis.log"));
    const TimePoint until = Clock::now() + start_patience;
    while (!fs::exists(place_.file("redis.sock"))) {
      const auto ended = children_.back().poll();
      if (ended == 127)
        throw Failure(ExitCode::unavailable, "redis-server is not installed", "apt-get install redis-server");
      if (ended || Clock::now() > until) fail(children_.back(), "did not start");
      std::this_thread::sleep_for(10ms);
    }
  }

  std::vector<std::string> serve(const std::string& command, const std::string& name) {
    return {self_,
            command,
            "--name",
            name,
            "--config",
            place_.file("wscluster.yaml"),
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--cores",
            invocation_.text("cores"),
            "--drain-rate",
            invocation_.text("rate"),
            "--port-file",
            place_.file(name + ".ports"),
            "--log-format",
            "text"};
  }

  void start_node(const std::string& name, bool is_standby) {
    std::vector<std::string> argv = serve("serve-node", name);
    argv.insert(argv.end(), {"--link-listen", "127.0.0.1:0"});
    if (is_standby) argv.emplace_back("--standby");
    children_.emplace_back(name, argv, place_.file(name + ".log"));
  }

  void start_gateway(const std::string& name) {
    std::vector<std::string> argv = serve("serve-gateway", name);
    if (!has_classroom())
      argv.insert(argv.end(), {"--tls-cert", place_.file("cert.pem"), "--tls-key", place_.file("key.pem")});
    children_.emplace_back(name, argv, place_.file(name + ".log"));
  }

  /// Its admin listener says ready.
  void wait_until_ready(const Child& waited_for) {
    if (waited_for.name() == "redis-server" || waited_for.name() == "classroom") return;
    const TimePoint until = Clock::now() + start_patience;
    for (;;) {
      const std::string admin = place_.port(waited_for.name(), "admin");
      if (!admin.empty()) {
        const auto answer = net::http_call({.url = "http://" + admin + "/readyz", .deadline = 1s});
        if (answer && answer->status == 200) return;
      }
      for (Child& child : children_) {
        if (child.poll()) fail(child, "ended with code " + std::to_string(*child.poll()));
      }
      if (Clock::now() > until) fail(waited_for, "is not ready after " + format_duration(start_patience));
      if (stop_signal != 0) throw Failure(ExitCode::interrupted, "interrupted");
      std::this_thread::sleep_for(20ms);
    }
  }

  [[noreturn]] static void fail(const Child& child, const std::string& what) {
    const auto log = read_file(child.log_file());
    std::string tail = log ? *log : log.error().message;
    if (tail.size() > 2000) tail.erase(0, tail.size() - 2000);
    throw Failure(ExitCode::software, child.name() + " " + what + "; its log ends with:\n" + tail);
  }

  int execute(const std::string& url) {
    Child command(
        "--exec", {"sh", "-c", invocation_.text("exec")}, "",
        {{"WSCLUSTER_CONFIG", place_.file("wscluster.yaml")}, {"DEMO_URL", url}, {"DEMO_DIR", place_.path()}});
    while (!command.poll() && stop_signal == 0)
      std::this_thread::sleep_for(20ms);
    if (stop_signal != 0) {
      command.stop(5s);
      return 128 + stop_signal;
    }
    return command.wait();
  }

  void announce(std::uint64_t nodes, std::uint64_t standbys, std::uint64_t gateways, const std::string& url) const {
    print("export WSCLUSTER_CONFIG=" + place_.file("wscluster.yaml") + "\n");
    print_error("\nA cluster of " + std::to_string(gateways) + " gateway(s) and " + std::to_string(nodes) + " node(s)" +
                (standbys > 0 ? " and " + std::to_string(standbys) + " on standby" : "") + " serves " + url +
                "/ws\nLogs: " + place_.path() +
                "/*.log. In another shell, with the line above:\n\n"
                "  wscluster ring show\n  wscluster send --to alice --message hello\n  wscluster load-test --scenario "
                "send\n\nCtrl-C ends it.\n");
  }

  int wait_for_the_end() {
    while (stop_signal == 0) {
      for (Child& child : children_) {
        // A node may be stopped by hand, to see what happens; without Redis or gateway there is nothing to see.
        if (child.poll() && !child.name().starts_with("node-"))
          fail(child, "ended with code " + std::to_string(*child.poll()));
      }
      std::this_thread::sleep_for(50ms);
    }
    return static_cast<int>(ExitCode::ok);
  }

  const Invocation& invocation_;
  DemoPlace place_;
  std::string self_;
  ClassroomConfig classroom_;
  std::vector<Child> children_;  ///< after place_: they end first
};

}  // namespace

int run_demo(const Invocation& invocation) {
  return Demo(invocation).run();
}

}  // namespace wscluster::app
