// SPDX-License-Identifier: MIT
// TLS as others see it: `openssl s_client` at a gateway whose certificates change while clients are connected.
#include <csignal>
#include <filesystem>

#include "cluster.hpp"
#include "net/tls.hpp"
#include "wire.hpp"

namespace wscluster::integration {
namespace {

using namespace std::chrono_literals;
using Arguments = Cluster::Arguments;

class Tls : public ClusterTest {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<Cluster>(
        Cluster::Options{.services = "  chat:\n    paths: [/ws]\n    key_files: [ACCESS]\n    raw: relay\n"
                                     "    origins: ['https://*.example.org']\n"
                                     "  open:\n    paths: [/open]\n    auth: insecure\n",
                         .settings = "tls:\n  certificates: [{cert_file: site.pem, key_file: site.key}]\n"});
    write_pair("site", "site-1", "site.example");
    shared->start_node("node-1");
    shared->start_gateway("gateway-1", {"--cores", "2"});
    shared->wait_until_ready();
  }

  static void write_pair(const std::string& file, const std::string& subject, const std::string& name) {
    const auto pair = net::make_self_signed(subject, {name}, 30);
    shared->write(file + ".pem", pair.certificate);
    shared->write(file + ".key", pair.key);
  }

  /// What it prints; with `input` it waits for the server's end.
  static std::string s_client(const Arguments& more, const std::string& input = {}) {
    Arguments argv{"openssl", "s_client", "-connect", (*shared)["gateway-1"].clients};
    argv.insert(argv.end(), more.begin(), more.end());
    static int serial = 0;
    const std::string output = shared->file("s_client-" + std::to_string(++serial));
    Child child({.argv = argv, .environment = {}, .input = input, .output_file = output, .error_file = output});
    EXPECT_TRUE(wait_until([&] { return child.poll().has_value(); }, 30s)) << content_of(output);
    return content_of(output);
  }
  static std::string subject_for(const std::string& name) {
    const std::string text = s_client({"-servername", name});
    const std::size_t at = text.find("subject=CN = ");
    return at == std::string::npos ? text : text.substr(at + 13, text.find('\n', at) - at - 13);
  }
  /// The answer to an upgrade with these lines; an open WebSocket is closed at once.
  static std::string upgrade(const std::string& target, const std::string& lines) {
    return s_client({"-quiet"}, "GET " + target +
                                    " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n" +
                                    lines + "\r\n" + client_frame(8, std::string("\x03\xE8", 2)));
  }
  static std::string authorization() { return "Authorization: Bearer " + shared->token("alice") + "\r\n"; }

  static double reloads() { return shared->metric("gateway-1", "wscluster_tls_reloads_total"); }
  static double failures() { return shared->metric("gateway-1", "wscluster_tls_reload_failures_total"); }
  /// The configuration file with one text for another, and SIGHUP.
  static void reconfigure(const std::string& before, const std::string& after) {
    std::string text = content_of(shared->config_file());
    const std::size_t at = text.find(before);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, before.size(), after);
    shared->write("wscluster.yaml", text);
    const double before_reload = reloads();
    (*shared)["gateway-1"].child->signal(SIGHUP);
    ASSERT_TRUE(wait_until([&] { return reloads() > before_reload; }));
  }
  static void expect_served(Client& client) {
    EXPECT_TRUE(client.is_open());
    EXPECT_EQ(shared->send("gateway-1", "witness", "still there").at("status"), "delivered");
    EXPECT_EQ(client.read().text, "still there");
  }
};

TEST_F(Tls, P0_31_each_name_gets_its_certificate_and_others_the_default) {
  EXPECT_EQ(subject_for("site.example"), "site-1");
  EXPECT_EQ(subject_for("else.where"), "wscluster test");
}

TEST_F(Tls, P0_29_http11_is_the_only_protocol) {
  const std::string refused = s_client({"-alpn", "h2"});
  EXPECT_NE(refused.find("alert number 120"), std::string::npos) << refused;
  const std::string agreed = s_client({"-alpn", "h2,http/1.1"});
  EXPECT_NE(agreed.find("ALPN protocol: http/1.1"), std::string::npos) << agreed;
  EXPECT_NE(agreed.find("Compression: NONE"), std::string::npos) << agreed;
}

