#!/bin/sh
# errors.sh ROOT: fails unless docs/errors.md names every exception that the public headers declare, and holds every piece
# of text that the sources make messages from. A piece is a string in the code with a blank in it.
cd "$1" || exit 1
document=docs/errors.md
parts="topology comm adapters/dialects adapters/planner adapters/mpi adapters/pmix adapters/nccl adapters/files adapters/launch"

# Text that is no error message: the names of calls, the invariants of tests, the parts of a model, data sheets, the descriptions of fields, conventions that are tables, warnings, the text of plans and of their changes, and the
# name of a part of the bring-up.
sources=$(for part in $parts; do find $part -name '*.[ch]pp' ! -name 'invariants.?pp' ! -name 'config_fields.cpp' \
         ! -name 'shipped_tables.cpp' ! -path '*launch/src/systems.cpp' ! -path '*planner/src/parameters.cpp' \
         ! -path '*planner/src/state_classes.cpp' \
         ! -path '*planner/src/machine.cpp' ! -path '*planner/src/what_if.cpp'; done)
other() { cat <<'END'
rankmesh letters 1
liveness probe
end of the rebuild
end of the job
host communicators
MPI_Comm_split or MPI_Allgather
, other ranks without a color
no communicator:
declare -x
declare -x slurm_
rankmesh plan 2
all-gather and reduce-scatter
groups of
group of
: groups of one
: left out
made later:
, sharing key "
, made with
amax groups are blocks of consecutive ranks, as in the reference, and with sequence =
match no group that shares weights; the amax rule data_tensor_product makes them the product of
data, tensor and sequence groups
groups cross
s though one has room for a group:
touch up to
, for example group
; the placement has put ranks that follow each other on different
; the order puts
; borders between
s lie inside groups of ranks that follow each other
have no room in
: each touches
split_rank =
has no effect with pipeline = 1, as in the reference
has stage
, but with pipeline = 1 there is only stage 0, which is taken instead
lacks tp, and Megatron-Core 0.19 fails without it although tensor = 1; tp-
gives the same groups
#SBATCH --
summary =
meshes = [
END
}

failed=0
complain() { printf '%s\n' "$1" >&2; failed=1; }

# In code, without comments and includes; the quotes and line ends inside a string as the document has them.
pieces=$(cat $sources | sed -e '/^ *\/\//d' -e '/^#include/d' -e 's/ \/\/ .*//' |
         grep -oE '"([^"\\]|\\.)*"' |
         sed -e 's/^"//' -e 's/"$//' -e 's/\\n/\n/g' | sed -e 's/\\"/"/g' -e 's/^ *//' -e 's/ *$//' |
         grep -E '.{8}' | grep ' ' | sort -u)
count=0
while IFS= read -r piece; do
  count=$((count + 1))
  grep -qF -e "$piece" $document && continue
  other | grep -qxF -e "$piece" || complain "$document does not have: $piece"
done <<END
$pieces
END
[ $count -ge 150 ] || complain "only $count pieces of messages were found: the search is broken"

errors=$(cat $(find $parts -path '*/include/*' -name '*.hpp') | sed -nE 's/^class ([A-Za-z]+Error) : public.*/\1/p')
[ "$(echo "$errors" | wc -l)" -ge 8 ] || complain "too few exceptions were found: the search is broken"
for error in $errors; do
  grep -qE "^##+ ([a-z]+::)?$error\$" $document || complain "$document has no section $error"
done
exit $failed
