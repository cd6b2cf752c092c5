// SPDX-License-Identifier: MIT
#include "mutations.hpp"

#include <utility>

namespace wscluster::simulation {

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> table = {
      {"no_dedupe", "a repeat is known and not executed again", "link_blips v14 v13 v10"},
      {"no_order_hold", "later messages wait for a refused one", "v15 stale_sender ring_change"},
      {"no_resend", "what is above the counters is sent again", "v10 link_blips v8 ring_change"},
      {"no_life", "counters count for one life of the state", "v12 v11 node_dies v16"},
      {"active_install", "a snapshot is passive until its release", "v1 link_breaks ring_change v2"},
      {"any_epoch", "a snapshot is taken under the equal epoch only", "v2 v2b v3 v5"},
      {"no_repeats", "snapshot and prepared are repeated after a broken link", "v1 link_breaks v5"},
      {"no_after", "a message names the one before it", "v15 stale_sender v13"},
      {"no_linger", "a message stays known while copies of it may be under way", "v18 blips_and_changes ring_change"},
      {"no_catch_up", "a member that comes from another holder gets what it lacks",
       "member_moves_while_published groups_and_changes"},
      {"no_gather", "a sequencer made anew asks who has members", "two_sequencers_die"},
      {"no_hold", "copies pass a member by that is on its way", "member_moves_while_published groups_and_changes"},
      {"any_term", "a position counts in its term only", "sequencer_dies sequencer_moves_at_each_step"},
      {"no_lateness", "what is not answered waits for a shard that subscribes late",
       "sequencer_dies_while_members_move sequencer_dies"},
      {"no_self_suspension", "a node trusts itself only as long as its lease",
       "isolated_node node_cut_from_redis stop_and_continue"},
      {"no_requests", "copies under one id of an application are one message", "repeated_requests"},
      {"no_return_hold", "messages wait for the return of a client that was told to come back", "evictions"},
      {"no_removal_pause", "after a renewal that failed nobody is removed for two leases", "short_outage"},
      {"forgets_reports", "a donor keeps what it has told of a change that was final", "redis_rolled_back"},
      {"no_put_back", "whoever holds a newer document puts it back", "redis_rolled_back redis_flushed"},
  };
  return table;
}

bool is_mutation(std::uint64_t index, std::string_view name) {
  return index > 0 && mutations()[index - 1].name == name;
}

void mutate(cluster::ServiceOptions& options, std::uint64_t index) {
  cluster::Mutations& rules = options.mutations;
  const std::pair<std::string_view, bool*> switches[] = {{"no_dedupe", &rules.no_dedupe},
                                                         {"no_order_hold", &rules.no_order_hold},
                                                         {"no_resend", &rules.no_resend},
                                                         {"no_life", &rules.no_life},
                                                         {"active_install", &rules.active_install},
                                                         {"any_epoch", &rules.any_epoch},
                                                         {"no_repeats", &rules.no_repeats},
                                                         {"no_after", &rules.no_after},
                                                         {"no_linger", &rules.no_linger},
                                                         {"no_catch_up", &rules.no_catch_up},
                                                         {"no_gather", &rules.no_gather},
                                                         {"no_hold", &rules.no_hold},
                                                         {"any_term", &rules.any_term},
                                                         {"no_lateness", &rules.no_lateness},
                                                         {"no_requests", &rules.no_requests}};
  for (const auto& [name, rule] : switches)
    if (is_mutation(index, name)) *rule = true;
  if (is_mutation(index, "no_return_hold")) options.hold = Duration(0);
}

}  // namespace wscluster::simulation
