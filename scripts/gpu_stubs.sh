#!/bin/sh
# gpu_stubs.sh FOLDER: sets up, below FOLDER, what compiles shaders for GPUs that this machine lacks, and
# what Dawn runs on where this machine's drivers are too old for it (in_gpu_stubs.sh runs it): a chroot of
# Debian sid with Mesa's Vulkan drivers and its stubs of the kernel's GPU drivers, Deno, and
# a Vulkan layer that writes down what the compilers tell (tests/kernels/stubs/statistics_layer.c).
#
# With a stub a driver opens, and its real compiler runs; only what is dispatched does not. Takes some
# minutes and 0.6 GB the first time, a second later on. Exits with 3 and the reason where this machine
# cannot do it.

set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
folder=$1
root=$folder/root

cannot() {
  echo "$*"
  exit 3
}

[ "$(id -u)" = 0 ] || cannot "needs root, for a chroot"
for tool in mmdebstrap cc unshare deno; do
  command -v "$tool" >/dev/null || cannot "needs $tool"
done

mkdir -p "$folder"
if [ ! -e "$root/usr/share/vulkan/icd.d" ]; then
  rm -rf "$root.new"
  # shellcheck disable=SC2086 # nothing at all where no mirror is given
  mmdebstrap --mode=root --variant=essential --components=main --quiet \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Sandbox::User "root"' \
    --include=mesa-vulkan-drivers,mesa-drm-shim,libvulkan-dev \
    sid "$root.new" ${DEBIAN_MIRROR:-} >"$folder/log" 2>&1 ||
    cannot "Debian's packages cannot be had: $(tail -n 1 "$folder/log")"
  mv "$root.new" "$root"
fi

cp -f "$(deno eval 'console.log(Deno.execPath())')" "$root/usr/local/bin/deno"
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
cp -R "$root/usr/include/vulkan" "$root/usr/include/vk_video" "$headers"
stubs=$here/../tests/kernels/stubs
mkdir -p "$root/tessera"
cc -O1 -Wall -shared -fPIC -I"$headers" -o "$root/tessera/libstatistics.so" \
  "$stubs/statistics_layer.c" || cannot "the Vulkan layer does not compile"
cp "$stubs/statistics_layer.json" "$root/tessera"
chroot "$root" dpkg-query --show --showformat='${Version}' mesa-vulkan-drivers
