// SPDX-License-Identifier: MIT
// Stands for the nodes of a cluster towards Redis, so that `wscluster ring` can be tested to the letter: leases with
// given session counts, a first document with a fixed seed, and donors that carry out every change in a few steps.
//
//   fake_members URL CLUSTER SERVICE NAME=SESSIONS[:standby|:silent|:sick|:stuck]…
//
// Prints "ready" and runs until it is killed.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <string>

#include "base/text.hpp"
#include "registry/store.hpp"

namespace {

using namespace wscluster;

struct Fake {
  registry::Registration registration;
  std::uint64_t sessions = 0;
  bool is_silent = false;
  bool is_stuck = false;  ///< nobody carries out anything
  bool is_sick = false;   ///< not linked, with an alarm and misplaced sessions
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << "fake_members: " << result.error().message << "\n";
  std::exit(1);
}

void must(const Result<>& result) {
  if (result) return;
  std::cerr << "fake_members: " << result.error().message << "\n";
  std::exit(1);
}

Fake parse_fake(std::string_view word, std::uint64_t number, const std::string& service) {
  const auto equals = word.find('=');
  const auto colon = word.find(':');
  Fake fake;
  fake.registration.name = word.substr(0, equals);
  fake.registration.incarnation = number;
  fake.registration.link_address = "127.0.0.1:" + std::to_string(9100 + number);
  fake.registration.client_address = "127.0.0.1:" + std::to_string(9000 + number);
  fake.registration.admin_address = "127.0.0.1:" + std::to_string(9200 + number);
  fake.registration.shards = 1;
  fake.registration.services = {service};
  fake.registration.version = "0.1.0";
  fake.sessions = std::strtoull(std::string(word.substr(equals + 1)).c_str(), nullptr, 10);
  const auto mode = colon == std::string_view::npos ? "" : word.substr(colon + 1);
  fake.registration.is_standby = mode == "standby";
  fake.is_silent = mode == "silent";
  fake.is_sick = mode == "sick";
  fake.is_stuck = mode == "stuck";
  return fake;
}

class Cluster {
 public:
  Cluster(const registry::Options& options, std::string service, std::vector<Fake> fakes)
      : store_(options), service_(std::move(service)), fakes_(std::move(fakes)) {}

  void start() {
    must(store_.connection().open());
    std::vector<ring::Member> members;
    for (const auto& fake : fakes_) {
      beat(fake);
      if (!fake.registration.is_standby)
        members.push_back({fake.registration.name, fake.registration.incarnation, 1, ring::MemberState::up});
    }
    const auto first = must(ring::first_document(service_, 1, 1, std::move(members), "fake", "first epoch", {}));
    const auto change = registry::describe_change(nullptr, first, registry::Action::join, "fake", {}, "fake");
    if (!must(store_.commit(nullptr, first, change)).is_written()) std::exit(1);
    hold(first);
    for (const auto& fake : fakes_)
      beat(fake);
    // So that the first ring counts as settled, as that of a running cluster does.
    report(must(store_.load_change(service_, 1)), 1.0);
  }

  void turn() {
    hold(must(store_.load_document(service_)));
    for (const auto& fake : fakes_) {
      if (!fake.is_silent) beat(fake);
    }
    if (std::any_of(fakes_.begin(), fakes_.end(), [](const Fake& fake) { return fake.is_stuck; })) return;
    for (const auto& change : must(store_.load_running(service_)))
      report(change, steps_[change.to_epoch] += 0.25);
    let_empty_ones_go();
  }

 private:
  void hold(const ring::Document& document) {
    epoch_ = document.epoch;
    digest_ = document.digest;
    lineage_ = document.lineage;
  }

  void beat(const Fake& fake) {
    registry::MemberStats stats;
    stats.state = fake.registration.is_standby ? "joining" : "up";
    stats.uptime_seconds = 60;
    stats.services[service_] = {fake.sessions, fake.is_sick ? 12U : 0U, epoch_, digest_, lineage_};
    stats.is_linked = !fake.is_sick;
    if (fake.is_sick) stats.alarms.emplace_back("Redis is nearly full");
    static_cast<void>(must(store_.heartbeat(fake.registration, registry::to_json(fake.registration), stats, 0)));
  }

  void report(const registry::Change& change, double share) {
    std::vector<registry::Store::Report> reports;
    std::uint64_t closed = 0;
    for (const auto& donor : change.donors_expected) {
      registry::DonorProgress progress;
      progress.planned = 100;
      progress.closed = static_cast<std::uint64_t>(98 * std::min(share, 1.0));
      progress.gone = static_cast<std::uint64_t>(2 * std::min(share, 1.0));
      progress.done = share >= 1.0;
      progress.seconds = 2;
      closed += progress.closed;
      reports.push_back({change.to_epoch, "donor:" + donor.name, registry::to_json(progress)});
    }
    for (const auto& name : change.receivers_expected) {
      registry::ReceiverProgress progress;
      progress.returned = closed / change.receivers_expected.size();
      for (int i = 0; i < 4; ++i)
        progress.gaps.add(0.2);
      reports.push_back({change.to_epoch, "receiver:" + name, registry::to_json(progress)});
    }
    static_cast<void>(must(store_.progress(service_, reports)));
  }

  void let_empty_ones_go() {
    const auto document = must(store_.load_document(service_));
    if (!must(store_.load_running(service_)).empty()) return;
    auto members = document.members;
    const auto is_leaving = [](const auto& member) { return member.state == ring::MemberState::draining; };
    if (std::erase_if(members, is_leaving) == 0) return;
    const auto next = must(ring::next_document(document, members, "fake", "left", {}, document.epoch));
    const auto change = registry::describe_change(&document, next, registry::Action::left, "fake", {}, "fake");
    static_cast<void>(must(store_.commit(&document, next, change)));
  }

  registry::Store store_;
  std::string service_;
  std::vector<Fake> fakes_;
  std::uint64_t epoch_ = 0;
  std::string digest_;
  std::uint64_t lineage_ = 0;
  std::map<std::uint64_t, double> steps_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: fake_members URL CLUSTER SERVICE NAME=SESSIONS[:standby|:silent|:sick|:stuck]...\n";
    return 64;
  }
  registry::Options options;
  options.url = argv[1];
  options.cluster = argv[2];
  std::vector<Fake> fakes;
  for (int i = 4; i < argc; ++i)
    fakes.push_back(parse_fake(argv[i], static_cast<std::uint64_t>(i - 3), argv[3]));
  Cluster cluster(options, argv[3], std::move(fakes));
  cluster.start();
  std::cout << "ready" << std::endl;
  for (;;) {
    const timespec pause{0, 200'000'000};
    ::nanosleep(&pause, nullptr);
    cluster.turn();
  }
}
