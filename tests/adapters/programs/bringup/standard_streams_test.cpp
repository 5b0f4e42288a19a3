// rankmesh-bringup with a standard output that cannot be written.

#include "job.hpp"

using namespace rankmesh::tests;

namespace {

/// Runs the program behind a shell on each rank, which redirects its output.
Outcome bring_up(int processes, const std::string& options, const std::string& redirection) {
  const TemporaryFolder folder;
  const std::string script =
      folder.write("redirect.sh", "exec " RANKMESH_BRINGUP " \"$@\" " + redirection + "\n");
  return run({.program = "sh " + script, .parts = {{processes, options}}});
}

void check_failed(const Outcome& outcome, const std::string& why) {
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(occurrences(outcome.err, "rankmesh-bringup: cannot write the output: " + why) == 1);
  CHECK(outcome.left_over == 0);
}

}  // namespace

TEST_CASE("a report that does not fit on the disk is a failure") {
  check_failed(bring_up(3, "--tp 3", ">/dev/full"), "No space left on device");
  check_failed(bring_up(1, "--format json", ">/dev/full"), "No space left on device");
  check_failed(bring_up(2, "--help", ">/dev/full"), "No space left on device");
}

TEST_CASE("a report on a closed standard output is a failure") {
  check_failed(bring_up(3, "--tp 3", ">&-"), "Bad file descriptor");
}

TEST_CASE("a process that was not started by mpiexec notices lost output too") {
  CHECK(WEXITSTATUS(std::system(RANKMESH_BRINGUP " >/dev/full 2>/dev/null")) == 1);
  CHECK(WEXITSTATUS(std::system(RANKMESH_BRINGUP " >&- 2>/dev/null")) == 1);
  CHECK(WEXITSTATUS(std::system(RANKMESH_BRINGUP " >/dev/null 2>&-")) == 0);
}

TEST_CASE("bad input stays bad input when its message is lost") {
  CHECK(bring_up(2, "--tp two", "2>/dev/full").exit_code == 2);
}
