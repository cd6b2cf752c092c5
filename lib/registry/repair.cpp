// SPDX-License-Identifier: MIT
#include "registry/repair.hpp"

#include "registry/json.hpp"

namespace wscluster::registry {

namespace json = boost::json;

std::string to_json(const RepairRequest& request) {
  return json::serialize(json::object{{"service", request.service},
                                      {"from", request.from},
                                      {"incarnation", to_hex(request.incarnation)},
                                      {"epoch", request.epoch},
                                      {"digest", request.digest},
                                      {"by", request.by},
                                      {"asked_ms", request.asked_ms},
                                      {"answer", request.answer}});
}

Result<RepairRequest> parse_repair(std::string_view text) {
  const auto object = parse_object("repair request", text);
  if (!object) return object.error();
  RepairRequest request;
  read(*object, "service", request.service);
  read(*object, "from", request.from);
  read_id(*object, "incarnation", request.incarnation);
  read(*object, "epoch", request.epoch);
  read(*object, "digest", request.digest);
  read(*object, "by", request.by);
  read(*object, "asked_ms", request.asked_ms);
  read(*object, "answer", request.answer);
  return request;
}

}  // namespace wscluster::registry
