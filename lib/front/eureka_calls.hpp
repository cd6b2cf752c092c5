// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/edge.hpp"
#include "front/doors.hpp"
#include "front/registrar.hpp"
#include "upstream/eureka_text.hpp"

namespace wscluster::front {

/// The calls of Eureka's clients on one core of a gateway: /eureka/… and /eureka/v2/…. What they write and read is
/// upstream's; here are paths, status codes and who may call.
class EurekaCalls {
 public:
  EurekaCalls(edge::Edge& edge, Registrar& registrar) : edge_(edge), registrar_(registrar) {}

  void use_doors(std::shared_ptr<const Doors> doors) { doors_ = std::move(doors); }
  /// Whether it is one of them, and they are answered here.
  [[nodiscard]] bool is_one(const edge::Request& request) const;
  /// Answers now or later.
  void serve(edge::ConnectionId id, const edge::Request& request);

 private:
  struct Call {
    edge::ConnectionId connection = 0;
    const edge::Request& request;
    std::vector<std::string> path;  ///< below the base, decoded, without empty parts
    upstream::EurekaFormat format = upstream::EurekaFormat::json;
  };

  [[nodiscard]] bool admit(edge::ConnectionId id, const edge::Request& request);
  void serve_applications(const Call& call);
  void serve_application(const Call& call);
  void serve_instance(const Call& call);
  void serve_part(const Call& call);
  void serve_vip(const Call& call, bool is_secure);

  void enroll(const Call& call);
  void renew(const Call& call);
  void tell_instance(const Call& call, const upstream::Instance* instance);
  void tell_applications(const Call& call, const upstream::Instances& instances);
  void ask(const Call& call, registry::InstanceCall order, unsigned status);
  void answer(edge::ConnectionId id, unsigned status, std::string text);
  void refuse_method(const Call& call, std::string_view allowed);

  edge::Edge& edge_;
  Registrar& registrar_;
  std::shared_ptr<const Doors> doors_;
};

}  // namespace wscluster::front
