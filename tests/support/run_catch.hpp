#pragma once

namespace rankmesh::tests {

/// Runs the test cases that the command line names, or all. Compiled apart from its callers: the
/// implementation of Catch2 version 2 is part of its header, and takes long to compile.
/// @return the exit code of the program
int run_catch(int argc, char** argv);

}  // namespace rankmesh::tests