TEST_F(Tls, P0_29_old_versions_and_renegotiation_are_refused) {
  const std::string old = s_client({"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"});
  EXPECT_NE(old.find("alert number 70"), std::string::npos) << old;
  const std::string again = s_client({"-tls1_2"}, "R\n");
  EXPECT_NE(again.find("RENEGOTIATING"), std::string::npos) << again;
  EXPECT_NE(again.find("no renegotiation"), std::string::npos) << again;
}

TEST_F(Tls, P0_30_new_files_are_presented_and_open_connections_do_not_notice) {
  Client witness = shared->connect("gateway-1", "witness");
  const double before = reloads();
  write_pair("site", "site-2", "site.example");
  ASSERT_TRUE(wait_until([&] { return reloads() > before; }));
  EXPECT_EQ(subject_for("site.example"), "site-2");
  EXPECT_EQ(subject_for("else.where"), "wscluster test");
  expect_served(witness);
}

TEST_F(Tls, P0_30_bad_files_change_nothing_until_they_are_good) {
  write_pair("site", "site-3", "site.example");
  ASSERT_TRUE(wait_until([] { return subject_for("site.example") == "site-3"; }));
  Client witness = shared->connect("gateway-1", "witness");
  const auto next = net::make_self_signed("site-4", {"site.example"}, 30);
  double before = failures();
  shared->write("site.pem", next.certificate.substr(0, next.certificate.size() / 2));
  ASSERT_TRUE(wait_until([&] { return failures() > before; })) << "half written";
  EXPECT_EQ(subject_for("site.example"), "site-3");
  before = failures();
  shared->write("site.pem", next.certificate);
  ASSERT_TRUE(wait_until([&] { return failures() > before; })) << "the key is of another one";
  EXPECT_EQ(subject_for("site.example"), "site-3");
  const std::string log = content_of((*shared)["gateway-1"].log_file);
  EXPECT_NE(log.find("does not belong to the certificate in " + shared->file("site.pem")), std::string::npos) << log;
  shared->write("site.key", next.key);
  ASSERT_TRUE(wait_until([] { return subject_for("site.example") == "site-4"; }));
  expect_served(witness);
}

TEST_F(Tls, P0_30_sighup_takes_over_other_names) {
  write_pair("more", "more", "more.example");
  EXPECT_EQ(subject_for("more.example"), "wscluster test");
  Client witness = shared->connect("gateway-1", "witness");
  reconfigure("certificates: [", "certificates: [{cert_file: more.pem, key_file: more.key}, ");
  EXPECT_EQ(subject_for("more.example"), "more");
  EXPECT_GT(shared->metric("gateway-1",
                           "wscluster_tls_certificate_expiry_timestamp_seconds{sni=\"more.example\",key=\"ecdsa\"}"),
            1e9);
  expect_served(witness);
  // The files of the new configuration are watched as well.
  write_pair("more", "more-2", "more.example");
  EXPECT_TRUE(wait_until([] { return subject_for("more.example") == "more-2"; }));
}

TEST_F(Tls, P0_30_a_link_that_leads_to_other_files_is_followed) {
  namespace fs = std::filesystem;
  for (const char* version : {"1", "2"}) {
    fs::create_directory(shared->file(version));
    write_pair(std::string(version) + "/tls", std::string("linked-") + version, "linked.example");
  }
  fs::create_directory_symlink("1", shared->file("now"));
  reconfigure("certificates: [", "certificates: [{cert_file: now/tls.pem, key_file: now/tls.key}, ");
  EXPECT_EQ(subject_for("linked.example"), "linked-1");
  fs::create_directory_symlink("2", shared->file("next"));
  fs::rename(shared->file("next"), shared->file("now"));
  EXPECT_TRUE(wait_until([] { return subject_for("linked.example") == "linked-2"; }));
}

