#!/bin/sh
# Takes jobs of `tessera work` from a Redis list until there are none: redis-worker.sh NAME [options]
#
#   tessera:jobs        jobs, one JSON each: RPUSH tessera:jobs '{"input":"a.jpg","output":"b.jpg"}'
#   tessera:doing:NAME  the job that a worker has in hand; it leaves tessera:jobs in the same step
#   tessera:answers     what became of each
#   tessera:alive:NAME  there while the worker lives, and TESSERA_DEAD seconds longer
#
# The job of a worker that is no longer there goes back to the list. A result that is there already is
# not made again, so that a job that was done but not answered costs nothing.
#
# TESSERA (default: tessera) and REDIS (default: redis-cli) are the commands, with their options.

set -eu
name=$1
shift
dead=${TESSERA_DEAD:-60}
me=$$

redis() {
  ${REDIS:-redis-cli} "$@"
}

live() {
  redis SET "tessera:alive:$name" 1 EX "$dead" >/dev/null
}

# Puts back what workers had in hand that are not alive.
take_over() {
  for other in $(redis SMEMBERS tessera:workers); do
    [ "$(redis EXISTS "tessera:alive:$other")" = 0 ] || continue
    while [ -n "$(redis LMOVE "tessera:doing:$other" tessera:jobs LEFT LEFT)" ]; do :; done
    redis SREM tessera:workers "$other" >/dev/null
  done
}

# Says whether any worker has a job in hand, which may come back.
any_doing() {
  for other in $(redis SMEMBERS tessera:workers); do
    [ "$(redis LLEN "tessera:doing:$other")" = 0 ] || return 0
  done
  return 1
}

take_over
live
redis SADD tessera:workers "$name" >/dev/null
(while sleep $((dead / 3 + 1)) && kill -0 "$me" 2>/dev/null; do live; done) &
beat=$!

pipes=$(mktemp -d)
mkfifo "$pipes/jobs" "$pipes/answers"
${TESSERA:-tessera} work "$@" <"$pipes/jobs" >"$pipes/answers" &
exec 3>"$pipes/jobs" 4<"$pipes/answers"
rm -r "$pipes"
trap 'kill "$beat" 2>/dev/null' EXIT

while :; do
  job=$(redis BLMOVE tessera:jobs "tessera:doing:$name" LEFT RIGHT 1)
  if [ -z "$job" ]; then
    take_over
    any_doing || [ "$(redis LLEN tessera:jobs)" != 0 ] || break
    continue
  fi
  printf '%s\n' "$job" >&3
  # The job stays in hand if there is no answer.
  read -r answer <&4
  redis EVAL "redis.call('RPUSH', KEYS[1], ARGV[1]); redis.call('LREM', KEYS[2], 1, ARGV[2])" \
    2 tessera:answers "tessera:doing:$name" "$answer" "$job" >/dev/null
done
redis SREM tessera:workers "$name" >/dev/null
