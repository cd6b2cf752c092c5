// SPDX-License-Identifier: MIT
// The ways of one core: frames in and out.
#include "link/hub.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "link/target.hpp"

namespace wscluster::link {
namespace {

/// A chain of answers within one process must not starve the sockets.
constexpr int max_loopback_rounds = 64;

}  // namespace

Hub::Hub(net::Core& core, const Options& options, Identity identity, Receiver& receiver, const std::vector<Hub*>& hubs)
    : core_(core),
      options_(options),
      identity_(std::move(identity)),
      receiver_(receiver),
      hubs_(hubs),
      parcels_(identity_.cores) {
  core_.on_flush([this] { drain_loopback(); });
  core_.on_tick([this](TimePoint now) { tick(now); });
}

Hub::~Hub() = default;

void Hub::start_flushing() {
  core_.on_flush([this] {
    // What the writes of this turn have told (counters) goes out in the same turn; what that in turn has put into
    // client sockets leaves with the next one, which follows at once.
    if (drain_loopback()) core_.post([] {});
    flush();
  });
}

cluster::LinkId Hub::next_link_id() {
  return static_cast<cluster::LinkId>(core_.index()) << 48U | next_serial_++;
}

cluster::PathId Hub::path_to(std::string_view node, std::uint64_t incarnation, unsigned shard) {
  const auto destination = static_cast<std::uint8_t>(shard);
  if (incarnation == identity_.incarnation && node == identity_.name)
    return cluster::make_path(local_link(shard), destination);
  const auto found = by_incarnation_.find(incarnation);
  if (found == by_incarnation_.end() || found->second.empty() || found->second.front()->remote().name != node) return 0;
  const std::vector<Link*>& links = found->second;
  // The link that ends on the shard's own core saves a hop over there.
  for (const Link* link : links) {
    if (link->remote().link % std::max(1U, link->remote().cores) == shard)
      return cluster::make_path(link->id(), destination);
  }
  return cluster::make_path(links[shard % links.size()]->id(), destination);
}

std::string* Hub::output(cluster::PathId path) {
  const cluster::LinkId link = cluster::link_of(path);
  const unsigned core = core_of(link);
  if (core >= hubs_.size() || link == 0) return nullptr;
  if (link == local_link(core_.index())) return &loopback_;
  if (core != core_.index()) return &parcel_for(core, path);
  const auto found = links_.find(link);
  return found == links_.end() || !found->second->is_up() ? nullptr : &found->second->output();
}

std::string& Hub::parcel_for(unsigned core, cluster::PathId path) {
  auto& parcels = parcels_[core];
  const cluster::PathId key = cluster::make_path(cluster::link_of(path), 0);
  for (Parcel& parcel : parcels) {
    if (parcel.path == key) return parcel.frames;
  }
  return parcels.emplace_back(Parcel{key, {}}).frames;
}

void Hub::on_frame(Link& link, const wire::Raw& raw) {
  if (raw.type < wire::FrameType::attach) {
    handle_control(link, raw);
    return;
  }
  const unsigned to = raw.to == wire::this_core ? core_.index() : raw.to;
  if (to == core_.index()) {
    receiver_.on_frame(cluster::make_path(link.id(), wire::this_core), raw);
  } else if (to < hubs_.size()) {
    parcel_for(to, cluster::make_path(link.id(), 0)).append(raw.body.data() - wire::header_bytes, raw.size);
  }
}

void Hub::dispatch(cluster::PathId reply, std::string_view frames) {
  wire::Raw raw;
  while (wire::cut(frames, frames.size(), raw) == wire::CutStatus::ok) {
    receiver_.on_frame(reply, raw);
    frames.remove_prefix(raw.size);
  }
}

bool Hub::drain_loopback() {
  int round = 0;
  for (; !loopback_.empty(); ++round) {
    if (round == max_loopback_rounds) {
      core_.post([] {});
      break;
    }
    const std::string frames = std::exchange(loopback_, {});
    dispatch(cluster::make_path(local_link(core_.index()), wire::this_core), frames);
  }
  return round > 0;
}

void Hub::post_parcels(unsigned core) {
  if (parcels_[core].empty()) return;
  Hub* const hub = hubs_[core];
  hub->core_.post([hub, from = core_.index(), parcels = std::exchange(parcels_[core], {})]() mutable {
    hub->receive(from, std::move(parcels));
  });
}

void Hub::cut(cluster::LinkId link, std::string_view why) {
  const unsigned core = core_of(link);
  if (core >= hubs_.size() || link == local_link(core)) return;  // within the process the windows bound what waits
  Hub* const hub = hubs_[core];
  hub->core_.post([hub, link, reason = std::string(why)] {
    if (const auto found = hub->links_.find(link); found != hub->links_.end()) found->second->leave(reason);
  });
}

void Hub::flush() {
  for (unsigned core = 0; core < parcels_.size(); ++core)
    post_parcels(core);
  // A failing link takes itself out of the map.
  std::vector<cluster::LinkId> ready;
  for (const auto& [id, link] : links_) {
    if (link->unsent_bytes() > 0) ready.push_back(id);
  }
  for (const cluster::LinkId id : ready) {
    if (const auto found = links_.find(id); found != links_.end()) found->second->flush();
  }
}

void Hub::receive(unsigned from, std::vector<Parcel> parcels) {
  for (const Parcel& parcel : parcels) {
    const cluster::LinkId link = cluster::link_of(parcel.path);
    if (link == local_link(core_.index())) {
      dispatch(cluster::make_path(local_link(from), wire::this_core), parcel.frames);
    } else if (core_of(link) == core_.index()) {
      if (std::string* out = output(parcel.path)) out->append(parcel.frames);
    } else {
      dispatch(cluster::make_path(link, wire::this_core), parcel.frames);
    }
  }
}

void Hub::handle_control(Link& link, const wire::Raw& raw) {
  if (listener_ == nullptr) return;
  if (raw.type == wire::FrameType::document) {
    wire::Document document;
    if (!wire::decode_into(raw.body, document)) return;
    auto& known = link.epochs[std::string(document.service)];
    known = std::max(known, document.epoch);
    listener_->on_peer_document(link.remote(), document.service, document.epoch, document.json);
  } else if (raw.type == wire::FrameType::word) {
    wire::Word word;
    if (!wire::decode_into(raw.body, word)) return;
    if (word.is_given) {
      listener_->on_word_given(link.remote(), word.question);
    } else if (listener_->on_word_asked(link.remote())) {
      wire::append(link.output(), wire::Word{true, word.question});
    }
  }
}

void Hub::share_document(const ring::Document& document) {
  const std::string json = ring::to_json(document);
  for (auto& [id, link] : links_) {
    if (!link->is_up() || link->remote().link != 0) continue;
    auto& known = link->epochs[document.service];
    if (known >= document.epoch) continue;
    known = document.epoch;
    wire::append(link->output(), wire::Document{document.service, document.epoch, json});
  }
}

void Hub::ask_for_words(std::uint64_t question) {
  for (auto& [id, link] : links_) {
    if (link->is_up() && link->remote().link == 0 && !link->remote().is_gateway)
      wire::append(link->output(), wire::Word{false, question});
  }
}

}  // namespace wscluster::link
