#include <torc/http/directory.hpp>

#include "http/file_tree.hpp"

#include <torc/base/errors.hpp>
#include <torc/http/date.hpp>
#include <torc/http/listing.hpp>
#include <torc/http/media_type.hpp>
#include <torc/http/path.hpp>
#include <torc/http/percent.hpp>
#include <torc/http/range.hpp>
#include <torc/http/validators.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace torc::http {

namespace {

constexpr std::size_t kListed = 10'000;  // entries: some 2.5 MB of page, 20 ms of the loop

// What a file that cannot be opened is answered with.
//
// What lies outside or does not exist is 404. What exists and may not be read is 403: its owner has to hear of it, and a
// name that is not to be known should not lie in a directory that is served.
int status_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
    case ENXIO:  // a socket, or a device without its driver
    case ENODEV: return status::kNotFound;
    case EACCES:
    case EPERM: return status::kForbidden;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return status::kServiceUnavailable;
    default: return status::kInternalServerError;
  }
}

// The fields that a conditional or range request may have, several lines of one joined by commas (RFC 9110 §5.3).
class Asked {
 public:
  explicit Asked(const codec::http1::Fields& fields) {
    for (const auto field : fields) {
      for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (!equal_names(field.name, kNames[i])) continue;
        if (values_[i]) {
          values_[i]->append(", ").append(field.value);
        } else {
          values_[i].emplace(field.value);
        }
      }
    }
  }

  Conditions conditions() const {
    return {.if_match = values_[0],
            .if_none_match = values_[1],
            .if_modified_since = values_[2],
            .if_unmodified_since = values_[3],
            .if_range = values_[4]};
  }
  const std::optional<std::string>& range() const noexcept { return values_[5]; }

 private:
  static constexpr std::array<std::string_view, 6> kNames = {
      "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"};
  std::array<std::optional<std::string>, kNames.size()> values_;
};

Validators validators_of(const TreeFile& file) {
  Validators current{.etag = make_etag(file.size(), file.modified_ns(), file.status.st_ino)};
  // A date in the future would have to be sent as the present (RFC 9110 §8.8.2.1), and would change with each answer.
  const std::int64_t modified = file.status.st_mtim.tv_sec;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  if (modified <= std::chrono::duration_cast<std::chrono::seconds>(now).count()) current.last_modified = modified;
  return current;
}

class Directory {
 public:
  Directory(const std::string& root, DirectoryOptions options) : tree_(root), options_(std::move(options)) {
    for (const auto& name : options_.index) {
      const auto path = safe_path(encode_path_segment(name));
      if (name.empty() || !path || path->text != name)
        throw std::invalid_argument("the index \"" + name + "\" is not the name of a file");
    }
    if (!is_field_value(options_.cache_control)) {
      throw std::invalid_argument("the value for Cache-Control holds a control character");
    }
  }

  Response answer(const Request& request) const {
    if (request.method() != "GET" && request.method() != "HEAD") {
      Response response = error_page(status::kMethodNotAllowed);
      response.headers().add("Allow", "GET, HEAD");
      return response;
    }
    const auto path = safe_path(request.rest());
    if (!path || (!options_.hidden && has_hidden_segment(path->text))) return error_page(status::kNotFound);
    // By the whole path: the root of a mount can be asked for without its slash.
    if (request.path().ends_with('/')) return index_of(request, path->text);
    auto opened = tree_.open(path->text);
    if (!opened) return refusal(opened.error(), path->text);
    if (opened->is_directory()) return to_slash(request);
    if (!opened->is_regular()) return error_page(status::kNotFound);
    return content_of(request, *std::move(opened), path->text);
  }

 private:
  static Response refusal(int error, const std::string& path) {
    const int code = status_of(error);
    if (code == status::kInternalServerError) throw SystemError("opening the file " + path, error);
    return error_page(code);
  }

  static Response to_slash(const Request& request) {
    const auto path = request.path();
    // Browsers take "//host/" and "/\host/" for another server.
    if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return error_page(status::kNotFound);
    std::string location(path);
    location += '/';
    if (!request.query().empty()) location.append("?").append(request.query());
    return redirect(location, status::kMovedPermanently);
  }

  Response index_of(const Request& request, const std::string& path) const {
    for (const auto& name : options_.index) {
      const std::string index = path_below(path, name);
      auto opened = tree_.open(index);
      if (opened && opened->is_regular()) return content_of(request, *std::move(opened), name);
      if (!opened && status_of(opened.error()) != status::kNotFound) return refusal(opened.error(), index);
    }
    if (!options_.listing) return error_page(status::kNotFound);
    auto contents = tree_.list(path, options_.hidden, kListed);
    if (!contents) return refusal(contents.error(), path);
    return listing_of(request, *std::move(contents), !path.empty());
  }

  static Response listing_of(const Request& request, FileTree::Contents contents, bool has_parent) {
    const std::string shown = percent_decode(request.path()).value_or(std::string(request.path()));
    const std::string note =
        contents.complete ? "" : "There is more here: only " + std::to_string(kListed) + " entries are shown.";
    Response response = html(render_listing(shown, std::move(contents.entries), has_parent, note));
    response.headers().add("Cache-Control", "no-cache");
    response.headers().add("Content-Security-Policy",
                           "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'");
    response.headers().add("X-Content-Type-Options", "nosniff");
    return response;
  }

  Response content_of(const Request& request, TreeFile file, std::string_view name) const {
    const Validators current = validators_of(file);
    const Asked asked(request.headers());
    switch (evaluate(request.method(), asked.conditions(), current)) {
      case Precondition::kPreconditionFailed: return error_page(status::kPreconditionFailed);
      case Precondition::kNotModified: {
        Response response(status::kNotModified);
        describe(response, current);
        return response;
      }
      case Precondition::kProceed: break;
    }

    const std::uint64_t size = file.size();
    Range range;
    if (asked.range() && honours_range(request.method(), asked.conditions(), current)) {
      range = parse_range(*asked.range(), size);
    }
    if (range.kind == Range::Kind::kUnsatisfiable) {
      Response response = error_page(status::kRangeNotSatisfiable);
      response.headers().add("Content-Range", unsatisfied_content_range(size));
      return response;
    }
    const bool partial = range.kind == Range::Kind::kPartial;
    FileRegion region{
        .file = std::move(file.file), .offset = partial ? range.first : 0, .length = partial ? range.length() : size};
    Response response(partial ? status::kPartialContent : status::kOk, media_type(name), Body(std::move(region)));
    if (partial) response.headers().add("Content-Range", content_range(range, size));
    response.headers().add("Accept-Ranges", "bytes");
    response.headers().add("X-Content-Type-Options", "nosniff");
    describe(response, current);
    return response;
  }

  // What a 304 says as well as a 200.
  void describe(Response& response, const Validators& current) const {
    response.headers().add("ETag", current.etag->str());
    if (current.last_modified) response.headers().add("Last-Modified", http_date(*current.last_modified));
    if (!options_.cache_control.empty()) response.headers().add("Cache-Control", options_.cache_control);
  }

  FileTree tree_;
  DirectoryOptions options_;
};

}  // namespace

Handler directory(const std::string& root, DirectoryOptions options) {
  return [served = std::make_unique<Directory>(root, std::move(options))](Request& request) {
    return succeed(served->answer(request));
  };
}

}  // namespace torc::http
