# The commands of docs/guide.md with what they print. sh guide.sh PROGRAM
program=$1
. "$(dirname "$0")/show.sh"

show "rankmesh show --world-size 64 --tp 16 --pp 2 --gpus-per-node 8" 2>&1
