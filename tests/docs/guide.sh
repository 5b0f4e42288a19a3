# The commands of docs/guide.md with what they print. sh guide.sh PROGRAM
rankmesh() { "$program" "$@" 2>&1; }
program=$1

echo '$ rankmesh show --world-size 64 --tp 16 --pp 2 --gpus-per-node 8'
rankmesh show --world-size 64 --tp 16 --pp 2 --gpus-per-node 8
