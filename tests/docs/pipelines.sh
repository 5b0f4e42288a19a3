# The commands of docs/pipelines.md with what they print. sh pipelines.sh PROGRAM
program=$1
. "$(dirname "$0")/show.sh"

show "rankmesh show --world-size 64 --pp 4 --layers 18" 2>&1
show "rankmesh rank 5 --world-size 64 --pp 4 --layers 18 --account-for-embedding --account-for-loss --kind embedding" 2>&1
