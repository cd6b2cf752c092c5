// SPDX-License-Identifier: MIT
// Whole processes' links over loopback: real sockets, real TLS, several cores.
#include "link/hub.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <mutex>
#include <thread>

#include "net/listener.hpp"

namespace wscluster::link {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;

bool eventually(const std::function<bool()>& condition) {
  const TimePoint until = Clock::now() + patience;
  while (Clock::now() < until) {
    if (condition()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

net::PskKey key_of(unsigned char fill) {
  net::PskKey key{"test/" + std::to_string(fill), {}};
  key.key.fill(fill);
  return key;
}

/// What one core heard, readable by the test.
struct Ear final : Receiver {
  struct Heard {
    cluster::PathId path = 0;
    wire::FrameType type{};
    std::string payload;
  };

  Hub* hub = nullptr;
  bool answers = false;
  mutable std::mutex mutex;
  std::vector<Heard> heard;
  std::vector<cluster::LinkId> down;

  void on_frame(cluster::PathId path, const wire::Raw& raw) override {
    wire::Up up;
    if (raw.type == wire::FrameType::up) static_cast<void>(wire::decode_into(raw.body, up));
    {
      const std::scoped_lock lock(mutex);
      heard.push_back({path, raw.type, std::string(up.payload)});
    }
    if (answers && raw.type == wire::FrameType::up) hub->send(path, wire::Progress{up.holder, 1, 1});
  }
  void on_link_down(cluster::LinkId link) override {
    const std::scoped_lock lock(mutex);
    down.push_back(link);
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex);
    return heard.size();
  }
  std::size_t links_lost() const {
    const std::scoped_lock lock(mutex);
    return down.size();
  }
};

/// One process without anything but links.
class Party {
 public:
  Party(std::string name, bool is_gateway, unsigned cores, net::PskKey key, const std::string& cluster = "test")
      : server_(net::TlsServer::psk({key})) {
    identity_ = {cluster, std::move(name), next_incarnation(), is_gateway, cores, is_gateway ? 0 : cores, "test"};
    options_.heartbeat = 100ms;
    options_.reconnect_min = 10ms;
    hubs_.resize(cores);
    for (unsigned i = 0; i < cores; ++i) {
      cores_.push_back(std::make_unique<net::Core>(i));
      pointers_.push_back(cores_.back().get());
      ears_.push_back(std::make_unique<Ear>());
      clients_.push_back(std::make_unique<net::TlsClient>(net::TlsClient::psk(key)));
      owned_.push_back(std::make_unique<Hub>(*cores_[i], options_, identity_, *ears_[i], hubs_));
      hubs_[i] = owned_.back().get();
      ears_[i]->hub = hubs_[i];
      hubs_[i]->use_tls(&server_, clients_[i].get());
      hubs_[i]->start_flushing();
    }
    listener_ =
        std::make_unique<net::Listener>(*cores_[0], Endpoint{"127.0.0.1", 0},
                                        net::distribute(pointers_, [this](net::Core& core, net::Accepted accepted) {
                                          hubs_[core.index()]->adopt_accepted(accepted.descriptor);
                                        }));
    for (const auto& core : cores_)
      core->start("link-test");
  }
  ~Party() {
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      cores_[i]->post([hub = hubs_[i]] { hub->leave("stopping"); });
      cores_[i]->stop();
    }
    for (const auto& core : cores_)
      core->join();
  }

  [[nodiscard]] cluster::Peer peer() const {
    cluster::Peer peer;
    peer.name = identity_.name;
    peer.incarnation = identity_.incarnation;
    peer.is_gateway = identity_.is_gateway;
    peer.cores = identity_.cores;
    peer.shards = identity_.shards;
    peer.link_address = listener_->local_endpoint().to_string();
    return peer;
  }
  void adopt(std::shared_ptr<const cluster::View> view) {
    for (std::size_t i = 0; i < cores_.size(); ++i)
      cores_[i]->post([hub = hubs_[i], view] { hub->adopt(view); });
  }
  /// Runs on that core and waits.
  template <class F>
  auto on(unsigned core, F work) {
    std::promise<decltype(work(*hubs_[core]))> done;
    cores_[core]->post([&] { done.set_value(work(*hubs_[core])); });
    return done.get_future().get();
  }
  std::size_t missing() {
    std::size_t sum = 0;
    for (unsigned i = 0; i < cores_.size(); ++i)
      sum += on(i, [](Hub& hub) { return hub.missing_links(); });
    return sum;
  }
  std::size_t up() {
    std::size_t sum = 0;
    for (unsigned i = 0; i < cores_.size(); ++i)
      sum += on(i, [](Hub& hub) { return hub.links_up(); });
    return sum;
  }
  Ear& ear(unsigned core) { return *ears_[core]; }
  unsigned cores() const { return identity_.cores; }

 private:
  static std::uint64_t next_incarnation() {
    static std::uint64_t next = 100;
    return ++next;
  }

  Identity identity_;
  Options options_;
  net::TlsServer server_;
  std::vector<std::unique_ptr<net::TlsClient>> clients_;
  std::vector<Hub*> hubs_;
  std::vector<std::unique_ptr<net::Core>> cores_;
  std::vector<net::Core*> pointers_;
  std::vector<std::unique_ptr<Ear>> ears_;
  std::vector<std::unique_ptr<Hub>> owned_;
  std::unique_ptr<net::Listener> listener_;
};

std::shared_ptr<const cluster::View> view_of(const std::vector<const Party*>& parties) {
  auto view = std::make_shared<cluster::View>();
  for (const Party* party : parties)
    view->peers.emplace(party->peer().name, party->peer());
  return view;
}

class HubCores : public testing::TestWithParam<std::pair<unsigned, unsigned>> {};

TEST_P(HubCores, a_frame_reaches_its_core_and_the_answer_comes_back_on_the_same_way) {
  const auto [gateway_cores, node_cores] = GetParam();
  Party gateway("gateway", true, gateway_cores, key_of(1));
  Party node("node", false, node_cores, key_of(1));
  for (unsigned i = 0; i < node_cores; ++i)
    node.ear(i).answers = true;
  const auto view = view_of({&gateway, &node});
  gateway.adopt(view), node.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.missing() == 0 && node.missing() == 0; }));
  for (unsigned from = 0; from < gateway_cores; ++from) {
    for (unsigned to = 0; to < node_cores; ++to) {
      const std::size_t before = gateway.ear(from).count();
      const cluster::PathId path = gateway.on(from, [&, to = to](Hub& hub) {
        const cluster::PathId way = hub.path_to("node", view->peer("node")->incarnation, to);
        hub.send(way, wire::Up{7, false, false, 0, 0, "to " + std::to_string(to)});
        return way;
      });
      ASSERT_NE(path, 0U);
      ASSERT_TRUE(eventually([&] { return gateway.ear(from).count() > before; }));
      const std::scoped_lock lock(gateway.ear(from).mutex, node.ear(to).mutex);
      EXPECT_EQ(node.ear(to).heard.back().payload, "to " + std::to_string(to));
      EXPECT_EQ(gateway.ear(from).heard.back().type, wire::FrameType::progress);
      EXPECT_EQ(cluster::link_of(gateway.ear(from).heard.back().path), cluster::link_of(path));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cores, HubCores,
                         testing::Values(std::pair{1U, 1U}, std::pair{1U, 3U}, std::pair{3U, 1U}, std::pair{2U, 3U}));

TEST(Hub, frames_of_one_way_keep_their_order) {
  Party gateway("gateway", true, 2, key_of(1));
  Party node("node", false, 3, key_of(1));
  const auto view = view_of({&gateway, &node});
  gateway.adopt(view), node.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.missing() == 0; }));
  constexpr int count = 5000;
  gateway.on(1, [&](Hub& hub) {
    const cluster::PathId path = hub.path_to("node", view->peer("node")->incarnation, 2);
    for (int i = 0; i < count; ++i)
      hub.send(path, wire::Up{1, false, false, 0, 0, std::to_string(i)});
    return true;
  });
  ASSERT_TRUE(eventually([&] { return node.ear(2).count() == count; }));
  const std::scoped_lock lock(node.ear(2).mutex);
  for (int i = 0; i < count; ++i)
    EXPECT_EQ(node.ear(2).heard[static_cast<std::size_t>(i)].payload, std::to_string(i));
}

