#!/usr/bin/env bash
# A real one-node Apache Kafka broker (KRaft mode, no ZooKeeper, no Docker) for integration tests.
#
#   kafka.sh fetch                     fill the cache (about 43 MB of jars), print the folder
#   kafka.sh up     DIR PORT [--sasl]  format DIR on first use, start, wait, print the bootstrap address
#   kafka.sh down   DIR                orderly stop (SIGTERM)
#   kafka.sh kill9  DIR                crash the broker; a later `up DIR PORT` must bring the data back
#   kafka.sh topic  DIR NAME PARTITIONS [key=value ...]   create a topic (AdminClient), print its real config
#   kafka.sh status DIR                pid, bootstrap addresses, resident memory
#
# Ports: PORT plaintext, PORT+1 controller (KRaft), PORT+2 SASL_SSL, PORT+3 SASL_PLAINTEXT (the last two with --sasl).
# PORT 0 takes free ports on the first use of DIR and the same ones again afterwards; they stand in DIR/ports, in that order.
# Everything listens on 127.0.0.1 only. User for SASL: svc / svc-secret (PLAIN and SCRAM-SHA-256/512).
# Needs: JDK 17 or newer (JAVA_HOME or PATH), Maven on the first use; openssl for --sasl.
# Settings: KAFKA_VERSION, LOQUAT_CACHE, KAFKA_HEAP, KAFKA_PARTITIONS (default of auto-created topics), KAFKA_EXTRA
#   (extra "name=value" lines for server.properties, newline-separated), KAFKA_WAIT (seconds, default 60).
set -euo pipefail

KAFKA_VERSION=${KAFKA_VERSION:-4.4.0}
LOG4J_VERSION=${LOG4J_VERSION:-2.25.5}   # the log4j-core that kafka_2.13 4.4.0 brings
peers_cache=${LOQUAT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/loquat}/peers
KAFKA_HEAP=${KAFKA_HEAP:-256m}
KAFKA_PARTITIONS=${KAFKA_PARTITIONS:-3}
KAFKA_WAIT=${KAFKA_WAIT:-60}
LIB=$peers_cache/kafka-$KAFKA_VERSION/lib
JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
SASL_USER=svc SASL_PASS=svc-secret STORE_PASS=changeit

die() { echo "kafka.sh: $*" >&2; exit 1; }

fetch() {
  [[ -f $LIB/.complete ]] && return 0
  local w binding=; w=$(mktemp -d)
  mkdir -p "$LIB"
  # Kafka's own jars bring no SLF4J binding: without one the broker logs nothing, its start line included.
  case $KAFKA_VERSION in
    3.*) binding="<groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId><version>1.7.36</version>" ;;
    *) binding="<groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$LOG4J_VERSION</version>" ;;
  esac
  cat >"$w/pom.xml" <<X
<project><modelVersion>4.0.0</modelVersion>
<groupId>peers</groupId><artifactId>kafka-dist</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>$KAFKA_VERSION</version></dependency>
<dependency>$binding</dependency></dependencies></project>
X
  mvn -B -ntp -q -f "$w/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$LIB" >&2 || die "download failed"
  rm -rf "$w"
  touch "$LIB/.complete"
}

alive() { [[ -s $1/pid ]] && kill -0 "$(cat "$1/pid")" 2>/dev/null && [[ $(tr '\0' ' ' <"/proc/$(cat "$1/pid")/cmdline") == *kafka.Kafka* ]]; }

log_config() {
  cat >"$1/log4j.properties" <<X
log4j.rootLogger=${KAFKA_LOG_LEVEL:-WARN}, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.logger.kafka.server.KafkaRaftServer=INFO
X
  cat >"$1/log4j2.yaml" <<X
Configuration:
  Properties: {Property: []}
  Appenders:
    Console:
      name: STDOUT
      PatternLayout: {pattern: "[%d] %p %m (%c)%n"}
  Loggers:
    Root: {level: ${KAFKA_LOG_LEVEL:-WARN}, AppenderRef: {ref: STDOUT}}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: INFO}
