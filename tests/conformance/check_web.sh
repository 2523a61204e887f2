#!/usr/bin/env bash
# torc web, as its users meet it: curl, wrk and raw connections against the program, then its errors.
set -uo pipefail
source_dir=$1 build_dir=$2

command -v curl >/dev/null || { echo "curl is not installed"; exit 77; }
torc=$build_dir/bin/torc
[ -x "$torc" ] || { echo "$torc is not built"; exit 1; }

work=$(mktemp -d)
server=
cleanup() {
  [ -n "$server" ] && kill -KILL "$server" 2>/dev/null
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

# start <options of torc web>: sets server, host, port, url. Standard output goes to $out, errors to $work/err.
out=$work/log
start() {
  : >"$work/err"
  "$torc" web --listen tcp:0:address=127.0.0.1 "$@" >"$out" 2>"$work/err" &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^serving .* on \(http:[^ ]*\).*/\1/p' "$work/err" | head -n 1)
    [ -n "$url" ] && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  [ -n "$url" ] || { echo "torc web did not start: $(cat "$work/err")"; exit 1; }
  host=${url#http://} port=${host#*:} host=${host%:*} port=${port%/} url=${url%/}
}
# stop: ends the server as an administrator would; sets status.
stop() {
  kill -TERM "$server"
  wait "$server"
  status=$?
  server=
}

get() { curl -sS --max-time 20 "$@" 2>&1; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }
# raw <request for printf>: sends it and prints all there is until the server closes; status 124 if it does not.
raw() {
  local status
  exec 3<>"/dev/tcp/$host/$port" || return 1
  printf "$1" >&3
  timeout 10 cat <&3
  status=$?
  exec 3>&- 3<&-
  return $status
}
repeat() { head -c "$2" /dev/zero | tr '\0' "$1"; }

site=$work/site
mkdir -p "$site/sub/inner" "$site/with space"
cp -r "$source_dir/examples/site/." "$site/"
echo "outside" >"$work/secret.txt"
echo "inside" >"$site/sub/a file.txt"
echo "odd" >"$site/with space/100%+ä.txt"
echo "hidden" >"$site/.env"
ln -s ../secret.txt "$site/leak"
head -c 40000000 /dev/urandom >"$site/large"
touch -d '2020-01-01 12:00:00 UTC' "$site/about.html"

start --path "$site"

echo "== pages"
get "$url/" | cmp -s - "$site/index.html" || fail "/ is not index.html"
get "$url/data/big.txt" | cmp -s - "$site/data/big.txt" || fail "big.txt differs"
get "$url/large" | cmp -s - "$site/large" || fail "large differs"
head=$(get -I "$url/about.html")
contains HEAD "$head" "200 OK"
contains HEAD "$head" "Content-Length: $(stat -c %s "$site/about.html")"
contains HEAD "$head" "Content-Type: text/html; charset=utf-8"
contains HEAD "$head" "Last-Modified: Wed, 01 Jan 2020 12:00:00 GMT"
contains HEAD "$head" "X-Content-Type-Options: nosniff"
contains HEAD "$head" "Date: "
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' <<<"$head")

echo "== conditions and ranges"
same "304 by ETag" 304 "$(code -H "If-None-Match: $etag" "$url/about.html")"
same "200 by ETag" 200 "$(code -H 'If-None-Match: "other"' "$url/about.html")"
same "304 by date" 304 "$(code -H 'If-Modified-Since: Wed, 01 Jan 2020 12:00:00 GMT' "$url/about.html")"
same "200 by date" 200 "$(code -H 'If-Modified-Since: Wed, 01 Jan 2020 11:59:59 GMT' "$url/about.html")"
same "304 by curl" 304 "$(code --time-cond "1 Jan 2021" "$url/about.html")"
same 412 412 "$(code -H 'If-Match: "other"' "$url/about.html")"
same "206" 206 "$(code -r 100-199 "$url/data/big.txt")"
get -r 100-199 "$url/data/big.txt" | cmp -s - <(tail -c +101 "$site/data/big.txt" | head -c 100) || fail "the range differs"
contains "Content-Range" "$(get -D - -o /dev/null -r -5 "$url/data/big.txt")" "Content-Range: bytes 204795-204799/204800"
same 416 416 "$(code -r 999999999- "$url/data/big.txt")"
contains 416 "$(get -D - -o /dev/null -r 999999999- "$url/data/big.txt")" "Content-Range: bytes */204800"
head -c 1000000 "$site/large" >"$work/partial"
get -C - -o "$work/partial" "$url/large" >/dev/null
cmp -s "$work/partial" "$site/large" || fail "a resumed download differs"

echo "== paths"
same "an escaped space" inside "$(get "$url/sub/a%20file.txt")"
same "an escaped name" odd "$(get "$url/with%20space/100%25+%C3%A4.txt")"
contains "a redirect" "$(get -D - -o /dev/null "$url/sub?x=1")" "Location: /sub/?x=1"
contains "a listing" "$(get "$url/sub/")" 'href="a%20file.txt"'
same "a hidden file" 404 "$(code "$url/.env")"
same "a missing file" 404 "$(code "$url/missing")"
same "a link that leads out" 404 "$(code "$url/leak")"
for path in /../secret.txt /../../secret.txt /sub/../../secret.txt /%2e%2e/secret.txt /..%2fsecret.txt /%2e%2e%2fsecret.txt \
  /sub/..%2f..%2fsecret.txt /..%5csecret.txt /.%2e/secret.txt /%252e%252e/secret.txt /..%00/secret.txt //secret.txt \
  /./../secret.txt /%c0%ae%c0%ae/secret.txt /../../../../../../etc/passwd //etc/passwd; do
  answer=$(get --path-as-is -w '\n%{http_code}' "$url$path")
  [[ ${answer##*$'\n'} == 40[04] ]] || fail "$path was answered ${answer##*$'\n'}"
  lacks "$path" "$answer" outside
  lacks "$path" "$answer" root:
done
same "an open redirect" 404 "$(code --path-as-is "$url//sub")"

echo "== methods and uploads"
same POST 405 "$(code -d x "$url/")"
contains POST "$(get -D - -o /dev/null -d x "$url/")" "Allow: GET, HEAD"
same DELETE 405 "$(code -X DELETE "$url/about.html")"
same "GET with chunked content" 200 "$(code -X GET -H 'Transfer-Encoding: chunked' --data-binary "@$site/about.html" "$url/")"
same "GET with content" 200 "$(code -X GET --data-binary "@$site/about.html" "$url/")"
same "POST of a large upload" 405 "$(code --data-binary "@$site/large" "$url/")"
same "chunked POST of a large upload" 405 \
  "$(code -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary "@$site/large" "$url/")"

echo "== connections"
reused=$(get -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' "$url/" "$url/about.html" "$url/missing")
same "connections for three requests" "1 0 0 " "$reused"
same "HTTP/1.0 closes" 1 "$(raw 'GET /sub/a%%20file.txt HTTP/1.0\r\n\r\n' | grep -c '^inside')"
answers=$(raw 'GET /sub/a%%20file.txt HTTP/1.1\r\nHost: x\r\n\r\nHEAD /large HTTP/1.1\r\nHost: x\r\n\r\nGET /missing HTTP/1.1\r\nHost: x\r\n\r\nGET /sub/a%%20file.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
same "pipelined answers in order" "200 200 404 200 " "$(sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' <<<"$answers" | tr '\n' ' ')"
same "pipelined contents" 2 "$(grep -c '^inside' <<<"$answers")"
same "a request in pieces" 1 "$(
  exec 3<>"/dev/tcp/$host/$port"
  for piece in 'GE' 'T /sub/a%%20fi' 'le.txt HTTP/1.1\r' '\nHost: x\r\nConnection: clo' 'se\r\n\r' '\n'; do
    printf "$piece" >&3
    sleep 0.02
  done
  timeout 10 cat <&3 | grep -c '^inside'
)"

echo "== requests that are refused, with the connection closed"
# refused <status> <what> <request for printf>
refused() {
  local answer status
  answer=$(raw "$3")
  status=$?
  same "$2: closed" 0 $status
  contains "$2" "${answer%%$'\r'*}" "HTTP/1.1 $1"
  contains "$2" "$answer" "Connection: close"
}
refused 414 "a long target" "GET /$(repeat a 9000) HTTP/1.1\r\nHost: x\r\n\r\n"
refused 431 "a long field" "GET / HTTP/1.1\r\nHost: x\r\nX: $(repeat a 9000)\r\n\r\n"
refused 431 "many fields" "GET / HTTP/1.1\r\nHost: x\r\n$(for i in $(seq 200); do printf 'X-%s: y\\r\\n' "$i"; done)\r\n"
refused 400 "no HTTP" "hello\r\n\r\n"
refused 400 "no Host" "GET / HTTP/1.1\r\n\r\n"
refused 400 "two Hosts" "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"
refused 400 "a space before the colon" "GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n"
refused 400 "two framings" "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 400 "two lengths" "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"
refused 505 "another version" "GET / HTTP/2.0\r\nHost: x\r\n\r\n"
same "it still serves" 200 "$(code "$url/")"

if command -v wrk >/dev/null; then
  echo "== load"
  report=$(wrk -d 1s -c 50 -t 1 "$url/index.html")
  contains wrk "$report" "Requests/sec"
  lacks wrk "$report" "Socket errors"
  lacks wrk "$report" "Non-2xx"
fi

echo "== ends in order"
curl -sS --max-time 60 --limit-rate 8M -o "$work/slow" "$url/large" &
download=$!
for _ in $(seq 100); do
  [ -s "$work/slow" ] && break
  sleep 0.05
done
stop
same "status after SIGTERM" 0 "$status"
wait "$download"
same "status of the download" 0 $?
cmp -s "$work/slow" "$site/large" || fail "the download was cut"
same "connections after the end" 000 "$(code "$url/" | tail -c 3)"
contains "what it says" "$(cat "$work/err")" "try: curl"
contains "what it waits for" "$(cat "$work/err")" "waiting for 1 connection to finish; a second Ctrl-C ends them now"
same "lines on standard error" 3 "$(wc -l <"$work/err")"
grep -Eq '^127\.0\.0\.1 - - \[[^]]+\] "GET /missing HTTP/1\.1" 404 [0-9]+ "-" "curl/[^"]+"$' "$work/log" || fail "the access log lacks /missing"
grep -Evq '^127\.0\.0\.1 - - \[[^]]+\] "[^"]*" [1-5][0-9][0-9] ([0-9]+|-) "[^"]*" "[^"]*"$' "$work/log" \
  && fail "the access log has a line of another form: $(grep -Evm1 '^127\.0\.0\.1 - - \[[^]]+\] "[^"]*" [1-5][0-9][0-9] ([0-9]+|-) "[^"]*" "[^"]*"$' "$work/log")"

echo "== a second signal ends it at once"
start --path "$site" --quiet
exec 4<>"/dev/tcp/$host/$port"
printf 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n' >&4
read -r -t 10 line <&4
kill -TERM "$server"
sleep 0.2
kill -0 "$server" 2>/dev/null || fail "it did not wait for the response"
stop
exec 4>&- 4<&-
same "status after two signals" 143 "$status"

echo "== options"
start --path "$site" --quiet --no-listing --hidden --index missing.html --index 'a file.txt' --cache-control 'max-age=5'
same "--no-listing" 404 "$(code "$url/css/")"
same "--index" inside "$(get "$url/sub/")"
same "--hidden" hidden "$(get "$url/.env")"
contains "--cache-control" "$(get -I "$url/about.html")" "Cache-Control: max-age=5"
stop
same "status" 0 "$status"
same "--quiet" 0 "$(stat -c %s "$work/log")"
same "--quiet says where" 1 "$(wc -l <"$work/err")"

start --path "$site" --access-log "$work/access.log" --idle-timeout 0.2 --header-timeout 0.3
same "a page" 200 "$(code "$url/")"
same "--idle-timeout" 1 "$(raw 'GET /sub/a%%20file.txt HTTP/1.1\r\nHost: x\r\n\r\n' | grep -c '^inside')"
contains "--header-timeout" "$(raw 'GET / HTTP/1.1\r\nHo')" "HTTP/1.1 408"
stop
same "--access-log" 1 "$(grep -c '"GET / HTTP/1.1" 200' "$work/access.log")"
same "nothing on standard output" 0 "$(stat -c %s "$work/log")"

start --path "$site" --listen 'tcp:0:address=[::1]'
second=$(sed -n 's/^serving .* on \(http:[^ ]*::1[^ ]*\).*/\1/p' "$work/err")
if [ -n "$second" ]; then same "a second --listen" 200 "$(code "$second")"; else fail "a second --listen is not told"; fi
stop

echo "== a reader of the log that has stopped"
mkfifo "$work/pipe"
exec 5<>"$work/pipe"
out=$work/pipe
start --path "$site"
long=$(repeat a 7000)
for i in $(seq 300); do echo "url = $url/$long$i"; done >"$work/urls"
get -o /dev/null -w '%{http_code}\n' -K "$work/urls" | sort | uniq -c | grep -q '300' || fail "requests failed while nobody read the log"
same "it still serves" 200 "$(code "$url/")"
stop
same "status" 0 "$status"
contains "the log that was lost" "$(cat "$work/err")" "lines of the access log were dropped"
exec 5>&-
out=$work/log

echo "== what cannot be done is told in a line"
# refuses <part of the line> <arguments>
refuses() {
  local part=$1 said status
  shift
  said=$(timeout 10 "$torc" "$@" 2>&1 >"$work/stdout")
  status=$?
  same "torc $*: status" 2 $status
  same "torc $*: lines" 1 "$(wc -l <<<"$said")"
  same "torc $*: standard output" 0 "$(stat -c %s "$work/stdout")"
  contains "torc $*" "$said" "$part"
  [[ $said == "torc: "* || $said == "torc web: "* ]] || fail "torc $*: said '$said'"
}
refuses 'command is missing'
refuses '"wobble"' wobble
refuses '"--wobble"' --wobble
refuses -- '--path' web
refuses '"--wobble"' web --path "$site" --wobble
refuses '"extra"' web --path "$site" extra
refuses '"/missing/directory"' web --path /missing/directory
refuses 'is not a directory' web --path "$site/index.html"
refuses '"tcp:80x"' web --path "$site" --listen tcp:80x
refuses '"carrier:pigeon"' web --path "$site" --listen carrier:pigeon
refuses '192.0.2.1' web --path "$site" --listen tcp:0:address=192.0.2.1
refuses -- '--idle-timeout' web --path "$site" --idle-timeout soon
refuses -- '--header-timeout' web --path "$site" --header-timeout 0
refuses -- '--path' web --path
refuses '/missing/log' web --path "$site" --access-log /missing/log
refuses 'Cache-Control' web --path "$site" --cache-control $'a\nb: c'
refuses '"a/b"' web --path "$site" --index a/b
start --path "$site" --quiet
refuses "127.0.0.1:$port" web --path "$site" --listen "tcp:$port:address=127.0.0.1"
stop

echo "== help"
same "--version" "torc 0.1.0" "$("$torc" --version)"
contains "--help" "$("$torc" --help)" "web"
help=$("$torc" web --help)
for option in --path --listen --index --no-listing --hidden --cache-control --access-log --quiet --header-timeout --idle-timeout \
  tcp:8080 index.html Examples:; do
  contains "web --help" "$help" "$option"
done

[ $failures -eq 0 ] || { echo "$failures checks failed"; exit 1; }
echo "all checks passed"
