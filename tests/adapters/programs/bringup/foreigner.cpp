// A process that calls MPI_Init and then nothing more.

#include <mpi.h>
#include <unistd.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  for (;;) pause();
}
