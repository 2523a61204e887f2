// What request paths lead to in a real tree with links, odd files and a secret beside it.
#include "http/served_tree.hpp"

#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <vector>

namespace torc::http {
namespace {

constexpr const char* kSecret = "the secret outside";

// root/{file,sub/file,sub/deeper/file,...}, base/secret.txt, and base/root-too for prefix mistakes.
void fill(const TemporaryTree& tree) {
  tree.write("file", "inside");
  tree.write("sub/file", "inside");
  tree.write("sub/deeper/file", "inside");
  tree.write("../secret.txt", kSecret);
  tree.write("../root-too/secret.txt", kSecret);
}

Deferred<Answer> ask_afresh(const Server& server, std::string path) {
  Visitor visitor = co_await Visitor::of(server);
  co_return co_await visitor.ask("GET " + path);
}

std::vector<std::string> hostile_paths() {
  std::vector<std::string> paths;
  for (const char* start : {"", "/sub", "/sub/deeper", "/missing", "/file"}) {
    for (const char* up : {"..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "..%00",
                           "%00..", "..%20", "...", "....", "..;", "%u002e%u002e", "%uff0e%uff0e", ".%00.", "..%ff"}) {
      for (const char* slash : {"/", "%2f", "%2F", "%5c", "//", "/./", "%252f", "%c0%af"}) {
        std::string path = start;
        for (int i = 0; i < 4; ++i) path.append("/").append(up).append(i < 3 ? slash : "");
        paths.push_back(path + slash + "secret.txt");
        paths.push_back(std::string(start) + "/" + up + slash + "secret.txt");
      }
    }
  }
  for (const char* path : {"//secret.txt",
                           "///etc/passwd",
                           "/%2fetc%2fpasswd",
                           "//etc/passwd",
                           "/./../secret.txt",
                           "/.",
                           "/..",
                           "/../",
                           "/./",
                           "/%2e",
                           "/%2e/",
                           "/sub/.",
                           "/sub/..",
                           "/sub//file",
                           "//",
                           "///",
                           "/sub//",
                           "/file/",
                           "/file/..",
                           "/file/.",
                           "/file%00",
                           "/file%00.html",
                           "/file%0a",
                           "/file%0d%0aX:%20y",
                           "/%",
                           "/%2",
                           "/%zz",
                           "/file%",
                           "/root-too/secret.txt",
                           "/../root-too/secret.txt",
                           "/proc/self/root/etc/passwd",
                           "/proc/self/cwd/secret.txt",
                           "/dev/fd/0",
                           "/C:/secret.txt",
                           "/c:%5csecret.txt",
                           "/%5c%5chost%5cshare",
                           "/file;../../secret.txt",
                           "/~root",
                           "/*",
                           "/file%3f/../../secret.txt",
                           "/sub/%2e%2e%2f%2e%2e%2fsecret.txt",
                           "/%2e%2e;/secret.txt",
                           "/sub/../../secret.txt",
                           "/sub%2f..%2f..%2fsecret.txt",
                           "/..%01/secret.txt",
                           "/%7f",
                           "/%c1%9c..%c1%9csecret.txt",
                           "/%f0%80%80%ae%f0%80%80%ae/secret.txt",
                           "/%fc%80%80%80%80%ae%fc%80%80%80%80%ae/secret.txt"}) {
    paths.emplace_back(path);
  }
  paths.push_back("/" + std::string(300, 'a'));
  paths.push_back("/" + std::string(255, 'a'));
  for (const std::size_t repeats : {100u, 1000u, 2000u}) {
    std::string deep, up;
    for (std::size_t i = 0; i < repeats; ++i) deep += "/a", up += "/..";
    paths.push_back(deep);
    paths.push_back(up + "/secret.txt");
    paths.push_back(deep + up + "/../secret.txt");
  }
  return paths;
}

TEST(DirectoryPaths, NoneLeadsOut) {
  TemporaryTree tree;
  fill(tree);
  const auto paths = hostile_paths();
  EXPECT_GE(paths.size(), 200u);
  for (const bool hidden : {false, true}) {
    visit(tree, {.listing = true, .hidden = hidden}, [&](this auto, Server& server, Visitor&) -> Deferred<void> {
      for (const auto& path : paths) {
        const Answer answer = co_await ask_afresh(server, path);
        EXPECT_TRUE(answer.status == 404 || answer.status == 400 || answer.status == 414)
            << path.substr(0, 200) << ": " << answer.status;
        EXPECT_FALSE(answer.body.contains(kSecret)) << path.substr(0, 200);
        EXPECT_FALSE(answer.body.contains("root:")) << path.substr(0, 200);
      }
    });
  }
}

TEST(DirectoryPaths, LinksThatStayInsideAreFollowedOthersAreNot) {
  TemporaryTree tree;
  fill(tree);
  const std::string base = tree.base();
  tree.link("in", "file");
  tree.link("in-chain", "in");
  tree.link("in-dir", "sub");
  tree.link("sub/deeper/in-up", "../../file");
  tree.link("out", "../secret.txt");
  tree.link("out-absolute", base + "/secret.txt");
  tree.link("in-absolute", base + "/root/file");  // out and back: the root has no name inside
  tree.link("out-dir", "..");
  tree.link("out-chain", "out");
  tree.link("out-late", "sub/../../secret.txt");
  tree.link("slash", "/");
  tree.link("loop-a", "loop-b");
  tree.link("loop-b", "loop-a");
  tree.link("dangling", "nowhere");
  tree.link("magic", "/proc/self/root");
  tree.link("index.html", "../secret.txt");
  visit(tree, {.listing = true}, [](Server&, Visitor& visitor) -> Deferred<void> {
    for (const char* path : {"/in", "/in-chain", "/in-dir/file", "/in-dir/deeper/in-up", "/sub/deeper/in-up"}) {
      const Answer answer = co_await visitor.ask(std::string("GET ") + path);
      EXPECT_EQ(answer.status, 200) << path;
      EXPECT_EQ(answer.body, "inside") << path;
    }
    EXPECT_EQ((co_await visitor.ask("GET /in-dir")).header("Location"), "/in-dir/");
    for (const char* path : {"/out",
                             "/out-absolute",
                             "/in-absolute",
                             "/out-dir",
                             "/out-dir/",
                             "/out-dir/secret.txt",
                             "/out-dir/root/file",
                             "/out-chain",
                             "/out-late",
                             "/slash",
                             "/slash/",
                             "/slash/etc/passwd",
                             "/loop-a",
                             "/loop-a/",
                             "/loop-b/file",
                             "/dangling",
                             "/dangling/",
                             "/magic",
                             "/magic/",
                             "/magic/etc/passwd",
                             "/index.html"}) {
      const Answer answer = co_await visitor.ask(std::string("GET ") + path);
      EXPECT_EQ(answer.status, 404) << path;
      EXPECT_FALSE(answer.body.contains(kSecret)) << path;
    }
    EXPECT_TRUE((co_await visitor.ask("GET /")).body.contains("Index of /"));
  });
}

TEST(DirectoryPaths, OnlyFilesAreServedAndNothingBlocks) {
  TemporaryTree tree;
  ASSERT_EQ(::mkfifo((tree.root() / "fifo").c_str(), 0666), 0);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, (tree.root() / "socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const bool device = ::mknod((tree.root() / "device").c_str(), S_IFCHR | 0666, (1 << 8) | 5) == 0;  // as /dev/zero
  visit(tree, {.index = {"fifo", "socket"}}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    for (const char* path : {"/fifo", "/fifo/", "/socket", "/device", "/"}) {
      if (!device && std::string_view(path) == "/device") continue;
      EXPECT_EQ((co_await visitor.ask(std::string("GET ") + path)).status, 404) << path;
    }
  });
}

// As an ordinary user, also where the tests run as root.
class Unprivileged {
 public:
  Unprivileged() : before_(::setfsuid(65534)) {}
  ~Unprivileged() { ::setfsuid(static_cast<uid_t>(before_)); }

