// SPDX-License-Identifier: MIT
// The way of a message through one core: socket, attachment, link, and back.
#include "front/desk.hpp"

#include "front/admission.hpp"
#include "front/answers.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

/// How long an upgrade may wait for its holder.
constexpr Duration attach_patience = 5s;

}  // namespace

Desk::Desk(net::Core& core, const Options& options, std::shared_ptr<const Doors> doors, const link::Identity& identity,
           const std::vector<link::Hub*>& hubs)
    : core_(core),
      doors_(std::move(doors)),
      trusted_(options.trusted_proxies),
      hub_(core, options.link, identity, *this, hubs),
      edge_(core, options.edge, *this),
      sender_(hub_),
      inquirer_(hub_),
      attachments_(hub_, *this, pool_),
      registrar_(core),
      rest_(core, options, identity.cores, identity.is_gateway, edge_, sender_, inquirer_, registrar_),
      eureka_(edge_, registrar_) {
  for (const Door& door : doors_->all()) {
    const std::string& name = door.options.service.name;
    if (!door.options.webhook.is_on()) continue;
    applications_.emplace(
        name, std::make_unique<webhook::Application>(core, name, door.options.webhook, identity.incarnation));
  }
  if (identity.is_gateway) {
    proxy_ = std::make_unique<proxy::Proxy>(core, edge_, identity.cores, options.edge.max_message_bytes);
    router_ = std::make_unique<Router>(edge_, *proxy_, options);
  }
  use_doors(doors_);
  attachments_.set_process(identity.incarnation);
}

Desk::~Desk() = default;

void Desk::start() {
  hub_.start_flushing();
  core_.on_tick([this](TimePoint now) {
    sender_.tick(now);
    inquirer_.tick(now);
    attachments_.tick(now);
    if (holding_ != nullptr) holding_->tick(now);
  });
  if (holding_ != nullptr) core_.on_late([this] { return holding_->work_late(core_.now()); });
}

void Desk::use_doors(const std::shared_ptr<const Doors>& doors) {
  doors_ = doors;
  rest_.use_doors(doors);
  eureka_.use_doors(doors);
  for (const auto& [name, application] : applications_)
    application->use_keys(doors->by_service(name)->keys);
}

void Desk::use_sessions(websession::CoreFinder& sessions) {
  sessions_ = &sessions;
  if (router_) router_->use_sessions(sessions);
}

void Desk::use_routes(std::shared_ptr<const Routes> routes) {
  if (router_) router_->use_routes(std::move(routes));
}

void Desk::use_table(std::shared_ptr<const proxy::Table> table) {
  if (proxy_) proxy_->adopt(std::move(table));
}

webhook::Application* Desk::application(std::string_view service) const {
  const auto found = applications_.find(service);
  return found == applications_.end() ? nullptr : found->second.get();
}

CoreReport Desk::report() {
  CoreReport report;
  report.generation = generation_;
  report.missing_links = hub_.missing_links();
  report.connections = edge_.size();
  report.open_sends = sender_.open();
  for (const auto& [name, application] : applications_)
    report.open_calls += application->open();
  for (const auto& [key, count] : attachments_.donated())
    report.closed_here[key] = count;
  if (holding_ != nullptr) holding_->report(report);
  return report;
}

CoreCounters Desk::count() const {
  CoreCounters counters;
  counters.edge = edge_.counters();
  counters.upgrade_times = edge_.upgrade_times();
  counters.attachments = attachments_.counters();
  counters.attached = attachments_.attached();
  counters.open_sends = sender_.open();
  counters.closes_pending = attachments_.closes_pending();
  counters.links = hub_.links_up();
  counters.files = rest_.files();
  if (sessions_ != nullptr) counters.http_sessions = sessions_->counters();
  counters.instances = registrar_.counters();
  for (const auto& [name, application] : applications_)
    counters.applications[name] = {application->counters(), application->open()};
  if (router_) counters.router = router_->counters();
  if (proxy_) {
    counters.upstreams = proxy_->report();
    counters.idle_upstream_connections = proxy_->idle_connections();
  }
  if (holding_ != nullptr) holding_->count(counters);
  return counters;
}

void Desk::adopt(std::shared_ptr<const cluster::View> view, std::uint64_t generation) {
  generation_ = generation;
  view_ = std::move(view);
  const TimePoint now = core_.now();
  hub_.adopt(view_);
  // Holders first: they must know what they own before their own core's senders and edges ask them.
  if (holding_ != nullptr) holding_->adopt(now, view_);
  sender_.adopt(now, view_);
  inquirer_.adopt(view_);
  rest_.adopt(view_);
  attachments_.adopt(now, view_);
}

void Desk::on_request(edge::ConnectionId id, edge::Request request) {
  if (router_ && router_->request(id, request) == Router::Outcome::taken) return;
  if (eureka_.is_one(request)) {
    eureka_.serve(id, request);
  } else {
    rest_.serve(id, request);
  }
}

void Desk::on_body(edge::ConnectionId id, std::string_view bytes, bool is_last) {
  if (router_) router_->on_body(id, bytes, is_last);
}

