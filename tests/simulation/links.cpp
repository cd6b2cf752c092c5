// SPDX-License-Identifier: MIT
#include "links.hpp"

#include <algorithm>

#include "process.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;
using cluster::LinkId;
using cluster::PathId;

constexpr std::size_t max_cut_bytes = 4U << 20U;

Clock::duration delay_of(Channel& channel) {
  Random& random = channel.random;
  if (channel.link->is_local()) return random.micros(1, 60);
  if (random.chance(300)) return random.micros(5'000, 250'000);
  if (random.chance(30)) return random.micros(500, 12'000);
  return random.micros(60, 500);
}

std::pair<std::string, std::string> in_order(const std::string& a, const std::string& b) {
  return a < b ? std::pair(a, b) : std::pair(b, a);
}

}  // namespace

void Links::connect(Process& process, const std::vector<std::unique_ptr<Process>>& others) {
  for (const auto& other : others) {
    if (other->is_dead()) continue;
    const auto links = std::max(process.cores().size(), other->cores().size());
    for (unsigned number = 0; number < links; ++number) {
      if (!is_parted(process, *other)) make(*other, process, number);
    }
  }
}

void Links::make(Process& a, Process& b, unsigned number) {
  auto link = std::make_unique<Link>();
  link->id = links_.size();
  link->ends = {&a, &b};
  link->number = number;
  living_.push_back(link.get());
  const LinkId id = link->id;
  links_.push_back(std::move(link));
  if (number != 0 || &a == &b) return;
  // As the hello does: who has the newer documents hands them over.
  world_.agenda().in(1ms, [this, id] {
    for (Process* end : links_[id]->ends)
      end->when_running([end, id] { end->share_documents(id); });
  });
}

Channel& Links::channel(Link& link, unsigned side, unsigned core) {
  auto& channels = link.channels[side];
  while (channels.size() <= core) {
    auto one = std::make_unique<Channel>();
    one->link = &link;
    one->side = side;
    one->core = static_cast<unsigned>(channels.size());
    one->random = Random(
        mix(mix(mix(seed_, link.ends[0]->name()), link.ends[1]->name()), link.id * 1024 + side * 512 + one->core));
    channels.push_back(std::move(one));
  }
  return *channels[core];
}

PathId Links::path_to(const Core& core, std::string_view node, std::uint64_t incarnation, unsigned shard) const {
  for (const Link* link : living_) {
    if (link->number != core.index()) continue;
    const bool is_first = link->ends[0] == &core.process();
    if (!is_first && link->ends[1] != &core.process()) continue;
    const Process& other = *link->ends[is_first ? 1 : 0];
    if (other.incarnation() != incarnation || other.name() != node) continue;
    if (!link->has_noticed[is_first ? 0 : 1]) return cluster::make_path(link->id, static_cast<std::uint8_t>(shard));
  }
  return 0;
}

std::string* Links::output(const Core& core, PathId path) {
  if (path == 0) return nullptr;
  Link& link = *links_[cluster::link_of(path)];
  const unsigned from = link.side_of(core.process());
  if (link.has_noticed[from]) return nullptr;
  if (link.is_cut) return &(void_ = {});
  const unsigned to = link.is_local() ? 0 : 1 - from;
  const auto cores = static_cast<unsigned>(link.ends[to]->cores().size());
  const std::uint8_t wanted = cluster::destination_of(path);
  Channel& into = channel(link, to, wanted == wire::this_core ? link.number % cores : wanted);
  if (into.pending.empty()) dirty_.push_back(&into);
  return &into.pending;
}

void Links::flush() {
  for (Channel* one : dirty_) {
    std::string bytes = std::exchange(one->pending, {});
    if (bytes.empty() || one->link->is_cut) continue;
    one->last_arrival = std::max(one->last_arrival, world_.agenda().now() + delay_of(*one));
    one->batches.push_back({one->last_arrival, std::move(bytes)});
    schedule(*one);
  }
  dirty_.clear();
}

