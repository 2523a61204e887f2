// Content, conditions and ranges. What paths may lead to: directory_paths_test.cpp.
#include "http/served_tree.hpp"

#include <torc/http/date.hpp>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace torc::http {
namespace {

constexpr std::int64_t kModified = 1577880000;  // 2020-01-01 12:00:00 UTC

TEST(Directory, ServesAFileWithWhatIsKnownOfIt) {
  TemporaryTree tree;
  tree.write("css/style.css", "body {}");
  tree.set_modified("css/style.css", kModified);
  visit(tree, {.cache_control = "max-age=60"}, [](Server&, Visitor& visitor) -> Deferred<void> {
    const Answer get = co_await visitor.ask("GET /css/style.css?v=7");
    EXPECT_EQ(get.status, 200);
    EXPECT_EQ(get.body, "body {}");
    EXPECT_EQ(get.header("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(get.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(get.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(get.header("Last-Modified"), "Wed, 01 Jan 2020 12:00:00 GMT");
    EXPECT_TRUE(get.header("ETag").starts_with('"'));
    EXPECT_EQ(get.header("Cache-Control"), "max-age=60");

    Answer head = co_await visitor.ask("HEAD /css/style.css?v=7");
    EXPECT_EQ(head.status, 200);
    head.headers.set("Date", get.header("Date"));
    EXPECT_EQ(head.headers, get.headers);
  });
}

TEST(Directory, SaysNothingOfCachingUnlessToldTo) {
  TemporaryTree tree;
  tree.write("a.txt", "a");
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    EXPECT_EQ((co_await visitor.ask("GET /a.txt")).header("Cache-Control"), "(none)");
  });
}

TEST(Directory, ATimeInTheFutureIsNotTold) {
  TemporaryTree tree;
  tree.write("a.txt", "a");
  tree.set_modified("a.txt", std::time(nullptr) + 3600);
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    const Answer answer = co_await visitor.ask("GET /a.txt", "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Last-Modified"), "(none)");
  });
}

TEST(Directory, OtherMethodsAreRefused) {
  TemporaryTree tree;
  tree.write("a.txt", "a");
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "get"}) {
      const Answer answer = co_await visitor.ask(std::string(method) + " /a.txt");
      EXPECT_EQ(answer.status, 405) << method;
      EXPECT_EQ(answer.header("Allow"), "GET, HEAD") << method;
    }
  });
}

struct Case {
  const char* method;
  std::string fields;  // {etag}, {modified}, {before} and {after} stand for the values that fit
  int status;
  std::string body = {};
  std::string content_range = "(none)";
};

std::string filled(std::string text, const std::string& etag) {
  const std::pair<std::string, std::string> values[] = {{"{etag}", etag},
                                                        {"{modified}", http_date(kModified)},
                                                        {"{before}", http_date(kModified - 1)},
                                                        {"{after}", http_date(kModified + 1)}};
  for (const auto& [name, value] : values) {
    for (std::size_t at; (at = text.find(name)) != text.npos;) text.replace(at, name.size(), value);
  }
  return text;
}

void check(const std::string& content, const std::vector<Case>& cases) {
  TemporaryTree tree;
  tree.write("file", content);
  tree.set_modified("file", kModified);
  visit(tree, {.cache_control = "no-cache"}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    const Answer plain = co_await visitor.ask("GET /file");
    const std::string etag = plain.header("ETag");
    for (const Case& each : cases) {
      const std::string fields = filled(each.fields, etag);
      const Answer answer = co_await visitor.ask(std::string(each.method) + " /file", fields);
      EXPECT_EQ(answer.status, each.status) << each.method << '\n' << fields;
      EXPECT_EQ(answer.header("Content-Range"), each.content_range) << fields;
      if (answer.status == 200 || answer.status == 206 || answer.status == 304) {
        EXPECT_EQ(answer.body, each.body) << fields;
        EXPECT_EQ(answer.header("ETag"), etag);
        EXPECT_EQ(answer.header("Last-Modified"), http_date(kModified));
        EXPECT_EQ(answer.header("Cache-Control"), "no-cache");
      } else {
        EXPECT_EQ(answer.header("ETag"), "(none)");
        EXPECT_EQ(answer.header("Cache-Control"), "(none)");
      }
      if (answer.status == 304) {
        EXPECT_EQ(answer.header("Content-Length"), "(none)");
        EXPECT_EQ(answer.header("Content-Type"), "(none)");
      }
    }
  });
}

