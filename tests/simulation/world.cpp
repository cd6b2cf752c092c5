// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "mutations.hpp"
#include "ring/hash_ring.hpp"
#include "ring/key.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr unsigned points_per_weight = 24;

std::vector<cluster::ServiceOptions> services_of(const Story& story) {
  cluster::ServiceOptions chat;
  chat.name = "chat";
  chat.window_messages = story.window_messages;
  cluster::ServiceOptions echo = chat;
  echo.name = "echo";
  echo.raw = cluster::RawMode::echo;
  std::vector<cluster::ServiceOptions> services{chat};
  if (std::any_of(story.devices.begin(), story.devices.end(), [](const auto& d) { return d.service == "echo"; }))
    services.push_back(echo);
  for (cluster::ServiceOptions& service : services)
    mutate(service, story.mutation);
  return services;
}

}  // namespace

World::World(const Story& story, bool is_telling)
    : story_((seed_ids(story.seed), story)),
      is_telling_(is_telling),
      services_(services_of(story)),
      started_(agenda_.now()),
      checker_(story.promises.is_lossless || story.promises.keeps_sending),
      groups_(checker_),
      evictions_(checker_, story.promises.is_lossless),
      redis_(story.heartbeat, story.lease),
      links_(*this, mix(story.seed, "links")),
      watch_(*this),
      random_(mix(story.seed, "world")) {
  redis_.observer = [this](const DocumentPtr& before, const DocumentPtr& now, registry::Action action) {
    on_document_written(before, now, action);
  };
}

World::~World() = default;

void World::write_note(std::string text) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(agenda_.now() - started_).count();
  notes_.push_back(std::to_string(micros / 1000) + "." + std::to_string(micros / 100 % 10) + "ms " + std::move(text));
}

/// Frames about where a user is; messages have their own lines.
void World::write_frame(const Process& from, const Process& to, const wire::Raw& raw) {
  using wire::FrameType;
  constexpr FrameType dull[] = {FrameType::up,      FrameType::down,    FrameType::progress, FrameType::answered,
                                FrameType::message, FrameType::settled, FrameType::document, FrameType::receipt,
                                FrameType::word,    FrameType::fan,     FrameType::copy};
  if (std::find(std::begin(dull), std::end(dull), raw.type) != std::end(dull)) return;
  write_note(from.name() + " -> " + to.name() + ": " + name_of(raw.type));
}

void World::tell_message(const char* what, std::string_view payload, const Core& core) {
  const auto at = payload.rfind("\"data\":");
  if (!is_telling_ || at == std::string_view::npos) return;
  const auto end = payload.find_first_of(",}", at + 7);
  write_note("#" + std::string(payload.substr(at + 7, end - at - 7)) + " " + what + " at " + core.process().name() +
             "/" + std::to_string(core.index()));
}

bool World::trusts_itself_always() const noexcept {
  return story_.mutation != 0 && is_mutation(story_.mutation, "no_self_suspension");
}
bool World::never_waits_to_remove() const noexcept {
  return is_mutation(story_.mutation, "no_removal_pause");
}
bool World::forgets_reports() const noexcept {
  return is_mutation(story_.mutation, "forgets_reports");
}
bool World::never_puts_back() const noexcept {
  return story_.mutation != 0 && is_mutation(story_.mutation, "no_put_back");
}

// ---- what there is

Process& World::add_process(const Cast& cast, bool is_standby) {
  registry::Registration self;
  self.name = cast.name;
  self.incarnation = ++incarnations_;
  self.role = cast.is_gateway ? registry::Role::gateway : registry::Role::node;
  self.cores = cast.cores;
  self.shards = cast.is_gateway ? 0 : cast.cores;
  self.is_standby = is_standby;
  for (const cluster::ServiceOptions& service : services_)
    self.services.push_back(service.name);
  processes_.push_back(std::make_unique<Process>(*this, processes_.size(), self));
  Process& process = *processes_.back();
  links_.connect(process, processes_);
  process.start();
  return process;
}

