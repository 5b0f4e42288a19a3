#include <mpi.h>
#include <nccl.h>
