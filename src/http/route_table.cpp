#include "torc/http/route_table.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/escape.hpp"
#include "base/hash_mix.hpp"
#include "codec/http1_chars.hpp"
#include "http/chars.hpp"
#include "http/route_pattern.hpp"
#include "torc/http/percent.hpp"

namespace torc::http {
namespace {

namespace wire = codec::http1::detail;

using Kind = detail::PatternSegment::Kind;

// Programmers, not clients, choose what is in the table, so a fixed hash will do.
std::uint32_t hash_edge(std::uint32_t parent, std::string_view literal) {
  return static_cast<std::uint32_t>(torc::detail::hash_bytes(parent, literal));
}

// A request's segment as literals are compared: decoded if it has an escape, into `buffer`. Data is null if it cannot equal
// any literal.
std::string_view decode_segment(std::string_view raw, char (&buffer)[RouteTable::kMaxSegmentBytes]) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (size == sizeof buffer) return {};
    char c = raw[i];
    if (c == '%') {
      if (i + 2 >= raw.size()) return {};
      const int high = detail::hex_value(raw[i + 1]), low = detail::hex_value(raw[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    buffer[size++] = c;
  }
  return {buffer, size};
}

std::string described(std::string_view method, std::string_view pattern, bool is_mount) {
  if (is_mount) return "mount " + torc::detail::in_quotes(pattern);
  return "route " +
         torc::detail::in_quotes(std::string(method.empty() ? "(any method)" : method).append(" ").append(pattern));
}

}  // namespace

std::optional<std::string> RouteParam::decoded() const { return percent_decode(raw); }

RouteParam RouteMatch::param(std::size_t i) const { return {names_[i], path_.substr(spans_[i].begin, spans_[i].size)}; }

std::optional<std::string_view> RouteMatch::raw(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return param(i).raw;
  }
  return std::nullopt;
}

// The walk over the trie, most specific branch first. Each node is visited at most once, since one path of segments leads to
// it; the depth is that of the longest pattern.
struct RouteTable::Search {
  const RouteTable& table;
  std::string_view method;
  std::string_view path;
  RouteMatch& match;
  std::vector<std::string_view>* allowed = nullptr;  // set: gather methods and never accept
  bool path_exists = false;

  // `pos` is where the segment below `node` begins; path.size() + 1 when the path ends at `node`.
  bool walk(std::uint32_t node_index, std::size_t pos) {
    const Node& node = table.nodes_[node_index];
    if (pos > path.size()) return choose(node.here) || choose_mount(node, pos);

    std::size_t end = pos;
    bool escaped = false;
    for (; end < path.size() && path[end] != '/'; ++end) escaped |= path[end] == '%';
    const std::string_view raw = path.substr(pos, end - pos);

    if (node.has_literals && walk_literal(node_index, raw, escaped, end + 1)) return true;
    if (node.param_child != kNone && !raw.empty()) {
      push(pos, raw.size());
      if (walk(node.param_child, end + 1)) return true;
      --match.depth_;
    }
    if (!node.tail.empty()) {
      push(pos, path.size() - pos);
      if (choose(node.tail)) return true;
      --match.depth_;
    }
    return choose_mount(node, pos);
  }

  // Kept out of `walk`, so that the buffer is on the stack only where there is an escape, and never during a descent.
  bool walk_literal(std::uint32_t node, std::string_view raw, bool escaped, std::size_t next) {
    const std::uint32_t found = escaped ? child_of_escaped(node, raw) : table.child(node, raw);
    return found != kNone && walk(found, next);
  }

  [[gnu::noinline]] std::uint32_t child_of_escaped(std::uint32_t node, std::string_view raw) {
    char buffer[kMaxSegmentBytes];
    const std::string_view segment = decode_segment(raw, buffer);
    return segment.data() != nullptr ? table.child(node, segment) : kNone;
  }

  void push(std::size_t begin, std::size_t size) {
    match.spans_[match.depth_++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)};
  }

  // The method itself, then GET for HEAD, then any.
  bool choose(const std::vector<MethodRoute>& routes) {
    if (routes.empty()) return false;
    path_exists = true;
    if (allowed != nullptr) {
      for (const MethodRoute& route : routes) {
        if (route.method.empty()) continue;
        allowed->push_back(route.method);
        if (route.method == "GET") allowed->push_back("HEAD");
      }
      return false;
    }
    const MethodRoute* best = nullptr;
    for (const MethodRoute& route : routes) {
      if (route.method == method) return accept(route.route);
      if (route.method == "GET" && method == "HEAD") best = &route;
      if (route.method.empty() && best == nullptr) best = &route;
    }
    return best != nullptr && accept(best->route);
  }

  bool choose_mount(const Node& node, std::size_t pos) {
    if (node.mounted == kNone || allowed != nullptr) return false;
    match.rest_ = path.substr(pos - 1);
    return accept(node.mounted);
  }

  bool accept(std::uint32_t index) {
    const Route& route = table.routes_[index];
    match.kind_ = RouteMatch::Kind::kFound;
    match.index_ = route.index;
    match.names_ = route.names;
    return true;
  }
};

