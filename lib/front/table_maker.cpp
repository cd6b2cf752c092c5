// SPDX-License-Identifier: MIT
#include "front/table_maker.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "front/routes.hpp"

namespace wscluster::front {
namespace {

constexpr std::string_view http_scheme = "http://";

ring::Member member_of(const proxy::Target& target) {
  ring::Member member;
  member.name = target.name;
  member.incarnation = 1;
  member.weight = target.weight;
  return member;
}

std::shared_ptr<const proxy::Service> make_fixed(const RouteOptions& route) {
  auto service = std::make_shared<proxy::Service>();
  service->name = service_of_route(route.name);
  service->epoch = 1;
  std::vector<ring::Member> members;
  for (const std::string& url : route.to) {
    const auto endpoint = Endpoint::parse(std::string_view(url).substr(http_scheme.size()));
    service->targets.push_back({endpoint->to_string(), *endpoint, 1});
    members.push_back(member_of(service->targets.back()));
  }
  std::sort(service->targets.begin(), service->targets.end(),
            [](const proxy::Target& a, const proxy::Target& b) { return a.name < b.name; });
  service->ring = ring::HashRing(std::move(members), 0);
  return service;
}

}  // namespace

TableMaker::TableMaker(const Options& options) : options_(options) {
  for (const RouteOptions& route : options.routes) {
    if (route.to.front().starts_with(http_scheme)) fixed_[service_of_route(route.name)] = make_fixed(route);
  }
}

std::shared_ptr<const proxy::Table> TableMaker::make_first() const {
  return std::make_shared<const proxy::Table>(fixed_);
}

std::shared_ptr<const proxy::Table> TableMaker::make(const registry::Snapshot& snapshot) {
  auto table = std::make_shared<proxy::Table>(fixed_);
  std::set<std::string> names;
  for (const auto& [name, state] : snapshot.upstreams)
    names.insert(name);
  for (const UpstreamService& upstream : options_.upstreams)
    names.insert(upstream.name);
  for (const std::string& name : names) {
    Source source;
    if (const auto state = snapshot.upstreams.find(name); state != snapshot.upstreams.end())
      source.state = state->second;
    if (const auto service = snapshot.services.find(name); service != snapshot.services.end())
      source.document = service->second.document;
    auto& [known, made] = made_[name];
    if (!made || !(known == source)) {
      made = make_service(name, source);
      known = source;
    }
    (*table)[name] = made;
  }
  return table;
}

std::shared_ptr<const proxy::Service> TableMaker::make_service(const std::string& name, const Source& source) const {
  auto service = std::make_shared<proxy::Service>();
  service->name = name;
  const auto options = std::find_if(options_.upstreams.begin(), options_.upstreams.end(),
                                    [&](const UpstreamService& upstream) { return upstream.name == name; });
  if (options != options_.upstreams.end()) service->options = options->proxy;
  if (!source.document) return service;
  service->epoch = source.document->epoch;
  service->seed = source.document->seed;
  service->ring = ring::HashRing(*source.document);
  for (const ring::Member& member : source.document->members) {
    const upstream::Instance* instance = source.state ? source.state->find_member(member.name) : nullptr;
    if (instance == nullptr) continue;
    if (instance->is_secure) {
      log::warning("proxy", "a server is left out: application servers are spoken to without TLS",
                   {{"service", name}, {"server", instance->id}});
      continue;
    }
    service->targets.push_back({member.name, instance->address, member.weight});
  }
  return service;
}

}  // namespace wscluster::front
