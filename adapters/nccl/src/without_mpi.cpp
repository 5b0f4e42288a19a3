// Where there is no MPI, the library `nccl` adds nothing to `nccl_core`.