RouteMatch RouteTable::find(std::string_view method, std::string_view path) const {
  RouteMatch match;
  if (!path.starts_with('/') || path.size() > kMaxPathBytes) return match;
  match.path_ = path;
  Search search{*this, method, path, match};
  if (!search.walk(0, 1) && search.path_exists) match.kind_ = RouteMatch::Kind::kMethodNotAllowed;
  return match;
}

std::string RouteTable::allow(std::string_view path) const {
  std::vector<std::string_view> methods;
  RouteMatch match;
  if (path.starts_with('/') && path.size() <= kMaxPathBytes) Search{*this, {}, path, match, &methods}.walk(0, 1);
  std::ranges::sort(methods);
  const auto repeated = std::ranges::unique(methods);
  methods.erase(repeated.begin(), repeated.end());
  std::string out;
  for (std::string_view method : methods) out.append(out.empty() ? "" : ", ").append(method);
  return out;
}

void RouteTable::insert(std::string_view method, std::string_view pattern, std::size_t index) {
  if (!wire::all_of(wire::kTokenByte, method)) {
    throw std::invalid_argument(described("?", pattern, false) + ": the method is not a token");
  }
  add(method, pattern, index, false);
}

void RouteTable::mount(std::string_view prefix, std::size_t index) { add({}, prefix, index, true); }

void RouteTable::add(std::string_view method, std::string_view pattern, std::size_t index, bool is_mount) {
  const auto refuse = [&](std::string_view why) {
    throw std::invalid_argument(described(method, pattern, is_mount).append(": ").append(why));
  };
  const auto conflict = [&](std::uint32_t other) {
    const Route& route = routes_[other];
    const bool other_is_mount = std::ranges::any_of(nodes_, [&](const Node& node) { return node.mounted == other; });
    refuse("conflicts with " + described(route.method, route.pattern, other_is_mount));
  };

  auto segments = detail::parse_route_pattern(pattern);
  if (!segments) refuse(segments.error());
  if (is_mount && segments->back() == detail::PatternSegment{Kind::kLiteral, ""}) segments->pop_back();
  if (is_mount && !segments->empty() && segments->back().kind == Kind::kTail) refuse("a mount has a tail by itself");

  std::uint32_t at = 0;
  bool tail = false;
  std::vector<std::string> names;
  for (detail::PatternSegment& segment : *segments) {
    if (segment.kind == Kind::kLiteral) {
      const std::uint32_t known = child(at, segment.text);
      at = known != kNone ? known : add_child(at, std::move(segment.text));
      continue;
    }
    names.push_back(std::move(segment.text));
    tail = segment.kind == Kind::kTail;
    if (tail) break;
    if (nodes_[at].param_child == kNone) {
      const auto fresh = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      nodes_[at].param_child = fresh;
    }
    at = nodes_[at].param_child;
  }

  // Nodes made on the way to a conflict there are none: a pattern of equal shape made them all.
  Node& node = nodes_[at];
  auto& routes = tail ? node.tail : node.here;
  if (is_mount) {
    if (node.mounted != kNone) conflict(node.mounted);
    for (const MethodRoute& other : node.tail) {
      if (other.method.empty()) conflict(other.route);
    }
  } else {
    for (const MethodRoute& other : routes) {
      if (other.method == method) conflict(other.route);
    }
    if (tail && method.empty() && node.mounted != kNone) conflict(node.mounted);
  }
  const auto route = static_cast<std::uint32_t>(routes_.size());
  routes_.push_back({std::string(method), std::string(pattern), std::move(names), index});
  if (is_mount) {
    node.mounted = route;
  } else {
    routes.push_back({std::string(method), route});
  }
}

std::uint32_t RouteTable::child(std::uint32_t parent, std::string_view literal) const {
  if (literal.size() > longest_literal_) return kNone;
  const std::uint32_t hash = hash_edge(parent, literal);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask; slots_[i].node != kNone; i = (i + 1) & mask) {
    if (slots_[i].hash != hash) continue;
    const Node& node = nodes_[slots_[i].node];
    if (node.parent == parent && node.literal == literal) return slots_[i].node;
  }
  return kNone;
}

std::uint32_t RouteTable::add_child(std::uint32_t parent, std::string literal) {
  const auto fresh = static_cast<std::uint32_t>(nodes_.size());
  longest_literal_ = std::max(longest_literal_, literal.size());
  nodes_.emplace_back();
  nodes_.back().literal = std::move(literal);
  nodes_.back().parent = parent;
  nodes_[parent].has_literals = true;
  if (nodes_.size() * 2 > slots_.size()) {
    slots_.assign(slots_.size() * 2, Slot{});
    for (std::uint32_t node = 1; node < nodes_.size(); ++node) place(node);
  } else {
    place(fresh);
  }
  return fresh;
}

void RouteTable::place(std::uint32_t node) {
  if (nodes_[node].parent == kNone) return;  // a parameter's node: reached without the hash
  const std::uint32_t hash = hash_edge(nodes_[node].parent, nodes_[node].literal);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  while (slots_[i].node != kNone) i = (i + 1) & mask;
  slots_[i] = {hash, node};
}

}  // namespace torc::http