TEST(Hub, a_process_reaches_its_own_cores_without_a_link) {
  Party node("node", false, 2, key_of(1));
  node.ear(1).answers = true;
  node.adopt(view_of({&node}));
  node.on(0, [](Hub& hub) {
    hub.send(hub.path_to("node", 0, 0), wire::Up{});  // another life of the name: no way
    return true;
  });
  const auto incarnation = node.peer().incarnation;
  node.on(0, [&](Hub& hub) {
    hub.send(hub.path_to("node", incarnation, 1), wire::Up{1, false, false, 0, 0, "across"});
    hub.send(hub.path_to("node", incarnation, 0), wire::Up{1, false, false, 0, 0, "back"});
    return true;
  });
  ASSERT_TRUE(eventually([&] { return node.ear(1).count() == 1 && node.ear(0).count() == 2; }));
  const std::scoped_lock lock(node.ear(0).mutex);
  EXPECT_EQ(node.ear(0).heard[0].payload, "back");
  EXPECT_EQ(node.ear(0).heard[1].type, wire::FrameType::progress);
}

TEST(Hub, a_peer_with_another_cluster_key_never_links) {
  Party gateway("gateway", true, 1, key_of(1));
  Party node("node", false, 1, key_of(2));
  Party good("other", false, 1, key_of(1));
  const auto view = view_of({&gateway, &node, &good});
  gateway.adopt(view), node.adopt(view), good.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.up() == 1; }));
  EXPECT_EQ(node.up(), 0U);
  EXPECT_EQ(gateway.missing(), 1U);
}

