// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cluster/holder.hpp"
#include "cluster/sender.hpp"
#include "protocol/envelope.hpp"
#include "protocol/server_frames.hpp"

namespace wscluster::cluster {

/// A message of an application as it travels; a client without a subprotocol gets the text alone.
inline std::string packed(std::string_view text) {
  std::string data;
  protocol::append_data(data, protocol::DataType::text, text);
  std::string bytes;
  protocol::append_server_envelope(bytes, protocol::DataType::text, data);
  return bytes;
}

inline std::string unpacked(std::string_view bytes) {
  std::string text;
  if (const auto envelope = protocol::open_envelope(bytes)) protocol::append_bare_data(text, *envelope);
  return text;
}

inline constexpr LinkId link_a = 1;
inline constexpr LinkId link_b = 2;
inline constexpr LinkId link_c = 3;
inline constexpr LinkId local_link = 8;
inline constexpr LinkId edge_link = 9;
inline constexpr PathId path_a = make_path(link_a, wire::this_core);
inline constexpr PathId path_b = make_path(link_b, wire::this_core);
inline constexpr PathId path_c = make_path(link_c, wire::this_core);
inline constexpr PathId local_path = make_path(local_link, wire::this_core);
inline constexpr PathId edge_path = make_path(edge_link, wire::this_core);

/// Keeps what a machine sends, per link.
class FakeNetwork final : public Network {
 public:
  std::map<std::string, LinkId, std::less<>> nodes;  ///< those that can be reached
  std::vector<LinkId> order;                         ///< of what was sent

  PathId path_to(std::string_view node, std::uint64_t, unsigned shard) override {
    const auto found = nodes.find(node);
    return found == nodes.end() || broken_.contains(found->second)
               ? 0
               : make_path(found->second, static_cast<std::uint8_t>(shard));
  }
  std::string* output(PathId path) override {
    if (broken_.contains(link_of(path))) return nullptr;
    order.push_back(link_of(path));
    return &bytes_[link_of(path)];
  }
  bool is_local(PathId path) const override { return link_of(path) == local_link; }
  void cut(LinkId link) { broken_.insert(link); }

  /// All frames of that type on that link since the last call; views stay valid.
  template <class F>
  std::vector<F> take(LinkId link) {
    std::string bytes = std::exchange(bytes_[link], {});
    kept_.push_back(std::move(bytes));
    std::vector<F> found;
    std::string rest;
    std::string_view left = kept_.back();
    wire::Raw raw;
    while (wire::cut(left, 1U << 20U, raw) == wire::CutStatus::ok) {
      const wire::Frame frame = wire::decode(raw).value();
      if (const F* wanted = std::get_if<F>(&frame)) {
        found.push_back(*wanted);
      } else {
        rest.append(left.substr(0, raw.size));
      }
      left.remove_prefix(raw.size);
    }
    bytes_[link] = rest;
    return found;
  }
  /// Exactly one.
  template <class F>
  F one(LinkId link) {
    const auto found = take<F>(link);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? F{} : found.front();
  }
  template <class F>
  std::size_t count(LinkId link) {
    return take<F>(link).size();
  }

 private:
  std::map<LinkId, std::string> bytes_;
  std::deque<std::string> kept_;
  std::set<LinkId> broken_;
};

/// Epochs of service "chat" with nodes of these names; the life of "a" is 1, of "b" 2 and so on.
class Epochs {
 public:
  using View = cluster::View;

  explicit Epochs(const std::string& nodes) {
    document_ = std::make_shared<ring::Document>(ring::first_document("chat", 42, 7, members(nodes)).value());
  }
  /// Names in capitals are leaving.
  void next(const std::string& nodes) {
    document_ =
        std::make_shared<ring::Document>(ring::next_document(*document_, members(nodes), "test", "", "", done).value());
  }
  [[nodiscard]] std::shared_ptr<const View> view() const {
    auto view = std::make_shared<View>();
    std::vector<ChangePolicy> policies;
    for (std::uint64_t epoch = done + 1; epoch <= document_->epoch; ++epoch)
      policies.push_back({epoch, rate, 1012, {}, evict, lb_wait, deadline});
    view->services["chat"] = ServiceView::make(document_, done, std::move(policies));
    for (const char name : peers) {
      Peer peer;
      peer.name = std::string(1, name);
      peer.incarnation = incarnation_of(name);
      peer.shards = 1;
      view->peers[peer.name] = peer;
    }
    return view;
  }
  static std::uint64_t incarnation_of(char name) { return static_cast<std::uint64_t>(name - 'a' + 1); }

