// SPDX-License-Identifier: MIT
#include "cluster.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "auth/token.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "net/tls.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Duration patience = 20s;
constexpr std::size_t log_tail_bytes = 3000;

std::string milliseconds(Duration time) {
  return std::to_string(scaled(time).count()) + "ms";
}

std::string value_in_port_file(const std::string& path, const std::string& kind) {
  std::ifstream stream(path);
  for (std::string key, value; stream >> key >> value;) {
    if (key == kind) return value;
  }
  return {};
}

}  // namespace

std::unique_ptr<Cluster> ClusterTest::shared;

void ClusterTest::TearDown() {
  if (HasFailure() && shared) shared->print_logs();
}

std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> names;
  for (int i = 1; i <= count; ++i)
    names.push_back(prefix + "-" + std::to_string(i));
  return names;
}

Cluster::Cluster(const Options& options) : options_(options) {
  std::string pattern = (fs::temp_directory_path() / "wscluster-it-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(pattern);
  folder_ = pattern;
  access_key_ = random_token(32);
  write("cluster.key", random_token(32));
  write("access.key", access_key_);
  const net::SelfSigned pair = net::make_self_signed("wscluster test", {"localhost", "127.0.0.1"}, 1);
  write("cert.pem", pair.certificate);
  write("key.pem", pair.key);
  write_config("");
  start_redis();
}

Cluster::~Cluster() {
  for (const Member& member : members_) {
    // Sanitizers report at an orderly end; the second signal means at once.
    member.child->signal(SIGCONT);
    member.child->signal(SIGTERM);
    std::this_thread::sleep_for(20ms);
    member.child->signal(SIGTERM);
  }
  for (const Member& member : members_) {
    const auto exit = member.child->wait(scaled(5s));
    // The second signal may meet a process that is ending already and listens to none any more.
    if (exit && *exit != 0 && *exit != 128 + SIGKILL && *exit != 128 + SIGTERM) {
      ADD_FAILURE() << member.name << " ended with code " << *exit << ":\n" << content_of(member.log_file);
    }
  }
  members_.clear();
  redis_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Cluster::write(const std::string& name, const std::string& content) const {
  const std::string path = file(name);
  {
    std::ofstream stream(path + ".tmp", std::ios::trunc | std::ios::binary);
    stream << content;
  }
  fs::permissions(path + ".tmp", fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(path + ".tmp", path);
  return path;
}

void Cluster::write_config(const std::string& client_url) const {
  std::string services = options_.services;
  if (services.empty())
    services = "  chat:\n    paths: [/ws]\n    auth: jwt\n    key_files: [ACCESS]\n    raw: relay\n";
  std::string text = "cluster:\n  name: test\n  key_file: " + file("cluster.key") + "\nredis:\n  url: " + redis_url() +
                     "\n  heartbeat: " + milliseconds(200ms) + "\n  lease: " + milliseconds(800ms) +
                     "\n  timeout: " + milliseconds(600ms) + "\nlink:\n  heartbeat: " + milliseconds(200ms) +
                     "\n  dead_after: " + milliseconds(1000ms) + "\nservices:\n" + services + options_.settings;
  for (std::size_t at = 0; (at = text.find("ACCESS", at)) != std::string::npos;)
    text.replace(at, 6, file("access.key"));
  if (!client_url.empty()) text += "client:\n  url: " + client_url + "\n  ca_file: " + file("cert.pem") + "\n";
  write("wscluster.yaml", text);
}

void Cluster::start_redis() {
  std::error_code ignored;
  fs::remove(file("redis.sock"), ignored);
  redis_ =
      std::make_unique<Child>(Child::Options{.argv = {"redis-server", "--port", "0", "--unixsocket", file("redis.sock"),
                                                      "--save", "", "--appendonly", "yes", "--dir", folder_},
                                             .environment = {},
                                             .input = {},
                                             .output_file = file("redis.log"),
                                             .error_file = file("redis.log")});
  const bool is_up = wait_until([&] { return fs::exists(file("redis.sock")) || redis_->poll(); });
  if (!is_up || redis_->poll()) throw std::runtime_error("redis-server did not start; is it installed?");
}

void Cluster::kill_redis() {
  redis_->kill();
}

Member& Cluster::start(Member member, const Arguments& more) {
  forget(member.name);
  member.log_file = file(member.name + ".log");
  member.port_file = file(member.name + ".ports");
  std::error_code ignored;
  fs::remove(member.port_file, ignored);
  Arguments argv{binary(),         member.is_gateway ? "serve-gateway" : "serve-node",
                 "--name",         member.name,
                 "--config",       config_file(),
                 "--listen",       "127.0.0.1:0",
                 "--port-file",    member.port_file,
                 "--admin-listen", "127.0.0.1:0",
                 "--log-format",   "text"};
  if (member.is_gateway) {
    argv.insert(argv.end(), {"--tls-cert", file("cert.pem"), "--tls-key", file("key.pem")});
  } else {
    argv.insert(argv.end(), {"--link-listen", "127.0.0.1:0"});
  }
  argv.insert(argv.end(), more.begin(), more.end());
  member.child = std::make_unique<Child>(Child::Options{
      .argv = argv, .environment = {}, .input = {}, .output_file = member.log_file, .error_file = member.log_file});
  members_.push_back(std::move(member));
  return members_.back();
}

Member& Cluster::start_node(const std::string& name, const Arguments& more) {
  Member member;
  member.name = name;
  return start(std::move(member), more);
}

Member& Cluster::start_gateway(const std::string& name, const Arguments& more) {
  Member member;
  member.name = name;
  member.is_gateway = true;
  return start(std::move(member), more);
}

bool Cluster::is_ready(const Member& member) const {
  const auto answer = net::http_call({.url = "http://" + member.admin + "/readyz", .deadline = scaled(2s)});
  return answer && answer->status == 200;
}

void Cluster::wait_until_ready() {
  std::string url;
  for (Member& member : members_) {
    if (member.child->poll()) continue;
    const bool is_good = wait_until(
        [&] {
          member.admin = value_in_port_file(member.port_file, "admin");
          return member.child->poll() || (!member.admin.empty() && is_ready(member));
        },
        patience);
    if (!is_good || member.child->poll()) {
      print_logs();
      throw std::runtime_error(member.name + " is not ready");
    }
    member.clients = value_in_port_file(member.port_file, "clients");
    member.links = value_in_port_file(member.port_file, "links");
    if (url.empty() || (member.is_gateway && url.starts_with("http:"))) {
      url = (member.is_gateway ? "https://" : "http://") + member.clients;
    }
  }
  write_config(url);
}

Member& Cluster::operator[](const std::string& name) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
  if (found == members_.end()) throw std::out_of_range(name);
  return *found;
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> all;
  for (const Member& member : members_)
    all.push_back(member.name);
  return all;
}

std::unique_ptr<Child> Cluster::begin(const Arguments& arguments, const std::string& output_file) const {
  Arguments argv{binary()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return std::make_unique<Child>(Child::Options{.argv = argv,
                                                .environment = {{"WSCLUSTER_CONFIG", config_file()}},
                                                .input = {},
                                                .output_file = output_file,
                                                .error_file = output_file + ".err"});
}

Ended Cluster::run(const Arguments& arguments, const std::string& input) const {
  static int serial = 0;
  const std::string stem = file("run-" + std::to_string(++serial));
  Arguments argv{binary()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Child child({.argv = argv,
               .environment = {{"WSCLUSTER_CONFIG", config_file()}},
               .input = input,
               .output_file = stem + ".out",
               .error_file = stem + ".err"});
  // Clients go on reading meanwhile.
  static_cast<void>(wait_until([&] { return child.poll().has_value(); }, 60s));
  return {child.poll().value_or(-1), content_of(stem + ".out"), content_of(stem + ".err")};
}

json::value Cluster::ask(Arguments arguments) const {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Ended done = run(arguments);
  EXPECT_EQ(done.exit, 0) << arguments[0] << " " << arguments[1] << ": " << done.err;
  boost::system::error_code ec;
  json::value value = json::parse(done.out, ec);
  EXPECT_FALSE(ec) << done.out;
  return value;
}

std::string Cluster::token(const std::string& uid, Duration valid) const {
  auth::Claims claims;
  claims.subject = uid;
  claims.expires = WallClock::now() + valid;
  return auth::make_token(claims, auth::Secret(access_key_));
}

std::string Cluster::application_token() const {
  auth::Claims claims;
  claims.expires = WallClock::now() + 1h;
  return auth::make_token(claims, auth::Secret(access_key_));
}

Client::Options Cluster::at(const std::string& member, const std::string& uid, const std::string& path) {
  const Member& there = (*this)[member];
  return {.url = (there.is_gateway ? "wss://" : "ws://") + there.clients + path,
          .token = uid.empty() ? "" : token(uid),
          .ca_file = file("cert.pem")};
}

Client Cluster::connect(const std::string& member, const std::string& uid, const std::string& path) {
  Client client(at(member, uid, path));
  EXPECT_TRUE(client.connect()) << uid << " at " << member << ": " << client.failure() << ", status "
                                << client.http_status();
  return client;
}

net::HttpAnswer Cluster::call(const std::string& member, const std::string& method, const std::string& target,
                              const std::string& body, net::HttpFields headers) {
  const Member& there = (*this)[member];
  net::HttpCall request;
  request.url = (there.is_gateway ? "https://" : "http://") + there.clients + target;
  request.method = method;
  request.body = body;
  request.headers = std::move(headers);
  request.ca_file = there.is_gateway ? file("cert.pem") : "";
  request.deadline = scaled(10s);
  if (net::find_header(request.headers, "Authorization") == nullptr) {
    request.headers.emplace_back("Authorization", "Bearer " + application_token());
  }
  auto answer = net::http_call(request);
  if (answer) return *answer;
  ADD_FAILURE() << request.url << ": " << answer.error().message;
  return {};
}

json::object Cluster::send(const std::string& member, const std::string& uid, const std::string& text,
                           const std::string& service, const std::string& query) {
  const auto answer = call(
      member, "POST", "/api/v1/services/" + service + "/users/" + percent_encode(uid) + "/messages?" + query, text);
  boost::system::error_code ec;
  json::value value = json::parse(answer.body, ec);
  if (!ec && value.is_object() && value.get_object().contains("status")) return value.get_object();
  ADD_FAILURE() << "no receipt: status " << answer.status << ", " << answer.body;
  return {{"status", ""}, {"sessions", 0}, {"node", ""}, {"epoch", 0}};
}

double Cluster::metric(const std::string& member, const std::string& name) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == member; });
  const auto answer = net::http_call({.url = "http://" + found->admin + "/metrics", .deadline = scaled(3s)});
  if (!answer) return -1;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  }
  return -1;
}