void World::form_ring() {
  std::vector<ring::Member> members;
  for (const auto& process : processes_) {
    const auto& self = process->registrar().self();
    redis_.renew(agenda_.now(), self, {}, TimePoint::max());
    if (!process->is_gateway() && !self.is_standby)
      members.push_back({self.name, self.incarnation, 1, ring::MemberState::up});
  }
  for (const cluster::ServiceOptions& service : services_) {
    const DocumentPtr document = std::make_shared<ring::Document>(first_document(service.name, members).value());
    redis_.commit(agenda_.now(), {nullptr, document,
                                  registry::describe_change(nullptr, *document, registry::Action::join, "", {}, "")});
  }
  for (const auto& process : processes_)
    process->registrar().start_settled(redis_.data());
}

Result<ring::Document> World::first_document(const std::string& service, std::vector<ring::Member> members) const {
  auto document = ring::first_document(service, mix(story_.seed, service), random_id(), std::move(members));
  if (!document) return document;
  document->points_per_weight = points_per_weight;
  document->digest = ring::digest_of(*document);
  return document;
}

registry::ChangePolicy World::policy(double rate) const {
  registry::ChangePolicy policy;
  policy.rate = rate;
  policy.settle = 2s;
  return policy;
}

std::vector<Process*> World::living() const {
  std::vector<Process*> found;
  for (const auto& process : processes_)
    if (!process->is_dead()) found.push_back(process.get());
  return found;
}

Process* World::find(const std::string& name) const {
  for (auto it = processes_.rbegin(); it != processes_.rend(); ++it)
    if ((*it)->name() == name && !(*it)->is_dead()) return it->get();
  return nullptr;
}

Core* World::edge_for(const Device& device, Random& random) const {
  std::vector<Process*> fit;
  for (Process* process : living()) {
    const bool is_wanted =
        device.edge.empty() ? process->is_gateway() != device.is_direct : process->name() == device.edge;
    if (is_wanted && process->takes_clients()) fit.push_back(process);
  }
  if (fit.empty()) return nullptr;
  return random.pick(random.pick(fit)->cores()).get();
}

// ---- documents and words on links

DocumentPtr World::document(const std::string& digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : found->second;
}

/// The digest stands for the whole document, which both ends know to parse.
void World::send_document(Process& from, cluster::PathId path, const ring::Document& document) {
  from.cores()[0]->send(path, wire::Document{document.service, document.epoch, document.digest});
  links_.flush();
}

void World::give_to_process(Process& to, Process& from, cluster::LinkId link, const wire::Raw& raw) {
  const auto frame = wire::decode(raw);
  if (!frame) return checker_.break_promise(frame.error().message);
  if (const auto* document = std::get_if<wire::Document>(&*frame)) to.on_document(*document);
  if (const auto* word = std::get_if<wire::Word>(&*frame)) to.on_word(link, from, *word);
}

