# The commands of docs/survive.md with what they print. sh survive.sh PROGRAM
program=$1
. "$(dirname "$0")/show.sh"

show "rankmesh survive 'world=16384 tp=8 pp=16' --cluster 'node:2048 gpu:8' --lost-nodes 17"
show "rankmesh survive 'world=16 convention=megatron-core tp=2 ep=4 etp=1' --lost-ranks 3 --spares 1 --optimizer distributed"
show "rankmesh survive 'world=512 convention=megatron-core tp=8 ep=16 etp=1' --cluster 'rack:8 node:9 gpu:8' --any rack --spares 64"
