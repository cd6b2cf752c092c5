// SPDX-License-Identifier: MIT
#include "core.hpp"

#include <algorithm>

#include "client.hpp"
#include "process.hpp"
#include "protocol/envelope.hpp"
#include "session/keys.hpp"
#include "world.hpp"

namespace wscluster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_frame_bytes = 4U << 20U;

template <class... F>
struct Overloads : F... {
  using F::operator()...;
};
template <class... F>
Overloads(F...) -> Overloads<F...>;

/// As node::Shard: only what a holder does waits for the end of a suspension.
bool is_for_holder(wire::FrameType type) {
  switch (type) {
    case wire::FrameType::attached:
    case wire::FrameType::refused:
    case wire::FrameType::down:
    case wire::FrameType::fan:
    case wire::FrameType::answered:
    case wire::FrameType::detached:
    case wire::FrameType::close:
    case wire::FrameType::moved:
    case wire::FrameType::receipt:
    case wire::FrameType::sessions:
    case wire::FrameType::refusal:
      return false;
    default:
      return true;
  }
}

}  // namespace

Core::Core(World& world, Process& process, unsigned index, const cluster::Self& self, bool is_gateway)
    : world_(world),
      process_(process),
      index_(index),
      origin_(world.new_sender()),
      sender_(*this, world.services().front().mutations),
      inquirer_(*this),
      attachments_(*this, *this, pool_) {
  if (is_gateway) return;
  sender_.hold_while([&process] { return process.is_suspended(); });
  for (const cluster::ServiceOptions& service : world.services()) {
    const auto number = static_cast<std::uint8_t>(holders_.size());
    holders_.push_back(std::make_unique<cluster::Holder>(service, self, number, *this, sender_, pool_));
  }
}

Core::~Core() = default;

void Core::adopt(TimePoint now, const std::shared_ptr<const cluster::View>& view) {
  view_ = view;
  for (const auto& holder : holders_)
    holder->adopt(now, view);
  sender_.adopt(now, view);
  inquirer_.adopt(view);
  attachments_.adopt(now, view);
}

void Core::tick(TimePoint now) {
  sender_.tick(now);
  inquirer_.tick(now);
  attachments_.tick(now);
  if (holders_.empty() || process_.is_suspended()) return;
  work_off(now);
  for (const auto& holder : holders_)
    holder->tick(now);
}

void Core::work_late(TimePoint now) {
  if (process_.is_suspended()) return;
  for (const auto& holder : holders_)
    holder->continue_moves(now);
}

void Core::link_down(TimePoint now, cluster::LinkId link) {
  sender_.on_link_down(now, link);
  inquirer_.on_link_down(link);
  attachments_.on_link_down(now, link);
  std::erase_if(parked_, [&](const Parked& parked) { return cluster::link_of(parked.path) == link; });
  for (const auto& holder : holders_)
    holder->on_link_down(now, link);
}

cluster::Holder* Core::holder(std::string_view service) const {
  const auto& services = world_.services();
  for (std::size_t i = 0; i < holders_.size(); ++i) {
    if (services[i].name == service) return holders_[i].get();
  }
  return nullptr;
}

cluster::Holder* Core::holder_of(std::uint64_t ref) const {
  const std::size_t index = cluster::Holder::service_index_of(ref);
  return index < holders_.size() ? holders_[index].get() : nullptr;
}

void Core::receive(TimePoint now, PathId path, std::string_view bytes) {
  wire::Raw raw;
  static_cast<void>(wire::cut(bytes, max_frame_bytes, raw));
  if (!holders_.empty() && is_for_holder(raw.type)) {
    if (process_.is_suspended()) {
      parked_.push_back({path, std::string(bytes)});
      return;
    }
    work_off(now);
  }
  const auto frame = wire::decode(raw);
  if (!frame) return world_.checker().break_promise(frame.error().message);
  handle(now, path, *frame);
}

void Core::work_off(TimePoint now) {
  if (parked_.empty()) return;
  for (const Parked& parked : std::exchange(parked_, {})) {
    wire::Raw raw;
    static_cast<void>(wire::cut(parked.bytes, max_frame_bytes, raw));
    handle(now, parked.path, wire::decode(raw).value());
  }
}

