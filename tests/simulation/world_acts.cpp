// SPDX-License-Identifier: MIT
// What happens in a story, and the operator's command line.
#include <algorithm>
#include <sstream>

#include "world.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  return words;
}

}  // namespace

void World::play_actions() {
  // Everybody is connected before anything happens.
  const TimePoint curtain = started_ + overture;
  for (const Action& action : story_.actions) {
    if (action.nth > 0) {
      triggers_.push_back({action, 0, false});
    } else {
      agenda_.at(curtain + action.at, [this, &action] { do_action(action, nullptr, nullptr); });
    }
  }
}

bool World::on_frame(Process& from, Process& to, const Link& link, wire::FrameType type, bool is_after) {
  bool is_lost = false;
  for (std::size_t i = 0; i < triggers_.size(); ++i) {
    Trigger& trigger = triggers_[i];
    if (trigger.is_spent || trigger.action.frame != type || trigger.action.is_after != is_after) continue;
    if (link.is_local() || agenda_.now() < started_ + overture + trigger.action.at) continue;
    if (++trigger.seen < trigger.action.nth) continue;
    trigger.is_spent = true;
    const Action action = trigger.action;
    do_action(action, &from, &to);
    // The frame that set it off goes down with its link.
    is_lost = is_lost || (!is_after && link.is_cut);
  }
  return is_lost;
}

std::string World::name_of_role(const std::string& role, const Process* sender, const Process* receiver) const {
  if (role == the_sender && sender != nullptr) return sender->name();
  if (role == the_receiver && receiver != nullptr) return receiver->name();
  const bool wants_gateway = role == a_gateway;
  if (!wants_gateway && role != a_third) return role;
  for (const Process* process : living()) {
    if (process != sender && process != receiver && process->is_gateway() == wants_gateway) return process->name();
  }
  for (const Process* process : living())
    if (process->is_gateway() == wants_gateway) return process->name();
  return {};
}

void World::do_action(const Action& action, const Process* sender, const Process* receiver) {
  Action resolved = action;
  resolved.who = name_of_role(action.who, sender, receiver);
  resolved.other = name_of_role(action.other, sender, receiver);
  if (action.act != Act::say && action.act != Act::rest && action.act != Act::publish && is_telling_)
    write_note("** " + describe(resolved));
  apply(resolved);
}

void World::apply(const Action& action) {
  const TimePoint now = agenda_.now();
  Process* const who = find(action.who);
  const Cut cut{action.lasting, false, true};
  switch (action.act) {
    case Act::say:
      for (std::uint64_t i = 0; i < action.count; ++i)
        clients_[action.number]->say(action.other);
      break;
    case Act::rest:
      if (who == nullptr || !who->view()) break;
      who->when_running([this, who, uid = action.other, count = action.count, wait = action.number] {
        for (std::uint64_t i = 0; i < count; ++i) {
          turn(*who->random().pick(who->cores()), [&](Core& core) {
            core.send_message(who->turn_time(), "chat", uid, wait == 1 ? wire::Wait::queued : wire::Wait::delivered,
                              20s);
          });
        }
      });
      break;
    case Act::copies:
      if (who != nullptr) send_under_id(*who, action);
      break;
    case Act::evict:
      if (who == nullptr || !who->view()) break;
      evictions_.ordered(action.other);
      who->when_running([this, who, uid = action.other] {
        turn(*who->random().pick(who->cores()), [&](Core& core) { core.evict(who->turn_time(), uid, 40); });
      });
      break;
    case Act::join:
      clients_[action.number]->join(action.other);
      break;
    case Act::leave:
      clients_[action.number]->leave(action.other);
      break;
    case Act::publish:
      for (std::uint64_t i = 0; i < action.count; ++i) {
        if (action.who.empty()) clients_[action.number]->publish(action.other);
        if (who == nullptr || !who->view()) continue;
        who->when_running([this, who, group = action.other] {
          turn(*who->random().pick(who->cores()),
               [&](Core& core) { core.publish(who->turn_time(), "chat", group, 20s); });
        });
      }
      break;
    case Act::vanish:
      clients_[action.number]->vanish();
      break;
    case Act::arrive:
      if (clients_[action.number]->is_away()) clients_[action.number]->connect();
      break;
    case Act::ring:
      change_ring(words_of(action.who), policy(static_cast<double>(action.number)), 6);
      break;
    case Act::ring_evict: {
      registry::ChangePolicy plan_a = policy(static_cast<double>(action.number));
      plan_a.evict = registry::Evict::all;
      change_ring(words_of(action.who), plan_a, 6);
      break;
    }
    case Act::abort:
      abort_change();
      break;
    case Act::cli_dies:
      break;  // It has read, and nobody hears of it again.
    case Act::drain:
      if (who != nullptr) who->drain(static_cast<double>(action.number));
      break;
    case Act::kill:
      if (who != nullptr) who->kill();
      break;
    case Act::restart:
      for (const Cast& cast : story_.cast) {
        if (cast.name != action.who || who != nullptr) continue;
        add_process(cast, false).registrar().start();
      }
      break;
    case Act::stop:
      stop_for(action.who, action.lasting);
      break;
    case Act::cut:
      links_.cut_between(action.who, action.other, cut);
      break;
    case Act::part:
      links_.part(action.who, action.other);
      agenda_.in(action.lasting, [this, a = action.who, b = action.other] { links_.heal(a, b); });
      break;
    case Act::lag:
      if (who == nullptr) break;
      who->lag = Duration(action.number);
      agenda_.in(action.lasting, [who] { who->lag = Duration(0); });
      break;
    case Act::redis_away:
      redis_away_until_ = std::max(redis_away_until_, now + action.lasting);
      if (action.number == 0) ++redis_connection_;
      break;
    case Act::redis_cut:
      redis_cut_until_[action.who] = now + action.lasting;
      break;
    case Act::redis_deaf:
      redis_deaf_until_[action.who] = now + action.lasting;
      break;
    case Act::redis_save:
      redis_.save();
      break;
    case Act::redis_roll_back:
      if (redis_.roll_back()) ++redis_connection_;
      break;
    case Act::redis_flush:
      redis_.flush();
      ++redis_connection_;
      break;
  }
}

