// SPDX-License-Identifier: MIT
// A TCP relay that can be told to stop forwarding or to be slow: the network of tests/faults/run.
//
// usage: relay TARGET PORT_FILE CONTROL_FILE
//   TARGET        HOST:PORT, or the path of a Unix socket
//   PORT_FILE     written when it listens: relay 127.0.0.1:PORT
//   CONTROL_FILE  read again all the time: pass, cut, or milliseconds of delay; with pids behind it only the
//   connections
//                 that these processes opened are meant
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <list>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_waiting_bytes = std::size_t{1} << 20;
constexpr int tick_milliseconds = 5;

struct Control {
  bool is_cut = false;
  std::chrono::milliseconds delay{0};
  std::set<int> pids;  ///< empty: everybody
};

/// Bytes on their way from one socket to the other.
struct Direction {
  int from = -1;
  int to = -1;
  std::deque<std::pair<Clock::time_point, std::string>> chunks;
  std::size_t waiting_bytes = 0;
  bool has_ended = false;  ///< nothing more comes
  bool is_done = false;    ///< and the other side knows
};

struct Connection {
  int pid = 0;  ///< who opened it
  Direction up;
  Direction down;
};

[[noreturn]] void die(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void set_up(int descriptor) {
  const int one = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
}

int listen_somewhere(const std::string& port_file) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 128) != 0) die("listen");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::fcntl(listener, F_SETFL, O_NONBLOCK);
  std::ofstream(port_file) << "relay 127.0.0.1:" << ntohs(address.sin_port) << "\n";
  return listener;
}

int connect_to(const std::string& target) {
  int descriptor = -1;
  int code = -1;
  if (target.starts_with('/')) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    target.copy(address.sun_path, sizeof address.sun_path - 1);
    descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    code = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in address = loopback(static_cast<std::uint16_t>(std::stoi(target.substr(target.rfind(':') + 1))));
    descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    code = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  if (code == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

/// The inode of the socket with that local port, as /proc/net/tcp tells it; 0: none.
unsigned long inode_of(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    unsigned local_port = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), "%*d: %*8x:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*d %*d %lu", &local_port, &inode) ==
            2 &&
        local_port == port && inode != 0)
      return inode;
  }
  return 0;
}

bool has_socket(int pid, unsigned long inode) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  DIR* listing = ::opendir(folder.c_str());
  if (listing == nullptr) return false;
  bool is_found = false;
  while (const dirent* entry = ::readdir(listing)) {
    char text[64];
    const auto length = ::readlink((folder + entry->d_name).c_str(), text, sizeof text);
    if (length > 0 && wanted == std::string(text, static_cast<std::size_t>(length))) is_found = true;
  }
  ::closedir(listing);
  return is_found;
}

/// The process that has that local port; 0: unknown.
int owner_of_port(std::uint16_t port) {
  const unsigned long inode = inode_of(port);
  DIR* listing = ::opendir("/proc");
  int owner = 0;
  while (const dirent* entry = ::readdir(listing)) {
    const int pid = std::atoi(entry->d_name);
    if (pid > 0 && inode != 0 && has_socket(pid, inode)) owner = pid;
  }
  ::closedir(listing);
  return owner;
}

Control read_control(const std::string& path) {
  Control control;
  std::ifstream file(path);
  std::string mode;
  file >> mode;
  control.is_cut = mode == "cut";
  control.delay = std::chrono::milliseconds(std::atoi(mode.c_str()));
  for (int pid; file >> pid;)
    control.pids.insert(pid);
  return control;
}

void read_into(Direction& way, std::chrono::milliseconds delay) {
  char bytes[65536];
  while (!way.has_ended && way.waiting_bytes < most_waiting_bytes) {
    const auto count = ::read(way.from, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      way.has_ended = true;
      return;
    }
    way.chunks.emplace_back(Clock::now() + delay, std::string(bytes, static_cast<std::size_t>(count)));
    way.waiting_bytes += static_cast<std::size_t>(count);
  }
}

void write_from(Direction& way) {
  while (!way.chunks.empty() && way.chunks.front().first <= Clock::now()) {
    std::string& bytes = way.chunks.front().second;
    const auto count = ::send(way.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) {
      way.has_ended = true;
      way.chunks.clear();
      break;
    }
    way.waiting_bytes -= static_cast<std::size_t>(count);
    bytes.erase(0, static_cast<std::size_t>(count));
    if (bytes.empty()) way.chunks.pop_front();
  }
  if (way.has_ended && way.chunks.empty() && !way.is_done) {
    ::shutdown(way.to, SHUT_WR);
    way.is_done = true;
  }
}

void accept_all(int listener, const std::string& target, std::list<Connection>& connections) {
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const int client = ::accept(listener, reinterpret_cast<sockaddr*>(&peer), &size);
    if (client < 0) return;
    const int server = connect_to(target);
    if (server < 0) {
      ::close(client);
      continue;
    }
    set_up(client);
    set_up(server);
    Connection connection;
    connection.pid = owner_of_port(ntohs(peer.sin_port));
    connection.up.from = connection.down.to = client;
    connection.up.to = connection.down.from = server;
    connections.push_back(std::move(connection));
  }
}

void serve(int listener, const std::string& target, const std::string& control_file) {
  std::list<Connection> connections;
  for (;;) {
    const Control control = read_control(control_file);
    accept_all(listener, target, connections);
    std::vector<pollfd> waits{{listener, POLLIN, 0}};
    for (auto it = connections.begin(); it != connections.end();) {
      const bool is_meant = control.pids.empty() || control.pids.contains(it->pid);
      if (!is_meant || !control.is_cut) {
        for (Direction* way : {&it->up, &it->down}) {
          read_into(*way, is_meant ? control.delay : 0ms);
          write_from(*way);
          if (!way->has_ended && way->waiting_bytes < most_waiting_bytes) waits.push_back({way->from, POLLIN, 0});
        }
      }
      if (it->up.is_done && it->down.is_done) {
        ::close(it->up.from);
        ::close(it->down.from);
        waits.clear();
        it = connections.erase(it);
      } else {
        ++it;
      }
    }
    ::poll(waits.data(), waits.size(), tick_milliseconds);
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: relay TARGET PORT_FILE CONTROL_FILE\n", stderr);
    return 64;
  }
  serve(listen_somewhere(words[2]), words[1], words[3]);
}