void Core::handle(TimePoint now, PathId path, const wire::Frame& frame) {
  const auto with_holder = [&](cluster::Holder* holder, auto call) {
    if (holder != nullptr) call(*holder);
  };
  std::visit(
      Overloads{
          [&](const wire::Attach& f) { with_holder(holder(f.service), [&](auto& h) { h.on_attach(now, path, f); }); },
          [&](const wire::Message& f) {
            world_.tell_message("reaches", f.payload, *this);
            with_holder(holder(f.service), [&](auto& h) { h.on_message(now, path, f); });
          },
          [&](const wire::Settled& f) { with_holder(holder(f.service), [&](auto& h) { h.on_settled(now, f); }); },
          [&](const wire::Ask& f) { with_holder(holder(f.service), [&](auto& h) { h.on_ask(now, path, f); }); },
          [&](const wire::None& f) { with_holder(holder(f.service), [&](auto& h) { h.on_none(now, path, f); }); },
          [&](const wire::Snapshot& f) {
            with_holder(holder(f.service), [&](auto& h) { h.on_snapshot(now, path, f); });
          },
          [&](const wire::Prepared& f) { with_holder(holder(f.service), [&](auto& h) { h.on_prepared(now, f); }); },
          [&](const wire::Release& f) { with_holder(holder(f.service), [&](auto& h) { h.on_release(now, f); }); },
          [&](const wire::Declined& f) { with_holder(holder(f.service), [&](auto& h) { h.on_declined(now, f); }); },
          [&](const wire::Outcome& f) { with_holder(holder(f.service), [&](auto& h) { h.on_outcome(now, f); }); },
          [&](const wire::Up& f) { with_holder(holder_of(f.holder), [&](auto& h) { h.on_up(now, f); }); },
          [&](const wire::Progress& f) { with_holder(holder_of(f.holder), [&](auto& h) { h.on_progress(now, f); }); },
          [&](const wire::Detach& f) { with_holder(holder_of(f.holder), [&](auto& h) { h.on_detach(now, path, f); }); },
          [&](const wire::Evict& f) { with_holder(holder_of(f.holder), [&](auto& h) { h.on_evict(now, f); }); },
          [&](const wire::Attached& f) { attachments_.on_attached(now, path, f); },
          [&](const wire::Refused& f) { attachments_.on_refused(now, path, f); },
          [&](const wire::Down& f) {
            world_.tell_message("comes down", f.payload, *this);
            attachments_.on_down(now, path, f);
          },
          [&](const wire::Fan& f) {
            world_.tell_message("comes down", f.payload, *this);
            attachments_.on_fan(path, f);
          },
          [&](const wire::Subscribe& f) {
            with_holder(holder(f.service), [&](auto& h) { h.on_subscribe(now, path, f); });
          },
          [&](const wire::Unsubscribe& f) {
            with_holder(holder(f.service), [&](auto& h) { h.on_unsubscribe(now, path, f); });
          },
          [&](const wire::CopyTaken& f) {
            with_holder(holder(f.service), [&](auto& h) { h.on_copy_taken(now, path, f); });
          },
          [&](const wire::Subscribed& f) {
            with_holder(holder(f.service), [&](auto& h) { h.memberships().on_subscribed(now, path, f); });
          },
          [&](const wire::SubscribeRefused& f) {
            with_holder(holder(f.service), [&](auto& h) { h.memberships().on_refused(now, f); });
          },
          [&](const wire::AskInterest& f) {
            with_holder(holder(f.service), [&](auto& h) { h.memberships().on_ask_interest(now, f); });
          },
          [&](const wire::Copy& f) {
            world_.tell_message("is copied", f.payload, *this);
            with_holder(holder(f.service), [&](auto& h) { h.memberships().on_copy(now, path, f); });
          },
          [&](const wire::Detached& f) { attachments_.on_detached(now, path, f); },
          [&](const wire::Answered& f) { attachments_.on_answered(now, path, f); },
          [&](const wire::Moved& f) { attachments_.on_moved(now, path, f); },
          [&](const wire::Close& f) { attachments_.on_close(now, path, f); },
          [&](const wire::Receipt& f) { sender_.on_receipt(now, path, f); },
          [&](const wire::Refusal& f) { sender_.on_refusal(now, path, f); },
          [&](const wire::Order& f) { with_holder(holder(f.service), [&](auto& h) { h.on_order(now, path, f); }); },
          [&](const wire::Sessions& f) { inquirer_.on_sessions(path, f); },
          [&](const auto&) { world_.checker().break_promise("simulator: a frame that no core takes"); },
      },
      frame);
}

void Core::send_message(TimePoint now, const std::string& service, const std::string& uid, wire::Wait wait,
                        Duration patience) {
  if (!view_ || view_->service(service) == nullptr) return;
  const std::uint64_t number =
      world_.checker().sent(origin_, uid, wait == wire::Wait::delivered ? Wish::delivered : Wish::queued);
  world_.note("REST at " + process_.name() + " sends #" + std::to_string(number) + " to " + uid);
  std::string payload;
  protocol::append_server_envelope(payload, protocol::DataType::json,
                                   R"({"from":"rest","data":)" + std::to_string(number) + "}");
  open_sends.insert(number);
  if (!sender_.send(now, {service, uid, payload, wait, now + patience}, *this, number))
    world_.checker().break_promise("a send without a view", number);
}

