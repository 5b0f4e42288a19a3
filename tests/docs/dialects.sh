# The commands of docs/dialects.md with what they print. sh dialects.sh PROGRAM
program=$1
. "$(dirname "$0")/show.sh"

show "rankmesh translate --from megatron 'tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp' --world-size 256 --to devicemesh"
show "rankmesh diff 'megatron:tp=2 pp=2' 'devicemesh:shape=2,2,2 names=dp,pp,tp' --world-size 8 | grep differs"
