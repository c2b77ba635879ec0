#!/bin/sh
# in_gpu_stubs.sh FOLDER COMMAND...: runs COMMAND in the chroot that gpu_stubs.sh set up below FOLDER, from
# this project's folder, as `env` does: NAME=VALUE may stand in front. Without more it has Mesa's newest
# lavapipe.
#
# There, /house/tessera is this project, /house/shared its `../shared`, /house/deno what Deno fetched on this
# machine, which is all that it can fetch. The mounts are gone when COMMAND ends.

set -eu
root=$1/root
project=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
shift

deno_dir=$(deno info --json | sed -n 's/^ *"denoDir": "\(.*\)",*$/\1/p')
mkdir -p "$root/house/tessera" "$root/house/shared" "$root/house/deno"
export root project deno_dir
exec unshare --mount --propagation private sh -euc '
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --bind "$project" "$root/house/tessera"
  mount --bind "$deno_dir" "$root/house/deno"
  if [ -d "$project/../shared" ]; then mount --bind "$project/../shared" "$root/house/shared"; fi
  exec chroot "$root" env -i -C /house/tessera PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
    DENO_DIR=/house/deno DENO_NO_UPDATE_CHECK=1 XDG_RUNTIME_DIR=/tmp \
    VK_DRIVER_FILES=/usr/share/vulkan/icd.d/lvp_icd.json \
    ${NO_COLOR+NO_COLOR=1} ${TESSERA_TEST+TESSERA_TEST="$TESSERA_TEST"} "$@"
' in_gpu_stubs "$@"
