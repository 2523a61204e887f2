#include <torc/http/router.hpp>

#include <torc/base/errors.hpp>

namespace torc::http {

std::string Request::param(std::string_view name) const {
  const auto raw = match_.raw(name);
  if (!raw) torc::detail::misuse("the route has no parameter \"" + std::string(name) + "\"");
  auto decoded = RouteParam{name, *raw}.decoded();
  if (!decoded) throw StatusError(status::kBadRequest, "malformed escape in the path");
  return *std::move(decoded);
}

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  table_.insert(method, pattern, handlers_.size());
  handlers_.push_back(std::move(handler));
}

void Router::add_mount(std::string_view prefix, Handler handler) {
  table_.mount(prefix, handlers_.size());
  handlers_.push_back(std::move(handler));
}

Deferred<Response> Router::handle(Request& request) {
  request.match_ = table_.find(request.method(), request.path());
  switch (request.match_.kind()) {
    case RouteMatch::Kind::kFound:
      return handlers_[request.match_.index()](request);
    case RouteMatch::Kind::kMethodNotAllowed: {
      Response response = error_page(status::kMethodNotAllowed);
      response.headers().add("Allow", table_.allow(request.path()));
      return succeed(std::move(response));
    }
    case RouteMatch::Kind::kNotFound:
      break;
  }
  return succeed(error_page(status::kNotFound));
}

}  // namespace torc::http
