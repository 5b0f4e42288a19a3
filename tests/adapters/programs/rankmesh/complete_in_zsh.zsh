# complete_in_zsh.zsh SCRIPT WORDS...: prints each command line as an interactive zsh completes it with
# the Tab key after reading a completion script.
zmodload zsh/zpty || exit 77
script=$1
shift
lines=$(mktemp)
trap 'rm -f $lines' EXIT

zpty shell zsh -f -i
# ^X records the line and clears it.
zpty -w shell "autoload -Uz compinit; compinit -u -D; source ${(q)script}
write_down() { print -r -- \$BUFFER >> ${(q)lines}; BUFFER=; }
zle -N write_down; bindkey '^X' write_down"

integer answered=0 tries
for words in $@; do
  zpty -w -n shell "$words"$'\t\x18'
  ((++answered))
  for ((tries = 0; tries < 400; ++tries)); do
    # zsh blocks unless its output is read.
    while zpty -r -t shell seen; do :; done
    (($(wc -l < $lines) >= answered)) && break
    sleep 0.05
  done
done
cat $lines
zpty -d shell