TEST(Hub, a_peer_of_another_cluster_never_links) {
  Party gateway("gateway", true, 1, key_of(1), "blue");
  Party node("node", false, 1, key_of(1), "green");
  Party good("other", false, 1, key_of(1), "blue");
  const auto view = view_of({&gateway, &node, &good});
  gateway.adopt(view), node.adopt(view), good.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.up() == 1; }));
  EXPECT_EQ(gateway.missing(), 1U);
}

TEST(Hub, every_core_hears_that_a_link_is_down) {
  Party gateway("gateway", true, 2, key_of(1));
  auto node = std::make_unique<Party>("node", false, 2, key_of(1));
  const auto view = view_of({&gateway, node.get()});
  gateway.adopt(view), node->adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.missing() == 0; }));
  node.reset();
  ASSERT_TRUE(eventually([&] { return gateway.ear(0).links_lost() == 2 && gateway.ear(1).links_lost() == 2; }));
  EXPECT_EQ(gateway.up(), 0U);
}

/// The ring of one service with these nodes, as an epoch later than any before.
void put_ring(cluster::View& view, std::vector<ring::Member> members) {
  ring::Document document = ring::first_document("chat", 1, 1, std::move(members)).value();
  view.services["chat"] =
      cluster::ServiceView::make(std::make_shared<const ring::Document>(std::move(document)), 0, {});
}

/// A gateway and two nodes, linked; then the gateway learns of a ring without the second node.
struct Departure : testing::Test {
  Departure() {
    views[0] = std::make_shared<cluster::View>(*view_of({&gateway, &stays, &goes}));
    views[1] = std::make_shared<cluster::View>(*views[0]);
    put_ring(*views[1], {member(stays)});
  }
  static ring::Member member(const Party& party, double weight = 1) {
    return {party.peer().name, party.peer().incarnation, weight, ring::MemberState::up};
  }
  void adopt_both(double weight) {
    put_ring(*views[0], {member(goes, weight), member(stays)});
    stays.adopt(views[0]), goes.adopt(views[0]), gateway.adopt(views[0]);
    ASSERT_TRUE(eventually([&] { return gateway.missing() == 0; }));
    gateway.adopt(views[1]);
  }

  Party gateway{"gateway", true, 1, key_of(1)};
  Party stays{"stays", false, 1, key_of(1)};
  Party goes{"goes", false, 1, key_of(1)};
  std::array<std::shared_ptr<cluster::View>, 2> views;
};

TEST_F(Departure, of_a_life_that_the_ring_threw_out_ends_its_links_at_once) {
  views[1]->peers.erase("goes");
  adopt_both(1);
  EXPECT_TRUE(eventually([&] { return gateway.ear(0).links_lost() == 1; }));
  EXPECT_EQ(gateway.up(), 1U);
  EXPECT_NE(gateway.on(0, [&](Hub& hub) { return hub.path_to("stays", stays.peer().incarnation, 0); }), 0U);
}

