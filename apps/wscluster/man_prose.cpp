// SPDX-License-Identifier: MIT
#include "man.hpp"

namespace wscluster::app {

std::string program_prose() {
  return R"(A WebSocket lives in the memory of one process, so a cluster must know which process holds a user's connection.
wscluster computes it: a consistent\-hash ring, kept in Redis, names the owner of each user id. Gateways hold the clients' sockets
and bring each user's messages to the owner; nodes hold the sessions. When nodes come and go, exactly the sessions whose owner changed
move: behind a gateway with open sockets, direct clients are closed at a set rate and come back.
.PP
Results go to stdout, everything else to stderr. Commands that print data have JSON
.RB ( "\-o json" ),
whose fields stay; the tables for people may change.
)";
}

std::string configuration_prose() {
  return R"(One YAML file for gateways, nodes and client commands; each program takes from it what it needs.
A flag stands above the variable of the environment, that above the file, that above the default.
.B wscluster config show
tells for every key where its value comes from.
.PP
Unknown and duplicate keys, wrong types and missing units are errors, all reported in one run by
.BR "wscluster config check" .
Relative file names are meant from the directory of the file. Secrets stand in files of their own, never in this one, in flags or in the
environment.
.SS Types
.TP
.B duration
250ms, 5s, 1m30s; a number without a unit is an error
.TP
.B size
64KiB, 1MB; a number without a unit is an error
.TP
.B rate
500/s, 30/m
.TP
.B count
2500, 10k, 1m
.TP
.B HOST:PORT
127.0.0.1:9001, [::1]:9001; port 0: the system chooses, see port_file
.TP
.B list
[a, b], or a single value; in a variable separated by commas
.TP
.B list of {cert_file, key_file}
[{cert_file: a.pem, key_file: a.key}]; in a variable certificate and key in turn, separated by commas
)";
}

namespace {

const char* const words_prose = R"(.SS Words
.TP
.B service
One application with its own ring, users and groups. Two services never mix.
.TP
.B user, uid
Who is connected; the key of the ring. A user may have several sessions (devices); all live on one node.
.TP
.B session
One logical client connection.
.TP
.B gateway, node
A gateway holds clients' sockets and routes. A node holds the sessions of the users it owns, and serves clients that connect to it directly.
.TP
.B ring, epoch
Members with weights and all that is needed to compute the owner of a key. Each change is a new epoch, an integer that only grows.
.TP
.B point, arc
A point is one virtual node on the 64\-bit circle; an arc is a half\-open range of keys between two points. A node has 512 points per unit of weight.
.TP
.B owner, holder
The owner is the node that the current epoch computes for a user. The holder is the node that has the user's sessions now. They differ only while a move is under way.
.TP
.B plan, change, move
A plan is what an epoch would do, computed before it is written. A change is the record of one epoch with its policy and progress. A move is one user going from holder to owner.
.TP
.B lease, incarnation
A lease is a member's registration; it ends when the heartbeats stop. An incarnation is one life of a process.
)";