void Core::publish(TimePoint now, const std::string& service, const std::string& group, Duration patience) {
  if (!view_ || view_->service(service) == nullptr) return;
  const std::uint64_t number = world_.checker().sent(origin_, group, Wish::published);
  world_.groups().published(number, origin_, group, 0);
  world_.note("REST at " + process_.name() + " publishes #" + std::to_string(number) + " in " + group);
  std::string payload;
  protocol::append_group_envelope(payload, group, protocol::DataType::json, std::to_string(number), {});
  open_sends.insert(number);
  const std::string key = session::group_key(group);
  if (!sender_.send(now, {service, key, payload, wire::Wait::queued, now + patience}, *this, number))
    world_.checker().break_promise("a send without a view", number);
}

void Core::send_copy(TimePoint now, const std::string& uid, std::uint64_t number, std::uint64_t copy,
                     Duration patience) {
  if (!view_ || view_->service("chat") == nullptr) return;
  world_.note("REST at " + process_.name() + " sends #" + std::to_string(number) + " to " + uid + ", copy " +
              std::to_string(copy));
  std::string payload;
  protocol::append_server_envelope(payload, protocol::DataType::json,
                                   R"({"from":"rest","data":)" + std::to_string(number) + "}");
  const std::uint64_t cookie = copy << 32U | number;
  open_sends.insert(cookie);
  const std::string id = "request " + std::to_string(number);
  if (!sender_.send(now, {"chat", uid, payload, wire::Wait::delivered, now + patience, id}, *this, cookie))
    world_.checker().break_promise("a send without a view", number);
}

/// As the command line: what is on its way is tried again.
void Core::evict(TimePoint now, const std::string& uid, unsigned attempts) {
  cluster::Order order;
  order.service = "chat";
  order.operation = wire::Operation::close;
  order.uid = uid;
  order.code = 1012;
  order.text = Evictions::text;
  inquirer_.order(std::move(order), now + 5s, [this, uid, attempts](const cluster::OrderReport& report) {
    if (report.status != cluster::OrderReport::Status::busy || attempts == 0)
      return world_.evictions().reported(uid, report);
    world_.agenda().in(50ms, [this, uid, attempts] {
      process_.when_running([this, uid, attempts] {
        world_.turn(*this, [&](Core& core) { core.evict(process_.turn_time(), uid, attempts - 1); });
      });
    });
  });
}

void Core::close_socket(cluster::Attachments::Ref ref, std::uint16_t code) {
  attachments_.on_closed(process_.turn_time(), ref, code);
}

PathId Core::path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) {
  return world_.links().path_to(*this, node, incarnation, shard);
}
std::string* Core::output(PathId path) {
  return world_.links().output(*this, path);
}

bool Core::is_local(PathId path) const {
  return world_.links().is_local(path);
}

Client* Core::client_of(std::uint64_t socket) const {
  const auto found = sockets.find(socket);
  return found == sockets.end() ? nullptr : found->second;
}

void Core::on_attached(std::uint64_t socket) {
  if (Client* client = client_of(socket)) client->on_attached();
}
void Core::on_refused(std::uint64_t socket, Refusal reason) {
  if (Client* client = client_of(socket)) client->on_refused(reason);
}
void Core::deliver(std::uint64_t socket, bool, std::string_view head, std::string_view payload) {
  if (Client* client = client_of(socket)) client->on_frame(std::string(head).append(payload));
}
void Core::close(std::uint64_t socket, std::uint16_t code, std::string_view text) {
  if (Client* client = client_of(socket)) client->on_close(code, text);
}
void Core::pause(std::uint64_t socket, bool is_paused) {
  if (Client* client = client_of(socket)) client->on_pause(is_paused);
}

void Core::on_receipt(TimePoint, std::uint64_t cookie, const cluster::Receipt& receipt) {
  const std::uint64_t number = number_of(cookie);
  if (open_sends.erase(cookie) == 0) world_.checker().break_promise("a second receipt", number);
  world_.note("receipt #" + std::to_string(number) + " " + cluster::to_string(receipt.status));
  world_.checker().answered(number, cluster::to_string(receipt.status), receipt.sessions);
  using enum wire::ReceiptStatus;
  if (receipt.status == queued || receipt.status == offline) world_.groups().answered(number);
}

}  // namespace wscluster::simulation