void Desk::on_drained(edge::ConnectionId id) {
  if (proxy_) proxy_->on_drained(id);
}

void Desk::on_upgrade(edge::ConnectionId id, edge::Request request) {
  if (router_ && !is_closed_ && router_->upgrade(id, request) == Router::Outcome::taken) return;
  const Door* door = doors_->by_path(request);
  if (door == nullptr) {
    edge_.respond(id, failure(404, "NotFound", "no service at this path"));
    return;
  }
  if (!door->origins.allows(request)) {
    edge_.respond(id, failure(403, "Forbidden", "pages of this origin may not connect here"));
    return;
  }
  if (door->options.auth == AuthMode::session && !comes_back(request)) {
    find_user(id, *door, std::move(request));
    return;
  }
  auto admission = admit_client(*doors_, *door, request);
  admit(id, *door, std::move(request), std::move(admission));
}

/// Answered later, or at once.
void Desk::find_user(edge::ConnectionId id, const Door& door, edge::Request request) {
  const auto inputs = session_inputs(request, sessions_->options());
  sought_.emplace(id, Sought{doors_, &door, std::move(request)});
  sessions_->find(inputs, [this, id](const Result<std::optional<std::string>>& user) {
    auto node = sought_.extract(id);
    if (node.empty()) return;  // it has left meanwhile
    Sought& sought = node.mapped();
    auto admission = admit_user(sought.request, user);
    admit(id, *sought.door, std::move(sought.request), std::move(admission));
  });
}

void Desk::admit(edge::ConnectionId id, const Door& door, edge::Request request, Result<Admission> admission) {
  if (!admission) {
    edge_.respond(id, failure(admission.error()));
    return;
  }
  if (is_closed_) {
    edge_.respond(id, retry_later("this process is stopping"));
    return;
  }
  if (admission->is_lost) {
    tell_lost(id, admission->subprotocol);
    return;
  }
  const cluster::ServiceView* service = view_of(door);
  if (service == nullptr) {
    edge_.respond(id, retry_later("the service has no ring yet"));
    return;
  }
  const auto* application = this->application(door.options.service.name);
  if (application != nullptr && application->decides_on_connect() && !admission->recovered) {
    ask_application(id, door, std::move(request), std::move(*admission));
    return;
  }
  const auto session = admission->recovered ? *admission->recovered : service->new_session(admission->identity.uid);
  let_in(id, door, std::move(*admission), session);
}

const cluster::ServiceView* Desk::view_of(const Door& door) const {
  return view_ ? view_->service(door.options.service.name) : nullptr;
}

void Desk::ask_application(edge::ConnectionId id, const Door& door, edge::Request request, Admission admission) {
  const auto session = view_of(door)->new_session(admission.identity.uid);
  auto question = question_about(request, admission, session);
  asked_.emplace(id, Asked{doors_, &door, std::move(request), std::move(admission), session});
  application(door.options.service.name)->ask(std::move(question), [this, id](const webhook::ConnectAnswer& answer) {
    on_verdict(id, answer);
  });
}

void Desk::on_verdict(edge::ConnectionId id, const webhook::ConnectAnswer& answer) {
  const auto node = asked_.extract(id);
  if (node.empty()) return;  // it has left meanwhile
  const Asked& asked = node.mapped();
  if (answer.refusal == 503) {
    edge_.respond(id, retry_later(answer.reason));
    return;
  }
  if (answer.refusal != 0) {
    edge_.respond(id, failure(answer.refusal, "ConnectRefused", answer.reason));
    return;
  }
  auto admission = admit_as(asked.request, asked.admission, answer);
  if (!admission) {
    edge_.respond(id, failure(admission.error()));
    return;
  }
  const cluster::ServiceView* service = view_of(*asked.door);
  if (is_closed_ || service == nullptr) {
    edge_.respond(id, retry_later("this process is stopping"));
    return;
  }
  // The id has the place of its user on the ring in it, who may be another one now.
  const auto session = answer.user ? service->new_session(admission->identity.uid) : asked.session;
  let_in(id, *asked.door, std::move(*admission), session);
}

void Desk::let_in(edge::ConnectionId id, const Door& door, Admission admission, const session::SessionId& session) {
  cluster::ClientInfo client;
  client.recovers = admission.recovered.has_value();
  client.id = session;
  if (admission.is_reliable)
    client.token = reconnection_token(*doors_, door.options.service.name, client.id, admission.identity.uid);
  client.uid = std::move(admission.identity.uid);
  client.profile = std::move(admission.profile);
  const TimePoint now = core_.now();
  const auto ref = attachments_.open(now, id, door.options.service, std::move(client), now + attach_patience);
  auto subprotocol =
      admission.subprotocol.empty() ? nullptr : std::make_unique<const std::string>(std::move(admission.subprotocol));
  clients_.emplace(id, Client{ref, std::move(subprotocol)});
}

/// The client begins anew only after a Close: at a refused upgrade it would knock again for half a minute.
void Desk::tell_lost(edge::ConnectionId id, std::string_view subprotocol) {
  edge_.accept(id, subprotocol);
  edge_.close(id, websocket::CloseCode::policy_violation, "the session is lost", edge::CloseReason::application);
}

