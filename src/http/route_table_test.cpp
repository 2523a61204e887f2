#include "torc/http/route_table.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace torc::http {
namespace {

constexpr auto kNotFound = RouteMatch::Kind::kNotFound;
constexpr auto kNotAllowed = RouteMatch::Kind::kMethodNotAllowed;

// Routes given as "GET /path" or "/path" for any method or "mount /path"; each one's index is its place.
RouteTable table_of(std::initializer_list<std::string_view> routes) {
  RouteTable table;
  std::size_t index = 0;
  for (std::string_view route : routes) {
    const std::size_t space = route.find(' ');
    const std::string_view method = space == route.npos ? "" : route.substr(0, space);
    const std::string_view pattern = space == route.npos ? route : route.substr(space + 1);
    if (method == "mount") {
      table.mount(pattern, index++);
    } else {
      table.insert(method, pattern, index++);
    }
  }
  return table;
}

// "2 id=7 rest=/x", "404", or "405 GET, HEAD".
std::string found(const RouteTable& table, std::string_view method, std::string_view path) {
  const RouteMatch match = table.find(method, path);
  if (match.kind() == kNotFound) return "404";
  if (match.kind() == kNotAllowed) return "405 " + table.allow(path);
  std::string out = std::to_string(match.index());
  for (std::size_t i = 0; i < match.param_count(); ++i) {
    out.append(" ").append(match.param(i).name).append("=").append(match.param(i).raw);
  }
  if (!match.rest().empty()) out.append(" rest=").append(match.rest());
  return out;
}

std::string get(const RouteTable& table, std::string_view path) { return found(table, "GET", path); }

std::string refusal(RouteTable& table, std::string_view method, std::string_view pattern) {
  try {
    method == "mount" ? table.mount(pattern, 99) : table.insert(method, pattern, 99);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RouteTable, AnEmptyTableFindsNothing) {
  const RouteTable table;
  EXPECT_EQ(get(table, "/"), "404");
  EXPECT_EQ(get(table, ""), "404");
  EXPECT_EQ(table.allow("/"), "");
}

TEST(RouteTable, MatchesLiteralsWholeAndWithCase) {
  const RouteTable table = table_of({"GET /", "GET /a", "GET /a/b", "GET /a/b/c"});
  EXPECT_EQ(get(table, "/"), "0");
  EXPECT_EQ(get(table, "/a"), "1");
  EXPECT_EQ(get(table, "/a/b"), "2");
  EXPECT_EQ(get(table, "/a/b/c"), "3");
  for (const char* path :
       {"/A", "/ab", "/b", "/a/", "/a/b/", "/a/b/c/d", "//", "//a", "/a//b", "/a/b/c/", "a", "*", ""}) {
    EXPECT_EQ(get(table, path), "404") << path;
  }
}

TEST(RouteTable, ATrailingSlashIsAnotherPattern) {
  const RouteTable table = table_of({"GET /a/", "GET /b", "GET /b/", "GET /{x}/"});
  EXPECT_EQ(get(table, "/a"), "404");
  EXPECT_EQ(get(table, "/a/"), "0");
  EXPECT_EQ(get(table, "/b"), "1");
  EXPECT_EQ(get(table, "/b/"), "2");
  EXPECT_EQ(get(table, "/c/"), "3 x=c");
}

TEST(RouteTable, AParameterIsOneSegmentAndNotEmpty) {
  const RouteTable table = table_of({"GET /hello/{name}", "GET /{a}/x/{b}"});
  EXPECT_EQ(get(table, "/hello/world"), "0 name=world");
  EXPECT_EQ(get(table, "/hello/a%20b"), "0 name=a%20b");
  EXPECT_EQ(get(table, "/hello/%zz"), "0 name=%zz");
  EXPECT_EQ(get(table, "/1/x/2"), "1 a=1 b=2");
  for (const char* path : {"/hello", "/hello/", "/hello//", "/hello/a/b", "//x/b", "/a/x/"}) {
    EXPECT_EQ(get(table, path), "404") << path;
  }
}

TEST(RouteTable, ATailTakesAllThatIsLeft) {
  const RouteTable table = table_of({"GET /files/{rest...}"});
  EXPECT_EQ(get(table, "/files/a"), "0 rest=a");
  EXPECT_EQ(get(table, "/files/a/b//c/"), "0 rest=a/b//c/");
  EXPECT_EQ(get(table, "/files/"), "0 rest=");
  EXPECT_EQ(get(table, "/files//"), "0 rest=/");
  EXPECT_EQ(get(table, "/files"), "404");
  EXPECT_EQ(get(table_of({"GET /{all...}"}), "/a/b"), "0 all=a/b");
  EXPECT_EQ(get(table_of({"GET /{all...}"}), "/"), "0 all=");
}

TEST(RouteTable, AMountTakesWholeSegmentsBelowItsPrefix) {
  const RouteTable table = table_of({"mount /static", "mount /tenant/{id}/"});
  EXPECT_EQ(get(table, "/static"), "0");
  EXPECT_EQ(get(table, "/static/"), "0 rest=/");
  EXPECT_EQ(get(table, "/static/a/b"), "0 rest=/a/b");
  EXPECT_EQ(get(table, "/static//a"), "0 rest=//a");
  EXPECT_EQ(found(table, "POST", "/static/x"), "0 rest=/x");
  EXPECT_EQ(get(table, "/statics"), "404");
  EXPECT_EQ(get(table, "/tenant/7/x"), "1 id=7 rest=/x");
  EXPECT_EQ(get(table, "/tenant/7"), "1 id=7");
  EXPECT_EQ(get(table, "/tenant//x"), "404");
  EXPECT_EQ(get(table_of({"mount /"}), "/"), "0 rest=/");
  EXPECT_EQ(get(table_of({"mount /"}), "/a"), "0 rest=/a");
}

TEST(RouteTable, TheMostSpecificWinsWhateverTheOrder) {
  const std::string_view routes[] = {"mount /", "GET /{tail...}", "GET /{x}", "GET /a"};
  for (int order = 0; order < 2; ++order) {
    const RouteTable table = order == 0 ? table_of({routes[0], routes[1], routes[2], routes[3]})
                                        : table_of({routes[3], routes[2], routes[1], routes[0]});
    const auto nth = [&](int n) { return std::to_string(order == 0 ? n : 3 - n); };
    EXPECT_EQ(get(table, "/a"), nth(3));
    EXPECT_EQ(get(table, "/b"), nth(2) + " x=b");
    EXPECT_EQ(get(table, "/b/c"), nth(1) + " tail=b/c");
    EXPECT_EQ(found(table, "POST", "/a"), nth(0) + " rest=/a");
  }
}

TEST(RouteTable, LeavesABranchThatLeadsToNothing) {
  const RouteTable table = table_of({"GET /users/me", "GET /users/{id}/posts", "GET /{kind}/{id}/posts/{n}",
                                     "GET /users/me/x/{y...}", "GET /users/{rest...}"});
  EXPECT_EQ(get(table, "/users/me"), "0");
  EXPECT_EQ(get(table, "/users/me/posts"), "1 id=me");
  EXPECT_EQ(get(table, "/users/me/posts/3"), "4 rest=me/posts/3");
  EXPECT_EQ(get(table, "/teams/me/posts/3"), "2 kind=teams id=me n=3");
  EXPECT_EQ(get(table, "/users/me/x"), "4 rest=me/x");
  EXPECT_EQ(get(table, "/users/me/x/1/2"), "3 y=1/2");
}

TEST(RouteTable, LeavesABranchThatHasOnlyOtherMethods) {
  const RouteTable table = table_of({"GET /users/me", "POST /users/{id}", "mount /admin", "GET /admin/x"});
  EXPECT_EQ(found(table, "POST", "/users/me"), "1 id=me");
  EXPECT_EQ(found(table, "PUT", "/users/me"), "405 GET, HEAD, POST");
  EXPECT_EQ(found(table, "POST", "/admin/x"), "2 rest=/x");
}

TEST(RouteTable, NamesTheMethodsThatAreAllowed) {
  const RouteTable table =
      table_of({"PUT /a", "GET /a", "DELETE /a", "POST /b", "GET /c/{x}", "PATCH /c/{y}", "HEAD /d"});
  EXPECT_EQ(found(table, "POST", "/a"), "405 DELETE, GET, HEAD, PUT");
  EXPECT_EQ(found(table, "GET", "/b"), "405 POST");
  EXPECT_EQ(found(table, "get", "/b"), "405 POST");
  EXPECT_EQ(found(table, "PUT", "/c/1"), "405 GET, HEAD, PATCH");
  EXPECT_EQ(found(table, "PATCH", "/c/1"), "5 y=1");
  EXPECT_EQ(found(table, "GET", "/d"), "405 HEAD");
  EXPECT_EQ(found(table, "POST", "/c"), "404");
}

TEST(RouteTable, HeadFallsBackToGet) {
  const RouteTable table = table_of({"GET /a", "GET /b", "HEAD /b", "/c", "GET /c", "/d", "POST /e"});
  EXPECT_EQ(found(table, "HEAD", "/a"), "0");
  EXPECT_EQ(found(table, "HEAD", "/b"), "2");
  EXPECT_EQ(found(table, "HEAD", "/c"), "4");
  EXPECT_EQ(found(table, "HEAD", "/d"), "5");
  EXPECT_EQ(found(table, "HEAD", "/e"), "405 POST");
}

TEST(RouteTable, AnyMethodYieldsToTheMethodItself) {
  const RouteTable table = table_of({"/a", "GET /a"});
  EXPECT_EQ(found(table, "GET", "/a"), "1");
  EXPECT_EQ(found(table, "BREW", "/a"), "0");
}

TEST(RouteTable, ComparesLiteralsDecoded) {
  const RouteTable table = table_of({"GET /a b", "GET /caf%C3%A9", "GET /x%2Fy", "GET /100%25", "GET /{p}"});
  EXPECT_EQ(get(table, "/a%20b"), "0");
  EXPECT_EQ(get(table, "/%61%20%62"), "0");
  EXPECT_EQ(get(table, "/caf%c3%a9"), "1");
  EXPECT_EQ(get(table, "/caf\xc3\xa9"), "1");
  EXPECT_EQ(get(table, "/x%2fy"), "2");
  EXPECT_EQ(get(table, "/x/y"), "404");
  EXPECT_EQ(get(table, "/100%25"), "3");
  EXPECT_EQ(get(table, "/100%2525"), "4 p=100%2525");
  for (const char* path : {"/a%20b%", "/a%2", "/a%zz", "/%"}) EXPECT_EQ(get(table, path).substr(0, 1), "4") << path;
  EXPECT_EQ(get(table, "/" + std::string(300, 'x') + "%20").substr(0, 4), "4 p=");
}

TEST(RouteTable, DecodesAParameterOnDemand) {
  const RouteTable table = table_of({"GET /{a}/{b...}"});
  const std::string path = "/x%2Fy/1%20/%zz";
  const RouteMatch match = table.find("GET", path);
  ASSERT_TRUE(match);
  EXPECT_EQ(match.param(0).decoded(), "x/y");
  EXPECT_EQ(match.param(1).decoded(), std::nullopt);
  EXPECT_EQ(match.raw("b"), "1%20/%zz");
  EXPECT_EQ(match.raw("c"), std::nullopt);
}

TEST(RouteTable, AConflictNamesBothPatterns) {
  RouteTable table = table_of({"GET /a/{x}", "/b", "mount /s", "GET /t/{r...}", "/u/{r...}"});
  EXPECT_EQ(refusal(table, "GET", "/a/{y}"), "route \"GET /a/{y}\": conflicts with route \"GET /a/{x}\"");
  EXPECT_EQ(refusal(table, "", "/%62"), "route \"(any method) /%62\": conflicts with route \"(any method) /b\"");
  EXPECT_EQ(refusal(table, "mount", "/s/"), "mount \"/s/\": conflicts with mount \"/s\"");
  EXPECT_EQ(refusal(table, "GET", "/t/{q...}"), "route \"GET /t/{q...}\": conflicts with route \"GET /t/{r...}\"");
  EXPECT_EQ(refusal(table, "mount", "/u"), "mount \"/u\": conflicts with route \"(any method) /u/{r...}\"");
  EXPECT_EQ(refusal(table, "", "/s/{r...}"), "route \"(any method) /s/{r...}\": conflicts with mount \"/s\"");
  EXPECT_EQ(table.size(), 5u);
  for (const auto& [method, pattern] : std::initializer_list<std::pair<const char*, const char*>>{{"POST", "/a/{y}"},
                                                                                                  {"GET", "/b"},
                                                                                                  {"GET", "/s"},
                                                                                                  {"GET", "/s/{r...}"},
                                                                                                  {"mount", "/t"},
                                                                                                  {"GET", "/a/{y}/"}}) {
    EXPECT_EQ(refusal(table, method, pattern), "accepted") << method << pattern;
  }
}

TEST(RouteTable, RefusesMalformedPatternsByName) {
  RouteTable table;
  EXPECT_EQ(refusal(table, "GET", "a"), "route \"GET a\": a pattern begins with '/'");
  EXPECT_EQ(refusal(table, "GET", "/{a}x"), "route \"GET /{a}x\": a parameter must be a whole segment");
  EXPECT_EQ(refusal(table, "G T", "/a"), "route \"? /a\": the method is not a token");
  EXPECT_EQ(refusal(table, "mount", "/a/{b...}"), "mount \"/a/{b...}\": a mount has a tail by itself");
  EXPECT_EQ(refusal(table, "mount", ""), "mount \"\": a pattern begins with '/'");
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(get(table, "/a"), "404");
}

TEST(RouteTable, ARefusedInsertChangesNothing) {
  RouteTable table = table_of({"GET /a/{x}"});
  EXPECT_NE(refusal(table, "GET", "/a/{y}"), "accepted");
  EXPECT_EQ(get(table, "/a/1"), "0 x=1");
}

TEST(RouteTable, LongPathsAreNotFound) {
  const RouteTable table = table_of({"GET /{all...}"});
  std::string path = "/" + std::string(RouteTable::kMaxPathBytes - 1, 'a');
  EXPECT_TRUE(table.find("GET", path));
  path += 'a';
  EXPECT_EQ(table.find("GET", path).kind(), kNotFound);
  EXPECT_EQ(table.allow(path), "");
}

TEST(RouteTable, FindsEachOfTenThousandRoutes) {
  RouteTable table;
  for (std::size_t i = 0; i < 10000; ++i) {
    table.insert("GET", "/api/v" + std::to_string(i % 7) + "/resource" + std::to_string(i) + "/{id}/part", i);
  }
  for (std::size_t i = 0; i < 10000; ++i) {
    const std::string path = "/api/v" + std::to_string(i % 7) + "/resource" + std::to_string(i) + "/x" + "/part";
    ASSERT_EQ(get(table, path), std::to_string(i) + " id=x");
  }
  EXPECT_EQ(get(table, "/api/v0/resource1/x/part"), "404");
}

TEST(RouteTable, EveryChoiceOfLiteralAndParameterIsFoundByBacktracking) {
  // All 2^10 patterns over "a" and a parameter, each ending in a literal of its own: the hardest table for the walk.
  constexpr unsigned kDepth = 10;
  RouteTable table;
  for (unsigned bits = 0; bits < 1u << kDepth; ++bits) {
    std::string pattern;
    for (unsigned i = 0; i < kDepth; ++i) pattern += (bits >> i & 1) != 0 ? "/{p" + std::to_string(i) + "}" : "/a";
    table.insert("GET", pattern + "/end" + std::to_string(bits), bits);
  }
  std::string path;
  for (unsigned i = 0; i < kDepth; ++i) path += "/a";
  for (unsigned bits = 0; bits < 1u << kDepth; ++bits) {
    const std::string whole = path + "/end" + std::to_string(bits);
    ASSERT_EQ(table.find("GET", whole).index(), bits);
  }
  EXPECT_EQ(get(table, path + "/none"), "404");
}

}  // namespace
}  // namespace torc::http
