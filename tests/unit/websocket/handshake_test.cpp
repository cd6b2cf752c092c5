// SPDX-License-Identifier: MIT
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>
#include <array>
#include <functional>

namespace wscluster::websocket {
namespace {

constexpr std::string_view rfc_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view rfc_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

UpgradeRequest good_request() {
  UpgradeRequest request;
  request.method = "GET";
  request.http_version = 11;
  request.host_count = 1;
  request.connection = "keep-alive, Upgrade";
  request.upgrade = "WebSocket";
  request.version = "13";
  request.key = rfc_key;
  return request;
}

TEST(Handshake, accept_key_is_that_of_the_rfc) {
  EXPECT_EQ(accept_key(rfc_key), rfc_accept);
}

TEST(Handshake, a_browsers_request_is_accepted) {
  EXPECT_FALSE(check_upgrade(good_request()));
}

TEST(Handshake, P0_18_each_broken_rule_has_its_status) {
  struct Case {
    const char* rule;
    std::function<void(UpgradeRequest&)> spoil;
    unsigned status;
  };
  const std::array cases{
      Case{"method", [](auto& r) { r.method = "POST"; }, 405},
      Case{"method in small letters", [](auto& r) { r.method = "get"; }, 405},
      Case{"HTTP/1.0", [](auto& r) { r.http_version = 10; }, 400},
      Case{"no host", [](auto& r) { r.host_count = 0; }, 400},
      Case{"two hosts", [](auto& r) { r.host_count = 2; }, 400},
      Case{"body", [](auto& r) { r.has_body = true; }, 400},
      Case{"no upgrade", [](auto& r) { r.upgrade = ""; }, 426},
      Case{"other upgrade", [](auto& r) { r.upgrade = "h2c"; }, 426},
      Case{"token is a part of a word", [](auto& r) { r.upgrade = "websockets"; }, 426},
      Case{"no connection", [](auto& r) { r.connection = ""; }, 400},
      Case{"other connection", [](auto& r) { r.connection = "keep-alive"; }, 400},
      Case{"no version", [](auto& r) { r.version = ""; }, 426},
      Case{"old version", [](auto& r) { r.version = "8"; }, 426},
      Case{"two versions", [](auto& r) { r.version = "13, 13"; }, 426},
      Case{"no key", [](auto& r) { r.key = ""; }, 400},
      Case{"key of 15 bytes", [](auto& r) { r.key = "dGhlIHNhbXBsZSBub25j"; }, 400},
      Case{"key of 17 bytes", [](auto& r) { r.key = "dGhlIHNhbXBsZSBub25jZWU="; }, 400},
      Case{"key of 18 bytes", [](auto& r) { r.key = "dGhlIHNhbXBsZSBub25jZWVl"; }, 400},
      Case{"key in base64url", [](auto& r) { r.key = "dGhlIHNhbXBsZSBub25j_-=="; }, 400},
      Case{"key with a blank", [](auto& r) { r.key = "dGhlIHNhbXBs SBub25jZQ=="; }, 400},
      Case{"two keys", [](auto& r) { r.key = "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="; }, 400},
  };
  for (const Case& broken : cases) {
    UpgradeRequest request = good_request();
    broken.spoil(request);
    const auto refusal = check_upgrade(request);
    ASSERT_TRUE(refusal) << broken.rule;
    EXPECT_EQ(refusal->status, broken.status) << broken.rule;
    EXPECT_FALSE(refusal->text.empty()) << broken.rule;
  }
}

TEST(Handshake, tokens_are_found_in_lists_in_any_case) {
  for (const char* list : {"upgrade", "Upgrade", "keep-alive, UPGRADE", "upgrade,keep-alive", " ,, upgrade\t,"}) {
    EXPECT_TRUE(has_token(list, "upgrade")) << list;
  }
  for (const char* list : {"", ",", "up grade", "upgrade2", "keep-alive", "x-upgrade", "\"upgrade\""}) {
    EXPECT_FALSE(has_token(list, "upgrade")) << list;
  }
}

TEST(Handshake, the_first_supported_subprotocol_of_the_offer_is_chosen) {
  const std::array<std::string_view, 2> supported{"json.webpubsub.azure.v1", "json.reliable.webpubsub.azure.v1"};
  EXPECT_EQ(select_subprotocol("json.reliable.webpubsub.azure.v1", supported), supported[1]);
  EXPECT_EQ(select_subprotocol("mqtt, json.reliable.webpubsub.azure.v1 ,json.webpubsub.azure.v1", supported),
            supported[1]);
  EXPECT_EQ(select_subprotocol("JSON.webpubsub.azure.v1", supported), "");
  EXPECT_EQ(select_subprotocol("", supported), "");
  EXPECT_EQ(select_subprotocol("mqtt", {}), "");
}

TEST(Handshake, client_and_server_agree) {
  const std::string key = make_key();
  EXPECT_NE(key, make_key());
  UpgradeRequest request = good_request();
  request.key = key;
  EXPECT_FALSE(check_upgrade(request));

  const auto chosen = check_accept(upgrade_response(accept_key(key), "chat.v1"), key);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, "chat.v1");
  const auto plain = check_accept(upgrade_response(accept_key(key)), key);
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, "");
}

TEST(Handshake, texts_are_exact) {
  EXPECT_EQ(
      upgrade_response("A", "p"),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: A\r\n"
      "Sec-WebSocket-Protocol: p\r\n\r\n");
  const std::array<HeaderField, 1> fields{HeaderField{"Authorization", "Bearer t"}};
  EXPECT_EQ(upgrade_request("h:1", "/ws?uid=a", "K", fields),
            "GET /ws?uid=a HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: K\r\nAuthorization: Bearer t\r\n\r\n");
}

TEST(Handshake, an_answer_that_is_no_upgrade_is_refused) {
  const auto errc = [](std::string_view head) {
    const auto result = check_accept(head, rfc_key);
    return result ? Errc{} : result.error().code;
  };
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  EXPECT_EQ(errc("HTTP/1.1 101 x\r\nupgrade: WEBSOCKET\r\nconnection: upgrade\r\n" + accept + "\r\n"), Errc{});
  EXPECT_EQ(errc("HTTP/1.1 101 x\r\nConnection: upgrade\r\n" + accept + "\r\n"), Errc::protocol);
  EXPECT_EQ(errc("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" + accept + "\r\n"), Errc::protocol);
  EXPECT_EQ(errc("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"), Errc::protocol);
  EXPECT_EQ(errc("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"),
            Errc::protocol);
  EXPECT_EQ(errc("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Errc::unavailable);
  EXPECT_EQ(errc("SSH-2.0-OpenSSH_9.2\r\n"), Errc::protocol);
  EXPECT_EQ(errc(""), Errc::protocol);
  EXPECT_NE(check_accept("HTTP/1.1 503 no\r\n\r\n", rfc_key).error().message.find("503"), std::string::npos);
}

TEST(Handshake, status_comes_from_a_well_formed_first_line_only) {
  EXPECT_EQ(status_of("HTTP/1.1 101 Switching Protocols\r\n"), 101U);
  EXPECT_EQ(status_of("HTTP/1.0 404\r\n"), 404U);
  for (const char* head : {"HTTP/1.1 1x1 a", "HTTP/1.1 1011 a", "HTTP/2 200", "HTTP/1.1  200", "HTTP/1.1 20"}) {
    EXPECT_EQ(status_of(head), 0U) << head;
  }
}

}  // namespace
}  // namespace wscluster::websocket