/// The copies go to anybody, perhaps before the first one has arrived.
void World::send_under_id(Process& who, const Action& action) {
  who.when_running([this, &who, action] {
    if (!who.view()) return;
    const std::uint64_t number = checker_.sent(new_sender(), action.other);
    checker_.said_again(number);
    for (std::uint64_t copy = 0; copy <= action.count; ++copy) {
      const auto send = [this, number, copy, uid = action.other](Process& from) {
        turn(*from.random().pick(from.cores()),
             [&](Core& core) { core.send_copy(from.turn_time(), uid, number, copy, 20s); });
      };
      if (copy == 0) {
        send(who);
        continue;
      }
      agenda_.in(random_.micros(0, static_cast<std::uint64_t>(action.lasting.count()) * 1000), [this, send] {
        const auto all = living();
        Process* const from = random_.pick(all);
        from->when_running([send, from] { send(*from); });
      });
    }
  });
}

void World::stop_for(const std::string& name, Duration lasting) {
  Process* const process = find(name);
  if (process == nullptr) return;
  process->stop();
  // Its peers hear nothing for so long that they give the links up.
  agenda_.in(dead_after(), [this, process] {
    if (process->is_running() || process->is_dead()) return;
    links_.cut_all_of(*process, {Duration(0), false, false});
  });
  agenda_.in(lasting, [process] { process->resume(); });
}

// ---- wscluster ring …

void World::write_ring(const std::string& service, const DocumentPtr& from, std::vector<ring::Member> members,
                       registry::Action action, const registry::ChangePolicy& policy,
                       const std::function<void()>& retry) {
  const ServiceRow* row = redis_.service(service);
  if (row == nullptr || !row->head) return;
  const auto next = ring::next_document(*from, std::move(members), "cli", "", "", row->done);
  if (!next) return;
  const DocumentPtr to = std::make_shared<ring::Document>(*next);
  const CommitRequest request{from, to, registry::describe_change(from.get(), *to, action, "", policy, "cli")};
  // Somebody else may write between its reading and its writing.
  agenda_.in(random_.micros(300, 4'000), [this, request, retry] {
    if (agenda_.now() < redis_away_until_) return;
    const Outcome outcome = redis_.commit(agenda_.now(), request);
    if (outcome == Outcome::written) return;
    note(std::string("ring: refused: ") + to_string(outcome));
    agenda_.in(random_.micros(20'000, 200'000), retry);
  });
}

void World::change_ring(const std::vector<std::string>& owners, const registry::ChangePolicy& policy,
                        unsigned attempts) {
  if (attempts == 0) return;
  const auto retry = [this, owners, policy, attempts] { change_ring(owners, policy, attempts - 1); };
  if (agenda_.now() < redis_away_until_) {
    agenda_.in(200ms, retry);
    return;
  }
  for (const cluster::ServiceOptions& service : services_) {
    const ServiceRow* row = redis_.service(service.name);
    if (row == nullptr || !row->head) continue;
    std::vector<ring::Member> members = row->head->members;
    for (ring::Member& member : members) {
      const bool stays = std::find(owners.begin(), owners.end(), member.name) != owners.end();
      member.weight = stays ? 1 : 0;
      member.state = stays ? ring::MemberState::up : ring::MemberState::draining;
    }
    for (const std::string& owner : owners) {
      const bool is_member =
          std::any_of(members.begin(), members.end(), [&](const auto& m) { return m.name == owner; });
      const auto registered = redis_.data().members.find(owner);
      if (is_member || registered == redis_.data().members.end()) continue;
      if (!redis_.is_alive(agenda_.now(), owner, registered->second.incarnation)) continue;
      members.push_back({owner, registered->second.incarnation, 1, ring::MemberState::up});
    }
    const bool has_owner = std::any_of(members.begin(), members.end(), [](const auto& m) { return m.weight > 0; });
    if (members == row->head->members || !has_owner) continue;
    write_ring(service.name, row->head, std::move(members), registry::Action::weight, policy, retry);
  }
}

/// A new epoch with the membership before the last planned change, of those who still live.
void World::abort_change() {
  if (agenda_.now() < redis_away_until_) return;
  for (const cluster::ServiceOptions& service : services_) {
    const ServiceRow* row = redis_.service(service.name);
    const auto& all = written_[service.name];
    if (row == nullptr || !row->head || all.size() < 2) continue;
    const ring::Document& before = **(all.end() - 2);
    std::vector<ring::Member> members = row->head->members;
    for (ring::Member& member : members) {
      const auto old = std::find_if(before.members.begin(), before.members.end(), [&](const ring::Member& m) {
        return m.name == member.name && m.incarnation == member.incarnation;
      });
      member.weight = old == before.members.end() ? 0 : old->weight;
      member.state = member.weight > 0 ? ring::MemberState::up : ring::MemberState::draining;
    }
    const bool has_owner = std::any_of(members.begin(), members.end(), [](const auto& m) { return m.weight > 0; });
    if (!has_owner || members == row->head->members) continue;
    write_ring(service.name, row->head, std::move(members), registry::Action::abort, policy(0), [] {});
  }
}

}  // namespace wscluster::simulation
