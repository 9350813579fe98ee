#!/bin/sh
# Stands in for ssh: Open MPI calls it with a host and a command. Hosts are network namespaces here (two-hosts.sh), with
# a host name of their own: by equal ones Open MPI would take them for one machine.
host=$1
shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"
