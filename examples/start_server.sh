# Sourced by the checks of servers.
#
# start_server PROGRAM ARGUMENT...: starts it and waits until it has said something. `server` is its process, killed when
# the check ends; `work` is a folder of the check's own, with what was said in `work/said`.
start_server() {
  work=$(mktemp -d)
  trap '{ kill -KILL "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$work"' EXIT
  "$@" >"$work/said" &
  server=$!
  for _ in {1..100}; do
    [ -s "$work/said" ] && break
    sleep 0.05
  done
}

# end_server: SIGTERM ends it in order.
end_server() {
  kill -TERM "$server"
  local status=0
  wait "$server" || status=$?
  [ "$status" = 0 ] || { echo "SIGTERM ended it with status $status"; exit 1; }
}