X
}

certs() { # a CA and a server certificate for 127.0.0.1/localhost; ca.pem is what a client trusts
  local d=$1/tls; [[ -f $d/server.p12 ]] && return 0
  mkdir -p "$d"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=peers test CA" -keyout "$d/ca.key" -out "$d/ca.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$d/server.key" -out "$d/server.csr" 2>/dev/null
  openssl x509 -req -in "$d/server.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -CAcreateserial -days 30 \
    -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$d/server.pem" 2>/dev/null
  openssl pkcs12 -export -in "$d/server.pem" -inkey "$d/server.key" -certfile "$d/ca.pem" -name server \
    -passout pass:$STORE_PASS -out "$d/server.p12"
}

choose_ports() { # DIR PORT
  [[ $2 != 0 || ! -s $1/ports ]] || return 0
  if [[ $2 != 0 ]]; then echo "$2 $(($2 + 1)) $(($2 + 2)) $(($2 + 3))" >"$1/ports"; return; fi
  python3 - >"$1/ports" <<'X'
import socket
sockets = [socket.socket() for _ in range(4)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
X
}

configure() {
  local dir=$1 sasl=$2 port controller sasl_ssl sasl_plaintext
  read -r port controller sasl_ssl sasl_plaintext <"$dir/ports"
  local names="PLAINTEXT://127.0.0.1:$port" map="PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
  if [[ $sasl == yes ]]; then
    certs "$dir"
    names+=",SASL_SSL://127.0.0.1:$sasl_ssl,SASL_PLAINTEXT://127.0.0.1:$sasl_plaintext"
    map+=",SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT"
  fi
  {
    cat <<X
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=$names,CONTROLLER://127.0.0.1:$controller
advertised.listeners=$names
listener.security.protocol.map=$map
inter.broker.listener.name=PLAINTEXT
log.dirs=$dir/data
num.partitions=$KAFKA_PARTITIONS
auto.create.topics.enable=true
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=4194304
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=1000
log.segment.delete.delay.ms=1000
X
    if [[ $sasl == yes ]]; then
      cat <<X
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PKCS12
ssl.keystore.location=$dir/tls/server.p12
ssl.keystore.password=$STORE_PASS
ssl.client.auth=none
X
      local l
      for l in sasl_ssl sasl_plaintext; do
        cat <<X
listener.name.$l.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_$SASL_USER="$SASL_PASS";
listener.name.$l.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.$l.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
X
      done
    fi
    [[ -z ${KAFKA_EXTRA:-} ]] || printf '%s\n' "$KAFKA_EXTRA"
  } >"$dir/server.properties"
}

java_opts() {
  echo "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Djava.awt.headless=true \
-Dlog4j2.configurationFile=$1/log4j2.yaml -Dlog4j.configuration=file:$1/log4j.properties"
}

up() {
  local dir port sasl=no t0 pid
  [[ ${3:-} == --sasl ]] && sasl=yes
  fetch
  mkdir -p "$1"; dir=$(cd "$1" && pwd)
  alive "$dir" && die "already running in $dir (pid $(cat "$dir/pid"))"
  log_config "$dir"; choose_ports "$dir" "$2"; configure "$dir" "$sasl"
  read -r port _ <"$dir/ports"
  if [[ ! -f $dir/data/meta.properties ]]; then
    local id scram=()
    id=$(head -c16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
    [[ $id == -* ]] && id=A${id:1}          # StorageTool would read a leading '-' as an option
    if [[ $sasl == yes ]]; then
      scram=(--add-scram "SCRAM-SHA-256=[name=$SASL_USER,password=$SASL_PASS]"
             --add-scram "SCRAM-SHA-512=[name=$SASL_USER,password=$SASL_PASS]")
    fi
    # shellcheck disable=SC2046
    "$JAVA" -Xmx128m $(java_opts "$dir") -cp "$LIB/*" kafka.tools.StorageTool format -t "$id" \
      -c "$dir/server.properties" "${scram[@]}" >"$dir/format.log" 2>&1 || { cat "$dir/format.log" >&2; die "format failed"; }
  fi
  : >"$dir/broker.log"
  # shellcheck disable=SC2046
  setsid nohup "$JAVA" -Xms"$KAFKA_HEAP" -Xmx"$KAFKA_HEAP" $(java_opts "$dir") -cp "$LIB/*" kafka.Kafka \
    "$dir/server.properties" >>"$dir/broker.log" 2>&1 </dev/null &
  pid=$!; echo "$pid" >"$dir/pid"
  t0=$SECONDS
  until grep -q 'Kafka Server started' "$dir/broker.log"; do
    kill -0 "$pid" 2>/dev/null || { tail -20 "$dir/broker.log" >&2; die "broker died"; }
    (( SECONDS - t0 < KAFKA_WAIT )) || { tail -20 "$dir/broker.log" >&2; kill -9 "$pid"; die "not ready after $KAFKA_WAIT s"; }
    sleep 0.1
  done
  echo "127.0.0.1:$port"
}

stop() { # DIR SIGNAL SECONDS
  local dir=$1 pid i
  alive "$dir" || { echo "kafka.sh: not running" >&2; rm -f "$dir/pid"; return 0; }
  pid=$(cat "$dir/pid"); kill "-$2" "$pid"
  for ((i = 0; i < $3 * 10; i++)); do kill -0 "$pid" 2>/dev/null || { rm -f "$dir/pid"; return 0; }; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true; rm -f "$dir/pid"; echo "kafka.sh: killed after $3 s" >&2
}

topic() {
  local dir=$1 src; shift
  src=$peers_cache/kafka-$KAFKA_VERSION/Topic.java
  [[ -f $src ]] || cat >"$src" <<'X'
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.config.ConfigResource;
public class Topic {
  public static void main(String[] a) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) a[0]))) {
      Map<String, String> cfg = new TreeMap<>();
      for (int i = 3; i < a.length; i++) { int e = a[i].indexOf('='); cfg.put(a[i].substring(0, e), a[i].substring(e + 1)); }
      admin.createTopics(List.of(new NewTopic(a[1], Integer.parseInt(a[2]), (short) 1).configs(cfg))).all().get();
      ConfigResource r = new ConfigResource(ConfigResource.Type.TOPIC, a[1]);
      Config c = null;
      for (int i = 0; i < 50 && c == null; i++) {
        try { c = admin.describeConfigs(List.of(r)).all().get().get(r); } catch (Exception e) { Thread.sleep(100); }
      }
      System.out.print(a[1] + " partitions=" + a[2]);
      for (String k : cfg.keySet()) System.out.print(" " + k + "=" + c.get(k).value());
      System.out.println();
    }
  }
}
X
  # shellcheck disable=SC2046
  "$JAVA" -Xmx128m $(java_opts "$dir") -cp "$LIB/*" "$src" \
    "127.0.0.1:$(cut -d' ' -f1 "$dir/ports")" "$@"
}

status() {
  alive "$1" || { echo "not running"; return 1; }
  local pid; pid=$(cat "$1/pid")
  echo "pid $pid, rss $(awk '/VmRSS/{print int($2/1024)}' "/proc/$pid/status") MiB, $(grep '^advertised' "$1/server.properties")"
}

case ${1:-} in
  fetch) fetch; echo "$LIB" ;;
  up) [[ $# -ge 3 ]] || die "up DIR PORT|0 [--sasl]"; shift; up "$@" ;;
  down) stop "${2:?DIR}" TERM 20 ;;
  kill9) stop "${2:?DIR}" KILL 5 ;;
  topic) [[ $# -ge 4 ]] || die "topic DIR NAME PARTITIONS [key=value ...]"; shift; topic "$@" ;;
  status) status "${2:?DIR}" ;;
  *) sed -n '2,18p' "$0"; exit 2 ;;
esac
