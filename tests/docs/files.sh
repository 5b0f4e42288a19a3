# The commands of docs/files.md with what they print. sh files.sh PROGRAM PART, in docs/examples
program=$1
. "$(dirname "$0")/show.sh"

case $2 in
  layout)
    show "rankmesh groups --layout layout.toml --kind tensor --kind expert"
    show "rankmesh groups --layout layout.toml --tp 2 --kind tensor --format csv | tail -n 1"
    show "rankmesh show --layout mesh.toml | head -n 9"
    show "rankmesh export --world-size 16 --tp 2 --pp 4 --fp8 --format toml"
    ;;
  check)
    show "rankmesh check layout.toml mesh.toml"
    show "rankmesh check layout.toml wrong.toml 2>&1; echo \"exit status \$?\""
    show "rankmesh check wrong.toml --format json | head -n 2"
    ;;
  json)
    show "rankmesh export --world-size 4 --tp 2 --kind tensor --kind data --format per-rank-json"
    show "rankmesh export --world-size 8 --tp 4 --kind tensor --kind data --format astra-sim"
    ;;
  mpi)
    show "rankmesh export --world-size 8 --tp 2 --pp 2 --kind pipeline --hosts a,b --gpus-per-node 4 --format hostfile"
    show "rankmesh export --world-size 8 --tp 2 --pp 2 --kind pipeline --hosts a,b --gpus-per-node 4 --format rankfile"
    show "rankmesh export --world-size 16 --tp 8 --kind tensor --hosts a,b --gpus-per-node 4 --format rankfile 2>&1"
    ;;
esac
true