const std::string kDigits = "0123456789";

TEST(Directory, EvaluatesConditions) {
  check(kDigits, {
                     {"GET", "", 200, kDigits},
                     {"GET", "If-None-Match: {etag}\r\n", 304},
                     {"GET", "If-None-Match: W/{etag}\r\n", 304},
                     {"GET", "If-None-Match: \"x\", {etag}\r\n", 304},
                     {"GET", "If-None-Match: \"x\"\r\nIf-None-Match: {etag}\r\n", 304},
                     {"GET", "If-None-Match: *\r\n", 304},
                     {"HEAD", "If-None-Match: {etag}\r\n", 304},
                     {"GET", "If-None-Match: \"x\"\r\n", 200, kDigits},
                     {"GET", "If-None-Match: x\r\n", 200, kDigits},
                     {"GET", "If-None-Match:\r\n", 200, kDigits},
                     {"GET", "If-Modified-Since: {modified}\r\n", 304},
                     {"GET", "If-Modified-Since: {after}\r\n", 304},
                     {"HEAD", "If-Modified-Since: {modified}\r\n", 304},
                     {"GET", "If-Modified-Since: {before}\r\n", 200, kDigits},
                     {"GET", "If-Modified-Since: yesterday\r\n", 200, kDigits},
                     {"GET", "If-Modified-Since: {modified}\r\nIf-Modified-Since: {modified}\r\n", 200, kDigits},
                     {"GET", "If-Modified-Since: {modified}\r\nIf-None-Match: \"x\"\r\n", 200, kDigits},
                     {"GET", "If-Modified-Since: {before}\r\nIf-None-Match: {etag}\r\n", 304},
                     {"GET", "If-Match: {etag}\r\n", 200, kDigits},
                     {"GET", "If-Match: *\r\n", 200, kDigits},
                     {"GET", "If-Match: \"x\"\r\n", 412},
                     {"GET", "If-Match: W/{etag}\r\n", 412},
                     {"GET", "If-Match: x\r\n", 412},
                     {"HEAD", "If-Match: \"x\"\r\n", 412},
                     {"GET", "If-Match: \"x\"\r\nIf-Match: {etag}\r\n", 200, kDigits},
                     {"GET", "If-Unmodified-Since: {modified}\r\n", 200, kDigits},
                     {"GET", "If-Unmodified-Since: {after}\r\n", 200, kDigits},
                     {"GET", "If-Unmodified-Since: {before}\r\n", 412},
                     {"GET", "If-Unmodified-Since: tomorrow\r\n", 200, kDigits},
                     {"GET", "If-Match: {etag}\r\nIf-Unmodified-Since: {before}\r\n", 200, kDigits},
                     {"GET", "If-Match: {etag}\r\nIf-None-Match: {etag}\r\n", 304},
                     {"GET", "If-Match: \"x\"\r\nIf-None-Match: {etag}\r\n", 412},
                     {"GET", "If-Unmodified-Since: {before}\r\nIf-Modified-Since: {modified}\r\n", 412},
                 });
}

