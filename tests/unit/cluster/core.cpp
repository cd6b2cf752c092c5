// SPDX-License-Identifier: MIT
#include "core.hpp"

#include <algorithm>

#include "client.hpp"
#include "world.hpp"

namespace wscluster::cluster {
namespace {

template <class... F>
struct Overloads : F... {
  using F::operator()...;
};
template <class... F>
Overloads(F...) -> Overloads<F...>;

}  // namespace

Core::Core(World& world, std::size_t process, unsigned index, const Self& self, bool is_gateway,
           const std::vector<ServiceOptions>& services)
    : world_(world),
      process_(process),
      index_(index),
      origin_(world.new_sender()),
      sender_(*this),
      attachments_(*this, *this, pool_) {
  for (const ServiceOptions& service : services) {
    services_.push_back(service.name);
    if (is_gateway) continue;
    const auto number = static_cast<std::uint8_t>(holders_.size());
    holders_.push_back(std::make_unique<Holder>(service, self, number, *this, sender_, pool_));
  }
}

void Core::adopt(TimePoint now, const std::shared_ptr<const View>& view) {
  view_ = view;
  for (const auto& holder : holders_)
    holder->adopt(now, view);
  sender_.adopt(now, view);
  attachments_.adopt(now, view);
}

void Core::tick(TimePoint now) {
  for (const auto& holder : holders_)
    holder->tick(now);
  sender_.tick(now);
  attachments_.tick(now);
}

void Core::link_down(TimePoint now, LinkId link) {
  for (const auto& holder : holders_)
    holder->on_link_down(now, link);
  sender_.on_link_down(now, link);
  attachments_.on_link_down(now, link);
}

Holder* Core::holder(std::string_view service) {
  const auto found = std::find(services_.begin(), services_.end(), service);
  const auto index = static_cast<std::size_t>(found - services_.begin());
  return index < holders_.size() ? holders_[index].get() : nullptr;
}

Holder* Core::holder_of(std::uint64_t ref) {
  const std::size_t index = Holder::service_index_of(ref);
  return index < holders_.size() ? holders_[index].get() : nullptr;
}

void Core::tell(const char* what, std::string_view payload) {
  const auto at = payload.find("\"data\":");
  if (!world_.is_telling || at == std::string_view::npos) return;
  const std::string_view number = payload.substr(at + 7, payload.size() - at - 8);
  world_.note(world_.name_of(*this) + " " + what + " #" + std::string(number));
}

void Core::receive(TimePoint now, PathId path, const wire::Frame& frame) {
  std::visit(Overloads{
                 [&](const wire::Attach& f) { holder(f.service)->on_attach(now, path, f); },
                 [&](const wire::Message& f) {
                   tell("takes", f.payload);
                   holder(f.service)->on_message(now, path, f);
                 },
                 [&](const wire::Settled& f) { holder(f.service)->on_settled(now, f); },
                 [&](const wire::Ask& f) { holder(f.service)->on_ask(now, path, f); },
                 [&](const wire::None& f) { holder(f.service)->on_none(now, path, f); },
                 [&](const wire::Snapshot& f) { holder(f.service)->on_snapshot(now, path, f); },
                 [&](const wire::Prepared& f) { holder(f.service)->on_prepared(now, path, f); },
                 [&](const wire::Release& f) { holder(f.service)->on_release(now, f); },
                 [&](const wire::Declined& f) { holder(f.service)->on_declined(now, f); },
                 [&](const wire::Outcome& f) { holder(f.service)->on_outcome(now, f); },
                 [&](const wire::Moved& f) { attachments_.on_moved(now, path, f); },
                 [&](const wire::Up& f) { holder_of(f.holder)->on_up(now, f); },
                 [&](const wire::Progress& f) { holder_of(f.holder)->on_progress(now, f); },
                 [&](const wire::Detach& f) { holder_of(f.holder)->on_detach(now, f); },
                 [&](const wire::Evict& f) { holder_of(f.holder)->on_evict(now, f); },
                 [&](const wire::Attached& f) { attachments_.on_attached(now, path, f); },
                 [&](const wire::Refused& f) { attachments_.on_refused(now, path, f); },
                 [&](const wire::Down& f) {
                   tell("brings down", f.payload);
                   attachments_.on_down(now, path, f);
                 },
                 [&](const wire::Accepted& f) { attachments_.on_accepted(now, path, f); },
                 [&](const wire::Close& f) { attachments_.on_close(now, path, f); },
                 [&](const wire::Receipt& f) { sender_.on_receipt(now, path, f); },
                 [&](const wire::Refusal& f) { sender_.on_refusal(now, path, f); },
                 [&](const auto&) { world_.checker.break_promise("a frame that no core takes"); },
             },
             frame);
}

std::uint64_t Core::send(TimePoint now, const std::string& service, const std::string& uid, wire::Wait wait,
                         Duration patience) {
  const std::uint64_t number = world_.checker.sent(origin_, uid, wait == wire::Wait::delivered);
  const std::string payload = "{\"from\":\"rest\",\"data\":" + std::to_string(number) + "}";
  if (!sender_.send(now, {service, uid, payload, false, wait, now + patience}, *this, number)) {
    world_.checker.break_promise("a send without a view", number);
  }
  return number;
}

bool Core::is_local(PathId path) const {
  return world_.is_local(path);
}

PathId Core::path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) {
  return world_.path_to(*this, node, incarnation, shard);
}
std::string* Core::output(PathId path) {
  return world_.output(*this, path);
}

void Core::on_attached(std::uint64_t socket) {
  sockets.at(socket)->on_attached();
}
void Core::on_refused(std::uint64_t socket, Refusal reason) {
  sockets.at(socket)->on_refused(reason);
}
void Core::deliver(std::uint64_t socket, bool, std::string_view payload) {
  sockets.at(socket)->on_frame(payload);
}
void Core::close(std::uint64_t socket, std::uint16_t code, std::string_view) {
  sockets.at(socket)->on_close(code);
}
void Core::pause(std::uint64_t socket, bool is_paused) {
  sockets.at(socket)->on_pause(is_paused);
}

void Core::on_receipt(TimePoint, std::uint64_t cookie, const Receipt& receipt) {
  world_.checker.answered(cookie, to_string(receipt.status), receipt.sessions);
}

}  // namespace wscluster::cluster
