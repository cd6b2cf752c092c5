// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wscluster::simulation {

/// What its sender wants to hear.
enum class Wish : std::uint8_t {
  delivered,
  queued,
  published,  ///< to a group; who reads it is GroupChecker's business
};

/// Follows every message of a world by its number and writes down what breaks a promise.
class Checker {
 public:
  /// `is_lossless`: every receipt says `delivered`; what is unanswered, its sender was closed.
  explicit Checker(bool is_lossless) : is_lossless_(is_lossless) {}

  /// A message leaves `sender` (one session or one origin; its messages keep their order). Returns its number, from 1.
  std::uint64_t sent(std::uint64_t sender, std::string_view to, Wish wish = Wish::delivered);
  /// The client (a device) has read it from its socket.
  void read(std::uint64_t client, std::string_view uid, std::uint64_t number);
  void answered(std::uint64_t number, std::string_view status, std::uint64_t sessions);
  /// Its sender did not hear of it and has said it again under the same id.
  void said_again(std::uint64_t number) { said_again_.insert(number); }
  /// A process went with all that it knew.
  void state_lost() { is_state_lost_ = true; }
  /// Said again when perhaps nobody knew the first one's fate: then both count.
  [[nodiscard]] bool may_count_twice(std::uint64_t number) const {
    return is_state_lost_ && said_again_.contains(number);
  }
  /// Its sender was closed before the answer came.
  void given_up(std::uint64_t number);
  void break_promise(std::string what, std::uint64_t number = 0);
  /// At the end, when everything had its time.
  void finish();

  [[nodiscard]] const std::vector<std::string>& broken() const noexcept { return broken_; }
  [[nodiscard]] std::uint64_t total() const noexcept { return messages_.size(); }
  [[nodiscard]] std::uint64_t answers(const std::string& status) const;
  [[nodiscard]] std::uint64_t reads() const noexcept { return reads_; }
  [[nodiscard]] std::uint64_t unanswered() const noexcept { return unanswered_; }
  /// Numbers of the messages whose senders were told `unknown`.
  [[nodiscard]] std::set<std::uint64_t> unknown() const;
  /// Numbers of the messages behind broken(), for a story.
  [[nodiscard]] const std::vector<std::uint64_t>& culprits() const noexcept { return culprits_; }

 private:
  struct Sent {
    std::uint64_t sender = 0;
    std::string to;
    std::string status;  ///< empty: no answer
    std::uint64_t sessions = 0;
    Wish wish = Wish::delivered;
    bool is_given_up = false;
    std::vector<std::uint64_t> readers;
  };

  void answered_again(const Sent& message, std::uint64_t number, std::string_view status, std::uint64_t sessions);

  bool is_lossless_;
  bool is_state_lost_ = false;
  std::set<std::uint64_t> said_again_;
  std::vector<Sent> messages_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> newest_;  ///< by sender and client
  std::vector<std::pair<std::uint64_t, std::uint64_t>> reordered_;  ///< message, and the newer one read before it
  std::map<std::string, std::uint64_t> answers_;
  std::vector<std::string> broken_;
  std::vector<std::uint64_t> culprits_;
  std::uint64_t reads_ = 0;
  std::uint64_t unanswered_ = 0;
};

}  // namespace wscluster::simulation
