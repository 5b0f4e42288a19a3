// Trains a small language model with every kind of parallel group: see docs/tiny_gpt.md.
// mpiexec -n 8 example_tiny_gpt --tp 2 --pp 2 --distributed-optimizer --clip 1

#include "train.hpp"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int code = tiny_gpt::run(std::vector<std::string>(argv + 1, argv + argc));
  MPI_Finalize();
  return code;
}