TEST(Directory, ServesRanges) {
  check(kDigits, {
                     {"GET", "Range: bytes=0-4\r\n", 206, "01234", "bytes 0-4/10"},
                     {"GET", "Range: bytes=0-0\r\n", 206, "0", "bytes 0-0/10"},
                     {"GET", "Range: bytes=9-9\r\n", 206, "9", "bytes 9-9/10"},
                     {"GET", "Range: bytes=5-\r\n", 206, "56789", "bytes 5-9/10"},
                     {"GET", "Range: bytes=0-\r\n", 206, kDigits, "bytes 0-9/10"},
                     {"GET", "Range: bytes=8-99\r\n", 206, "89", "bytes 8-9/10"},
                     {"GET", "Range: bytes=8-99999999999999999999999\r\n", 206, "89", "bytes 8-9/10"},
                     {"GET", "Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10"},
                     {"GET", "Range: bytes=-99\r\n", 206, kDigits, "bytes 0-9/10"},
                     {"GET", "range: BYTES=1-2\r\n", 206, "12", "bytes 1-2/10"},
                     {"GET", "Range: bytes=10-\r\n", 416, "", "bytes */10"},
                     {"GET", "Range: bytes=10-20\r\n", 416, "", "bytes */10"},
                     {"GET", "Range: bytes=99999999999999999999999-\r\n", 416, "", "bytes */10"},
                     {"GET", "Range: bytes=-0\r\n", 416, "", "bytes */10"},
                     {"GET", "Range: bytes=5-4\r\n", 200, kDigits},
                     {"GET", "Range: bytes=\r\n", 200, kDigits},
                     {"GET", "Range: bytes=a-b\r\n", 200, kDigits},
                     {"GET", "Range: 0-4\r\n", 200, kDigits},
                     {"GET", "Range: lines=0-4\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-1,4-5\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-1\r\nRange: bytes=4-5\r\n", 200, kDigits},
                     {"HEAD", "Range: bytes=0-4\r\n", 200},
                     {"HEAD", "Range: bytes=10-\r\n", 200},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: {etag}\r\n", 206, "01234", "bytes 0-4/10"},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: {modified}\r\n", 206, "01234", "bytes 0-4/10"},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: \"x\"\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: W/{etag}\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: {before}\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-4\r\nIf-Range: {after}\r\n", 200, kDigits},
                     {"GET", "Range: bytes=10-\r\nIf-Range: \"x\"\r\n", 200, kDigits},
                     {"GET", "If-Range: \"x\"\r\n", 200, kDigits},
                     {"GET", "Range: bytes=0-4\r\nIf-None-Match: {etag}\r\n", 304},
                     {"GET", "Range: bytes=0-4\r\nIf-Match: \"x\"\r\n", 412},
                     {"GET", "Range: bytes=0-4\r\nIf-Match: {etag}\r\n", 206, "01234", "bytes 0-4/10"},
                 });
}

TEST(Directory, ServesEmptyFiles) {
  check("", {
                {"GET", "", 200},
                {"HEAD", "", 200},
                {"GET", "If-None-Match: {etag}\r\n", 304},
                {"GET", "Range: bytes=0-\r\n", 416, "", "bytes */0"},
                {"GET", "Range: bytes=-5\r\n", 200},
            });
}

TEST(Directory, ServesFromFilesBeyondFourGiB) {
  TemporaryTree tree;
  constexpr std::uint64_t kSize = 5ull << 30;
  tree.write("huge", "");
  std::filesystem::resize_file(tree.root() / "huge", kSize);
  const UniqueFd file(::open((tree.root() / "huge").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::pwrite(file.get(), "the end", 7, kSize - 7), 7);
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    EXPECT_EQ((co_await visitor.ask("HEAD /huge")).header("Content-Length"), "5368709120");
    const Answer tail = co_await visitor.ask("GET /huge", "Range: bytes=-7\r\n");
    EXPECT_EQ(tail.status, 206);
    EXPECT_EQ(tail.header("Content-Range"), "bytes 5368709113-5368709119/5368709120");
    EXPECT_EQ(tail.body, "the end");
    const Answer place = co_await visitor.ask("GET /huge", "Range: bytes=5368709117-\r\n");
    EXPECT_EQ(place.body, "end");
    // The whole of it begins, and whoever goes away leaves nothing behind.
    EXPECT_EQ((co_await visitor.begin("GET /huge")).header("Content-Length"), "5368709120");
    EXPECT_EQ((co_await visitor.stream().read_exactly(1000)), std::string(1000, '\0'));
    visitor.stream().abort();
  });
}

