// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "random.hpp"
#include "wire/frames.hpp"

namespace wscluster::simulation {

/// What can happen.
enum class Act : std::uint8_t {
  say,         ///< device `number` sends `count` messages to user `other`
  rest,        ///< somebody sends to user `other` over REST at `who`
  copies,      ///< REST at `who` under an id, and `count` copies at anybody within `lasting`
  evict,       ///< an operator at `who` closes the sessions of user `other`
  join,        ///< reliable device `number` joins group `other`
  leave,       ///< it leaves it
  publish,     ///< reliable device `number` sends to group `other`, or REST at `who` does
  vanish,      ///< device `number` closes its socket and stays away
  arrive,      ///< device `number` connects for the first time
  ring,        ///< CLI: these members own, everybody else leaves; `number` is the rate
  ring_evict,  ///< the same with --evict all: each session of a donor is closed, whether it moves or not
  abort,       ///< CLI: the membership before the last planned change
  cli_dies,    ///< CLI: reads the ring and dies before it writes
  drain,       ///< SIGTERM
  kill,        ///< kill -9
  restart,     ///< a new life of that name
  stop,        ///< SIGSTOP, and SIGCONT after `lasting`
  cut,         ///< all links of a pair break; anew after `lasting`
  part,        ///< nothing passes between a pair for `lasting`, and nobody is told
  lag,         ///< a process gets its views so much later, for `lasting`
  redis_away,  ///< for everybody, for `lasting`; `number` 1: frozen, its connections stay
  redis_cut,   ///< from one process, for `lasting`
  redis_deaf,  ///< its answers to one process get lost for `lasting`
  redis_save,
  redis_roll_back,  ///< to what was saved
  redis_flush,
};
[[nodiscard]] const char* to_string(Act act) noexcept;

/// Roles of the frame that sets an action off, in place of a name.
inline constexpr const char* the_sender = "$sender";
inline constexpr const char* the_receiver = "$receiver";
inline constexpr const char* a_third = "$third";  ///< another node of the ring
inline constexpr const char* a_gateway = "$gateway";

struct Action {
  Duration at{0};
  Act act = Act::say;
  std::string who;
  std::string other;
  std::uint64_t number = 0;
  Duration lasting{0};
  std::uint64_t count = 1;
  /// Not at a time but when the nth frame of this type after `at` arrives; before it is handled (then it is lost with
  /// its link or its receiver) or after.
  wire::FrameType frame{};
  std::uint64_t nth = 0;
  bool is_after = false;
};

struct Cast {
  std::string name;
  unsigned cores = 1;
  bool is_gateway = false;
  bool is_member = true;  ///< of the first ring; else it stands by
};

enum class Reading : std::uint8_t { fast, slow, never };

struct Device {
  std::string service = "chat";
  std::string uid;
  std::string edge;  ///< a process; empty: any gateway
  bool is_direct = false;
  bool is_late = false;  ///< connects by an action
  Reading reading = Reading::fast;
  bool is_reliable = false;  ///< speaks json.reliable
};

/// What must be true in it, beyond what must be always.
struct Promises {
  bool is_lossless = true;         ///< no process, Redis or link fails: everything arrives
  bool ends_equal = true;          ///< at the end everybody has the document that is in Redis
  bool keeps_sending = false;      ///< no send fails, whatever else happens
  bool detects_deaths = false;     ///< a dead node leaves the ring within the printed bound
  bool keeps_members = false;      ///< Redis is away for all alike: nobody is taken for dead
  bool forgets_everybody = false;  ///< when all clients leave, nothing remains
  bool closes_everybody = false;   ///< each client once, for the one change of the story
};

/// Everything that a run depends on: the same story is the same run.
struct Story {
  std::uint64_t seed = 0;
  std::string plot;
  std::vector<Cast> cast;
  std::vector<Device> devices;
  std::vector<Action> actions;
  unsigned groups = 0;  ///< g1 …
  Promises promises;
  Duration heartbeat{200};
  Duration lease{600};
  std::uint64_t window_messages = 1024;
  bool starts_cold = false;    ///< nobody has a lease and there is no ring
  std::uint64_t mutation = 0;  ///< index in the table of mutations, from 1
};

[[nodiscard]] const char* name_of(wire::FrameType type) noexcept;
[[nodiscard]] std::string describe(const Action& action);
[[nodiscard]] std::string describe(const Story& story);

}  // namespace wscluster::simulation
