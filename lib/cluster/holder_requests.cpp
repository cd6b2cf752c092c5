// SPDX-License-Identifier: MIT
// Requests of applications that may be repeated: a repeat is not executed, it gets the outcome of the first message.
// The memory is the user's and moves along; it is lost with its holder.
#include <algorithm>

#include "cluster/holder.hpp"
#include "cluster/holder_state.hpp"

namespace wscluster::cluster {
namespace {

/// As long as an application may wait for the first answer (front/rest.cpp): who gave up then repeats at once.
constexpr Duration request_memory{60'000};
/// Of one user: two a second for the whole time, and 16 KiB of ids at the most.
constexpr std::size_t most_requests = 128;

/// Nobody has got the message and nobody will, so a repeat may try again.
bool is_undone(wire::ReceiptStatus status) {
  return status == wire::ReceiptStatus::offline || status == wire::ReceiptStatus::expired;
}

}  // namespace

void Holder::forget_requests(TimePoint now, User& user) {
  std::erase_if(user.requests, [&](const User::Request& request) {
    return request.is_answered && now - request.answered_at >= request_memory;
  });
}

/// True when a message of the same request was here before. Beyond the bound the oldest that is answered is forgotten;
/// while all are open, a new one is not remembered.
bool Holder::joins_request(TimePoint now, User& user, Executed& entry, std::string_view id) {
  forget_requests(now, user);
  const auto first = std::find_if(user.requests.begin(), user.requests.end(),
                                  [&](const User::Request& request) { return request.id == id; });
  if (first != user.requests.end()) {
    ++counters_.duplicates;
    entry.first_origin = first->origin;
    entry.first_counter = first->counter;
    if (first->is_answered) answer(now, user, entry, first->status, first->sessions);
    return true;
  }
  if (user.requests.size() >= most_requests) {
    const auto oldest = std::find_if(user.requests.begin(), user.requests.end(),
                                     [](const User::Request& request) { return request.is_answered; });
    if (oldest == user.requests.end()) return false;
    user.requests.erase(oldest);
  }
  user.requests.push_back(
      {std::string(id), entry.origin, entry.counter, false, wire::ReceiptStatus::unknown, 0, TimePoint{}});
  return false;
}

/// The first message has its outcome: repeats that wait for it have theirs.
void Holder::settle_request(TimePoint now, User& user, const Executed& first) {
  const auto request = std::find_if(user.requests.begin(), user.requests.end(), [&](const User::Request& known) {
    return known.counter == first.counter && known.origin == first.origin;
  });
  if (request == user.requests.end()) return;
  for (Executed& entry : user.executed) {
    const bool is_repeat = entry.first_counter == first.counter && entry.first_origin == first.origin;
    if (is_repeat && !entry.is_answered) answer(now, user, entry, first.status, first.sessions);
  }
  if (is_undone(first.status)) {
    user.requests.erase(request);
    return;
  }
  request->is_answered = true;
  request->status = first.status;
  request->sessions = first.sessions;
  request->answered_at = now;
}

}  // namespace wscluster::cluster
