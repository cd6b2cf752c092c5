// SPDX-License-Identifier: MIT
#include "redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/random.hpp"

namespace wscluster::registry {
namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "redis_server: %s\n", why.c_str());
  std::abort();
}

}  // namespace

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    die("no free port");
  }
  ::close(probe);
  return ntohs(address.sin_port);
}

pid_t spawn(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) die("fork");
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)), port_(free_port()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wscluster-redis-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) die("no temporary folder");
  folder_ = pattern;
  launch();
}

RedisServer::~RedisServer() {
  kill();
  std::filesystem::remove_all(folder_);
}

void RedisServer::launch() {
  std::vector<std::string> words{"redis-server", "--port",      std::to_string(port_),
                                 "--bind",       "127.0.0.1",   "--unixsocket",
                                 socket_path(),  "--save",      "",
                                 "--appendonly", "no",          "--dir",
                                 folder_,        "--databases", "4"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  child_ = spawn(std::move(words));
  if (!eventually([this] { return answers(); })) die("redis-server does not answer; is it installed?");
}

// Also an answer: that a password is needed.
bool RedisServer::answers() const {
  Options options;
  options.url = url();
  Connection connection(options);
  const auto opened = connection.open();
  return opened || opened.error().code == Errc::permission;
}

void RedisServer::kill() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
}

void RedisServer::start() {
  launch();
}
void RedisServer::freeze() {
  ::kill(child_, SIGSTOP);
}
void RedisServer::thaw() {
  ::kill(child_, SIGCONT);
}

RedisServer& shared_redis() {
  static RedisServer server;
  return server;
}

Options fresh_options() {
  Options options;
  options.url = shared_redis().url();
  options.cluster = "test-" + std::to_string(random_id());
  options.heartbeat = Duration(100);
  options.lease = Duration(500);
  options.timeout = Duration(2'000);
  options.wait_at_start = Duration(300);
  return options;
}

Registration node_named(const std::string& name) {
  Registration registration;
  registration.name = name;
  registration.incarnation = random_id();
  registration.link_address = "127.0.0.1:7001";
  registration.cores = 0;
  registration.shards = 1;
  registration.services = {"chat"};
  registration.version = "0.1.0";
  return registration;
}

ring::Member up_member(const Registration& registration, double weight) {
  return {registration.name, registration.incarnation, weight, ring::MemberState::up};
}

ring::Document write_first(Store& store, const std::vector<Registration>& nodes) {
  std::vector<ring::Member> members;
  for (const Registration& node : nodes)
    members.push_back(up_member(node));
  auto document = ring::first_document("chat", 7, random_id(), members, "test", "first epoch", "");
  const auto outcome =
      store.commit(nullptr, *document, describe_change(nullptr, *document, Action::add, "", {}, "test"));
  if (!outcome || !outcome->is_written()) die("epoch 1: " + (outcome ? outcome->text : outcome.error().message));
  return *document;
}

ring::Document next_of(const ring::Document& from, std::vector<ring::Member> members, std::uint64_t done_through) {
  auto next = ring::next_document(from, std::move(members), "test", "", "", done_through);
  if (!next) die(next.error().message);
  return *next;
}

}  // namespace wscluster::registry
