// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "ring/key.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t ring_seed = 42;
constexpr unsigned points_per_weight = 24;
constexpr std::size_t max_frame_bytes = 1U << 20U;

bool has_points(const ring::Member& member) {
  return member.weight > 0;
}

}  // namespace

World::World(std::uint64_t seed, std::vector<ServiceOptions> services)
    : random_(seed), services_(std::move(services)) {}
World::~World() = default;

std::uint64_t World::random(std::uint64_t from, std::uint64_t to) {
  return from + random_() % (to - from + 1);
}

void World::note(const std::string& text) {
  if (!is_telling) return;
  const auto ms = std::chrono::duration_cast<Duration>(now_.time_since_epoch() - std::chrono::hours(1)).count();
  story_.push_back(std::to_string(ms) + "ms " + text);
}

std::string World::name_of(const Core& core) const {
  return processes_[core.process()].name + "/" + std::to_string(core.index());
}

// ---- what there is

void World::add_node(const std::string& name, unsigned shards) {
  add_process(name, shards, false);
}
void World::add_gateway(const std::string& name, unsigned cores) {
  add_process(name, cores, true);
}

void World::add_process(const std::string& name, unsigned cores, bool is_gateway) {
  const std::size_t index = processes_.size();
  const std::uint64_t incarnation = 1000 + index;
  processes_.push_back({name, incarnation, is_gateway, {}});
  for (unsigned i = 0; i < cores; ++i) {
    const Self self{name, incarnation, i, cores};
    processes_.back().cores.push_back(std::make_unique<Core>(*this, index, i, self, is_gateway, services_));
  }
  for (std::size_t other = 0; other <= index; ++other) {
    const auto links = std::max(cores, static_cast<unsigned>(processes_[other].cores.size()));
    for (unsigned number = 0; number < links; ++number)
      make_link(other, index, number);
  }
  if (documents_.empty()) return;
  publish();
  for (const auto& core : processes_.back().cores)
    adopt(*core, versions_.size() - 1);
}

Client& World::add_client(const std::string& service, const std::string& uid) {
  const auto options =
      std::find_if(services_.begin(), services_.end(), [&](const ServiceOptions& s) { return s.name == service; });
  clients_.push_back(std::make_unique<Client>(*this, clients_.size() + 1, *options, uid));
  return *clients_.back();
}

std::size_t World::index_of(const std::string& process) const {
  const auto found =
      std::find_if(processes_.begin(), processes_.end(), [&](const Process& p) { return p.name == process; });
  return static_cast<std::size_t>(found - processes_.begin());
}

std::size_t World::core_count(const std::string& process) const {
  const std::size_t index = index_of(process);
  return index < processes_.size() ? processes_[index].cores.size() : 0;
}

Core& World::some_edge() {
  while (true) {
    const Process& process = processes_[random(0, processes_.size() - 1)];
    if (process.is_gateway || has_direct_clients) return *process.cores[random(0, process.cores.size() - 1)];
  }
}

std::size_t World::sessions() const {
  std::size_t count = 0;
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      for (const auto& holder : core->holders())
        count += holder->sessions();
    }
  }
  return count;
}

// ---- documents and views

void World::form_ring(const std::vector<std::string>& nodes) {
  std::vector<ring::Member> members;
  for (const std::string& node : nodes)
    members.push_back({node, processes_[index_of(node)].incarnation, 1, ring::MemberState::up});
  for (const ServiceOptions& service : services_) {
    ring::Document document = ring::first_document(service.name, ring_seed, 7, members).value();
    document.points_per_weight = points_per_weight;
    document.digest = ring::digest_of(document);
    documents_.push_back(std::make_shared<ring::Document>(std::move(document)));
  }
  history_.push_back(documents_.front());
  done_through_ = epoch();
  publish();
  for (const Process& process : processes_) {
    for (const auto& core : process.cores)
      adopt(*core, versions_.size() - 1);
  }
}

