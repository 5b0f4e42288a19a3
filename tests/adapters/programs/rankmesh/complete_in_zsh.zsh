# complete_in_zsh.zsh SCRIPT WORDS...: what an interactive zsh that has read a completion script makes of each command
# line when the tabulator is pressed at its end, a line each.
zmodload zsh/zpty || exit 77
script=$1
shift
lines=$(mktemp)
trap 'rm -f $lines' EXIT

zpty shell zsh -f -i
# Pressing ^X writes down what stands in the line, and empties it.
zpty -w shell "autoload -Uz compinit; compinit -u -D; source ${(q)script}
write_down() { print -r -- \$BUFFER >> ${(q)lines}; BUFFER=; }
zle -N write_down; bindkey '^X' write_down"

integer answered=0 tries
for words in $@; do
  zpty -w -n shell "$words"$'\t\x18'
  ((++answered))
  for ((tries = 0; tries < 400; ++tries)); do
    # What it prints must be read, or it waits.
    while zpty -r -t shell seen; do :; done
    (($(wc -l < $lines) >= answered)) && break
    sleep 0.05
  done
done
cat $lines
zpty -d shell
