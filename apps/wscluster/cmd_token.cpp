// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "auth/token.hpp"
#include "base/names.hpp"
#include "commands.hpp"
#include "service_key.hpp"

namespace wscluster::app {
namespace {

using config::Type;

int run_token(const Invocation& invocation) {
  const std::string uid = invocation.text("uid");
  const std::string api = invocation.text("api");
  if (uid.empty() == api.empty()) {
    throw Failure(ExitCode::usage, "exactly one of --uid and --api is needed",
                  "A client's token: wscluster token --uid alice");
  }
  if (const auto good = check_uid(uid); api.empty() && !good) throw Failure(ExitCode::data, good.error().message);
  if (!api.empty() && !api.starts_with('/')) {
    throw Failure(ExitCode::usage, "--api: '" + api + "' is not a path; it begins with '/'");
  }
  const auto config = invocation.load_config();
  const std::string service = chosen_service(invocation, config);
  const auto ttl = invocation.value<Duration>("ttl");
  if (ttl < std::chrono::seconds(1)) throw Failure(ExitCode::usage, "--ttl must be at least 1s");
  auth::Claims claims;
  claims.subject = uid;
  claims.audience = api;
  claims.roles = invocation.texts("role");
  claims.issued_at = WallClock::now();
  claims.expires = *claims.issued_at + ttl;
  const std::string token = auth::make_token(claims, access_key(invocation, config, service));
  if (!invocation.output().is_json()) {
    print(token + "\n");
    return 0;
  }
  print(render_json(boost::json::object{{"schema", "wscluster/token/v1"},
                                        {"token", token},
                                        {"service", service},
                                        {"uid", uid.empty() ? boost::json::value(nullptr) : boost::json::value(uid)},
                                        {"expires_at", format_rfc3339(*claims.expires)}},
                    invocation.output()));
  return 0;
}

}  // namespace

Command token_command() {
  Command command{
      .path = "token",
      .heading = "Operate",
      .summary = "Make a token for a client or for a REST call",
      .description =
          "A JWT signed (HS256) with the service's access key; nobody is asked, so it works without a cluster. Clients "
          "bring it as ?access_token= or 'Authorization: Bearer'.",
      .examples = {{"wscluster token --uid alice", "For a client of the only service."},
                   {"wscluster token --service chat --uid alice --ttl 5m --key-file chat.key", ""},
                   {"wscluster token --api /api/v1/services/chat/users/bob/messages",
                    "For an application that calls this path."}},
      .flags =
          {{.name = "uid", .value = "UID", .text = "User that the client becomes (claim sub)"},
           {.name = "api", .value = "PATH", .text = "Path that an application may call (claim aud)"},
           {.name = "ttl", .value = "DUR", .type = Type::duration, .default_text = "1h", .text = "Valid for so long"},
           {.name = "role", .value = "ROLE", .text = "Permission of the client (claim role)", .repeats = true}},
      .run = run_token};
  for (auto& flag : service_flags())
    command.flags.push_back(std::move(flag));
  return command;
}

}  // namespace wscluster::app