void World::change_ring(const std::vector<std::string>& nodes, double rate) {
  std::vector<ring::Member> members;
  for (const std::string& node : nodes)
    members.push_back({node, processes_[index_of(node)].incarnation, 1, ring::MemberState::up});
  for (const ring::Member& member : documents_.front()->members) {
    if (std::find(nodes.begin(), nodes.end(), member.name) != nodes.end()) continue;
    members.push_back({member.name, member.incarnation, 0, ring::MemberState::draining});
  }
  std::string text;
  for (const ring::Member& member : members)
    text += " " + member.name + (has_points(member) ? "" : "(leaving)");
  for (auto& document : documents_) {
    document = std::make_shared<ring::Document>(
        ring::next_document(*document, members, "test", "", "", done_through_).value());
  }
  history_.push_back(documents_.front());
  policies_.push_back({epoch(), rate, 1012, {}, Evict::moved, Duration{0}, Duration{0}});
  note("epoch " + std::to_string(epoch()) + ":" + text);
  publish();
}

void World::drop_leavers() {
  for (auto& document : documents_) {
    std::vector<ring::Member> members;
    std::copy_if(document->members.begin(), document->members.end(), std::back_inserter(members), has_points);
    if (members.size() == document->members.size()) return;
    document = std::make_shared<ring::Document>(
        ring::next_document(*document, members, "test", "", "", done_through_).value());
  }
  history_.push_back(documents_.front());
  note("epoch " + std::to_string(epoch()) + ": leavers are dropped");
  publish();
}

void World::publish() {
  auto view = std::make_shared<View>();
  for (std::size_t i = 0; i < services_.size(); ++i) {
    view->services[services_[i].name] = ServiceView::make(documents_[i], done_through_, policies_);
  }
  for (const Process& process : processes_) {
    const auto cores = static_cast<unsigned>(process.cores.size());
    Peer peer;
    peer.name = process.name;
    peer.incarnation = process.incarnation;
    peer.is_gateway = process.is_gateway;
    peer.cores = cores;
    peer.shards = process.is_gateway ? 0 : cores;
    view->peers[process.name] = peer;
  }
  versions_.push_back(std::move(view));
}

void World::adopt(Core& core, std::size_t version) {
  adopted_[&core] = version;
  note(name_of(core) + " adopts epoch " + std::to_string(versions_[version]->services.begin()->second->epoch()));
  core.adopt(now_, versions_[version]);
}

/// Each core on its own, and perhaps with views left out.
void World::adopt_some() {
  if (!chance(6)) return;
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      const std::size_t has = adopted_[core.get()];
      if (has + 1 < versions_.size() && chance(10)) adopt(*core, random(has + 1, versions_.size() - 1));
    }
  }
}

void World::mark_done() {
  if (documents_.empty() || is_change_done()) return;
  const std::uint64_t next = done_through_ + 1;
  DonorCount sum;
  for (const Process& process : processes_) {
    for (const auto& core : process.cores) {
      for (const auto& holder : core->holders()) {
        if (core->view()->services.begin()->second->epoch() < next) return;
        const auto found = holder->donated().find(next);
        if (found == holder->donated().end()) continue;
        if (!found->second.is_done) return;
        sum.planned += found->second.planned;
        sum.moved += found->second.moved;
        sum.closed += found->second.closed;
        sum.gone += found->second.gone;
        sum.forced += found->second.forced;
      }
      for (const auto& [key, count] : core->attachments().donated()) {
        if (key.second != next) continue;
        sum.closed += count.closed;
        sum.gone += count.gone;
      }
    }
  }
  // A socket that its edge will close is in nobody's count yet.
  if (sum.planned != sum.moved + sum.closed + sum.gone) return;
  donated_[next] = sum;
  done_through_ = next;
  note("the change to epoch " + std::to_string(next) + " is done");
  publish();
}

// ---- links

void World::make_link(std::size_t a, std::size_t b, unsigned number) {
  Link link;
  link.processes[0] = a;
  link.processes[1] = b;
  link.number = number;
  links_[++last_link_] = link;
}

World::Channel& World::channel(LinkId link, std::size_t side, unsigned core) {
  Channel*& found = channel_index_[{link, side, core}];
  if (found == nullptr) {
    channels_.push_back(std::make_unique<Channel>(Channel{link, side, core, {}, {}}));
    found = channels_.back().get();
  }
  return *found;
}

bool World::is_local(PathId path) const {
  const auto found = links_.find(link_of(path));
  return found != links_.end() && found->second.processes[0] == found->second.processes[1];
}

PathId World::path_to(Core& core, std::string_view node, std::uint64_t incarnation, unsigned shard) {
  for (const auto& [id, link] : links_) {
    const bool is_first = link.processes[0] == core.process();
    if (!is_first && link.processes[1] != core.process()) continue;
    const Process& other = processes_[link.processes[is_first ? 1 : 0]];
    if (link.number != core.index() || other.name != node || other.incarnation != incarnation) continue;
    if (!link.has_noticed[is_first ? 0 : 1]) return make_path(id, static_cast<std::uint8_t>(shard));
  }
  return 0;
}

