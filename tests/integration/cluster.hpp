// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "child.hpp"
#include "client.hpp"
#include "net/http_client.hpp"

namespace wscluster::integration {

namespace json = boost::json;

/// How a command ended.
struct Ended {
  int exit = -1;
  std::string out;
  std::string err;
};

/// One gateway or node.
struct Member {
  std::string name;
  bool is_gateway = false;
  std::string log_file;
  std::string port_file;
  std::unique_ptr<Child> child;
  std::string clients;  ///< HOST:PORT
  std::string links;
  std::string admin;
};

/// A temporary directory with keys and certificate, a private redis-server on a Unix socket, gateways with TLS and
/// nodes without, all on loopback. Leases are short. Everything ends with this object.
class Cluster {
 public:
  struct Options {
    /// ACCESS stands for the file of the access key.
    std::string services;  ///< YAML below `services:`; empty: one relay service `chat` at /ws with JWT
    std::string settings;  ///< more YAML
  };

  Cluster() : Cluster(Options{}) {}
  explicit Cluster(const Options& options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// It has what it had before it was killed.
  void start_redis();
  void kill_redis();
  [[nodiscard]] Child& redis() { return *redis_; }
  [[nodiscard]] std::string redis_url() const { return "unix://" + file("redis.sock"); }

  using Arguments = std::vector<std::string>;
  /// Not yet ready; a name that was used before starts a new life of it.
  Member& start_node(const std::string& name, const Arguments& more = {});
  Member& start_gateway(const std::string& name, const Arguments& more = {});
  /// Waits for /readyz of all that were started and did not end, and tells commands where the first gateway is.
  void wait_until_ready();
  [[nodiscard]] bool is_ready(const Member& member) const;
  [[nodiscard]] Member& operator[](const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;
  void forget(const std::string& name) {
    std::erase_if(members_, [&](const Member& m) { return m.name == name; });
  }

  /// `wscluster ARGUMENTS` with the configuration of this cluster.
  Ended run(const Arguments& arguments, const std::string& input = {}) const;
  [[nodiscard]] std::unique_ptr<Child> begin(const Arguments& arguments, const std::string& output_file) const;
  /// The same with `-o json`; a test failure when it does not exit with 0 or is no JSON.
  json::value ask(Arguments arguments) const;

  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string config_file() const { return file("wscluster.yaml"); }

  /// A client's token, and one for applications.
  [[nodiscard]] std::string token(const std::string& uid, Duration valid = std::chrono::hours(1)) const;
  [[nodiscard]] std::string application_token() const;
  /// wss:// at a gateway, ws:// at a node.
  [[nodiscard]] Client::Options at(const std::string& member, const std::string& uid, const std::string& path = "/ws");
  /// Connected; a test failure when that does not work.
  Client connect(const std::string& member, const std::string& uid, const std::string& path = "/ws");

  /// To the client listener, with the application's token unless the headers bring one.
  net::HttpAnswer call(const std::string& member, const std::string& method, const std::string& target,
                       const std::string& body = {}, net::HttpFields headers = {});
  /// REST v1; the receipt, or an empty object.
  json::object send(const std::string& member, const std::string& uid, const std::string& text,
                    const std::string& service = "chat", const std::string& query = "wait=delivered");
  /// One sample of /metrics; `name` may hold labels. -1 when it is not there.
  [[nodiscard]] double metric(const std::string& member, const std::string& name) const;
  [[nodiscard]] double sum_over_nodes(const std::string& metric) const;

  [[nodiscard]] std::uint64_t epoch(const std::string& service = "chat") const;
  /// Owners by uid, from `ring owner`.
  [[nodiscard]] std::map<std::string, std::string> owners(const std::vector<std::string>& uids,
                                                          const std::string& service = "chat") const;
  /// The same after a planned change: {"--with", NODE} or {"--without", NODE}.
  [[nodiscard]] std::map<std::string, std::string> owners_after(const std::vector<std::string>& uids,
                                                                const Arguments& change) const;
  /// A uid that this node owns.
  [[nodiscard]] std::string uid_on(const std::string& node, const std::string& prefix = "user",
                                   const std::string& service = "chat") const;
  [[nodiscard]] std::vector<std::string> names_in_ring(const std::string& service = "chat") const;

  /// For a test that failed.
  void print_logs() const;

 private:
  Member& start(Member member, const Arguments& more);
  void write_config(const std::string& client_url) const;
  [[nodiscard]] std::map<std::string, std::string> owners_in(const std::vector<std::string>& uids, Arguments more,
                                                             const char* field) const;

  const Options options_;
  std::string folder_;
  std::string access_key_;
  std::unique_ptr<Child> redis_;
  std::list<Member> members_;
};

/// A suite with one cluster; what a failing test leaves in the logs is printed.
class ClusterTest : public testing::Test {
 protected:
  void TearDown() override;
  static void TearDownTestSuite() { shared.reset(); }

  static std::unique_ptr<Cluster> shared;
};

/// uid-1 … uid-N with this prefix.
[[nodiscard]] std::vector<std::string> numbered(const std::string& prefix, int count);

}  // namespace wscluster::integration
