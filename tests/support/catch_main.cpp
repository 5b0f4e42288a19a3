#include "support/run_catch.hpp"

int main(int argc, char** argv) {
  return rankmesh::tests::run_catch(argc, argv);
}
