#!/usr/bin/env bash
# torc fetch, as its users meet it: files from a server that python3 wrote, byte for byte, then what can go wrong.
set -uo pipefail
build_dir=$2

command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
torc=$build_dir/bin/torc
[ -x "$torc" ] || { echo "$torc is not built"; exit 1; }

work=$(mktemp -d)
server=
cleanup() {
  { [ -n "$server" ] && kill -KILL "$server" && wait "$server"; } 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
# same <what> <expected> <actual>
same() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }
# contains <what> <text> <part>
contains() { [[ $2 == *"$3"* ]] || fail "$1: no '$3' in '${2:0:400}'"; }
# lacks <what> <text> <part>
lacks() { [[ $2 != *"$3"* ]] || fail "$1: '$3' in '${2:0:400}'"; }

site=$work/site out=$work/out
mkdir -p "$site/sub"
head -c 5000000 /dev/urandom >"$site/large.bin"
echo "a page" >"$site/index.html"
: >"$site/empty"
echo "a name" >"$site/with space.txt"
echo "below" >"$site/sub/large.bin"
for i in $(seq 150); do echo "file $i" >"$site/many$i"; done

cat >"$work/server.py" <<'PYTHON'
import http.server, sys, time

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def head(self, status, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_GET(self):
        name, _, query = self.path[1:].partition("?")
        if name.startswith("any/"):  # whatever it is called
            self.head(200, Content_Length=4)
            self.wfile.write(b"any\n")
        elif name == "chunked":
            self.head(200, Transfer_Encoding="chunked")
            for _ in range(50):
                self.wfile.write(b"8\r\nchunked\n\r\n")
            self.wfile.write(b"0\r\nX-Trailer: 1\r\n\r\n")
        elif name == "until-close":
            self.close_connection = True
            self.head(200, Connection="close")
            self.wfile.write(b"until\n" * 1000)
        elif name == "cut":
            self.close_connection = True
            self.head(200, Content_Length=1000)
            self.wfile.write(b"x" * 500)
        elif name == "moved":
            self.head(302, Location="/sub/large.bin", Content_Length=0)
        elif name == "round":
            self.head(302, Location="/round", Content_Length=0)
        elif name == "secure":
            self.head(302, Location="https://127.0.0.1/", Content_Length=0)
        elif name == "silent":
            time.sleep(5)
        elif name == "slow":
            self.head(200, Content_Length=int(query) * 1000)
            for _ in range(int(query)):
                self.wfile.write(b"x" * 1000)
                self.wfile.flush()
                time.sleep(0.05)
        elif name == "huge":
            self.head(200, Content_Length=300_000_000)
            for _ in range(300):
                self.wfile.write(bytes(1_000_000))
        else:
            super().do_GET()

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 20

    def handle_error(self, request, client_address):  # who goes away is no error here
        pass

handler = lambda *arguments: Handler(*arguments, directory=sys.argv[1])
server = Server(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/server.py" "$site" >"$work/port" &
server=$!
for _ in $(seq 200); do
  [ -s "$work/port" ] && break
  sleep 0.05
done
url=http://127.0.0.1:$(cat "$work/port")

# fetch <arguments>: sets status, said (standard error) and $work/stdout.
fetch() {
  timeout 60 "$torc" fetch "$@" >"$work/stdout" 2>"$work/stderr"
  status=$?
  said=$(cat "$work/stderr")
}
# nothing_left <what>: no temporary file stayed behind.
nothing_left() { same "$1: temporary files" "" "$(find "$out" -name '.torc*')"; }

echo "== one URL goes to standard output"
for path in large.bin index.html empty; do
  fetch "$url/$path"
  same "$path: status" 0 $status
  same "$path: standard error" "" "$said"
  cmp "$work/stdout" "$site/$path" || fail "$path differs"
done
fetch "$url/"
cmp "$work/stdout" "$site/index.html" || fail "the index differs"
fetch "$url/chunked"
same "chunked" "$(yes chunked | head -n 50)" "$(cat "$work/stdout")"
fetch "$url/until-close"
same "until the end" "$(yes until | head -n 1000)" "$(cat "$work/stdout")"
fetch "$url/moved"
cmp "$work/stdout" "$site/sub/large.bin" || fail "what a redirect leads to differs"

echo "== files are named by the URL"
fetch --output "$out" "$url/large.bin" "$url/sub/large.bin" "$url/" "$url/empty" "$url/with%20space.txt" "$url/large.bin?x=1" \
  "$url/moved"
same "status" 0 $status
same "standard error" "" "$said"
same "names" "empty index.html large.bin large.bin.1 large.bin.2 moved with space.txt" "$(ls -A "$out" | paste -sd' ')"
for pair in large.bin:large.bin sub/large.bin:large.bin.1 large.bin:large.bin.2 index.html:index.html empty:empty \
  "with space.txt:with space.txt" sub/large.bin:moved; do
  cmp "$site/${pair%%:*}" "$out/${pair##*:}" || fail "$pair differ"
done
nothing_left "after success"
echo "old" >"$out/index.html"
fetch --output "$out" "$url/"
cmp "$out/index.html" "$site/index.html" || fail "an old file was not replaced"

echo "== more than run at once"
rm -rf "$out"
urls=()
for i in $(seq 150); do urls+=("$url/many$i"); done
fetch --output "$out" "${urls[@]}"
same "status" 0 $status
for i in $(seq 150); do cmp -s "$site/many$i" "$out/many$i" || fail "many$i differs"; done
same "standard error" "" "$said"

echo "== no name leads out of the directory"
rm -rf "$out"
fetch --output "$out" "$url/any/..%2f..%2fetc%2fpasswd" "$url/any/%2e%2e" "$url/any/%2Fabsolute" "$url/any/a%00b" "$url/any/a%0ab" \
  "$url/any/.." "$url/any/x/"
contains "names that are refused" "$said$(ls -A "$out")" ""
same "what is outside" "out server.py site" "$(ls "$work" | grep -v -e '^port$' -e '^std' | paste -sd' ')"
same "where files are" "" "$(find "$work" -newer "$work/port" -type f -not -path "$out/*" -not -name 'std*')"
find "$out" -mindepth 1 -type d | grep . && fail "a directory was made"
[ "$(find "$out" -type f | wc -l)" -ge 5 ] || fail "files are missing: $(ls -A "$out")"

echo "== what cannot be fetched is told in a line each"
rm -rf "$out"
fetch --output "$out" --timeout 0.5 "$url/large.bin" "$url/missing" "$url/cut" "$url/silent" "$url/round" "$url/secure" \
  https://127.0.0.1/x http://127.0.0.1:1/ http://no-such-host.invalid/ http://user:secret@127.0.0.1/ nonsense
same "status" 1 $status
same "lines" 10 "$(wc -l <<<"$said")"
cmp "$site/large.bin" "$out/large.bin" || fail "the others were not fetched"
same "what was not fetched" "large.bin" "$(ls -A "$out")"
for line in "$url/missing: HTTP 404 Not Found" "$url/cut: the server closed the connection after 500 of 1000 bytes" \
  "$url/silent: GET, waiting for the response: timed out after 500 ms" "$url/round: redirected to $url/round: more than 10 redirects" \
  "$url/secure: redirected to https://127.0.0.1/: https is not supported yet" "https://127.0.0.1/x: https is not supported yet" \
  "http://127.0.0.1:1/: cannot connect to 127.0.0.1:1: Connection refused" "http://no-such-host.invalid/: " "nonsense: "; do
  contains "standard error" "$said" "torc fetch: $line"
done
lacks "standard error" "$said" secret
fetch "$url/missing"
same "404: status" 1 $status
same "404: standard output" 0 "$(stat -c %s "$work/stdout")"

echo "== what cannot be written"
mkdir -p "$out/index.html"
fetch --output "$out" "$url/"
same "a directory in the way: status" 1 $status
contains "a directory in the way" "$said" "torc fetch: $url/: renaming the finished file to "
nothing_left "a directory in the way"
"$torc" fetch "$url/large.bin" 2>"$work/stderr" | head -c 10 >/dev/null
same "a reader that leaves: status" 1 "${PIPESTATUS[0]}"
contains "a reader that leaves" "$(cat "$work/stderr")" "standard output"

echo "== what is asked wrongly"
# refuses <part of the line> <arguments>
refuses() {
  local part=$1
  shift
  fetch "$@"
  same "torc fetch $*: status" 2 $status
  same "torc fetch $*: lines" 1 "$(wc -l <<<"$said")"
  same "torc fetch $*: standard output" 0 "$(stat -c %s "$work/stdout")"
  contains "torc fetch $*" "$said" "$part"
  [[ $said == "torc fetch: "* ]] || fail "torc fetch $*: said '$said'"
}
refuses "name a URL"
refuses "--output DIR" "$url/" "$url/"
refuses '"soon"' --timeout soon "$url/"
refuses "--timeout" --timeout 0 "$url/"
refuses '"--wobble"' --wobble "$url/"
refuses "index.html" --output "$site/index.html" "$url/"
refuses "/missing/" --output /missing/directory "$url/"

echo "== an end in the middle"
rm -rf "$out"
"$torc" fetch --output "$out" "$url/slow?200" "$url/index.html" >"$work/stdout" 2>"$work/stderr" &
client=$!
for _ in $(seq 100); do
  [ -e "$out/index.html" ] && break
  sleep 0.05
done
kill -INT "$client"
wait "$client"
same "SIGINT: status" 1 $?
same "SIGINT: files" "index.html" "$(ls -A "$out")"
same "SIGINT: standard error" "torc fetch: interrupted" "$(cat "$work/stderr")"

echo "== memory"
rm -rf "$out"
cat >"$work/peak.py" <<'PYTHON'
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PYTHON
read -r status peak < <(timeout 120 python3 "$work/peak.py" "$torc" fetch --output "$out" "$url/huge")
same "300 MB: status" 0 "$status"
same "300 MB: size" 300000000 "$(stat -c %s "$out/huge")"
[ "$peak" -lt 60 ] || fail "fetching 300 MB took $peak MiB of memory"

echo "== progress"
cat >"$work/terminal.py" <<'PYTHON'
# terminal.py COLUMNS ROWS PROGRAM...: runs the program with a terminal as its standard error; what it drew.
import fcntl, os, pty, struct, sys, termios
main, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(sys.argv[2]), int(sys.argv[1]), 0, 0))
child = os.fork()
if child == 0:
    os.close(main)
    os.dup2(terminal, 2)
    os.execv(sys.argv[3], sys.argv[3:])
os.close(terminal)
drawn = b""
while True:
    try:
        piece = os.read(main, 65536)
    except OSError:
        break
    drawn += piece
sys.stdout.buffer.write(drawn)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PYTHON
escape=$'\x1b'
# drawn <columns> <rows> <arguments>: sets drawn and status.
draw() {
  local columns=$1 rows=$2
  shift 2
  drawn=$(timeout 60 python3 "$work/terminal.py" "$columns" "$rows" "$torc" fetch "$@" | tr -d '\r')
  status=${PIPESTATUS[0]}
  # As it looks: without what moves the cursor.
  looks=$(sed -E "s/$escape\\[[?0-9]*[a-zA-Z]//g" <<<"$drawn")
}
for columns in 100 60 30; do
  draw $columns 24 --output "$out" "$url/slow?20" "$url/large.bin" "$url/missing"
  contains "$columns columns: the cursor is hidden" "$drawn" "$escape[?25l"
  contains "$columns columns: and shown again" "${drawn: -12}" "$escape[?25h"
  contains "$columns columns: an end" "$looks" "done"
  contains "$columns columns: a failure" "$looks" "failed"
  contains "$columns columns: why" "$looks" "torc fetch: $url/missing: HTTP 404 Not Found"
  grep -qE '[0-9]+%' <<<"$looks" || fail "$columns columns: no percentage in '$looks'"
  widest=$(grep -v '^torc fetch' <<<"$looks" | awk '{ if (length > most) most = length } END { print most + 0 }')
  [ "$widest" -lt "$columns" ] || fail "$columns columns: a line of $widest"
  # A second of download, ten drawings a second of three lines each, and some slack for a busy machine.
  lines=$(wc -l <<<"$looks")
  [ "$lines" -le 75 ] || fail "$columns columns: drawn $lines lines"
done
draw 80 5 --output "$out" "$url"/slow?{1,2,3,4,5,6,7,8}
contains "more URLs than rows" "$looks" "8 of 8 done"
draw 80 24 --quiet --output "$out" "$url/slow?3"
same "--quiet" "" "$drawn"
fetch --output "$out" "$url/slow?3"
same "no terminal" "" "$said"

echo "== help"
contains "torc --help" "$("$torc" --help)" "fetch"
help=$("$torc" fetch --help)
for word in URL --output --timeout --quiet Examples: "Exit status"; do contains "torc fetch --help" "$help" "$word"; done

[ $failures -eq 0 ] || { echo "$failures checks failed"; exit 1; }
echo "all checks passed"
