#!/usr/bin/env bash
# Training over TCP between two "hosts": network namespaces of this machine with a cable (veth) between them. Then the
# cable is cut: the run must end by itself and say why; with the cable back it goes on. Needs root, iproute2 and Open MPI.
#
#   e2e/netns/two-hosts.sh train|cut CONFIG OUTPUT
#
# `train` prints what refold says and ends with its exit code; `cut` cuts the cable once OUTPUT has a checkpoint.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=$1 config=$2 output=$3
a=refold-a b=refold-b

clean() {
  ip netns pids "$a" 2>/dev/null | xargs -r kill -9 || true
  ip netns pids "$b" 2>/dev/null | xargs -r kill -9 || true
  ip netns del "$a" 2>/dev/null || true
  ip netns del "$b" 2>/dev/null || true
}
trap clean EXIT
clean
ip netns add "$a"
ip netns add "$b"
ip link add refold0 netns "$a" type veth peer name refold0 netns "$b"
ip -n "$a" address add 10.97.0.1/24 dev refold0
ip -n "$b" address add 10.97.0.2/24 dev refold0
for host in "$a" "$b"; do
  ip -n "$host" link set lo up
  ip -n "$host" link set refold0 up
done
# Names of the hosts, in both (`ip netns exec` puts this file in the place of /etc/hosts).
for host in "$a" "$b"; do
  mkdir -p "/etc/netns/$host"
  printf '127.0.0.1 localhost\n10.97.0.1 %s\n10.97.0.2 %s\n' "$a" "$b" > "/etc/netns/$host/hosts"
done

export OMPI_MCA_plm_rsh_agent="$PWD/e2e/netns/in-namespace.sh"
# No shared memory: it would go around the cable.
export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=10.97.0.0/24 OMPI_MCA_oob_tcp_if_include=10.97.0.0/24
launch() {
  "$OMPI_MCA_plm_rsh_agent" "$a" node packages/cli/bin/refold.js launch -n 2 --threads 1 --hosts "$a,$b" -- \
    train -c "$config" --output-dir "$output" --resume auto "$@"
}
if [ "$what" = train ]; then
  launch
  exit
fi
(
  until ls "$output"/checkpoints/epoch-*-step-*.safetensors > /dev/null 2>&1; do read -rt 0.2 <> <(:) || true; done
  ip -n "$a" link set refold0 down
) &
launch --device.timeoutMs 4000 --epochs 1000
