#!/bin/sh
# shown.sh PROGRAM DOCUMENT: fails unless each line that the benchmark prints, but those of single sources, is in the document.
"$1" | grep -v '^    ' | while IFS= read -r line; do
  grep -qxF -e "$line" "$2" || { printf '%s does not have: %s\n' "$2" "$line" >&2; exit 1; }
done