TEST(Directory, AFileThatBecomesShorterCutsTheConnection) {
  TemporaryTree tree;
  tree.write("file", "");
  std::filesystem::resize_file(tree.root() / "file", 64 << 20);
  visit(tree, {}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    const Answer answer = co_await visitor.begin("GET /file");
    EXPECT_EQ(answer.header("Content-Length"), std::to_string(64 << 20));
    co_await visitor.stream().read_exactly(1000);
    std::filesystem::resize_file(tree.root() / "file", 1 << 20);
    const Outcome<std::string> rest = co_await as_outcome(visitor.stream().read_exactly((64 << 20) - 1000));
    EXPECT_FALSE(rest.has_value());
    EXPECT_TRUE(!rest && rest.error().check<ConnectionLost>());
  });
}

TEST(Directory, AFileThatIsReplacedIsSentAsItWas) {
  TemporaryTree tree;
  const std::string old_content(16 << 20, 'a'), new_content(1000, 'b');
  tree.write("file", old_content);
  tree.write("next", new_content);
  visit(tree, {}, [&](this auto, Server& server, Visitor& visitor) -> Deferred<void> {
    const Answer before = co_await visitor.begin("GET /file");
    std::filesystem::rename(tree.root() / "next", tree.root() / "file");
    EXPECT_TRUE((co_await visitor.stream().read_exactly(16 << 20)) == old_content);
    Visitor other = co_await Visitor::of(server);
    const Answer after = co_await other.ask("GET /file", "If-None-Match: " + before.header("ETag") + "\r\n");
    EXPECT_EQ(after.status, 200);
    EXPECT_EQ(after.body, new_content);
    EXPECT_NE(after.header("ETag"), before.header("ETag"));
  });
}

TEST(Directory, ServesTheDirectoryItWasGivenAlsoWhenThatMoves) {
  TemporaryTree tree;
  tree.write("a.txt", "old");
  visit(tree, {}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    std::filesystem::rename(tree.root(), tree.base() / "elsewhere");
    tree.write("a.txt", "new");
    EXPECT_EQ((co_await visitor.ask("GET /a.txt")).body, "old");
  });
}

