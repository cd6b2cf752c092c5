// SPDX-License-Identifier: MIT
#include "registry/trust.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace wscluster::registry {
namespace {

constexpr Duration heartbeat{1'000};
constexpr Duration lease{3'000};
const Life a{"a", 1};
const Life b{"b", 2};
const Life c{"c", 3};
const std::vector<std::string> chat{"chat"};
const Memberships all_three{{"chat", {a, b, c}}};

TimePoint at(double beats) {
  return TimePoint(Duration(1'000'000 + static_cast<int>(beats * 1'000)));
}

/// A member of {a, b, c} that renewed at 0.
Trust renewed(const Life& self, Memberships memberships = all_three) {
  Trust trust(self, heartbeat, lease);
  trust.set_memberships(at(0), std::move(memberships));
  trust.renewal_sent(at(0));
  trust.renewal_succeeded(at(0.1), at(0));
  trust.documents_read(at(0.1), trust.renewals());
  return trust;
}

TEST(Trust, counts_the_lease_from_the_sending_of_the_renewal) {
  Trust trust = renewed(a);
  EXPECT_FALSE(trust.is_suspended(at(2.99)));
  EXPECT_TRUE(trust.is_suspended(at(3)));
  EXPECT_EQ(renewed(a).valid_until(at(1)), at(3));
}

TEST(Trust, a_renewal_and_a_reading_after_it_end_every_suspension) {
  Trust trust = renewed(a);
  EXPECT_TRUE(trust.is_suspended(at(60)));
  trust.renewal_sent(at(60));
  const auto before = trust.renewals();
  trust.renewal_succeeded(at(60.1), at(60));
  // The ring may have gone on without it, and only a document tells.
  EXPECT_TRUE(trust.is_suspended(at(60.1)));
  trust.documents_read(at(60.15), before);
  EXPECT_TRUE(trust.is_suspended(at(60.15)));
  trust.documents_read(at(60.2), trust.renewals());
  EXPECT_FALSE(trust.is_suspended(at(60.2)));
}

TEST(Trust, a_renewal_that_was_refused_does_not_hold_back_the_word_but_an_earlier_one_does) {
  Trust trust = renewed(a);
  trust.renewal_sent(at(1));
  trust.renewal_refused();
  trust.redis_failed(at(1));
  EXPECT_FALSE(trust.may_give_word(at(2.9), b, chat));
  EXPECT_TRUE(trust.may_give_word(at(3), b, chat)) << "the lease of the one at 0 is over";
  Trust other = renewed(a);
  other.renewal_sent(at(1));  // lost
  other.redis_failed(at(1.5));
  other.renewal_sent(at(2));
  other.renewal_refused();
  other.redis_failed(at(2));
  EXPECT_FALSE(other.may_give_word(at(3.9), b, chat)) << "the lost one may have arrived";
}

TEST(Trust, an_answer_that_took_longer_than_the_lease_gives_nothing) {
  Trust trust = renewed(a);
  trust.renewal_sent(at(1));
  trust.renewal_succeeded(at(4.5), at(1));
  EXPECT_TRUE(trust.is_suspended(at(4.5)));
}

TEST(Trust, whom_a_ring_went_on_without_is_suspended_for_good) {
  Trust trust = renewed(a);
  trust.expelled();
  trust.set_memberships(at(1), {{"chat", {b, c}}});
  EXPECT_TRUE(trust.is_suspended(at(1)));
  trust.renewal_sent(at(1));
  trust.renewal_succeeded(at(1.1), at(1));
  EXPECT_TRUE(trust.is_suspended(at(1.2)));
  trust.redis_failed(at(6));
  EXPECT_FALSE(trust.may_give_word(at(6), b, chat));
}

TEST(Trust, who_is_in_no_ring_is_never_suspended) {
  Trust trust(a, heartbeat, lease);
  EXPECT_FALSE(trust.is_suspended(at(0)));
  trust.set_memberships(at(0), {{"chat", {b, c}}});
  EXPECT_FALSE(trust.is_suspended(at(1)));
  EXPECT_FALSE(trust.wants_words(at(1)));
  trust.set_memberships(at(2), all_three);
  EXPECT_TRUE(trust.is_suspended(at(2)));
}

TEST(Trust, renews_only_when_every_core_has_ticked) {
  EXPECT_TRUE(renewed(a).may_renew(at(1), true));
  EXPECT_FALSE(renewed(a).may_renew(at(1), false));
}

TEST(Trust, v17a_no_word_while_the_own_lease_may_still_run) {
  Trust trust = renewed(a);
  trust.redis_failed(at(1));
  EXPECT_FALSE(trust.may_give_word(at(1), c, chat));
  EXPECT_FALSE(trust.may_give_word(at(2.9), c, chat));
  EXPECT_TRUE(trust.may_give_word(at(3), c, chat));
}

TEST(Trust, v17b_a_renewal_whose_answer_was_lost_may_have_extended_the_lease) {
  Trust trust = renewed(a);
  trust.renewal_sent(at(1));
  trust.redis_failed(at(2));
  EXPECT_FALSE(trust.may_give_word(at(3.5), c, chat));
  EXPECT_TRUE(trust.may_give_word(at(4), c, chat) || trust.is_suspended(at(4)));
  Trust probing = renewed(a);
  probing.redis_failed(at(1));
  EXPECT_TRUE(probing.must_probe_first());
  EXPECT_FALSE(probing.may_renew(at(1.5), true));
  probing.redis_answered(at(1.6));
  EXPECT_FALSE(probing.must_probe_first());
  EXPECT_TRUE(probing.may_renew(at(1.6), true));
}

TEST(Trust, v17c_who_gave_its_word_does_not_renew_while_it_counts) {
  Trust trust = renewed(a);
  trust.redis_failed(at(1));
  ASSERT_TRUE(trust.may_give_word(at(3.2), c, chat));
  trust.word_given(at(3.2));
  trust.redis_answered(at(3.5));
  EXPECT_FALSE(trust.may_renew(at(5.1), true));
  EXPECT_TRUE(trust.may_renew(at(5.2), true));
  EXPECT_FALSE(trust.may_give_word(at(3.6), b, chat)) << "Redis has answered";
}

TEST(Trust, v17d_no_word_for_somebody_who_has_been_removed) {
  Trust trust = renewed(a, {{"chat", {a, b}}});
  trust.redis_failed(at(1));
  EXPECT_TRUE(trust.may_give_word(at(3), b, chat));
  EXPECT_FALSE(trust.may_give_word(at(3), c, chat));
  EXPECT_FALSE(trust.may_give_word(at(3), Life{"b", 99}, chat)) << "another life of that name";
  EXPECT_FALSE(trust.may_give_word(at(3), b, {"chat", "news"})) << "it must be in every ring that it names";
  EXPECT_FALSE(trust.may_give_word(at(3), b, {}));
}

TEST(Trust, v17e_the_word_of_somebody_who_has_been_removed_does_not_count) {
  Trust trust = renewed(a, {{"chat", {a, b, Life{"d", 4}}}});
  trust.redis_failed(at(1));
  trust.word_received(at(3), c, at(2.9));
  EXPECT_TRUE(trust.is_suspended(at(3.1)));
  trust.word_received(at(3.2), b, at(3.1));
  EXPECT_FALSE(trust.is_suspended(at(3.3)));
}

TEST(Trust, v18_a_member_alone_in_its_ring_goes_on) {
  Trust trust = renewed(a, {{"chat", {a}}});
  trust.redis_failed(at(1));
  EXPECT_FALSE(trust.is_suspended(at(100)));
  EXPECT_EQ(trust.valid_until(at(100)), TimePoint::max());
}

TEST(Trust, words_must_be_complete_within_a_heartbeat_after_the_end) {
  Trust late = renewed(a);
  late.redis_failed(at(1));
  late.word_received(at(4), b, at(3.9));
  EXPECT_TRUE(late.is_suspended(at(4)));
  Trust early = renewed(a);
  early.redis_failed(at(1));
  EXPECT_TRUE(early.is_suspended(at(3.5)));
  early.word_received(at(3.9), b, at(3.8));
  EXPECT_FALSE(early.is_suspended(at(4)));
}

TEST(Trust, a_word_counts_two_heartbeats_from_the_asking_and_must_not_lapse) {
  Trust trust = renewed(a);
  trust.redis_failed(at(1));
  trust.word_received(at(3.2), b, at(3));
  EXPECT_EQ(trust.valid_until(at(3.2)), at(5));
  trust.word_received(at(4.5), c, at(4.4));
  EXPECT_EQ(trust.valid_until(at(4.5)), at(6.4));
  EXPECT_TRUE(trust.is_suspended(at(6.4)));
  trust.word_received(at(6.5), b, at(6.4));
  EXPECT_TRUE(trust.is_suspended(at(6.5))) << "it has lapsed once";
  EXPECT_FALSE(trust.may_give_word(at(6.5), b, chat)) << "suspended for good";
  EXPECT_FALSE(trust.wants_words(at(6.5)));
}

TEST(Trust, words_that_lapse_while_nobody_looks_are_not_forgotten) {
  Trust trust = renewed(a);
  trust.redis_failed(at(1));
  trust.word_received(at(2.9), b, at(2.8));
  trust.word_received(at(5), b, at(4.9));
  EXPECT_TRUE(trust.is_suspended(at(5.1)));
}

TEST(Trust, a_majority_is_needed_in_every_ring) {
  Trust trust = renewed(a, {{"chat", {a, b, c}}, {"news", {a, c}}});
  trust.redis_failed(at(1));
  trust.word_received(at(3), b, at(2.9));
  EXPECT_TRUE(trust.is_suspended(at(3.1)));
  trust.word_received(at(3.2), c, at(3.1));
  EXPECT_FALSE(trust.is_suspended(at(3.3)));
}

TEST(Trust, words_help_nobody_who_reaches_redis) {
  Trust trust = renewed(a);
  trust.word_received(at(2.5), b, at(2.5));
  EXPECT_FALSE(trust.wants_words(at(2.9)));
  EXPECT_TRUE(trust.is_suspended(at(3)));
}

TEST(Trust, a_lost_lease_suspends_at_once) {
  Trust trust = renewed(a);
  trust.lease_lost(at(1));
  EXPECT_TRUE(trust.is_suspended(at(1)));
}

// Redis disappears; renewals were at different phases of the heartbeat. Probes fail from then on, so no renewal is
// lost.
TEST(Trust, when_redis_disappears_everybody_goes_on_after_a_pause_of_at_most_a_heartbeat) {
  const std::array lives{a, b, c};
  const std::array phases{0.05, 0.4, 0.9};
  std::vector<Trust> members;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    members.emplace_back(lives[i], heartbeat, lease);
    members[i].set_memberships(at(0), all_three);
    members[i].renewal_sent(at(phases[i]));
    members[i].renewal_succeeded(at(phases[i]), at(phases[i]));
    members[i].documents_read(at(phases[i]), members[i].renewals());
  }
  std::array<double, 3> pause{};
  for (double time = 1; time < 60; time += 0.05) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (time > phases[i] + 1) members[i].redis_failed(at(time));
      if (!members[i].wants_words(at(time))) continue;
      for (std::size_t j = 0; j < members.size(); ++j) {
        if (i == j || !members[j].may_give_word(at(time), lives[i], chat)) continue;
        members[j].word_given(at(time));
        members[i].word_received(at(time), lives[j], at(time));
      }
    }
    for (std::size_t i = 0; i < members.size(); ++i)
      pause[i] += members[i].is_suspended(at(time)) ? 0.05 : 0;
  }
  for (const double length : pause)
    EXPECT_LE(length, 1.0);
}

}  // namespace
}  // namespace wscluster::registry