const char* const ring_prose = R"(.SS Ring and epochs
The position of a user is XXH3\-64 of the uid with the ring's seed; the owner is the member of the first point at or after it.
A node's points come from its name alone, so a change of one member moves only arcs of that member. Moving 1 of N nodes moves about 1/N of the keys.
.PP
An epoch is written to Redis in one step together with its change record. The nodes carry the change out; a command that watches may be
ended at any time. The same command again goes on watching, or has nothing to do.
.SS Redis
The ring, leases and change records are in Redis; no message passes it. While it is away everything goes on with the last ring.
Its maxmemory\-policy must be noeviction. After a flush, a start from an older snapshot or a failover to a replica that was behind,
the processes put back what they hold. Documents that contradict each other are an alarm and freeze the ring until
.B ring repair
says whose is right.
.PP
With Sentinel, the address is
.IR redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB ;
an epoch that fewer than redis.min_replicas replicas acknowledge is written all the same, with a warning and an alarm. Set min\-replicas\-to\-write
on the servers, so that a primary that was cut off takes no writes.
.SS Rotating keys
SIGHUP reads all key files again and drops nothing. A new cluster key takes three rounds over all processes, each with SIGHUP: first the new
key as cluster.previous_key_file; then the two swapped; then without the old one. Access keys: add the new one to key_files, let applications
use it, remove the old one.
.SS Certificates
A client gets the certificates of exactly the name that it asks for, else those of its wildcard, else the first one; the names come from the
certificates. Of one name an RSA and an ECDSA certificate go together. When a file changes, also by a symbolic link on the way, and at SIGHUP,
all are read and checked, then presented to new connections. If anything is wrong, those before stay: an error in the log, and
wscluster_tls_reload_failures_total counts it. A certificate that has expired does not take the place of another one. Session tickets stay good,
unless other clients are let in (tls.client_auth and its files).
.SS States
.TP
.B joining
Registered, not yet linked to everybody or not yet in the ring
.TP
.B up
In the ring and serving
.TP
.B draining
Weight 0; its sessions are leaving. After
.B ring remove
and at its own end it leaves the ring when it is empty
.TP
.B drained
Weight 0 and empty, but a member: after
.B ring drain
it stays until
.B ring undrain
gives its weight back
.TP
.B down
Its lease has ended
.TP
.B suspended
Its own lease has ended and no majority of its peers vouches for it: sockets stay open, nothing is executed or acknowledged
)";

const char* const operations_prose = R"(.SS Health
The admin listener answers
.I /livez
(the process turns),
.I /readyz
(it should get clients; ?verbose shows all checks, ?exclude=NAME leaves one out) and
.I /metrics
(Prometheus).
.I PUT /fail
with a reason as body makes /readyz answer 503 with that reason until
.I DELETE /fail
or the end of the process; nothing else changes. The listener has to be on a loopback address.
.SS Memory
limits.memory is a ceiling of the resident memory. From 80 % on the heap is trimmed; from 85 % no clients are accepted, they wait in the
kernel's backlog; from 90 % idle HTTP connections end; from 95 % WebSockets are closed with 1013 at drain.rate, those first that no message has
passed for the longest time. Each is undone five points below where it begins. Links and the admin listener are never refused. What the kernel
keeps for sockets counts against a cgroup, not against this ceiling: leave room.
.PP
Where descriptors (two for a client that is relayed to an application server) or 70 % of that ceiling (16 KiB for a client) do not suffice for limits.max_connections, fewer are
taken; wscluster_max_connections tells how many.
)";

const char* const eviction_prose = R"(.SS Eviction and close codes
Evicted sessions are those in the plan's arcs, no others. Evicted = moved + closed: a moved session keeps its socket at the gateway, a closed one
reconnects. With
.B \-\-evict all
every session of the nodes that lose keys is closed, with
.B \-\-evict none
no socket is. A change that is running can be taken back with
.BR "ring abort" :
a new epoch has the members of before, and what has moved moves back.
.TP
.B 1000, 1001
The client went; the server stops
.TP
.B 1008
The session is gone for good: connect anew
.TP
.B 1009
The message is larger than limits.max_message_bytes
.TP
.B 1011
A client without a subprotocol sent an event that its application refused or could not answer
.TP
.B 1012
Evicted: reconnect. The reason says when, for example
.I epoch=43 after=1250ms
.TP
.B 1013
The client did not read and its outbox was full; or memory ran out here (the reason is
.IR memory )
.SS Receipts
.TP
.B delivered
Written to the sockets of the user's sessions
.TP
.B queued
Kept for the user's return
.TP
.B offline
The user is not connected and nothing was queued
.TP
.B expired
Its deadline passed before it could be delivered; it was not
.TP
.B unknown
No answer in time; it may or may not have been delivered
.SS Exit status
Commands end with 0 when it was done or there was nothing to do, 1 when the answer is no, and with codes of
.BR sysexits (3)
otherwise; the table is in
.BR wscluster (1).
)";

}  // namespace

std::string concepts_prose() {
  return std::string(words_prose) + ring_prose + operations_prose + eviction_prose;
}

}  // namespace wscluster::app