 private:
  int before_;
};

TEST(DirectoryPaths, WhatMayNotBeReadIsForbidden) {
  TemporaryTree tree;
  tree.write("unreadable", kSecret);
  tree.write("closed/file", kSecret);
  tree.write("passable/file", "inside");
  tree.write("passable/index.html", "index");
  tree.write("unlistable/file", "inside");
  tree.write("index-unreadable/index.html", kSecret);
  const auto mode = [&](const char* name, int bits) {
    std::filesystem::permissions(tree.root() / name, static_cast<std::filesystem::perms>(bits));
  };
  mode("unreadable", 0);
  mode("closed", 0);
  mode("passable", 0111);
  mode("unlistable", 0111);
  mode("index-unreadable/index.html", 0);
  {
    const Unprivileged user;
    visit(tree, {.listing = true}, [](Server&, Visitor& visitor) -> Deferred<void> {
      for (const char* path :
           {"/unreadable", "/closed/", "/closed/file", "/closed/missing", "/unlistable/", "/index-unreadable/"}) {
        const Answer answer = co_await visitor.ask(std::string("GET ") + path);
        EXPECT_EQ(answer.status, 403) << path;
        EXPECT_FALSE(answer.body.contains(kSecret)) << path;
      }
      EXPECT_EQ((co_await visitor.ask("GET /passable")).header("Location"), "/passable/");
      EXPECT_EQ((co_await visitor.ask("GET /passable/")).body, "index");
      EXPECT_EQ((co_await visitor.ask("GET /passable/file")).body, "inside");
    });
  }
  for (const char* name : {"closed", "passable", "unlistable"}) mode(name, 0755);
}

TEST(DirectoryPaths, HiddenNamesAreServedOnlyWhenAskedTo) {
  TemporaryTree tree;
  for (const char* name : {".env", ".git/config", "sub/.htpasswd", "sub/.cache/file", ".well-known/security.txt",
                           ".well-known/.secret", "sub/.well-known/x"}) {
    tree.write(name, "content");
  }
  const std::vector<std::string> hidden = {"/.env",
                                           "/%2eenv",
                                           "/.git/config",
                                           "/.git",
                                           "/.git/",
                                           "/sub/.htpasswd",
                                           "/sub/%2Ehtpasswd",
                                           "/sub/.cache/file",
                                           "/sub/.cache",
                                           "/.well-known/.secret",
                                           "/sub/.well-known/x"};
  visit(tree, {.listing = true}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    for (const auto& path : hidden) EXPECT_EQ((co_await visitor.ask("GET " + path)).status, 404) << path;
    EXPECT_EQ((co_await visitor.ask("GET /.well-known/security.txt")).body, "content");
  });
  visit(tree, {.listing = true, .hidden = true}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    for (const auto& path : hidden) EXPECT_NE((co_await visitor.ask("GET " + path)).status, 404) << path;
  });
}

