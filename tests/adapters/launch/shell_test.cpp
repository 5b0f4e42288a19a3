#include "shell/reader.hpp"

#include "support/catch.hpp"

using rankmesh::launch::shell::Command;
using rankmesh::launch::shell::read_script;
using rankmesh::launch::shell::Script;
using rankmesh::launch::shell::SyntaxError;
using rankmesh::launch::shell::Text;
using rankmesh::launch::shell::Unknown;

namespace {

/// The words of the last command, each in brackets; unknown values as the script writes them.
std::string last_command(const std::string& text) {
  const Script script = read_script(text);
  if (script.commands.empty()) return "none";
  std::string result;
  for (const Text& word : script.commands.back().words) {
    const Unknown* gap = script.unknown_in(word.text);
    result += "[" + (gap == nullptr ? word.text : "?" + gap->text) + "]";
  }
  return result;
}

}  // namespace

TEST_CASE("words, quotes and comments are those of a shell") {
  CHECK(last_command("run a 'b c' \"d e\" f\\ g") == "[run][a][b c][d e][f g]");
  CHECK(last_command("run --a 1 \\\n  --b 2  # --c 3\n") == "[run][--a][1][--b][2]");
  CHECK(last_command("run 'a#b' a#b \"#c\"") == "[run][a#b][a#b][#c]");
  CHECK(last_command("run '$A' \"\\$A\" \\$A") == "[run][$A][$A][$A]");
  CHECK(last_command("run a 2>&1 > log | tee x") == "[tee][x]");
  CHECK(last_command("A=1 B=2 run a &") == "[run][a]");
}

TEST_CASE("variables take their values and defaults") {
  CHECK(last_command("TP=4; run $TP ${TP} \"${TP}x\" ${PP:-8} ${PP-9} ${TP:-1}") ==
        "[run][4][4][4x][8][9][4]");
  CHECK(last_command(": ${TP:=4}\nrun $TP") == "[run][4]");
  CHECK(last_command("A='--x 1 --y 2'; run $A \"$A\"") == "[run][--x][1][--y][2][--x 1 --y 2]");
  CHECK(last_command("A=${B:-${C:-3}}; run $A") == "[run][3]");
  CHECK(last_command("A=x_y.z; run ${A%.z} ${A#x_} ${A/_/-} ${#A} ${A:2:1} ${A^^}") ==
        "[run][x_y][y.z][x-y.z][5][y][X_Y.Z]");
  CHECK(last_command("A=1; A+=2; run $A; ") == "[run][12]");
  CHECK(last_command("export A=1 B=2\nrun $A$B") == "[run][12]");
  CHECK(last_command("N=TP; TP=4; run ${!N}") == "[run][4]");
}

TEST_CASE("arrays keep their elements and leave comments out") {
  CHECK(last_command("A=(\n --x 1 # one\n # --y 2\n --z \"3 4\"\n)\nrun \"${A[@]}\"") ==
        "[run][--x][1][--z][3 4]");
  CHECK(last_command("A=(a b); A+=(c); run ${A[@]} ${A[1]} ${#A[@]}") == "[run][a][b][c][b][3]");
  CHECK(last_command("A=(); run \"${A[@]}\" x") == "[run][x]");
  CHECK(last_command("declare -A C=([tp]=8 [pp]=2); run ${C[pp]}") == "[run][2]");
}

TEST_CASE("arithmetic is that of C") {
  CHECK(last_command("G=8; N=4; run $((G*N)) $(($G * $N / 2)) $((1 + 2 * 3)) $(( (1+2)*3 ))") ==
        "[run][32][16][7][9]");
  CHECK(last_command("run $((7 % 4)) $((2 ** 5)) $((3 > 2 ? 10 : 20)) $((-3 + 1))") ==
        "[run][3][32][10][-2]");
  CHECK(last_command("N=4; run $(expr $N \\* 8) `echo 5` $(echo \"$N * 2\" | bc)") == "[run][32][5][8]");
  CHECK(last_command("run $((1 / 0))") == "[run][?$((1 / 0))]");
}

