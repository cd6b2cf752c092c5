// SPDX-License-Identifier: MIT
// Orders for sessions, and what a call is told of them.
#include "front/answers.hpp"
#include "front/path.hpp"
#include "front/rest.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

/// An order for everybody waits for users that a change moves.
constexpr Duration patience_for_everybody = 30s;

}  // namespace

void Rest::order(const Call& call, cluster::Order order, Answer answer) {
  const bool is_for_everybody = order.uid.empty() && !order.session;
  order.service = call.service();
  const auto done = [this, id = call.connection, answer = std::move(answer)](const cluster::OrderReport& report) {
    if (report.status == Status::busy) {
      edge_.respond(id,
                    retry_later("the sessions are on their way to another node, or their holder cannot be asked now"));
    } else if (report.status == Status::unknown) {
      edge_.respond(id, failure(504, "Unknown", "not every holder has said that it is done; it may be repeated"));
    } else if (report.refused > 0) {
      edge_.respond(id, failure(409, "LimitReached", "a session has reached a limit of its groups or permissions"));
    } else {
      edge_.respond(id, answer(report));
    }
  };
  inquirer_.order(std::move(order), now() + (is_for_everybody ? patience_for_everybody : patience), done);
}

Rest::Answer Rest::answer_with(unsigned status) {
  edge::Response response;
  response.status = status;
  return answer_with(status, std::move(response));
}

Rest::Answer Rest::answer_with(unsigned status, edge::Response when_nobody) {
  return [status, when_nobody = std::move(when_nobody)](const cluster::OrderReport& report) {
    if (report.status == Status::nobody) return when_nobody;
    edge::Response response;
    response.status = status;
    return response;
  };
}

void Rest::order_for_connection(const Call& call, std::string_view segment, cluster::Order order,
                                const Answer& answer) {
  order.session = connection_in_path(segment);
  if (order.session) {
    this->order(call, std::move(order), answer);
    return;
  }
  cluster::OrderReport nobody;
  nobody.status = Status::nobody;
  edge_.respond(call.connection, answer(nobody));
}

Result<> Rest::order_for_user(const Call& call, std::string_view segment, cluster::Order order, const Answer& answer) {
  auto uid = uid_in_path(segment);
  if (!uid) return uid.error();
  order.uid = std::move(*uid);
  this->order(call, std::move(order), answer);
  return {};
}

}  // namespace wscluster::front