void Desk::on_attached(std::uint64_t socket) {
  const auto found = clients_.find(socket);
  const auto subprotocol = found == clients_.end() ? nullptr : std::move(found->second.subprotocol);
  edge_.accept(socket, subprotocol ? std::string_view(*subprotocol) : std::string_view());
}

void Desk::on_refused(std::uint64_t socket, Refusal reason) {
  const auto client = clients_.extract(socket);
  if (reason == Refusal::gone) {
    const bool is_told = !client.empty() && client.mapped().subprotocol;
    tell_lost(socket, is_told ? std::string_view(*client.mapped().subprotocol) : std::string_view());
  } else if (reason == Refusal::full) {
    edge_.respond(socket, failure(429, "TooManySessions", "this user or this node has too many sessions"));
  } else {
    edge_.respond(socket, retry_later("no node takes this session now"));
  }
}

void Desk::on_message(edge::ConnectionId id, websocket::MessageKind kind, std::string_view payload) {
  const auto found = clients_.find(id);
  const bool is_binary = kind == websocket::MessageKind::binary;
  if (found != clients_.end()) {
    attachments_.on_frame(core_.now(), found->second.attachment, is_binary, payload);
  } else if (proxy_) {
    proxy_->on_message(id, is_binary, payload);
  }
}

void Desk::on_written(edge::ConnectionId id, std::uint64_t frames) {
  const auto found = clients_.find(id);
  if (found != clients_.end()) {
    attachments_.on_written(found->second.attachment, frames);
  } else if (proxy_) {
    proxy_->on_written(id);
  }
}

void Desk::on_gone(edge::ConnectionId id, edge::CloseReason, std::uint16_t code) {
  sought_.erase(id);
  asked_.erase(id);
  const auto client = clients_.extract(id);
  if (!client.empty()) return attachments_.on_closed(core_.now(), client.mapped().attachment, code);
  if (!router_) return;
  router_->on_gone(id);
  proxy_->on_gone(id, code);
}

void Desk::deliver(std::uint64_t socket, bool is_binary, std::string_view head, std::string_view payload) {
  edge_.send(socket, is_binary ? websocket::MessageKind::binary : websocket::MessageKind::text, head, payload);
}

void Desk::close(std::uint64_t socket, std::uint16_t code, std::string_view text) {
  const auto reason = code == websocket::CloseCode::service_restart   ? edge::CloseReason::evicted
                      : code == websocket::CloseCode::try_again_later ? edge::CloseReason::slow_consumer
                                                                      : edge::CloseReason::application;
  edge_.close(socket, code, text, reason);
}

void Desk::pause(std::uint64_t socket, bool is_paused) {
  edge_.pause(socket, is_paused);
}

void Desk::on_frame(cluster::PathId path, const wire::Raw& raw) {
  const TimePoint now = core_.now();
  switch (raw.type) {
    case wire::FrameType::down:
      wire::with<wire::Down>(raw, [&](const auto& frame) { attachments_.on_down(now, path, frame); });
      return;
    case wire::FrameType::fan:
      wire::with<wire::Fan>(raw, [&](const auto& frame) { attachments_.on_fan(path, frame); });
      return;
    case wire::FrameType::detached:
      wire::with<wire::Detached>(raw, [&](const auto& frame) { attachments_.on_detached(now, path, frame); });
      return;
    case wire::FrameType::answered:
      wire::with<wire::Answered>(raw, [&](const auto& frame) { attachments_.on_answered(now, path, frame); });
      return;
    case wire::FrameType::attached:
      wire::with<wire::Attached>(raw, [&](const auto& frame) { attachments_.on_attached(now, path, frame); });
      return;
    case wire::FrameType::refused:
      wire::with<wire::Refused>(raw, [&](const auto& frame) { attachments_.on_refused(now, path, frame); });
      return;
    case wire::FrameType::close:
      wire::with<wire::Close>(raw, [&](const auto& frame) { attachments_.on_close(now, path, frame); });
      return;
    case wire::FrameType::moved:
      wire::with<wire::Moved>(raw, [&](const auto& frame) { attachments_.on_moved(now, path, frame); });
      return;
    case wire::FrameType::receipt:
      wire::with<wire::Receipt>(raw, [&](const auto& frame) { sender_.on_receipt(now, path, frame); });
      return;
    case wire::FrameType::refusal:
      wire::with<wire::Refusal>(raw, [&](const auto& frame) { sender_.on_refusal(now, path, frame); });
      return;
    case wire::FrameType::sessions:
      wire::with<wire::Sessions>(raw, [&](const auto& frame) { inquirer_.on_sessions(path, frame); });
      return;
    default:
      break;
  }
  if (holding_ != nullptr) holding_->on_frame(now, path, raw);
}

void Desk::on_link_down(cluster::LinkId link) {
  const TimePoint now = core_.now();
  sender_.on_link_down(now, link);
  inquirer_.on_link_down(link);
  attachments_.on_link_down(now, link);
  if (holding_ != nullptr) holding_->on_link_down(now, link);
}

}  // namespace wscluster::front
