# Sourced by the scripts beside it, after `program` is set.
rankmesh() { "$program" "$@"; }

# show COMMAND: the command line and what it prints
show() {
  [ -z "$is_first" ] && echo
  is_first=
  printf '$ %s\n' "$1"
  eval "$1"
}
is_first=yes