TEST(Directory, AnIndexStandsForItsDirectory) {
  TemporaryTree tree;
  tree.write("index.html", "home");
  tree.write("second/default.htm", "default");
  tree.write("both/index.html", "index");
  tree.write("both/default.htm", "default");
  tree.make_directory("odd/index.html");
  tree.write("odd/default.htm", "default");
  tree.make_directory("none");
  visit(tree, {.index = {"index.html", "default.htm"}}, [](Server&, Visitor& visitor) -> Deferred<void> {
    const Answer home = co_await visitor.ask("GET /");
    EXPECT_EQ(home.body, "home");
    EXPECT_EQ(home.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ((co_await visitor.ask("GET /", "If-None-Match: " + home.header("ETag") + "\r\n")).status, 304);
    EXPECT_EQ((co_await visitor.ask("GET /second/")).body, "default");
    EXPECT_EQ((co_await visitor.ask("GET /both/")).body, "index");
    EXPECT_EQ((co_await visitor.ask("GET /odd/")).body, "default");
    EXPECT_EQ((co_await visitor.ask("GET /none/")).status, 404);
    EXPECT_EQ((co_await visitor.ask("GET /missing/")).status, 404);
  });
}

TEST(Directory, ListsWhatItServes) {
  TemporaryTree tree;
  tree.write("sub/b.txt", "b");
  tree.write("sub/a & b.txt", "a");
  tree.write("sub/.hidden", "h");
  tree.write("sub/back\\slash", "never found");
  tree.make_directory("sub/inner");
  tree.link("sub/inside", "b.txt");
  tree.link("sub/inside-dir", "../sub/inner");
  tree.link("sub/outside", "/etc/passwd");
  tree.link("sub/dangling", "nowhere");
  ASSERT_EQ(::mkfifo((tree.root() / "sub/fifo").c_str(), 0644), 0);
  visit(tree, {.listing = true}, [](Server&, Visitor& visitor) -> Deferred<void> {
    const Answer page = co_await visitor.ask("GET /sub/");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(page.header("Content-Security-Policy").contains("default-src 'none'"));
    EXPECT_TRUE(page.body.contains("Index of /sub/"));
    EXPECT_TRUE(page.body.contains("href=\"../\""));
    for (const char* shown : {"href=\"b.txt\"", "href=\"a%20&amp;%20b.txt\"", "href=\"inner/\"", "href=\"inside\"",
                              "href=\"inside-dir/\""}) {
      EXPECT_TRUE(page.body.contains(shown)) << shown;
    }
    for (const char* hidden : {"hidden", "outside", "dangling", "fifo", "slash"}) {
      EXPECT_FALSE(page.body.contains(hidden)) << hidden;
    }
    EXPECT_EQ((co_await visitor.ask("HEAD /sub/")).header("Content-Length"), std::to_string(page.body.size()));
    EXPECT_FALSE((co_await visitor.ask("GET /")).body.contains("href=\"../\""));
  });
  visit(tree, {.listing = true, .hidden = true}, [](Server&, Visitor& visitor) -> Deferred<void> {
    EXPECT_TRUE((co_await visitor.ask("GET /sub/")).body.contains("href=\".hidden\""));
  });
  visit(tree, {}, [](Server&, Visitor& visitor) -> Deferred<void> {
    EXPECT_EQ((co_await visitor.ask("GET /sub/")).status, 404);
  });
}

TEST(Directory, AListingHasAnEndAndSaysSo) {
  TemporaryTree tree;
  for (int i = 0; i < 10'001; ++i) tree.write(std::to_string(i), "");
  visit(tree, {.listing = true}, [&](this auto, Server&, Visitor& visitor) -> Deferred<void> {
    EXPECT_TRUE((co_await visitor.ask("GET /")).body.contains("only 10000 entries are shown"));
    std::filesystem::remove(tree.root() / "5000");
    EXPECT_FALSE((co_await visitor.ask("GET /")).body.contains("entries are shown"));
  });
}

TEST(Directory, RefusesWhatItCannotServeAtOnce) {
  TemporaryTree tree;
  tree.write("file", "");
  const auto told = [](auto make) -> std::string {
    try {
      make();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "(nothing)";
  };
  const std::string root = tree.root();
  EXPECT_EQ(told([&] { directory(root + "/missing"); }),
            "opening the directory " + root + "/missing: No such file or directory");
  EXPECT_EQ(told([&] { directory(root + "/file"); }), "opening the directory " + root + "/file: Not a directory");
  EXPECT_EQ(told([&] { directory(root, {.index = {"../file"}}); }), "the index \"../file\" is not the name of a file");
  EXPECT_EQ(told([&] { directory(root, {.index = {""}}); }), "the index \"\" is not the name of a file");
  EXPECT_EQ(told([&] { directory(root, {.cache_control = "a\nb: c"}); }),
            "the value for Cache-Control holds a control character");
}

// In a child process: the kernel answers openat2 as one that does not know it.
[[noreturn]] void serve_without_openat2(const std::string& root) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = std::size(filter), .filter = filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::fputs("seccomp is not available", stderr);
    std::_Exit(77);
  }
  try {
    directory(root);
  } catch (const SystemError& error) {
    std::fputs(error.what(), stderr);
    std::_Exit(error.code() == ENOSYS ? 3 : 4);
  }
  std::_Exit(0);
}

TEST(DirectoryDeathTest, WithoutOpenat2ItIsRefusedInOneSentence) {
  TemporaryTree tree;
  EXPECT_EXIT(
      serve_without_openat2(tree.root()), testing::ExitedWithCode(3),
      "^serving files needs the system call openat2 of Linux 5.6, which keeps paths inside .*/root: Function not "
      "implemented$");
}

}  // namespace
}  // namespace torc::http