void Links::schedule(Channel& channel) {
  if (channel.is_scheduled || channel.batches.empty()) return;
  channel.is_scheduled = true;
  world_.agenda().at(channel.batches.front().at, [this, one = &channel] {
    one->link->ends[one->side]->when_running([this, one] {
      one->is_scheduled = false;
      deliver(*one);
      schedule(*one);
    });
  });
}

void Links::deliver(Channel& channel) {
  Link& link = *channel.link;
  if (channel.batches.empty() || link.has_noticed[channel.side]) return;
  const std::string bytes = std::move(channel.batches.front().bytes);
  channel.batches.pop_front();
  Process& to = *link.ends[channel.side];
  Process& from = *link.ends[link.is_local() ? 0 : 1 - channel.side];
  std::string_view left = bytes;
  wire::Raw raw;
  while (wire::cut(left, max_cut_bytes, raw) == wire::CutStatus::ok) {
    const std::string_view frame = left.substr(0, raw.size);
    const bool is_lost = world_.on_frame(from, to, link, raw.type, false);
    if (is_lost || to.is_dead() || link.has_noticed[channel.side]) return;
    if (!to.is_running()) return put_back(channel, left, Clock::duration(0));
    world_.tell_frame(from, to, raw);
    left.remove_prefix(raw.size);
    if (raw.type == wire::FrameType::document || raw.type == wire::FrameType::word) {
      world_.give_to_process(to, from, link.id, raw);
    } else {
      world_.turn(*to.cores()[channel.core], [&](Core& core) {
        core.receive(to.turn_time(), cluster::make_path(link.id, wire::this_core), frame);
      });
    }
    static_cast<void>(world_.on_frame(from, to, link, raw.type, true));
    if (to.is_dead() || link.has_noticed[channel.side] || left.empty()) return;
    if (!to.is_running()) return put_back(channel, left, Clock::duration(0));
    // The rest of what was read is for the next turn.
    if (channel.random.chance(12)) return put_back(channel, left, channel.random.micros(10, 900));
  }
  if (!left.empty() && !link.is_cut) world_.checker().break_promise("simulator: a frame that cannot be cut");
}

void Links::put_back(Channel& channel, std::string_view bytes, Clock::duration delay) {
  channel.batches.push_front({world_.agenda().now() + delay, std::string(bytes)});
  channel.last_arrival = std::max(channel.last_arrival, channel.batches.front().at);
}

void Links::lose_some(Link& link, const Cut& how) {
  for (const unsigned side : {0U, 1U}) {
    for (const auto& one : link.channels[side]) {
      one->pending.clear();
      if (!how.loses_what_is_sent || one->batches.empty()) continue;
      const std::size_t kept = one->random.next() % (one->batches.size() + 1);
      one->batches.resize(kept);
      if (kept > 0 && one->random.chance(2)) {
        std::string& last = one->batches.back().bytes;
        last.resize(one->random.next() % (last.size() + 1));
      }
    }
  }
}

