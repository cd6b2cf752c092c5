// SPDX-License-Identifier: MIT
#include "config/check.hpp"

#include <gtest/gtest.h>

#include "net/tls.hpp"
#include "scratch.hpp"

namespace wscluster::config {
namespace {

using Texts = std::vector<std::string>;

std::string joined(const std::vector<Problem>& problems) {
  std::string out;
  for (const auto& problem : problems)
    out += problem.to_string() + "\n";
  return out;
}

bool says(const Loaded& loaded, const std::string& part) {
  return joined(loaded.problems).find(part) != std::string::npos;
}

const std::string usable_server = "link: {plain: true}\nservices: {chat: {auth: insecure}}\n";

TEST(Check, missing_and_empty_secret_files_are_named_where_they_were_set) {
  const Scratch scratch;
  scratch.write("empty", "\n");
  const auto file = scratch.write("c.yaml", "cluster:\n  key_file: none\nservices:\n  chat:\n    key_files: [empty]\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  EXPECT_EQ(texts(loaded.problems),
            (Texts{file + ":2:13: error: cluster.key_file: " + scratch.path("none") + ": No such file or directory",
                   file + ":5:16: error: services.chat.key_files: " + scratch.path("empty") +
                       ": the file is empty, a secret is expected"}));
}

TEST(Check, a_client_does_not_open_the_files_of_servers) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", "cluster: {key_file: none}\ntls: {cert_file: none, key_file: none}\n");
  EXPECT_EQ(joined(load({file, {}, {}}, Roles::client).problems), "");
}

TEST(Check, certificate_and_key_must_match) {
  const Scratch scratch;
  const auto one = net::make_self_signed("one", {}, 30);
  const auto two = net::make_self_signed("two", {}, 30);
  scratch.write("cert.pem", one.certificate);
  scratch.write("one.key", one.key);
  scratch.write("two.key", two.key);
  const auto good = scratch.write("good.yaml", usable_server + "tls: {cert_file: cert.pem, key_file: one.key}\n");
  EXPECT_EQ(joined(load({good, {}, {}}, Roles::servers).problems), "");
  const auto bad = scratch.write("bad.yaml", usable_server + "tls: {cert_file: cert.pem, key_file: two.key}\n");
  const auto loaded = load({bad, {}, {}}, Roles::servers);
  ASSERT_EQ(loaded.problems.size(), 1U) << joined(loaded.problems);
  EXPECT_TRUE(says(loaded, bad + ":3:18: error: tls.cert_file: "));
}

TEST(Check, a_static_folder_is_read) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "static_dir: none\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  EXPECT_TRUE(says(loaded, file + ":3:13: error: static_dir: " + scratch.path("none") + ": there is no such folder"))
      << joined(loaded.problems);
  std::filesystem::create_directory(scratch.path("none"));
  EXPECT_EQ(joined(load({file, {}, {}}, Roles::servers).problems), "");
  scratch.write("none/negotiate", "");
  EXPECT_TRUE(says(load({file, {}, {}}, Roles::servers), "kept for REST calls"));
  EXPECT_EQ(joined(load({file, {}, {}}, Roles::client).problems), "");
}

TEST(Check, P0_30_certificates_that_end_soon_are_a_warning) {
  const Scratch scratch;
  for (const auto& [name, days] : {std::pair{"soon", 13}, std::pair{"fine", 15}}) {
    const auto pair = net::make_self_signed(name, {}, days);
    scratch.write("cert.pem", pair.certificate);
    scratch.write("key.pem", pair.key);
    const auto file =
        scratch.write("c.yaml", usable_server + "tls: {certificates: [{cert_file: cert.pem, key_file: key.pem}]}\n");
    const auto loaded = load({file, {}, {}}, Roles::servers);
    EXPECT_TRUE(loaded.usable());
    EXPECT_EQ(says(loaded, file + ":3:21: warning: tls.certificates: "), days == 13) << joined(loaded.problems);
  }
}

TEST(Check, P0_31_every_bad_certificate_of_the_list_is_told) {
  const Scratch scratch;
  const auto pair = net::make_self_signed("one", {}, 30);
  scratch.write("cert.pem", pair.certificate);
  scratch.write("key.pem", pair.key);
  scratch.write("other.key", net::make_self_signed("two", {}, 30).key);
  const auto file = scratch.write("c.yaml", usable_server +
                                                "tls:\n  certificates:\n"
                                                "    - {cert_file: cert.pem, key_file: key.pem}\n"
                                                "    - {cert_file: cert.pem, key_file: other.key}\n"
                                                "    - {cert_file: absent.pem, key_file: key.pem}\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  ASSERT_EQ(loaded.problems.size(), 2U) << joined(loaded.problems);
  EXPECT_TRUE(says(loaded, "tls.certificates: the key in " + scratch.path("other.key") + " does not belong"));
  EXPECT_TRUE(says(loaded, "tls.certificates: " + scratch.path("absent.pem") + ": No such file"));
}

TEST(Check, P0_31_an_empty_list_of_certificates_is_no_plain_listener) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "tls: {certificates: []}\n");
  EXPECT_TRUE(says(load({file, {}, {}}, Roles::servers), file + ":3:21: error: tls.certificates: the list is empty"));
}