TEST(DirectoryPaths, AnyOtherNameIsFound) {
  TemporaryTree tree;
  const std::pair<const char*, const char*> names[] = {
      {"a b", "/a%20b"},
      {"100%", "/100%25"},
      {"a+b", "/a+b"},
      {"a;b=c", "/a;b=c"},
      {"q?x", "/q%3Fx"},
      {"#1", "/%231"},
      {"caf\xc3\xa9", "/caf%C3%A9"},
      {"latin\xe9", "/latin%e9"},
      {"...", "/..."},
      {"a..b", "/a..b"},
      {"..a", "/..a"},
      {"%2e%2e", "/%252e%252e"},
      {"'\"<&>", "/'%22%3C&%3E"},
      {"c:", "/c:"},
      {"*", "/*"},
      {"\xc3", "/%c3"},
  };
  for (const auto& [name, path] : names) tree.write(name, name);
  visit(tree, {.hidden = true}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    for (const auto& [name, path] : names) {
      const Answer answer = co_await visitor.ask(std::string("GET ") + path);
      EXPECT_EQ(answer.status, 200) << path;
      EXPECT_EQ(answer.body, name) << path;
    }
  });
}

TEST(DirectoryPaths, ADirectoryWithoutItsSlashIsRedirectedToItself) {
  TemporaryTree tree;
  tree.write("sub/deeper/index.html", "index");
  tree.make_directory("a b");
  tree.make_directory("evil.example");
  tree.make_directory("c:");
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    const std::pair<const char*, const char*> cases[] = {
        {"/sub", "/sub/"},
        {"/sub?a=b&c=%2F", "/sub/?a=b&c=%2F"},
        {"/sub?", "/sub/"},
        {"/sub?//evil.example", "/sub/?//evil.example"},
        {"/sub/deeper", "/sub/deeper/"},
        {"/%73ub", "/%73ub/"},
        {"/a%20b", "/a%20b/"},
        {"/c:", "/c:/"},
        {"http://test/sub?x", "/sub/?x"},
    };
    for (const auto& [target, location] : cases) {
      const Answer answer = co_await visitor.ask(std::string("GET ") + target);
      EXPECT_EQ(answer.status, 301) << target;
      EXPECT_EQ(answer.header("Location"), location) << target;
    }
    for (const char* target :
         {"//evil.example", "///evil.example", "/%2fevil.example", "/%5cevil.example", "//evil.example/..",
          "//evil.example/%2e%2e", "http://test//evil.example", "//sub", "//"}) {
      const Answer answer = co_await visitor.ask(std::string("GET ") + target);
      EXPECT_EQ(answer.status, 404) << target;
      EXPECT_EQ(answer.header("Location"), "(none)") << target;
    }
  });
}

TEST(DirectoryPaths, AMountIsServedBelowItsPrefix) {
  TemporaryTree tree;
  fill(tree);
  tree.write("index.html", "index");
  visit(
      tree, {},
      [](Server&, Visitor& visitor) -> Deferred<void> {
        EXPECT_EQ((co_await visitor.ask("GET /static/it/")).body, "index");
        EXPECT_EQ((co_await visitor.ask("GET /static/it/sub/file")).body, "inside");
        EXPECT_EQ((co_await visitor.ask("GET /static/it?x=1")).header("Location"), "/static/it/?x=1");
        EXPECT_EQ((co_await visitor.ask("GET /static/it/sub")).header("Location"), "/static/it/sub/");
        for (const char* path : {"/static/it//", "/static/it/../secret.txt", "/static/it/..", "/static/item",
                                 "/static/", "/file", "/static/it//evil.example"}) {
          EXPECT_EQ((co_await visitor.ask(std::string("GET ") + path)).status, 404) << path;
        }
      },
      "/static/it");
}

}  // namespace
}  // namespace torc::http
