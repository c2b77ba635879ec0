# Finds or installs what Tessera needs: Deno and, on Linux, a Vulkan driver.
#
# Sourced by `tessera` and `test`, which have set `here` to this repository's folder. Afterwards
# `deno` is the Deno to run. Where everything is there already, this takes a few milliseconds.

DENO_VERSION=2.9.6

if [ -n "${HOME:-}" ]; then
  data="${XDG_DATA_HOME:-$HOME/.local/share}/tessera"
else
  data="$here/.tessera"
fi

say() {
  printf 'tessera: %s\n' "$*" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

set_up() {
  find_deno || install_deno || give_up_on_deno
  has_vulkan || install_vulkan || warn_of_vulkan
  set_runtime_dir
}

# --- Deno ---

find_deno() {
  for deno in "$(command -v deno || :)" "${HOME:-}/.deno/bin/deno" \
    "$data"/node_modules/@deno/*/deno "$data/deno/bin/deno"; do
    if [ -x "$deno" ] && is_recent "$deno"; then return 0; fi
  done
  return 1
}

is_recent() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#deno }
  [ "$(version_number "${version%%[ +-]*}")" -ge "$(version_number "$DENO_VERSION")" ]
}

# 2.9.6 -> 2009006
version_number() {
  (
    IFS=.
    # shellcheck disable=SC2086 # split at the dots
    set -- $1
    echo $((${1:-0} * 1000000 + ${2:-0} * 1000 + ${3:-0}))
  )
}

install_deno() {
  say "Deno $DENO_VERSION or later was not found: installing it into $data"
  mkdir -p "$data"
  if has npm && install_with_npm && find_deno; then return 0; fi
  install_with_installer && find_deno
}

# The binary is used where the package holds it, so that npm need not run any install script.
install_with_npm() {
  npm install --prefix "$data" --include=optional --no-fund --no-audit --no-update-notifier \
    --loglevel=error "deno@$DENO_VERSION" >&2 </dev/null
}

install_with_installer() {
  if ! has curl || ! has unzip; then
    apt_install ca-certificates curl unzip || return 1
  fi
  curl -fsSL https://deno.land/install.sh |
    CI=1 DENO_INSTALL="$data/deno" sh -s -- "v$DENO_VERSION" >&2
}

give_up_on_deno() {
  say "Deno could not be installed. Install it yourself, then run this again:"
  say "  npm install --global deno@$DENO_VERSION"
  say "  or: curl -fsSL https://deno.land/install.sh | sh   (needs curl and unzip)"
  exit 1
}

# --- Vulkan ---

# Looks where the Vulkan loader looks. Elsewhere than on Linux the system has what is needed.
has_vulkan() {
  [ "$(uname -s)" = Linux ] || return 0
  has_vulkan_loader && has_vulkan_driver
}

has_vulkan_loader() {
  any_file_in "${LD_LIBRARY_PATH:-}:/usr/local/lib:/usr/lib:/usr/lib64:$(printf '%s:' \
    /usr/lib/*-linux-gnu*)" 'libvulkan.so.1'
}

has_vulkan_driver() {
  [ -n "${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}" ] && return 0
  home=${HOME:-/nonexistent}
  any_file_in "${XDG_CONFIG_HOME:-$home/.config}:${XDG_CONFIG_DIRS:-/etc/xdg}:/etc:$(
  )${XDG_DATA_HOME:-$home/.local/share}:${XDG_DATA_DIRS:-/usr/local/share:/usr/share}" \
    'vulkan/icd.d/*.json'
}

# any_file_in FOLDER:FOLDER:... PATTERN
any_file_in() {
  (
    pattern=$2
    IFS=:
    for folder in $1; do
      IFS=
      # shellcheck disable=SC2086 # the pattern is to be expanded
      for file in "$folder"/$pattern; do
        if [ -n "$folder" ] && [ -e "$file" ]; then exit 0; fi
      done
    done
    exit 1
  )
}

install_vulkan() {
  say "No Vulkan driver was found: installing Mesa's, which includes one that runs on the processor"
  apt_install mesa-vulkan-drivers libvulkan1
}

# Not the end: the program itself says what it finds, and `tessera doctor` says more.
warn_of_vulkan() {
  say "It could not be installed. As root, run:"
  say "  apt-get install mesa-vulkan-drivers libvulkan1       (Debian, Ubuntu)"
  say "  dnf install mesa-vulkan-drivers vulkan-loader        (Fedora)"
  say "  pacman -S vulkan-swrast vulkan-icd-loader            (Arch)"
  say "or install the driver of your graphics card."
}

# --- Both ---

# Installs Debian packages, as root or where sudo asks for no password.
apt_install() {
  has apt-get || return 1
  as_root=
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root='sudo -n'
  fi
  $as_root apt-get update -qq >&2 </dev/null || say "apt-get update failed: trying without it"
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null
}

# Drivers complain on stderr without it.
set_runtime_dir() {
  if [ -d "${XDG_RUNTIME_DIR:-}" ]; then return 0; fi
  if mkdir -p "$data/run" 2>/dev/null && chmod 700 "$data/run"; then
    export XDG_RUNTIME_DIR="$data/run"
  fi
}