void World::on_document_written(const DocumentPtr& before, const DocumentPtr& now, registry::Action action) {
  by_digest_[now->digest] = now;
  written_[now->service].push_back(now);
  if (is_telling_) {
    std::string text = "epoch " + std::to_string(now->epoch) + " of " + now->service + ":";
    for (const ring::Member& member : now->members)
      text += " " + member.name + (member.weight > 0 ? "" : "(leaving)");
    write_note(text + ", " + registry::to_string(action));
  }
  for (Process* process : living()) {
    // A hint, and hints may get lost.
    if (!reaches_redis(*process) || process->random().chance(6)) continue;
    agenda_.in(process->random().micros(100, 3'000),
               [process] { process->when_running([process] { process->registrar().wake(); }); });
  }
  if (action != registry::Action::dead || !before) return;
  for (const ring::Member& member : before->members) {
    const bool has_stayed = std::any_of(now->members.begin(), now->members.end(), [&](const ring::Member& other) {
      return other.name == member.name && other.incarnation == member.incarnation;
    });
    if (has_stayed) continue;
    for (Process* process : living()) {
      const DocumentPtr held = process->registrar().held(now->service);
      // Who does not know yet that it is a member holds nobody.
      const bool knows = held && std::any_of(held->members.begin(), held->members.end(), [&](const ring::Member& m) {
                           return m.incarnation == member.incarnation;
                         });
      if (process->incarnation() == member.incarnation && knows && !process->is_suspended())
        checker_.break_promise(member.name + " was taken for dead and trusts itself");
    }
    if (story_.promises.keeps_members) checker_.break_promise(member.name + " was taken for dead and lives");
    const auto death = deaths_.find(member.incarnation);
    const Duration bound = story_.lease + 3 * story_.heartbeat;
    if (story_.promises.detects_deaths && death != deaths_.end() && agenda_.now() - death->second > bound) {
      checker_.break_promise(member.name + " was taken for dead after more than " + std::to_string(bound.count()) +
                             "ms");
    }
  }
}

// ---- Redis as the processes see it

bool World::reaches_redis(const Process& process) const {
  const auto cut = redis_cut_until_.find(process.name());
  return agenda_.now() >= redis_away_until_ && (cut == redis_cut_until_.end() || agenda_.now() >= cut->second);
}

bool World::loses_reply(const Process& process) const {
  const auto deaf = redis_deaf_until_.find(process.name());
  return deaf != redis_deaf_until_.end() && agenda_.now() < deaf->second;
}

// ---- deaths and closes

void World::on_dead(Process& process, bool is_killed) {
  ++killed_;
  if (is_killed && !process.is_gateway()) deaths_[process.incarnation()] = agenda_.now();
  if (is_killed || process.is_expelled()) {
    lost_.insert(process.incarnation());
    checker_.state_lost();
  }
  links_.cut_all_of(process, {Duration(0), is_killed && process.random().chance(4), is_killed});
  for (const auto& core : process.cores()) {
    watch_.forget(*core);
    const auto sockets = core->sockets;
    for (const auto& [socket, client] : sockets)
      client->on_broken();
    for (const std::uint64_t number : core->open_sends)
      checker_.given_up(Core::number_of(number));
    core->open_sends.clear();
  }
}

void World::start_again(const Process& dead, Duration delay) {
  const auto cast =
      std::find_if(story_.cast.begin(), story_.cast.end(), [&](const Cast& one) { return one.name == dead.name(); });
  agenda_.in(delay, [this, cast] {
    if (find(cast->name) != nullptr) return;
    note(cast->name + " starts again");
    add_process(*cast, false).registrar().start();
  });
}

bool World::has_owner_changed(const std::string& service, const std::string& uid) const {
  const auto found = written_.find(service);
  if (found == written_.end()) return false;
  const std::uint64_t hash = ring::hash_uid(uid, found->second.front()->seed);
  std::string last;
  for (const DocumentPtr& document : found->second) {
    const ring::HashRing ring(*document);
    const ring::Member* owner = ring.owner_of(hash);
    const std::string now = owner == nullptr ? "" : owner->name + std::to_string(owner->incarnation);
    if (!last.empty() && now != last) return true;
    last = now;
  }
  return false;
}

void World::on_client_closed(const Client& client, std::uint16_t code) {
  const Device& device = client.device();
  const bool edge_leaves = client.core()->process().is_draining();
  const bool is_evicted = evictions_.has(device.uid);
  if (code == 1012 && !edge_leaves && !is_evicted && !story_.promises.closes_everybody &&
      !has_owner_changed(device.service, device.uid)) {
    checker_.break_promise(device.uid + " was closed for a change that did not touch it");
  }
  if (code != 1012 && story_.promises.is_lossless && device.reading != Reading::never) {
    checker_.break_promise(device.uid + " was closed with " + std::to_string(code));
  }
}

Figures World::figures() const {
  Figures figures;
  figures.messages = checker_.total();
  figures.unknown = checker_.answers("unknown");
  figures.unanswered = checker_.unanswered();
  for (const auto& [service, documents] : written_)
    figures.epochs += documents.size();
  figures.moves = watch_.moves();
  figures.deaths = killed_;
  return figures;
}

}  // namespace wscluster::simulation
