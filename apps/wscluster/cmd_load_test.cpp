// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace wscluster::app {

using config::Type;

namespace {

std::vector<Flag> load_test_flags() {
  return {
      {.name = "scenario",
       .value = "NAME",
       .type = Type::choice,
       .choices = {"echo", "send", "group", "ack", "recovery", "hold", "ring-change"},
       .default_text = "echo",
       .text = "What the clients do"},
      {.name = "connections", .value = "N", .type = Type::count, .default_text = "1000", .text = "Clients"},
      {.name = "connect-rate",
       .value = "RATE",
       .type = Type::rate,
       .default_text = "500/s",
       .text = "New connections per second"},
      {.name = "rate",
       .value = "RATE",
       .type = Type::rate,
       .default_text = "1000/s",
       .text = "Messages per second over all clients, whether or not answers come (open model); group: "
               "publications, default 10/s"},
      {.name = "publishers",
       .value = "N",
       .type = Type::count,
       .default_text = "1",
       .text = "group: so many clients publish, to all others"},
      {.name = "drop-rate",
       .value = "RATE",
       .type = Type::rate,
       .default_text = "10/s",
       .text = "recovery: sockets dropped per second over all clients"},
      {.name = "in-flight",
       .value = "N",
       .type = Type::count,
       .default_note = "open model",
       .text = "echo, instead of --rate: each client keeps N messages on their way and sends the next with each answer "
               "(closed model)"},
      {.name = "duration", .value = "DUR", .type = Type::duration, .default_text = "30s", .text = "Measured time"},
      {.name = "warmup",
       .value = "DUR",
       .type = Type::duration,
       .default_text = "5s",
       .text = "Load before it that is not counted"},
      {.name = "size", .value = "SIZE", .type = Type::size, .default_text = "128B", .text = "Of one message"},
      {.name = "binary", .text = "Binary messages"},
      {.name = "uid-prefix", .value = "TEXT", .default_text = "load-", .text = "Users are TEXT0, TEXT1, …"},
      {.name = "uid-start", .value = "N", .type = Type::count, .default_text = "0", .text = "Number of the first user"},
      {.name = "key-file",
       .value = "FILE",
       .type = Type::file,
       .env = "WSCLUSTER_KEY_FILE",
       .text = "Access key of the service: makes each user's token; without it the users come with ?uid=",
       .complete = Complete::files},
      {.name = "resume-tls", .text = "Clients that come back offer a TLS session ticket"},
      {.name = "source-ip",
       .value = "A,B",
       .type = Type::list,
       .default_note = "the system's choice",
       .text = "Local addresses to connect from, for more ports than one has"},
      {.name = "threads", .value = "N", .type = Type::count, .default_text = "1", .text = "Threads of the generator"},
      {.name = "seed", .value = "N", .type = Type::count, .default_text = "1", .text = "Of everything random"},
      {.name = "threshold",
       .value = "EXPR",
       .text = "Limit to keep, such as 'latency.p99<50ms'; exit 1 when it is broken",
       .repeats = true},
      {.name = "list-metrics", .text = "Print what thresholds may name, and exit"},
      {.name = "allow-lag", .text = "Exit 0 although the generator itself was too slow"},
      {.name = "report",
       .value = "FILE",
       .type = Type::path,
       .text = "Write the result as .json, .csv or .hgrm",
       .repeats = true,
       .complete = Complete::files},
      {.name = "percentiles",
       .value = "A,B",
       .type = Type::list,
       .default_text = "50,90,99,99.9,99.99",
       .text = "Shown ones"},
      {.name = "interval", .value = "DUR", .type = Type::duration, .default_text = "1s", .text = "Of the live line"},
      {.name = "change",
       .value = "TEXT",
       .text = "ring-change: 'add NODE' or 'remove NODE'; without it somebody else changes the ring"},
      {.name = "at",
       .value = "DUR",
       .type = Type::duration,
       .default_text = "10s",
       .text = "ring-change: when, from the start"},
      {.name = "compare-delivery",
       .text =
           "Instead: what a message costs with a ring and with broadcast, on private clusters; --connections, --rate, "
           "--duration, --warmup and --size count (default 300, 1000/s, 5s, 1s)"},
      {.name = "nodes",
       .value = "A,B",
       .type = Type::list,
       .default_text = "3,10,30",
       .text = "--compare-delivery: with so many nodes"}};
}

}  // namespace

Command load_test_command() {
  Command command{
      .path = "load-test",
      .heading = "Measure",
      .summary = "Put honest load on a cluster and check limits",
      .description =
          "Messages leave on a schedule that does not wait for answers, and latency counts from the planned time "
          "(with --in-flight they wait for answers: to compare costs, not latencies). Every "
          "message carries run, sender, sequence and time, so that loss, duplicates and order are checked. The result "
          "says whether the generator itself was fast enough; if not, the exit code is 1 unless --allow-lag is "
          "given.\n\n"
          "Raw clients: with echo each message comes back, with send users write to one another, with ring-change they "
          "do so while the ring changes, with hold nothing is sent. Clients of json.reliable.webpubsub.azure.v1: with "
          "group a few publish to a group of all others, with ack users publish to the "
          "groups of others and wait for acks, with recovery they do so while sockets are dropped and sessions "
          "recovered.\n\n"
          "Of a ring change behind a service with raw: relay the result tells the latency before it, and while the "
          "ring "
          "changed to users that stayed and to users that moved: receipts name each user's owner. unmoved.factor is "
          "the "
          "p99 of those that stayed by the p99 before.",
      .examples = {{"wscluster load-test --connections 1k --rate 2k/s --duration 30s", ""},
                   {"wscluster load-test --scenario send --threshold 'latency.p99<50ms'",
                    "Users write to one another; exit 1 when the limit is broken."},
                   {"wscluster load-test --scenario group --connections 10k --rate 5/s",
                    "Each publication to 9,999 members."},
                   {"wscluster load-test --scenario recovery --threshold lost.count==0", ""},
                   {"wscluster load-test --scenario ring-change --change 'add node-4' --at 10s", ""},
                   {"wscluster load-test --scenario ring-change --threshold 'unmoved.factor<=2'",
                    "Somebody else changes the ring; exit 1 when users that stay notice it."},
                   {"wscluster load-test --compare-delivery --nodes 3,10", "It needs redis-server."},
                   {"wscluster load-test wss://gw-1:8443/chat wss://gw-2:8443/chat --resume-tls",
                    "Who loses gateway-1 goes to gateway-2."}},
      .flags = load_test_flags(),
      .arguments = {{.name = "URL",
                     .text = "ws:// or wss:// address of a WebSocket path; default: client.url and the service's path. "
                             "With several, clients that lose their connection go to the next one",
                     .least = 0,
                     .most = 0}},
      .run = run_load_test};
  command.flags.push_back({.name = "service",
                           .value = "NAME",
                           .default_note = "the only one",
                           .env = "WSCLUSTER_SERVICE",
                           .text = "Service of the users"});
  for (auto& flag : flags_of_roles(config::Roles::client))
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
