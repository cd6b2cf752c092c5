// SPDX-License-Identifier: MIT
// Instances of upstream services in Redis.
#include <algorithm>

#include "registry/scripts.hpp"
#include "registry/store.hpp"

namespace wscluster::registry {
namespace {

std::uint64_t milliseconds_of(const Reply& time) {
  return time.at(0).number() * 1000 + time.at(1).number() / 1000;
}

}  // namespace

Result<StoredInstance> Store::load_instance(const std::string& service, const std::string& id) {
  const auto replies = connection_.pipeline({{"TIME"}, {"HGET", keys_.instances(service), id}});
  if (!replies) return replies.error();
  StoredInstance stored;
  stored.redis_ms = milliseconds_of(replies->at(0));
  stored.text = replies->at(1).text;
  if (stored.text.empty()) return stored;
  if (auto instance = upstream::parse_instance(stored.text)) stored.instance = std::move(*instance);
  return stored;
}

Result<bool> Store::write_instance(const std::string& service, const std::string& id, const std::string& expected,
                                   const upstream::Instance* next, const InstanceLease& lease) {
  const auto reply = connection_.run(instance_write_script, keys_.prefix(),
                                     {service, id, expected, next == nullptr ? std::string() : upstream::to_json(*next),
                                      lease.length ? std::to_string(lease.length->count()) : std::string(),
                                      lease.seen_end_ms == 0 ? std::string() : std::to_string(lease.seen_end_ms)});
  if (!reply) return reply.error();
  return reply->at(0).text == "ok";
}

Result<upstream::Instance> Store::renew_instance(const std::string& service, const std::string& id,
                                                 std::optional<std::uint64_t> dirty_ms) {
  const auto reply = connection_.run(instance_renew_script, keys_.prefix(),
                                     {service, id, dirty_ms ? std::to_string(*dirty_ms) : std::string()});
  if (!reply) return reply.error();
  const std::string& word = reply->at(0).text;
  if (word == "ok") return upstream::parse_instance(reply->at(1).text);
  return error(Errc::not_found, word == "outdated"
                                    ? "instance '" + id + "' of " + service + " has newer data: register it again"
                                    : "service " + service + " has no instance '" + id + "'");
}

Result<StoredInstances> Store::load_instances(const std::string& service) {
  // The revision first: what is written meanwhile is read again.
  const auto replies =
      connection_.pipeline({{"HGET", keys_.instance_revisions(), service}, {"HGETALL", keys_.instances(service)}});
  if (!replies) return replies.error();
  StoredInstances stored;
  stored.revision = replies->at(0).number();
  const auto& pairs = replies->at(1).list;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const std::string& id = pairs[i].text;
    auto instance = upstream::parse_instance(pairs[i + 1].text);
    if (!instance || instance->id != id || instance->service != service) {
      stored.unreadable.push_back(service + "/" + id + ": " +
                                  (instance ? "instance in Redis: it says another name" : instance.error().message));
      continue;
    }
    auto& into = instance->action == upstream::Action::deleted ? stored.state.gone : stored.state.instances;
    into.emplace(id, std::move(*instance));
    stored.texts.emplace(id, pairs[i + 1].text);
  }
  return stored;
}

Result<> Store::raise_revision(const std::string& service, std::uint64_t least) {
  const auto reply = connection_.command({"HGET", keys_.instance_revisions(), service});
  if (!reply) return reply.error();
  const std::uint64_t step = least - std::min(least, reply->number()) + 1;
  const auto raised = connection_.pipeline({{"HINCRBY", keys_.instance_revisions(), service, std::to_string(step)},
                                            {"INCR", keys_.generation()},
                                            {"PUBLISH", keys_.events(), "instances " + service}});
  return raised ? Result<>() : Result<>(raised.error());
}

Result<InstanceLeases> Store::load_ended_leases() {
  const auto time = connection_.command({"TIME"});
  if (!time) return time.error();
  InstanceLeases leases;
  leases.redis_ms = milliseconds_of(*time);
  const auto replies = connection_.pipeline(
      {{"ZCARD", keys_.instance_leases()},
       {"ZRANGEBYSCORE", keys_.instance_leases(), "-inf", std::to_string(leases.redis_ms), "WITHSCORES"}});
  if (!replies) return replies.error();
  leases.all = static_cast<std::size_t>(replies->at(0).number());
  const auto& pairs = replies->at(1).list;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const std::string& name = pairs[i].text;
    const auto blank = name.find(' ');
    if (blank == std::string::npos) continue;
    leases.ended.push_back({name.substr(0, blank), name.substr(blank + 1), pairs[i + 1].number()});
  }
  return leases;
}

}  // namespace wscluster::registry
