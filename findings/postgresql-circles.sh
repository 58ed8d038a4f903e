#!/usr/bin/env bash
# PostgreSQL and circles of waits: two things that its manual does not say.
#
# 1. A circle that leads through a request which only waits behind an earlier one has no victim: that request is
#    let go ahead, although it came later, and all transactions commit.
# 2. Each wait looks for a circle once, when its deadlock_timeout is over. A session whose time had run out before the
#    circle was closed does not look again: where the one that closed it has a longer time, both stand there until then.
#
# Looked at: PostgreSQL 15.18 (Debian 12). Seen: in 1 late, reads and alters commit, in this order and without an error;
# in 2 two requests are still blocked after three seconds, and none has been told of a deadlock until another session
# cancels one. deadsim's `prefer: queue` keeps its order, and any thread of a closed circle may be its victim.
#
# It starts a cluster of its own on a socket in a temporary folder, and needs the package postgresql.
set -euo pipefail

programs=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | tail -n 1)")
folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown postgres "$folder"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
end() {
  cd /
  "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null || true
  rm -rf "$folder"
}
trap end EXIT
cd "$folder"
"${as[@]}" "$programs/initdb" -D "$folder/data" -U postgres -A trust -N >/dev/null
"${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-k $folder -c listen_addresses=''" start >/dev/null

sql() { psql -h "$folder" -U postgres -X -q -A -t "$@"; }

# A transaction in the background; what it says stands in a file of its name.
transaction() {
  local name=$1
  shift
  printf '%s\n' "$@" | sql >"$name" 2>&1 &
}

# Wait until so many requests are blocked.
blocked() {
  until [ "$(sql -c 'SELECT count(*) FROM pg_locks WHERE NOT granted')" = "$1" ]; do sleep 0.02; done
}

sql -c 'CREATE TABLE a (n int)' -c 'CREATE TABLE b (n int)'

echo "1. reads has a, waits for b; late has b, waits for a behind the request of alters, which waits for reads"
patience="SET deadlock_timeout = '50ms'; BEGIN;"
transaction reads "$patience" 'LOCK TABLE a IN ACCESS SHARE MODE;' 'SELECT pg_sleep(2);' \
  'LOCK TABLE b IN ACCESS SHARE MODE;' 'COMMIT;' '\echo reads commits'
transaction late "$patience" 'LOCK TABLE b IN ACCESS EXCLUSIVE MODE;' 'SELECT pg_sleep(1);' \
  'LOCK TABLE a IN ACCESS SHARE MODE;' 'COMMIT;' '\echo late commits'
sleep 0.4
transaction alters "$patience" 'LOCK TABLE a IN ACCESS EXCLUSIVE MODE;' 'COMMIT;' '\echo alters commits'
wait
grep -h 'commits\|ERROR' late reads alters || true

echo "2. one looks after 1 ms, when there is no circle; two closes it, and would look after an hour"
transaction one "SET deadlock_timeout = '1ms'; BEGIN;" 'LOCK TABLE a;' 'SELECT pg_sleep(1);' 'LOCK TABLE b;'
transaction two "SET deadlock_timeout = '1h'; BEGIN;" 'LOCK TABLE b;' 'SELECT pg_sleep(2);' 'LOCK TABLE a;'
blocked 2
sleep 3
echo "after 3 seconds $(sql -c 'SELECT count(*) FROM pg_locks WHERE NOT granted') requests are still blocked"
sql -c 'SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted ORDER BY pid LIMIT 1' >/dev/null
wait
grep -h ERROR one two