  std::uint64_t done = 1;
  double rate = 0;
  Evict evict = Evict::moved;
  Duration lb_wait{0};
  Duration deadline{0};
  std::string peers = "abc";

 private:
  static std::vector<ring::Member> members(const std::string& nodes) {
    std::vector<ring::Member> list;
    for (const char name : nodes) {
      const bool is_leaving = name >= 'A' && name <= 'Z';
      const char lower = static_cast<char>(is_leaving ? name - 'A' + 'a' : name);
      list.push_back({std::string(1, lower), incarnation_of(lower), is_leaving ? 0.0 : 1.0, ring::MemberState::up});
    }
    return list;
  }

  std::shared_ptr<const ring::Document> document_;
};

/// A user whose owners in these views are these nodes; `skip` of such users are passed over.
inline std::string user_of(const std::vector<std::shared_ptr<const View>>& views, const std::string& owners,
                           unsigned skip = 0) {
  for (unsigned i = 0;; ++i) {
    const std::string uid = "user" + std::to_string(i);
    bool fits = true;
    for (std::size_t v = 0; v < views.size() && fits; ++v) {
      const ServiceView& service = *views[v]->service("chat");
      fits = service.ring.owner_of(service.hash_of(uid))->name == std::string(1, owners[v]);
    }
    if (fits && skip-- == 0) return uid;
  }
}

/// The holder of node "a" between a gateway on link 9 and the nodes b and c on links 2 and 3.
struct HolderBench {
  explicit HolderBench(ServiceOptions given = {}) : options(std::move(given)) {
    options.name = "chat";
    network.nodes = {{"a", 1}, {"b", 2}, {"c", 3}};
    holder = std::make_unique<Holder>(options, Self{"a", 1, 0, 1}, std::uint8_t{5}, network, sender, pool);
  }

  void adopt(const std::shared_ptr<const View>& view) {
    sender.adopt(now, view);
    holder->adopt(now, view);
  }
  void pass(Duration time) {
    for (const TimePoint end = now + time; now < end;) {
      now += Duration(10);
      holder->tick(now);
      sender.tick(now);
    }
  }
  /// The texts must outlive the frame.
  static wire::Attach request(std::string_view uid, std::uint64_t edge, std::string_view id) {
    wire::Attach attach;
    attach.edge = edge;
    attach.number = 1;
    attach.service = "chat";
    attach.uid = uid;
    attach.session = id;
    return attach;
  }
  static std::string id_of(std::uint64_t edge) { return std::string(23, 'x') + static_cast<char>('0' + edge); }
  wire::Attached attach(const std::string& uid, std::uint64_t edge = 1, PathId path = edge_path) {
    const std::string id = id_of(edge);
    holder->on_attach(now, path, request(uid, edge, id));
    return network.one<wire::Attached>(link_of(path));
  }
  /// From origin 77 on link 2.
  void message(const std::string& uid, std::uint64_t counter, std::string_view payload, std::uint64_t after = 0,
               std::uint64_t epoch = 1, wire::Wait wait = wire::Wait::delivered,
               PathId path = make_path(2, wire::this_core)) {
    wire::Message m;
    m.service = "chat";
    m.uid = uid;
    m.origin = 77;
    m.counter = counter;
    m.after = after;
    m.settled = 1;
    m.epoch = epoch;
    m.deadline_ms = 5000;
    m.wait = wait;
    const std::string bytes = packed(payload);
    m.payload = bytes;
    holder->on_message(now, path, m);
  }

  ServiceOptions options;
  FakeNetwork network;
  Sender sender{network};
  std::pmr::unsynchronized_pool_resource pool;
  TimePoint now{std::chrono::hours(1)};
  std::unique_ptr<Holder> holder;
};

}  // namespace wscluster::cluster
