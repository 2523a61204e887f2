#include <torc/http/response.hpp>

namespace torc::http {

Response::Response(int status, std::string_view content_type, Body body) : status_(status), body_(std::move(body)) {
  headers_.add("Content-Type", content_type);
}

void Response::store_type() const {
  if (type_) headers_.add("Content-Type", std::exchange(type_, nullptr));
}

Response text(std::string content) { return {"text/plain; charset=utf-8", std::move(content)}; }
Response html(std::string content) { return {"text/html; charset=utf-8", std::move(content)}; }
Response json(std::string content) { return {"application/json", std::move(content)}; }

Response stream(std::string_view content_type, std::move_only_function<Deferred<void>(BodyWriter)> produce) {
  return {status::kOk, content_type, produced_body(std::move(produce))};
}

Response redirect(std::string_view location, int status) {
  Response response(status);
  response.headers().add("Location", location);
  return response;
}

Response error_page(int status) {
  const std::string title = std::to_string(status) + " " + std::string(reason(status));
  return {status, "text/html; charset=utf-8",
          Body("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + title + "</title><h1>" + title +
               "</h1></html>\n")};
}

}  // namespace torc::http
