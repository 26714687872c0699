#!/bin/sh
# Starts Loquat in its container: makes what a first start needs, then becomes the daemon.
#
# Where tokens are asked for (LOQUAT_AUTH__MODE=jwt) and no key is given by JWT_KEY, JWT_KEY_FILE or
# LOQUAT_AUTH__JWT__KEY_PATH, a key is made once in the volume. With LOQUAT_DEMO_TOKEN=on a token of that key, good for a
# day, is printed at each start.
# Environment: LOQUAT_CONFIG, LOQUAT_VAR_DIR, LOQUAT_DEMO_TOKEN (on, off), LOQUAT_DEMO_TENANT, LOQUAT_DEMO_USER (demo),
#   LOQUAT_DEMO_ROLES (analyst; several with commas), LOQUAT_BINARY (loquat).
set -eu

var=${LOQUAT_VAR_DIR:-/var/lib/loquat}
export LOQUAT_VAR_DIR="$var"

die() { echo "entrypoint: $*" >&2; exit 1; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

make_key() { # FILE: written whole or not at all, readable by its owner only
  (umask 077 && openssl rand -hex 32 | tr -d '\n' >"$1.next") || die "no key could be made in $1"
  mv "$1.next" "$1"
  echo "entrypoint: made the key for tokens, $1; keep the volume, or every token ends with it"
}

json_string() { # no character that would end the string or need an escape
  case $1 in *[!A-Za-z0-9._@-]*) die "'$1' may hold letters, digits and . _ @ - only" ;; esac
  printf '"%s"' "$1"
}

demo_token() { # KEY_FILE
  tenant=$(json_string "${LOQUAT_DEMO_TENANT:-demo}") || exit 1
  user=$(json_string "${LOQUAT_DEMO_USER:-demo}") || exit 1
  roles=''
  for role in $(echo "${LOQUAT_DEMO_ROLES:-analyst}" | tr ',' ' '); do
    role=$(json_string "$role") || exit 1
    roles="${roles:+$roles,}$role"
  done
  now=$(date +%s)
  head=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
  body=$(printf '{"sub":%s,"tenant_id":%s,"roles":[%s],"iat":%s,"exp":%s}' \
    "$user" "$tenant" "$roles" "$now" $((now + 86400)) | base64url)
  # The key stands in the arguments of this one process; in the container nobody else can look at them.
  signature=$(printf '%s.%s' "$head" "$body" |
    openssl dgst -sha256 -mac HMAC -macopt "key:$(cat "$1")" -binary | base64url)
  echo "$head.$body.$signature"
}

mkdir -p "$var" 2>/dev/null || true
[ -w "$var" ] || die "$var cannot be written: mount a volume that user $(id -u) owns"
rm -f "$var/loquat.port" # of a run that ended: the health check must not ask another's port

if [ "${LOQUAT_AUTH__MODE:-jwt}" = jwt ] && [ -z "${JWT_KEY:-}${JWT_KEY_FILE:-}${LOQUAT_AUTH__JWT__KEY_PATH:-}" ]; then
  key=$var/jwt.key
  [ -s "$key" ] || make_key "$key"
  export LOQUAT_AUTH__JWT__KEY_PATH="$key"
  if [ "${LOQUAT_DEMO_TOKEN:-off}" = on ]; then
    token=$(demo_token "$key") || exit 1
    echo "entrypoint: a token for tenant ${LOQUAT_DEMO_TENANT:-demo}, good for a day (LOQUAT_DEMO_TOKEN=off prints none):"
    echo "$token"
  fi
fi

exec "${LOQUAT_BINARY:-loquat}" --config "${LOQUAT_CONFIG:-config/demo.yaml}" "$@"