TEST_CASE("conditions, loops and functions are followed") {
  CHECK(last_command("EP=128; G=64\nif [ $EP -gt $G ]; then P=$G; else P=$EP; fi\nrun $P") == "[run][64]");
  CHECK(last_command(
            "if [[ \"$X\" == \"a\" && -n \"$Y\" ]]; then P=1; elif [ -z \"$X\" ]; then P=2; fi; run $P") ==
        "[run][2]");
  CHECK(last_command("S=30B\ncase $S in 7B) TP=1;; 30B|70B) TP=8 ;; *) TP=2;; esac\nrun $TP") == "[run][8]");
  CHECK(last_command("f() { local TP=$1; run $TP; }\nf 4") == "[run][4]");
  CHECK(last_command("A=\"\"; for i in 1 2 3; do A=\"$A $i\"; done; run $A") == "[run][1][2][3]");
  CHECK(last_command("IFS=',' read -r TP PP <<< \"4,2\"\nrun $TP $PP") == "[run][4][2]");
  CHECK(last_command("while [ $# -gt 0 ]; do shift; done; run ok") == "[run][ok]");
  CHECK(last_command("[ -z \"$A\" ] && A=3; (( A > 2 )) && B=1; run $A $B") == "[run][3][1]");
}

TEST_CASE("a program inside a text is found") {
  CHECK(last_command("C=\"torchrun --tp 8\"; eval $C") == "[torchrun][--tp][8]");
  CHECK(last_command("N=2; srun bash -c \"torchrun --nnodes $N x.py\"") == "[torchrun][--nnodes][2][x.py]");
  CHECK(last_command("N=2; srun bash -c 'torchrun --nnodes $N x.py'") == "[torchrun][--nnodes][2][x.py]");
  CHECK(last_command("srun bash <<EOF\ntorchrun --a 1\nEOF\n") == "[torchrun][--a][1]");
  CHECK(last_command("cat <<EOT > a.json\n{ \"a\": 1 }\nEOT\nrun b") == "[run][b]");
}

TEST_CASE("what a script does not say is unknown, with its place") {
  CHECK(last_command("run $NODES") == "[run][?$NODES]");
  CHECK(last_command("N=$(nvidia-smi -L | wc -l); run $((N * 2))") == "[run][?$(nvidia-smi -L | wc -l)]");
  CHECK(last_command("if command -v x; then A=1; else A=2; fi; run $A") ==
        "[run][?$A, which depends on a condition]");
  CHECK(last_command("if command -v x; then A=1; else A=1; fi; run $A") == "[run][1]");
  const Script script = read_script("A=1\n\nrun \\\n  $B");
  REQUIRE(script.unknowns.size() == 1);
  CHECK(script.unknowns[0].place.line == 4);
  CHECK(script.unknowns[0].place.column == 3);
}

TEST_CASE("the scheduler's directives give its variables") {
  CHECK(last_command("#!/bin/bash\n#SBATCH --nodes=8\n#SBATCH --gpus-per-node=h100:4 # all\nrun "
                     "$SLURM_NNODES $SLURM_GPUS_PER_NODE") == "[run][8][4]");
  CHECK(last_command("#SBATCH -N 3\nrun $SLURM_JOB_NUM_NODES") == "[run][3]");
}

TEST_CASE("what is no script has an error with its place") {
  const auto error_of = [](const std::string& text) {
    try {
      static_cast<void>(read_script(text));
    } catch (const SyntaxError& error) {
      return std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + " " + error.rule;
    }
    return std::string("none");
  };
  CHECK(error_of("run a\nrun 'b") == "2:5 has no end of the quotes that begin here");
  CHECK(error_of("A=(1 2") == "1:2 has no end of the brackets that begin here");
  CHECK(error_of("if true; then\nrun") == "2:4 ends inside a command");
  CHECK(error_of("run a\n) b") == "2:1 is no shell script: \")\" cannot stand here");
  CHECK(error_of("run \x01") == "1:5 is no text: it has the control character 1");
  CHECK(error_of("f() { f; }; f").find("calls itself too deeply") != std::string::npos);
  CHECK(error_of("A=xx; for i in {1..900}; do A=$A$A; done").find("is too much work") != std::string::npos);
}