TEST(Check, P0_37_more_clients_than_memory_holds_are_a_warning) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "limits:\n  memory: 16MiB\n  max_connections: 1000\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  EXPECT_TRUE(loaded.usable());
  EXPECT_TRUE(says(loaded, file + ":5:20: warning: limits.max_connections: 1000 clients cannot be reached here: 16MiB "
                                  "of memory hold 716; raise limits.memory"))
      << joined(loaded.problems);
  const auto fine = scratch.write("d.yaml", usable_server + "limits: {memory: 64MiB, max_connections: 10}\n");
  EXPECT_EQ(joined(load({fine, {}, {}}, Roles::servers).problems), "");
}

TEST(Check, P0_37_more_clients_than_descriptors_are_a_warning) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "limits: {memory: 0, max_connections: 2000m}\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  EXPECT_TRUE(says(loaded, "2000000000 clients cannot be reached here: ")) << joined(loaded.problems);
  EXPECT_TRUE(says(loaded, "raise the hard limit of open files")) << joined(loaded.problems);
}

TEST(Check, P0_37_a_ceiling_below_what_the_process_needs_is_refused) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "limits: {memory: 1MiB}\n");
  const auto loaded = load({file, {}, {}}, Roles::servers);
  EXPECT_FALSE(loaded.usable());
  EXPECT_TRUE(says(loaded, file + ":3:18: error: limits.memory (1MiB) must be at least 16MiB"))
      << joined(loaded.problems);
}

TEST(Check, servers_without_services_are_told_what_to_write) {
  const Scratch scratch;
  const auto loaded = load({scratch.write("c.yaml", "link: {plain: true}\n"), {}, {}}, Roles::servers);
  EXPECT_TRUE(says(loaded, "no services configured: add 'services: {chat: {}}'"));
  EXPECT_EQ(joined(load({scratch.write("d.yaml", usable_server), {}, {}}, Roles::servers).problems), "");
}

TEST(Check, insecure_services_stay_on_loopback) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "listen: 192.0.2.1:8080\n");
  const auto loaded = load({file, {}, {}}, Roles::gateway);
  EXPECT_TRUE(says(loaded, "services.chat.auth is insecure, so listen must be a loopback address, not 192.0.2.1:8080"));
}

TEST(Check, contradictions_point_to_the_first_key_they_name) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "link_heartbeat_unknown: 1\n");
  EXPECT_FALSE(load({file, {}, {}}, Roles::servers).usable());
  const auto other =
      scratch.write("d.yaml", "services: {chat: {auth: insecure}}\nlink:\n  plain: true\n  dead_after: 1s\n");
  const auto loaded = load({other, {}, {}}, Roles::servers);
  EXPECT_TRUE(says(loaded, other + ":4:15: error: link.dead_after (1s) must be at least twice link.heartbeat"))
      << joined(loaded.problems);
}

TEST(Check, plain_links_stay_on_loopback) {
  const Scratch scratch;
  const auto file = scratch.write("c.yaml", usable_server + "node: {link_listen: '192.0.2.1:9000'}\n");
  EXPECT_TRUE(says(load({file, {}, {}}, Roles::node), "node.link_listen must be a loopback address"));
  EXPECT_EQ(joined(load({file, {}, {}}, Roles::gateway).problems), "");
}

TEST(Check, no_address_that_nobody_can_connect_to_is_registered) {
  const Scratch scratch;
  scratch.write("k", "key");
  const auto file = scratch.write("c.yaml",
                                  "cluster: {key_file: k}\nlisten: '0.0.0.0:1'\nnode: {link_listen: '0.0.0.0:2'}\n"
                                  "services: {chat: {key_files: [k]}}\n");
  const auto loaded = load({file, {}, {}}, Roles::node);
  EXPECT_TRUE(says(loaded, "set advertise to the address that clients use"));
  EXPECT_TRUE(says(loaded, "set node.link_advertise to this host's address"));
}

}  // namespace
}  // namespace wscluster::config
