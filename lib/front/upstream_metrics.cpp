// SPDX-License-Identifier: MIT
#include "front/upstream_metrics.hpp"

#include <algorithm>
#include <utility>

namespace wscluster::front {
namespace {

using metrics::Family;

struct Figure {
  const char* name;
  const char* help;
  double (*value)(const proxy::ServiceReport& report);
};

void add_figures(std::vector<Family>& families, const CoreCounters& sum, Family (*make)(std::string, std::string),
                 const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    Family family = make(figure.name, figure.help);
    for (const auto& [service, report] : sum.upstreams)
      family.add(figure.value(report), {{"service", service}});
    families.push_back(std::move(family));
  }
}

void add_answers(std::vector<Family>& families, const CoreCounters& sum) {
  Family answers = Family::counter("wscluster_upstream_answers_total",
                                   "Answers to passed requests and refused upgrades by the first digit of the status.");
  for (const auto& [service, report] : sum.upstreams) {
    for (std::size_t digit = 2; digit < std::size(report.counters.answered); ++digit) {
      answers.add(static_cast<double>(report.counters.answered[digit]),
                  {{"service", service}, {"status", std::to_string(digit) + "xx"}});
    }
  }
  families.push_back(std::move(answers));
}

}  // namespace

void add_upstreams(std::vector<Family>& families, const CoreCounters& sum) {
  Family refused = Family::counter("wscluster_routes_refused_total", "Requests on a route that were refused here.");
  refused.add(static_cast<double>(sum.router.refused_users), {{"why", "user"}});
  refused.add(static_cast<double>(sum.router.refused_origins), {{"why", "origin"}});
  refused.add(static_cast<double>(sum.router.refused_paths), {{"why", "path"}});
  families.push_back(std::move(refused));
  if (sum.upstreams.empty()) return;
  using Report = proxy::ServiceReport;
  add_figures(families, sum, &Family::counter,
              {{"wscluster_upstream_requests_total", "Requests passed to application servers.",
                [](const Report& r) { return static_cast<double>(r.counters.requests); }},
               {"wscluster_upstream_upgrades_total", "WebSockets that application servers accepted.",
                [](const Report& r) { return static_cast<double>(r.counters.upgrades); }},
               {"wscluster_upstream_upgrades_refused_total", "WebSockets that application servers did not accept.",
                [](const Report& r) { return static_cast<double>(r.counters.refused); }},
               {"wscluster_upstream_connects_total", "Connections to application servers.",
                [](const Report& r) { return static_cast<double>(r.counters.connects); }},
               {"wscluster_upstream_reused_total", "Requests on a connection that was kept.",
                [](const Report& r) { return static_cast<double>(r.counters.reused); }},
               {"wscluster_upstream_retries_total", "Other attempts for what was not executed.",
                [](const Report& r) { return static_cast<double>(r.counters.retries); }},
               {"wscluster_upstream_unreachable_total", "503: no server, or none that can be reached.",
                [](const Report& r) { return static_cast<double>(r.counters.unreachable); }},
               {"wscluster_upstream_broken_total", "502, answers and WebSockets that a server broke off.",
                [](const Report& r) { return static_cast<double>(r.counters.broken); }},
               {"wscluster_upstream_timeouts_total", "504: a server did not answer in time.",
                [](const Report& r) { return static_cast<double>(r.counters.timed_out); }},
               {"wscluster_upstream_ejections_total", "Servers that were left out because they failed.",
                [](const Report& r) { return static_cast<double>(r.counters.ejections); }},
               {"wscluster_upstream_evictions_total", "WebSockets closed because the ring moved their user.",
                [](const Report& r) { return static_cast<double>(r.counters.evicted); }}});
  add_answers(families, sum);
  add_figures(families, sum, &Family::gauge,
              {{"wscluster_upstream_requests_open", "Requests under way.",
                [](const Report& r) { return static_cast<double>(r.requests); }},
               {"wscluster_upstream_websockets", "WebSockets carried to application servers.",
                [](const Report& r) { return static_cast<double>(r.websockets); }},
               {"wscluster_upstream_misplaced", "WebSockets whose user the ring has elsewhere.",
                [](const Report& r) { return static_cast<double>(r.misplaced); }},
               {"wscluster_upstream_servers", "Application servers that take requests.",
                [](const Report& r) { return static_cast<double>(r.servers); }},
               {"wscluster_upstream_ejected", "Of them, those left out now because they failed; the most on any core.",
                [](const Report& r) { return static_cast<double>(r.ejected); }},
               {"wscluster_upstream_sick", "Of them, those whose health check fails; the most on any core.",
                [](const Report& r) { return static_cast<double>(r.sick); }},
               {"wscluster_upstream_epoch", "Epoch of the ring of application servers.",
                [](const Report& r) { return static_cast<double>(r.epoch); }}});
  Family misplaced_times =
      Family::histogram("wscluster_upstream_misplaced_seconds",
                        "How long WebSockets stayed after a ring change gave their user to another server.");
  for (const auto& [service, report] : sum.upstreams)
    misplaced_times.add(report.misplaced_times, {{"service", service}});
  families.push_back(std::move(misplaced_times));
  Family idle = Family::gauge("wscluster_upstream_idle_connections", "Kept connections to application servers.");
  idle.add(static_cast<double>(sum.idle_upstream_connections));
  families.push_back(std::move(idle));
}

void merge_upstreams(CoreCounters& sum, const CoreCounters& part) {
  sum.router.refused_users += part.router.refused_users;
  sum.router.refused_origins += part.router.refused_origins;
  sum.router.refused_paths += part.router.refused_paths;
  sum.idle_upstream_connections += part.idle_upstream_connections;
  for (const auto& [service, report] : part.upstreams) {
    proxy::ServiceReport& whole = sum.upstreams[service];
    whole.counters += report.counters;
    whole.requests += report.requests;
    whole.websockets += report.websockets;
    whole.misplaced += report.misplaced;
    whole.misplaced_times.merge(report.misplaced_times);
    whole.servers = std::max(whole.servers, report.servers);
    whole.ejected = std::max(whole.ejected, report.ejected);
    whole.sick = std::max(whole.sick, report.sick);
    whole.epoch = std::max(whole.epoch, report.epoch);
  }
}

}  // namespace wscluster::front