std::string* World::output(Core& core, PathId path) {
  const auto found = links_.find(link_of(path));
  if (found == links_.end()) return nullptr;
  const Link& link = found->second;
  const bool is_local = link.processes[0] == link.processes[1];
  const std::size_t from = link.processes[0] == core.process() ? 0 : 1;
  if (link.has_noticed[from]) return nullptr;
  if (link.is_cut) return &(void_ = {});
  const std::size_t to = is_local ? 0 : 1 - from;
  const auto cores = static_cast<unsigned>(processes_[link.processes[to]].cores.size());
  const std::uint8_t wanted = destination_of(path);
  return &channel(found->first, to, wanted == wire::this_core ? link.number % cores : wanted).bytes;
}

void World::deliver(Channel& channel) {
  wire::Raw raw;
  const auto status = wire::cut(channel.bytes, max_frame_bytes, raw);
  if (status != wire::CutStatus::ok) {
    // Half a frame stays where a link was cut.
    if (!links_.at(channel.link).is_cut) checker.break_promise("a frame that cannot be cut");
    channel.bytes.clear();
    return;
  }
  // The core may write to the same channel meanwhile.
  const std::string bytes = channel.bytes.substr(0, raw.size);
  channel.bytes.erase(0, raw.size);
  static_cast<void>(wire::cut(bytes, max_frame_bytes, raw));
  const auto frame = wire::decode(raw);
  if (!frame) return checker.break_promise(frame.error().message);
  Process& process = processes_[links_.at(channel.link).processes[channel.side]];
  process.cores[channel.core]->receive(now_, make_path(channel.link, wire::this_core), *frame);
}

void World::deliver_some() {
  const std::size_t count = channels_.size();
  const std::size_t start = count == 0 ? 0 : random(0, count - 1);
  for (std::size_t i = 0; i < count; ++i) {
    Channel& one = *channels_[(start + i) % count];
    if (one.bytes.empty() || now_ < one.stalled_until) continue;
    if (chance(40)) {
      one.stalled_until = now_ + Duration(random(1, chance(10) ? 500 : 15));
      continue;
    }
    for (auto frames = random(1, 8); frames > 0 && !one.bytes.empty(); --frames)
      deliver(one);
  }
}

void World::cut_some_link() {
  auto link = links_.begin();
  std::advance(link, static_cast<std::ptrdiff_t>(random(0, links_.size() - 1)));
  Link& chosen = link->second;
  if (chosen.is_cut || chosen.processes[0] == chosen.processes[1]) return;
  ++cuts_;
  chosen.is_cut = true;
  chosen.heal_at = now_ + Duration(random(1, chance(5) ? 2000 : 100));
  for (const auto& one : channels_) {
    if (one->link == link->first) one->bytes.resize(random(0, one->bytes.size()));
  }
  note("link " + processes_[chosen.processes[0]].name + " - " + processes_[chosen.processes[1]].name + " #" +
       std::to_string(chosen.number) + " is cut");
}

/// Each side in its own time; what arrived before is read before. The pair is linked anew when both know.
void World::notice_cuts() {
  std::vector<LinkId> cut;
  for (const auto& [id, link] : links_) {
    if (link.is_cut) cut.push_back(id);
  }
  for (const LinkId id : cut) {
    Link& link = links_.at(id);
    for (std::size_t side = 0; side < 2; ++side) {
      if (link.has_noticed[side] || !chance(20)) continue;
      link.has_noticed[side] = true;
      for (const auto& one : channels_) {
        if (one->link == id && one->side == side) one->bytes.clear();
      }
      for (const auto& core : processes_[link.processes[side]].cores)
        core->link_down(now_, id);
    }
    if (!link.has_noticed[0] || !link.has_noticed[1] || now_ < link.heal_at) continue;
    make_link(link.processes[0], link.processes[1], link.number);
    links_.erase(id);
    std::erase_if(channel_index_, [&](const auto& entry) { return std::get<0>(entry.first) == id; });
    std::erase_if(channels_, [&](const auto& one) { return one->link == id; });
  }
}

}  // namespace wscluster::cluster