TEST_F(Departure, of_a_node_that_had_given_everything_away_leaves_its_links) {
  adopt_both(0);
  // What an adoption posts comes before what is posted after it was seen.
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(gateway.up(), 2U);
  EXPECT_EQ(gateway.ear(0).links_lost(), 0U);
}

/// A peer with the right key that says whatever it is told, inside TLS; returns what the other side answered until it
/// closed.
std::string said_to(const Party& party, const std::string& bytes) {
  const auto address = Endpoint::parse(party.peer().link_address);
  const auto socket = net::connect_blocking(*address, Clock::now() + patience);
  if (!socket) return socket.error().message;
  net::TlsClient tls = net::TlsClient::psk(key_of(1));
  net::Stream stream(*socket, tls, {});
  if (!eventually([&] { return stream.handshake() == net::IoStatus::ok; })) return "no handshake";
  static_cast<void>(stream.write(bytes));
  std::string answer;
  std::array<char, 4096> chunk{};
  const bool has_ended = eventually([&] {
    const auto got = stream.read(chunk);
    if (got.status == net::IoStatus::ok) answer.append(chunk.data(), got.bytes);
    return got.status == net::IoStatus::closed || got.status == net::IoStatus::failed;
  });
  return has_ended ? answer : "still open";
}

std::string goodbye_in(const std::string& answer) {
  std::string_view rest = answer;
  wire::Raw raw;
  while (wire::cut(rest, 1U << 20U, raw) == wire::CutStatus::ok) {
    wire::Goodbye goodbye;
    if (raw.type == wire::FrameType::goodbye && wire::decode_into(raw.body, goodbye))
      return std::string(goodbye.reason);
    rest.remove_prefix(raw.size);
  }
  return "no goodbye: " + answer;
}

TEST(Hub, a_peer_of_another_protocol_version_is_told_to_upgrade) {
  Party node("node", false, 1, key_of(1));
  wire::Hello hello;
  hello.version = wire::protocol_version + 5;
  hello.oldest = wire::protocol_version + 4;
  hello.cluster = "test";
  hello.name = "new";
  std::string bytes;
  wire::append(bytes, hello);
  EXPECT_NE(goodbye_in(said_to(node, bytes)).find("upgrade"), std::string::npos);
}

TEST(Hub, a_peer_that_does_not_begin_with_a_hello_is_refused) {
  Party node("node", false, 1, key_of(1));
  std::string bytes;
  wire::append(bytes, wire::Heartbeat{});
  EXPECT_EQ(goodbye_in(said_to(node, bytes)), "the first frame is not a hello");
}

TEST(Hub, a_frame_over_the_limit_ends_the_link_and_no_other) {
  Party gateway("gateway", true, 1, key_of(1));
  Party node("node", false, 1, key_of(1));
  const auto view = view_of({&gateway, &node});
  gateway.adopt(view), node.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.missing() == 0; }));
  EXPECT_EQ(goodbye_in(said_to(node, "\xff\xff\xff\x7f....")), "a frame is larger than link.max_frame");
  EXPECT_EQ(gateway.missing(), 0U);
}

TEST(Hub, garbage_on_the_link_port_disturbs_nobody) {
  Party gateway("gateway", true, 1, key_of(1));
  Party node("node", false, 1, key_of(1));
  const auto view = view_of({&gateway, &node});
  gateway.adopt(view), node.adopt(view);
  ASSERT_TRUE(eventually([&] { return gateway.missing() == 0; }));
  const auto address = Endpoint::parse(node.peer().link_address);
  const auto socket = net::connect_blocking(*address, Clock::now() + patience);
  ASSERT_TRUE(socket);
  net::Stream stream(*socket);
  static_cast<void>(stream.write(std::string_view("GET / HTTP/1.1\r\n\r\n")));
  std::array<char, 512> answer{};
  ASSERT_TRUE(eventually([&] {
    const auto got = stream.read(answer);
    return got.status == net::IoStatus::closed || got.status == net::IoStatus::failed;
  }));
  EXPECT_EQ(gateway.missing(), 0U);
}

}  // namespace
}  // namespace wscluster::link
