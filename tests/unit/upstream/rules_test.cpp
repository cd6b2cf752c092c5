// SPDX-License-Identifier: MIT
#include "upstream/rules.hpp"

#include <gtest/gtest.h>

namespace wscluster::upstream {
namespace {

Instance incoming(std::uint64_t dirty_ms = 0) {
  Instance instance;
  instance.service = "shop";
  instance.id = "one";
  instance.address = {"10.0.0.1", 80};
  instance.dirty_ms = dirty_ms;
  return instance;
}

TEST(Registering, the_first_begins_a_life_and_the_next_goes_on_with_it) {
  const Instance first = registered(nullptr, incoming(1), 100);
  EXPECT_EQ(first.action, Action::added);
  EXPECT_EQ(first.registered_ms, 100U);
  EXPECT_EQ(first.up_ms, 100U);
  EXPECT_EQ(registered(&first, incoming(1), 200), first) << "nothing is new";
  Instance other = incoming(2);
  other.weight = 2;
  const Instance second = registered(&first, other, 300);
  EXPECT_EQ(second.action, Action::modified);
  EXPECT_EQ(second.registered_ms, 100U);
  EXPECT_EQ(second.changed_ms, 300U);
  EXPECT_EQ(second.weight, 2);
}

TEST(Registering, again_after_it_left_is_another_life) {
  const Instance gone = cancelled(registered(nullptr, incoming(), 100), 150);
  const Instance back = registered(&gone, incoming(), 200);
  EXPECT_EQ(back.action, Action::added);
  EXPECT_EQ(back.registered_ms, 200U);
  EXPECT_NE(incarnation_of(back), incarnation_of(gone));
}

TEST(Registering, older_data_does_not_replace_newer) {
  Instance newer = incoming(50);
  newer.weight = 2;
  const Instance known = registered(nullptr, newer, 100);
  EXPECT_EQ(registered(&known, incoming(40), 200), known);
  EXPECT_EQ(registered(&known, incoming(60), 200).weight, 1);
  EXPECT_EQ(registered(&known, incoming(), 200).weight, 1) << "who says no age is believed";
}

TEST(Registering, an_operators_word_outlives_it) {
  const Instance known = overridden(registered(nullptr, incoming(1), 100), Status::out_of_service, std::nullopt, 150);
  EXPECT_EQ(registered(&known, incoming(2), 200).overridden, Status::out_of_service);
}

TEST(Registering, up_is_noted_when_it_comes) {
  Instance starting = incoming(1);
  starting.status = Status::starting;
  const Instance known = registered(nullptr, starting, 100);
  EXPECT_EQ(known.up_ms, 0U);
  EXPECT_EQ(registered(&known, incoming(2), 200).up_ms, 200U);
}

TEST(Renewing, unknown_left_and_outdated_must_register) {
  EXPECT_EQ(check_renewal(nullptr, std::nullopt), Renewal::unknown);
  const Instance known = registered(nullptr, incoming(50), 100);
  EXPECT_EQ(check_renewal(&known, std::nullopt), Renewal::renewed);
  EXPECT_EQ(check_renewal(&known, 50), Renewal::renewed);
  EXPECT_EQ(check_renewal(&known, 49), Renewal::renewed);
  EXPECT_EQ(check_renewal(&known, 51), Renewal::outdated);
  const Instance gone = cancelled(known, 200);
  EXPECT_EQ(check_renewal(&gone, 50), Renewal::unknown);
}

TEST(Overriding, the_undo_may_say_what_it_is_now) {
  const Instance known = registered(nullptr, incoming(), 100);
  const Instance out = overridden(known, Status::out_of_service, std::nullopt, 200);
  EXPECT_EQ(out.effective_status(), Status::out_of_service);
  EXPECT_EQ(out.action, Action::modified);
  EXPECT_EQ(overridden(out, Status::out_of_service, std::nullopt, 300), out);
  EXPECT_EQ(overridden(out, Status::unknown, std::nullopt, 300).effective_status(), Status::up);
  EXPECT_EQ(overridden(out, Status::unknown, Status::down, 300).effective_status(), Status::down);
}

TEST(Metadata, entries_are_set_one_by_one) {
  const Instance known = with_metadata(registered(nullptr, incoming(), 100), {{"a", "1"}}, 200);
  const Instance more = with_metadata(known, {{"b", "2"}}, 300);
  EXPECT_EQ(more.metadata.size(), 2U);
  EXPECT_EQ(more.changed_ms, 300U);
  EXPECT_EQ(with_metadata(more, {{"b", "2"}}, 400), more);
}

std::size_t due(std::size_t ended, std::size_t all, std::uint64_t silent_ms) {
  std::vector<EndedLease> leases;
  for (std::size_t i = 0; i < ended; ++i)
    leases.push_back({"shop", std::to_string(i), 10'000});
  return due_to_leave(leases, all, 10'000 + silent_ms, [](const EndedLease&) { return Duration(3'000); }).size();
}

TEST(Expiry, single_ones_go_at_once) {
  EXPECT_EQ(due(1, 1, 0), 1U) << "the only one";
  EXPECT_EQ(due(2, 2, 0), 2U) << "two are no crowd";
  EXPECT_EQ(due(2, 4, 0), 2U) << "half is not more than half";
  EXPECT_EQ(due(0, 4, 0), 0U);
}

TEST(Expiry, a_crowd_gets_a_second_lease) {
  EXPECT_EQ(due(3, 5, 0), 0U);
  EXPECT_EQ(due(3, 5, 2'999), 0U);
  EXPECT_EQ(due(3, 5, 3'000), 3U) << "nobody stays for ever";
  EXPECT_EQ(due(3, 6, 0), 3U);
}

}  // namespace
}  // namespace wscluster::upstream
