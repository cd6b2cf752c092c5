// SPDX-License-Identifier: MIT
#include "checker.hpp"

#include <algorithm>

namespace wscluster::simulation {

std::uint64_t Checker::sent(std::uint64_t sender, std::string_view to, Wish wish) {
  messages_.push_back({sender, std::string(to), {}, 0, wish, false, {}});
  return messages_.size();
}

void Checker::read(std::uint64_t client, std::string_view uid, std::uint64_t number) {
  ++reads_;
  if (number == 0 || number > messages_.size()) return break_promise("somebody read what nobody sent", number);
  Sent& message = messages_[number - 1];
  if (message.to != uid) return break_promise("read by " + std::string(uid) + " instead of " + message.to, number);
  const bool is_repeat = std::find(message.readers.begin(), message.readers.end(), client) != message.readers.end();
  if (is_repeat && !may_count_twice(number)) break_promise("duplicated", number);
  if (is_repeat) return;
  const bool is_over = message.status == "offline" || message.status == "expired";
  if (is_over && !said_again_.contains(number)) break_promise("read after a receipt `" + message.status + "`", number);
  message.readers.push_back(client);
  std::uint64_t& newest = newest_[{message.sender, client}];
  if (number < newest) reordered_.emplace_back(number, newest);
  newest = std::max(newest, number);
}

void Checker::answered(std::uint64_t number, std::string_view status, std::uint64_t sessions) {
  if (number == 0 || number > messages_.size()) return break_promise("a receipt for what nobody sent", number);
  Sent& message = messages_[number - 1];
  if (!message.status.empty()) return answered_again(message, number, status, sessions);
  message.status = status;
  message.sessions = sessions;
  ++answers_[message.status];
  const bool was_read = !message.readers.empty();
  if (status == "delivered" && (!was_read || sessions > message.readers.size())) {
    break_promise("`delivered` to " + std::to_string(sessions) + ", read by " + std::to_string(message.readers.size()),
                  number);
  }
  if ((status == "offline" || status == "expired") && was_read && !said_again_.contains(number))
    break_promise("`" + message.status + "` though it was read", number);
  const bool is_good = status == "delivered" || (status == "queued" && message.wish != Wish::delivered) ||
                       (status == "offline" && message.wish == Wish::published);
  if (!is_good && is_lossless_) break_promise("lost: receipt `" + message.status + "`", number);
}

/// Of a copy under the same id.
void Checker::answered_again(const Sent& message, std::uint64_t number, std::string_view status,
                             std::uint64_t sessions) {
  const std::string receipt = "a second receipt, `" + std::string(status) + "`";
  if (!said_again_.contains(number)) return break_promise(receipt, number);
  if (status == "delivered" && message.readers.empty()) break_promise(receipt + ", and nobody has read it", number);
  if (is_lossless_ && (message.status != status || message.sessions != sessions))
    break_promise(receipt + " after `" + message.status + "`", number);
}

void Checker::given_up(std::uint64_t number) {
  messages_[number - 1].is_given_up = true;
  ++unanswered_;
}

void Checker::break_promise(std::string what, std::uint64_t number) {
  if (number != 0) {
    what = "message " + std::to_string(number) + ": " + what;
    culprits_.push_back(number);
  }
  broken_.push_back(std::move(what));
}

void Checker::finish() {
  for (const auto& [number, newest] : reordered_) {
    // `unknown` says that it may still come: from the holder before, when the one after it has the session already.
    if (may_count_twice(number)) continue;
    if (is_lossless_ || messages_[number - 1].status != "unknown")
      break_promise("reordered, after " + std::to_string(newest), number);
  }
  for (std::uint64_t number = 1; number <= messages_.size(); ++number) {
    const Sent& message = messages_[number - 1];
    if (message.status.empty() && !message.is_given_up) break_promise("never answered", number);
    if (message.status == "queued" && message.wish == Wish::queued && message.readers.empty() && is_lossless_)
      break_promise("lost after `queued`", number);
  }
}

std::set<std::uint64_t> Checker::unknown() const {
  std::set<std::uint64_t> numbers;
  for (std::uint64_t number = 1; number <= messages_.size(); ++number)
    if (messages_[number - 1].status == "unknown") numbers.insert(number);
  return numbers;
}

std::uint64_t Checker::answers(const std::string& status) const {
  const auto found = answers_.find(status);
  return found == answers_.end() ? 0 : found->second;
}

}  // namespace wscluster::simulation