TEST_F(Tls, P0_33_client_certificates_are_asked_for_and_checked) {
  write_pair("friend", "friend", "friend.example");
  write_pair("stranger", "stranger", "stranger.example");
  const Arguments with_friend{"-cert", shared->file("friend.pem"), "-key", shared->file("friend.key")};
  const Arguments with_stranger{"-cert", shared->file("stranger.pem"), "-key", shared->file("stranger.key")};
  const std::string request = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const auto ask = [&](Arguments arguments) {
    arguments.emplace_back("-quiet");
    return s_client(arguments, request);
  };
  reconfigure("tls:\n", "tls:\n  client_auth: required\n  client_ca_file: friend.pem\n");
  EXPECT_NE(ask(with_friend).find("HTTP/1.1 404"), std::string::npos);
  EXPECT_NE(ask({}).find("alert number 116"), std::string::npos);
  EXPECT_EQ(ask(with_stranger).find("HTTP/1.1"), std::string::npos);
  reconfigure("client_auth: required", "client_auth: optional");
  EXPECT_NE(ask({}).find("HTTP/1.1 404"), std::string::npos);
  EXPECT_EQ(ask(with_stranger).find("HTTP/1.1"), std::string::npos);
  reconfigure("  client_auth: optional\n  client_ca_file: friend.pem\n", "");
  EXPECT_NE(ask(with_stranger).find("HTTP/1.1 404"), std::string::npos);
}

TEST_F(Tls, P0_22_other_origins_get_403_and_an_end) {
  const std::string good = upgrade("/ws", authorization() + "Origin: https://app.example.org\r\n");
  EXPECT_NE(good.find("HTTP/1.1 101"), std::string::npos) << good;
  const std::string none = upgrade("/ws", authorization());
  EXPECT_NE(none.find("HTTP/1.1 101"), std::string::npos) << none;
  const std::string bad = upgrade("/ws", authorization() + "Origin: https://evil.example\r\n");
  EXPECT_NE(bad.find("HTTP/1.1 403"), std::string::npos) << bad;
  EXPECT_NE(bad.find("Connection: close"), std::string::npos) << bad;
  reconfigure("origins: ['https://*.example.org']\n",
              "origins: ['https://evil.example']\n    missing_origin: refuse\n");
  EXPECT_NE(upgrade("/ws", authorization() + "Origin: https://evil.example\r\n").find("HTTP/1.1 101"),
            std::string::npos);
  EXPECT_NE(upgrade("/ws", authorization()).find("HTTP/1.1 403"), std::string::npos);
  reconfigure("origins: ['https://evil.example']\n    missing_origin: refuse\n",
              "origins: ['https://*.example.org']\n");
}

TEST_F(Tls, P0_22_one_offered_subprotocol_or_none_and_no_compression) {
  const std::string offer =
      authorization() + "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: ";
  const std::string one = upgrade("/ws", offer + "a, json.webpubsub.azure.v1, b\r\n");
  EXPECT_NE(one.find("Sec-WebSocket-Protocol: json.webpubsub.azure.v1\r\n"), std::string::npos) << one;
  EXPECT_EQ(one.find("Sec-WebSocket-Extensions"), std::string::npos) << one;
  const std::string none = upgrade("/ws", offer + "a, b\r\n");
  EXPECT_NE(none.find("HTTP/1.1 101"), std::string::npos) << none;
  EXPECT_EQ(none.find("Sec-WebSocket-Protocol"), std::string::npos) << none;
}

TEST_F(Tls, P0_21_what_a_proxy_on_this_host_forwards_is_not_of_this_host) {
  EXPECT_NE(upgrade("/open?uid=alice", "").find("HTTP/1.1 101"), std::string::npos);
  for (const char* header : {"X-Forwarded-For: 127.0.0.1\r\n", "Forwarded: for=127.0.0.1\r\n"})
    EXPECT_NE(upgrade("/open?uid=alice", header).find("HTTP/1.1 401"), std::string::npos) << header;
}

TEST_F(Tls, P0_25_a_client_that_is_cut_off_is_no_line_in_the_log) {
  const std::string before = content_of((*shared)["gateway-1"].log_file);
  Client client = shared->connect("gateway-1", "witness");
  client.cut();
  EXPECT_TRUE(wait_until([] { return shared->metric("gateway-1", "wscluster_websockets") == 0; }));
  EXPECT_EQ(content_of((*shared)["gateway-1"].log_file), before);
}

}  // namespace
}  // namespace wscluster::integration
