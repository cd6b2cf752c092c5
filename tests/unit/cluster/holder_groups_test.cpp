// SPDX-License-Identifier: MIT
// The sequencer's side of groups.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "cluster/holder.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

/// a has the group; a member of it is at b, which leaves the ring, and goes on at c.
struct Sequencer : testing::Test {
  Sequencer() {
    const auto first = epochs.view();
    epochs.next("ac");
    second = epochs.view();
    group = user_of({first, second}, "aa");
    bench.adopt(first);
  }
  wire::Subscribed subscribe(PathId path, std::uint64_t incarnation, std::uint64_t term) {
    bench.holder->on_subscribe(bench.now, path, {"chat", group, incarnation, 0, ++number, term, 0});
    return bench.network.one<wire::Subscribed>(link_of(path));
  }

  Epochs epochs{"abc"};
  std::shared_ptr<const View> second;
  std::string group;
  std::uint64_t number = 0;
  HolderBench bench;
};

TEST_F(Sequencer, keeps_the_term_for_a_member_that_is_between_two_holders) {
  const auto before = subscribe(path_b, 2, 0);
  bench.adopt(second);
  bench.pass(4s);
  EXPECT_EQ(subscribe(path_c, 3, before.term).term, before.term);
}

TEST_F(Sequencer, forgets_a_group_that_nobody_comes_back_to) {
  const auto before = subscribe(path_b, 2, 0);
  bench.adopt(second);
  bench.pass(6s);
  EXPECT_NE(subscribe(path_c, 3, before.term).term, before.term);
}

/// A node that has started again knows of the epoch with its new life before the sequencer does.
TEST_F(Sequencer, keeps_a_subscriber_whose_document_it_has_not_got_yet) {
  constexpr std::uint64_t new_life = 77;
  const auto before = subscribe(path_b, new_life, 0);
  bench.pass(10s);
  EXPECT_EQ(subscribe(path_c, 3, before.term).term, before.term);
  bench.holder->on_unsubscribe(bench.now, path_c, {"chat", group, 3, 0});
  bench.pass(10s);
  EXPECT_EQ(subscribe(path_c, 3, before.term).term, before.term) << "it is there still";
}

TEST_F(Sequencer, forgets_such_a_subscriber_with_its_link) {
  const auto before = subscribe(path_b, 77, 0);
  bench.holder->on_link_down(bench.now, link_b);
  bench.pass(10s);
  EXPECT_NE(subscribe(path_c, 3, before.term).term, before.term);
}

TEST_F(Sequencer, keeps_the_term_when_the_last_subscriber_says_that_it_has_no_members) {
  const auto before = subscribe(path_b, 2, 0);
  bench.holder->on_unsubscribe(bench.now, path_b, {"chat", group, 2, 0});
  EXPECT_EQ(subscribe(path_c, 3, before.term).term, before.term);
}

}  // namespace
}  // namespace wscluster::cluster
