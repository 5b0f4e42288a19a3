#!/usr/bin/env bash
# pages_test.sh CASE PROGRAM FOLDER: shells complete with the completions, and groff formats the man pages. FOLDER has
# the files that the build wrote: of rankmesh in rankmesh/pages, of rankmesh-bringup in bringup/pages; for `installed`,
# FOLDER is the build folder. Exits 77 if the shell or groff is not installed.
set -u
case=$1
program=$2
folder=$3

fail() {
  echo "$case: $*" >&2
  exit 1
}

# The commands, or options, that the help text lists.
commands_of_help() { "$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'; }
options_of_help() { "$program" "$@" --help | sed -n '/^Examples/q; s/^  \(-.*\)/\1/p' | grep -oE -- '^(-[a-z], )?--[a-z0-9-]+' | tr -d ',' | tr ' ' '\n'; }

# complete WORD...: the completions of the last word, one in a line.
complete_last() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  "$completer"
  printf '%s\n' "${COMPREPLY[@]}"
}

# expect WORDS WORD...: the completions are these, in any order.
expect() {
  local wanted=$1 seen
  shift
  seen=$(complete_last "$@" | sort | tr '\n' ' ')
  wanted=$(printf '%s\n' $wanted | sort | tr '\n' ' ')
  [ "$seen" = "$wanted" ] || fail "$* completes to \"$seen\", not \"$wanted\""
}

case $case in
  bash)
    source <("$program" completion bash) || fail "the script fails"
    complete -p rankmesh | grep -q "_rankmesh" || fail "nothing is registered"
    completer=_rankmesh
    [ -n "$(commands_of_help)" ] || fail "the help text has no commands"
    expect "$(commands_of_help) $(options_of_help)" rankmesh ""
    for command in $(commands_of_help); do
      words=$(options_of_help "$command")
      [ -n "$words" ] || fail "$command has no options"
      expect "$words" rankmesh "$command" --world-size 16 -
    done
    expect "groups" rankmesh gr
    expect "" rankmesh pag
    expect "text json csv" rankmesh groups --format ""
    expect "json" rankmesh groups --world-size 16 --format j
    expect "json" rankmesh groups --format = j
    expect "text json csv" rankmesh groups --format =
    expect "reference extended megatron-core deepspeed megatron-bridge sglang tensorrt-llm vllm xdit" rankmesh show --convention ""
    expect "sequence sequence_data" rankmesh groups --kind seq
    expect "dp_cp" rankmesh export --kind dp_cp
    expect "toml per-rank-json astra-sim hostfile rankfile" rankmesh export --format ""
    expect "long short" rankmesh rank 5 --names ""
    expect "megatron" rankmesh translate --from megat
    expect "" rankmesh show --tp ""
    expect "bash zsh fish -h --help" rankmesh completion ""
    cd "$(mktemp -d)" || exit 1
    touch "a layout.toml" b.toml
    expect "b.toml" rankmesh show --layout b
    [ "$(complete_last rankmesh show --layout "a")" = "a layout.toml" ] || fail "a name with a space is two words"
    expect "b.toml" rankmesh check b
    rm -r "$PWD"
    ;;
  bash_bringup)
    source "$folder/bringup/pages/share/bash-completion/completions/rankmesh-bringup" || fail "the script fails"
    completer=_rankmesh_bringup
    expect "unique_id mpi_split nccl_split" rankmesh-bringup --strategy ""
    expect "--backend --blocking" rankmesh-bringup --tp 2 --b
    expect "reference product" rankmesh-bringup --amax-rule ""
    ;;
  zsh)
    command -v zsh >/dev/null || exit 77
    script=$(mktemp)
    trap 'rm -f "$script"' EXIT
    "$program" completion zsh > "$script" || fail "there is no script"
    seen=$(zsh -f "${0%/*}/complete_in_zsh.zsh" "$script" "rankmesh gr" "rankmesh groups --form" \
             "rankmesh groups --format j" "rankmesh show --world-size 16 --spl" "rankmesh nothing")
    wanted='rankmesh groups 
rankmesh groups --format=
rankmesh groups --format json 
rankmesh show --world-size 16 --split-rank=
rankmesh nothing'
    [ "$seen" = "$wanted" ] || fail "zsh makes of the lines: $seen"
    ;;
  fish)
    command -v fish >/dev/null || exit 77
    script=$(mktemp)
    trap 'rm -f "$script"' EXIT
    "$program" completion fish > "$script" || fail "there is no script"
    # expect_fish LINE WORDS: the completions of a command line, in any order.
    expect_fish() {
      local seen
      seen=$(fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$script" "$1" | cut -f1 | sort | xargs)
      [ "$seen" = "$(printf '%s\n' $2 | sort | xargs)" ] || fail "$1 completes to \"$seen\", not \"$2\""
    }
    expect_fish "rankmesh " "$(commands_of_help)"
    expect_fish "rankmesh gr" groups
    for command in $(commands_of_help); do
      expect_fish "rankmesh $command --" "$(options_of_help "$command" | grep -e --)"
    done
    expect_fish "rankmesh groups --format " "text json csv"
    expect_fish "rankmesh groups --format j" json
    ;;
  man)
    command -v groff >/dev/null || exit 77
    pages=0
    for page in "$folder"/*/pages/man/man1/*.1; do
      said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
      [ -z "$said" ] || fail "$page: $said"
      pages=$((pages + 1))
    done
    [ "$pages" -gt "$(commands_of_help | wc -l)" ] || fail "only $pages pages"
    text=$(groff -man -Tascii -P-c "$folder/rankmesh/pages/man/man1/rankmesh-groups.1" | col -b 2>/dev/null || true)
    for option in $(options_of_help groups); do
      case $text in *"$option"*) ;; *) fail "the page of groups has no $option" ;; esac
    done
    ;;
  installed)
    to=$(mktemp -d) || exit 1
    cmake --install "$folder" --component cli --prefix "$to" >/dev/null || fail "cannot install"
    for command in "" $(commands_of_help); do
      [ -s "$to/share/man/man1/rankmesh${command:+-$command}.1" ] || fail "no page for $command"
    done
    [ ! -e "$to/share/man/man1/rankmesh-pages.1" ] || fail "a page for a hidden command"
    for file in bash-completion/completions/rankmesh zsh/site-functions/_rankmesh fish/vendor_completions.d/rankmesh.fish; do
      [ -s "$to/share/$file" ] || fail "no $file"
    done
    rm -r "$to"
    ;;
  *)
    fail "no such case"
    ;;
esac