void Links::cut(Link& link, const Cut& how) {
  if (link.is_cut || link.is_local()) return;
  link.is_cut = true;
  const TimePoint now = world_.agenda().now();
  link.heal_at = now + how.heal;
  lose_some(link, how);
  for (const unsigned side : {0U, 1U}) {
    Process& end = *link.ends[side];
    TimePoint at = now + (how.is_silent ? Clock::duration(world_.dead_after()) : end.random().micros(0, 30'000));
    for (const auto& one : link.channels[side])
      if (!one->batches.empty()) at = std::max(at, one->batches.back().at);
    // Whoever is dead notices nothing, and nobody waits for it.
    if (end.is_dead()) link.has_noticed[side] = true;
    world_.agenda().at(at + 1us,
                       [this, &link, side, &end] { end.when_running([this, &link, side] { notice(link, side); }); });
  }
}

void Links::notice(Link& link, unsigned side) {
  if (link.has_noticed[side]) return;
  link.has_noticed[side] = true;
  for (const auto& one : link.channels[side])
    one->batches.clear();
  Process& end = *link.ends[side];
  for (const auto& core : end.cores())
    world_.turn(*core, [&](Core& c) { c.link_down(end.turn_time(), link.id); });
  if (link.ends[1 - side]->is_dead()) link.has_noticed[1 - side] = true;
  if (link.has_noticed[0] && link.has_noticed[1]) renew(link);
}

void Links::renew(Link& link) {
  std::erase(living_, &link);
  Process& a = *link.ends[0];
  Process& b = *link.ends[1];
  if (a.is_dead() || b.is_dead()) return;
  const unsigned number = link.number;
  world_.agenda().at(std::max(link.heal_at, world_.agenda().now() + a.random().micros(500, 20'000)),
                     [this, &a, &b, number] {
                       if (a.is_dead() || b.is_dead() || is_parted(a, b)) return;
                       make(a, b, number);
                     });
}

void Links::cut_between(const std::string& a, const std::string& b, const Cut& how) {
  const std::vector<Link*> living = living_;
  for (Link* link : living) {
    const auto ends = in_order(link->ends[0]->name(), link->ends[1]->name());
    if (ends == in_order(a, b)) cut(*link, how);
  }
}

void Links::cut_all_of(const Process& process, const Cut& how) {
  const std::vector<Link*> living = living_;
  for (Link* link : living)
    if (link->ends[0] == &process || link->ends[1] == &process) cut(*link, how);
}

void Links::part(const std::string& a, const std::string& b) {
  parted_.insert(in_order(a, b));
  cut_between(a, b, {Duration(0), true, true});
}

void Links::heal(const std::string& a, const std::string& b) {
  if (parted_.erase(in_order(a, b)) == 0) return;
  for (Process* one : world_.living()) {
    if (one->name() != a) continue;
    for (Process* other : world_.living()) {
      if (other->name() != b || other == one) continue;
      const auto links = static_cast<unsigned>(std::max(one->cores().size(), other->cores().size()));
      for (unsigned number = 0; number < links; ++number) {
        // One that was cut and not yet noticed is renewed by itself.
        const bool is_there = std::any_of(living_.begin(), living_.end(), [&](const Link* link) {
          return link->number == number &&
                 ((link->ends[0] == one && link->ends[1] == other) || (link->ends[1] == one && link->ends[0] == other));
        });
        if (!is_there) make(*one, *other, number);
      }
    }
  }
}

void Links::heal_all() {
  while (!parted_.empty()) {
    const auto pair = *parted_.begin();
    heal(pair.first, pair.second);
  }
}

bool Links::is_parted(const Process& a, const Process& b) const {
  return parted_.contains(in_order(a.name(), b.name()));
}

std::vector<PathId> Links::paths_to_peers(const Process& process) const {
  std::vector<PathId> paths;
  for (const Link* link : living_) {
    if (link->is_local() || link->number != 0) continue;
    if (link->ends[0] != &process && link->ends[1] != &process) continue;
    if (!link->has_noticed[link->side_of(process)]) paths.push_back(cluster::make_path(link->id, wire::this_core));
  }
  return paths;
}

bool Links::is_linked(const Process& a, std::string_view node, std::uint64_t incarnation) const {
  return std::any_of(living_.begin(), living_.end(), [&](const Link* link) {
    if (link->number != 0 || (link->ends[0] != &a && link->ends[1] != &a)) return false;
    const Process& other = *link->ends[1 - link->side_of(a)];
    const Process& peer = link->is_local() ? a : other;
    return peer.name() == node && peer.incarnation() == incarnation && !link->has_noticed[link->side_of(a)];
  });
}

Process& Links::peer_of(LinkId link, const Process& process) const {
  Link& found = *links_[link];
  return found.is_local() ? *found.ends[0] : *found.ends[1 - found.side_of(process)];
}

bool Links::is_silent() const {
  return std::all_of(living_.begin(), living_.end(), [](const Link* link) {
    if (link->is_cut) return false;
    return std::all_of(link->channels.begin(), link->channels.end(), [](const auto& side) {
      return std::all_of(side.begin(), side.end(), [](const auto& one) { return one->batches.empty(); });
    });
  });
}

}  // namespace wscluster::simulation
