// SPDX-License-Identifier: MIT
#include "registry/agent.hpp"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "base/names.hpp"

namespace wscluster::registry {

Agent::Agent(Options options, Registration self, Callbacks callbacks)
    : options_(std::move(options)),
      self_(std::move(self)),
      callbacks_(std::move(callbacks)),
      board_({self_.name, self_.incarnation}, options_.heartbeat, options_.lease, self_.cores),
      lease_(options_, self_, board_, [this] { callbacks_.on_name_taken(); }),
      directory_(options_, self_, board_, callbacks_) {
  board_.registration_json = to_json(self_);
}

Agent::~Agent() {
  stop();
}

void Agent::start() {
  for (const std::string& problem : problems(options_))
    throw Failure(ExitCode::config, "redis: " + problem);
  if (const auto good = check_member_name(self_.name); !good) throw Failure(ExitCode::config, good.error().message);
  lease_.acquire();
  lease_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "lease");
    lease_.run();
  });
  directory_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "directory");
    // All processes make a new ring at the same moment; sockets that wait for a core come first.
    static_cast<void>(::nice(5));
    directory_.run();
  });
}

void Agent::end(bool keep_lease) {
  board_.keep_lease = board_.keep_lease || keep_lease;
  board_.stopping = true;
  board_.directory_wake.signal();
  if (directory_thread_.joinable()) directory_thread_.join();
  // Last, so that nothing is written for a process whose lease is gone.
  board_.lease_wake.signal();
  if (lease_thread_.joinable()) lease_thread_.join();
}

void Agent::stop() {
  end(false);
}
void Agent::abandon() {
  end(true);
}

void Agent::leave(const ChangePolicy& policy) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.leaving = policy;
  }
  board_.directory_wake.signal();
}

void Agent::set_stats(MemberStats stats) {
  const std::lock_guard lock(board_.mutex);
  board_.stats = std::move(stats);
}

void Agent::report_donor(const std::string& service, std::uint64_t epoch, const DonorProgress& progress) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.reports[{service, epoch}].donor = progress;
  }
  board_.directory_wake.signal();
}

void Agent::report_receiver(const std::string& service, std::uint64_t epoch, const ReceiverProgress& progress) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.reports[{service, epoch}].receiver = progress;
  }
  board_.directory_wake.signal();
}

void Agent::set_linked(bool linked) {
  {
    const std::lock_guard lock(board_.mutex);
    if (std::exchange(board_.is_linked, linked) == linked) return;
  }
  board_.directory_wake.signal();
}

void Agent::offer_document(std::shared_ptr<const ring::Document> document) {
  {
    const std::lock_guard lock(board_.mutex);
    board_.offers.push_back(std::move(document));
  }
  board_.directory_wake.signal();
}

bool Agent::give_word(const Life& asker, const std::vector<std::string>& services) {
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  const bool may = board_.trust.may_give_word(now, asker, services);
  if (may) board_.trust.word_given(now);
  board_.publish_trust(now);
  return may;
}

void Agent::word_received(const Life& from, TimePoint asked_at) {
  const TimePoint now = Clock::now();
  const std::lock_guard lock(board_.mutex);
  board_.trust.word_received(now, from, asked_at);
  board_.publish_trust(now);
}

}  // namespace wscluster::registry
