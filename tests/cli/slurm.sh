#!/bin/sh
# slurm.sh FOLDER COMMAND...: starts a SLURM of one node with four processors, whatever the machine has,
# runs a command with it, and stops it. All of it lies in FOLDER, an absolute path without spaces.
#
# Needs Debian's packages slurm-wlm and munge, and as root installs them where they are missing. Runs
# as whoever calls it, beside any other SLURM. Exits with 3 and the reason where it cannot be had.

set -eu
folder=$1
shift
port=16817
me=$(id -un)
host=$(hostname -s)

cannot() {
  echo "$*"
  exit 3
}

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    cannot "needs slurm-wlm and munge, or root and apt-get to install them"
  env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurm-wlm munge >"$folder/apt.log" 2>&1 </dev/null ||
    cannot "slurm-wlm and munge cannot be had: $(tail -n 1 "$folder/apt.log")"
fi
PATH=$PATH:/usr/sbin

mkdir -p "$folder/state" "$folder/spool"
(umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
export SLURM_CONF="$folder/slurm.conf"
cat >"$SLURM_CONF" <<CONF
ClusterName=tessera
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$me
SlurmdUser=$me
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=defer,batch_sched_delay=1,sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

# Ends what was started, and waits until it has written its last into the folder.
stop() {
  for daemon in slurmd slurmctld munged; do
    [ -e "$folder/$daemon.pid" ] || continue
    pid=$(cat "$folder/$daemon.pid")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do
      [ -e "$folder/$daemon.pid" ] || break
      sleep 0.1
    done
  done
}
trap stop EXIT

munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
slurmctld -c
slurmd -c
for _ in $(seq 60); do
  [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break
  sleep 0.5
done
[ "$(sinfo --noheader --format=%T)" = idle ] ||
  cannot "the node does not come up: $(tail -n 1 "$folder/slurmd.log")"
"$@"
