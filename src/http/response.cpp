#include <torc/http/response.hpp>

namespace torc::http {

Response::Response(int status, std::string_view content_type, Body body) : status_(status), body_(std::move(body)) {
  headers_.add("Content-Type", content_type);
}

Response text(std::string content) { return {status::kOk, "text/plain; charset=utf-8", Body(std::move(content))}; }
Response html(std::string content) { return {status::kOk, "text/html; charset=utf-8", Body(std::move(content))}; }
Response json(std::string content) { return {status::kOk, "application/json", Body(std::move(content))}; }

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
