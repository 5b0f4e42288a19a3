// Writes the man page and the shell completions of rankmesh-bringup into a folder, without starting MPI.

#include <exception>
#include <iostream>

#include "command_line.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: rankmesh_bringup_pages FOLDER\n";
    return 2;
  }
  try {
    rankmesh::bringup::write_pages(RANKMESH_VERSION, argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
