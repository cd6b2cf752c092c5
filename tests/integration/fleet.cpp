// SPDX-License-Identifier: MIT
#include "fleet.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;

/// What traffic has sent; the rest is from elsewhere.
std::vector<int> numbers_of(const Fleet::Person& person) {
  std::vector<int> numbers;
  for (const std::string& text : person.messages) {
    const std::size_t at = text.find("\"data\":");
    if (at != std::string::npos) numbers.push_back(std::atoi(text.c_str() + at + 7));
  }
  return numbers;
}

/// "epoch=43 after=120ms"
Duration pause_in(const std::string& reason) {
  const std::size_t at = reason.find("after=");
  return at == std::string::npos ? Duration(50) : Duration(std::atoi(reason.c_str() + at + 6));
}

}  // namespace

Fleet::Fleet(Cluster& cluster, const std::vector<std::string>& uids, const std::vector<std::string>& doors)
    : cluster_(cluster) {
  std::size_t next = 0;
  for (const std::string& uid : uids) {
    const auto place = cluster.at(doors[next++ % doors.size()], uid);
    people_.push_back({uid, place, Client(place), {}, {}, 0, {}});
  }
  gather();
}

void Fleet::tend() {
  const TimePoint now = Clock::now();
  for (Person& person : people_) {
    for (const auto& frame : std::exchange(person.client.inbox(), {}))
      person.messages.push_back(frame.text);
    if (!person.client.has_ended()) continue;
    if (person.returns_at == TimePoint{}) {
      if (person.client.close_code() != 0) {
        person.closes.emplace_back(person.client.close_code(), person.client.close_reason());
      } else {
        ++person.failed_upgrades;
      }
      person.returns_at = now + pause_in(person.client.close_reason());
    } else if (now >= person.returns_at) {
      person.returns_at = {};
      person.client = Client(person.place);
    }
  }
}

bool Fleet::run_until(const std::function<bool()>& condition, Duration patience) {
  TimePoint next_tending{};
  return wait_until(
      [&] {
        if (Clock::now() >= next_tending) {
          tend();
          next_tending = Clock::now() + 5ms;
        }
        return condition();
      },
      patience);
}

void Fleet::run_for(Duration time) {
  const TimePoint end = Clock::now() + scaled(time);
  static_cast<void>(run_until([&] { return Clock::now() >= end; }, time * 3));
}

void Fleet::gather() {
  const auto is_open = [](const Person& person) { return person.client.is_open(); };
  const bool is_whole = run_until([&] { return std::all_of(people_.begin(), people_.end(), is_open); });
  EXPECT_TRUE(is_whole) << std::count_if(people_.begin(), people_.end(), is_open) << " of " << people_.size()
                        << " are connected";
}

void Fleet::move_doors(const std::vector<std::string>& doors) {
  std::size_t next = 0;
  for (Person& person : people_)
    person.place = cluster_.at(doors[next++ % doors.size()], person.uid);
}

std::vector<std::string> Fleet::uids() const {
  std::vector<std::string> names;
  for (const Person& person : people_)
    names.push_back(person.uid);
  return names;
}

std::size_t Fleet::closes() const {
  std::size_t count = 0;
  for (const Person& person : people_)
    count += person.closes.size();
  return count;
}

void Fleet::forget() {
  tend();
  for (Person& person : people_) {
    person.closes.clear();
    person.messages.clear();
    person.failed_upgrades = 0;
  }
}

Traffic::Traffic(Cluster& cluster, const std::string& door, const std::string& sender)
    : client_(cluster.connect(door, sender)) {}

void Traffic::send_round(Fleet& fleet) {
  ++rounds_;
  for (const Fleet::Person& person : fleet.people()) {
    client_.send(R"({"to":")" + person.uid + R"(","data":)" + std::to_string(rounds_) + "}");
    ++sent_;
  }
}

void Traffic::count() {
  EXPECT_FALSE(client_.has_ended()) << "the sender was closed: " << client_.close_code() << " "
                                    << client_.close_reason();
  for (const auto& frame : std::exchange(client_.inbox(), {})) {
    boost::system::error_code ec;
    const json::value value = json::parse(frame.text, ec);
    if (ec || !value.is_object() || !value.get_object().contains("receipt")) {
      ADD_FAILURE() << "not a receipt: " << frame.text;
      continue;
    }
    ++answered_;
    const json::object& receipt = value.at("receipt").as_object();
    ++receipts_[receipt.at("status").as_string().c_str()];
    if (receipt.at("status") == "delivered") ++delivered_to_[receipt.at("to").as_string().c_str()];
  }
}

int Traffic::open() {
  count();
  return sent_ - answered_;
}

const std::map<std::string, int>& Traffic::receipts() {
  count();
  return receipts_;
}

void Traffic::expect_all_arrived(Fleet& fleet) {
  EXPECT_TRUE(fleet.run_until([&] { return open() == 0; })) << open() << " receipts are missing";
  EXPECT_EQ(receipts(), (std::map<std::string, int>{{"delivered", sent_}}));
  const auto has_all = [&](const Fleet::Person& person) {
    return person.messages.size() >= static_cast<std::size_t>(rounds_);
  };
  static_cast<void>(
      fleet.run_until([&] { return std::all_of(fleet.people().begin(), fleet.people().end(), has_all); }, 3s));
  int bad = 0;
  for (const Fleet::Person& person : fleet.people()) {
    const std::vector<int> got = numbers_of(person);
    std::vector<int> expected(static_cast<std::size_t>(rounds_));
    std::iota(expected.begin(), expected.end(), 1);
    if (got != expected && ++bad == 1) {
      EXPECT_EQ(testing::PrintToString(got), testing::PrintToString(expected)) << person.uid;
    }
  }
  EXPECT_EQ(bad, 0) << "so many lost or repeated something";
}

void Traffic::expect_true_receipts(Fleet& fleet) {
  EXPECT_TRUE(fleet.run_until([&] { return open() == 0; })) << open() << " receipts are missing";
  fleet.run_for(100ms);
  for (const Fleet::Person& person : fleet.people()) {
    const std::vector<int> got = numbers_of(person);
    const bool is_in_order = std::is_sorted(got.begin(), got.end(), std::less_equal<>());
    EXPECT_TRUE(is_in_order) << person.uid << testing::PrintToString(got);
    EXPECT_GE(got.size(), delivered_to_[person.uid]) << person.uid;
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace wscluster::integration
