// SPDX-License-Identifier: MIT
// A node with its application inside: a classroom. It takes its part of the ring like any other node, and nodes that
// are `wscluster serve-node` may stand beside it.
//
//   classroom_node CONFIG [KEY=VALUE]…      e.g. classroom_node wscluster.yaml node.name=classroom-1
#include <cstdio>
#include <string>

#include <embed/application.hpp>

namespace {

using namespace wscluster::embed;

class Classroom final : public Application {
 public:
  explicit Classroom(Service& service) : service_(service) {}

  void connected(const Client& client) override {
    service_.join(client, "class");
    service_.send(client, text("welcome " + client.user));
  }

  Answer message(const Client& client, const Event& event) override {
    if (event.name == "raise-hand") {
      // The teacher may be connected anywhere in the cluster.
      service_.send_to_user("teacher", text(client.user + " has a question"));
      return done();
    }
    if (event.name == "announce") {
      if (client.user != "teacher") return error("only the teacher announces");
      service_.send_to_group("class", event.message, [this, client](const Receipt& receipt) {
        const bool is_done = receipt.status == Receipt::Status::delivered;
        service_.send(client, text(is_done ? "the class has it" : "not everybody has it"));
      });
      return reply(text("announcing"));
    }
    if (event.name == "grade") {
      // What is no number throws: an error for this client, and nothing else happens.
      const int grade = std::stoi(event.message.data);
      return reply(text(grade <= 4 ? "passed" : "failed"));
    }
    if (event.name == "go-home") {
      service_.close(client, 4000, "school is over");
      return done();
    }
    return error("nobody knows '" + std::string(event.name) + "' here");
  }

  void disconnected(const Client& client, std::string_view) override {
    if (!client.user.empty()) service_.send_to_group("class", text(client.user + " has left"));
  }

 private:
  static Message text(std::string what) { return {Message::Type::text, std::move(what)}; }

  Service& service_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: classroom_node CONFIG [KEY=VALUE]...\n");
    return 64;
  }
  Setup setup;
  setup.config_file = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const auto at = word.find('=');
    if (at != std::string::npos) setup.settings[word.substr(0, at)] = word.substr(at + 1);
  }
  return run_node(setup, {{"chat", [](Service& service) { return std::make_unique<Classroom>(service); }}});
}