double Cluster::sum_over_nodes(const std::string& name) const {
  double sum = 0;
  for (const Member& member : members_) {
    if (!member.is_gateway && !member.child->poll()) sum += std::max(0.0, metric(member.name, name));
  }
  return sum;
}

std::uint64_t Cluster::epoch(const std::string& service) const {
  return ask({"ring", "show", "--service", service}).at("epoch").to_number<std::uint64_t>();
}

std::map<std::string, std::string> Cluster::owners_in(const std::vector<std::string>& uids, Arguments more,
                                                      const char* field) const {
  std::string lines;
  for (const std::string& uid : uids)
    lines += uid + "\n";
  more.insert(more.begin(), {"ring", "owner", "-", "-o", "json"});
  const Ended done = run(more, lines);
  EXPECT_EQ(done.exit, 0) << done.err;
  std::map<std::string, std::string> owner_of;
  if (done.exit != 0) return owner_of;
  const json::value shown = json::parse(done.out);
  for (const json::value& entry : shown.at("owners").as_array()) {
    owner_of[entry.at("uid").as_string().c_str()] = entry.at(field).as_string().c_str();
  }
  return owner_of;
}

std::map<std::string, std::string> Cluster::owners(const std::vector<std::string>& uids,
                                                   const std::string& service) const {
  return owners_in(uids, {"--service", service}, "node");
}

std::map<std::string, std::string> Cluster::owners_after(const std::vector<std::string>& uids,
                                                         const Arguments& change) const {
  return owners_in(uids, change, "then");
}

std::string Cluster::uid_on(const std::string& node, const std::string& prefix, const std::string& service) const {
  for (const auto& [uid, owner] : owners(numbered(prefix, 60), service)) {
    if (owner == node) return uid;
  }
  ADD_FAILURE() << node << " owns none of 60 users";
  return {};
}

std::vector<std::string> Cluster::names_in_ring(const std::string& service) const {
  std::vector<std::string> names;
  const json::value shown = ask({"ring", "show", "--service", service});
  for (const json::value& node : shown.at("nodes").as_array()) {
    if (!node.at("weight").is_null()) names.emplace_back(node.at("name").as_string());
  }
  return names;
}

void Cluster::print_logs() const {
  for (const Member& member : members_) {
    const std::string text = content_of(member.log_file);
    std::cerr << "--- the end of the log of " << member.name << "\n"
              << (text.size() > log_tail_bytes ? text.substr(text.size() - log_tail_bytes) : text);
  }
}

}  // namespace wscluster::integration
