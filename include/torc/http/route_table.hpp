// The pattern matcher under the Router: from method and path to the number of a route.
//
// Used by Router, which keeps handlers in a vector and hands their index to the table. Built once, then read: `find` is const,
// takes no memory, and may run on many threads at once while nothing is inserted.
//
// Patterns are lists of segments between slashes; each segment is
//
//     /hello          literal: the decoded segment, byte for byte
//     /{name}         parameter: one segment, not empty
//     /{name...}      tail, last only: all that is left, slashes included, possibly empty
//
// and a mount is a prefix that matches whole segments (`/static` takes /static and /static/x, never /statics).
// "/a" and "/a/" are two patterns. Where several match, the first segment on which they differ decides, literal before
// parameter before tail before mount, and a branch that leads to nothing (or to no route for this method) is left for the
// next: the order of insertion never matters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::http {

/// A parameter of a match. Lifetime: `name` is the table's, `raw` is part of the path that was looked up.
struct RouteParam {
  std::string_view name;
  std::string_view raw;  ///< percent-encoded as it came

  /// The value, decoded now. Errors: nullopt for a bad escape: answer 400.
  std::optional<std::string> decoded() const;
};

/// What `RouteTable::find` gives. A value of some 200 bytes that refers to the table and to the path.
class RouteMatch {
 public:
  enum class Kind : std::uint8_t {
    kNotFound,  ///< nothing has this path: 404
    kMethodNotAllowed,  ///< the path exists under other methods: 405 with `RouteTable::allow`
    kFound,
  };

  /// A pattern may have this many parameters, its tail included.
  static constexpr std::size_t kMaxParams = 12;

  Kind kind() const { return kind_; }
  explicit operator bool() const { return kind_ == Kind::kFound; }

  /// What was given to `insert` or `mount`. Only for kFound.
  std::size_t index() const { return index_; }

  std::size_t param_count() const { return names_.size(); }

  /// The i-th parameter in the order of the pattern, i < param_count().
  RouteParam param(std::size_t i) const;

  /// The raw value of a parameter; nullopt if the pattern has none of this name.
  std::optional<std::string_view> raw(std::string_view name) const;

  /// For a mount: what is left of the path, "" or beginning with '/'. Empty for other routes.
  std::string_view rest() const { return rest_; }

 private:
  friend class RouteTable;

  // Offsets into the path: half the size of views.
  struct Span {
    std::uint32_t begin = 0, size = 0;
  };

  Kind kind_ = Kind::kNotFound;
  std::uint32_t depth_ = 0;  // spans in use while matching
  std::size_t index_ = 0;
  std::string_view path_;
  std::string_view rest_;
  std::span<const std::string> names_;
  std::array<Span, kMaxParams> spans_{};
};

class RouteTable {
 public:
  static constexpr std::size_t kMaxSegments = 64;  ///< in a pattern
  static constexpr std::size_t kMaxSegmentBytes = 255;  ///< in a literal, decoded
  static constexpr std::size_t kMaxPathBytes = 65536;  ///< longer paths are not found

  /// Adds a pattern for a method; an empty method means any. Literals may be written raw or percent-encoded.
  ///
  /// Errors: throws std::invalid_argument, naming the pattern, if it is malformed (no leading '/', an empty inner segment, a
  /// parameter that is not a whole segment, a name that is no identifier or occurs twice, a tail that is not last, a bad
  /// escape, beyond the limits above) or has the shape of another one for the same method, which is named too:
  /// parameter names make no difference to the shape. The table is then as before.
  void insert(std::string_view method, std::string_view pattern, std::size_t index);

  /// Adds a prefix for any method: "/static" (a final '/' is ignored), "/" for everything, parameters allowed.
  /// Errors: as `insert`.
  void mount(std::string_view prefix, std::size_t index);

  /// Looks up a path as it came, without query. HEAD finds a GET route where there is none of its own.
  ///
  /// Segments with a '%' are decoded to be compared with literals; one with a bad escape can only be a parameter's value.
  /// Cost: one hash probe per segment, independent of the number of routes; branches left again cost theirs.
  RouteMatch find(std::string_view method, std::string_view path) const;

  /// The Allow list for a path, "GET, HEAD, POST": every method that some route names, sorted. For a path that `find` does not
  /// allow; a route or mount for any method names none. Takes memory.
  std::string allow(std::string_view path) const;

  /// The number of patterns and mounts.
  std::size_t size() const { return routes_.size(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Route {
    std::string method, pattern;
    std::vector<std::string> names;
    std::size_t index;
  };

  // A method and its route; few per node, so a walk beats any map.
  struct MethodRoute {
    std::string method;
    std::uint32_t route;
  };

  struct Node {
    std::string literal;  // of the edge that leads here
    std::uint32_t parent = kNone;
    std::uint32_t param_child = kNone;
    std::uint32_t mounted = kNone;  // a route
    bool has_literals = false;
    std::vector<MethodRoute> here;  // the pattern ends at this node
    std::vector<MethodRoute> tail;  // the pattern goes on with a tail
  };

  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t node = kNone;
  };

  struct Search;

  void add(std::string_view method, std::string_view pattern, std::size_t index, bool is_mount);
  std::uint32_t child(std::uint32_t parent, std::string_view literal) const;
  std::uint32_t add_child(std::uint32_t parent, std::string literal);
  void place(std::uint32_t node);

  std::vector<Route> routes_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Slot> slots_ = std::vector<Slot>(16);  // by (parent, literal), open addressing, at most half full
  std::size_t longest_literal_ = 0;
};

}  // namespace torc::http
