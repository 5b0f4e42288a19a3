#include "rankmesh/mpi/error.hpp"

#include <mpi.h>

#include <utility>

namespace rankmesh::mpi {
namespace {

std::string text_of(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return "error " + std::to_string(code);
  return {text, static_cast<std::size_t>(length)};
}

std::string describe(const MpiError::Details& details) {
  std::string text = details.call + " failed";
  if (details.rank) text += " on rank " + std::to_string(*details.rank);
  if (details.kind) {
    text += ", making the " + std::string(details.kind->name()) + " communicators";
    if (details.group) text += " (group " + std::to_string(*details.group) + ")";
  }
  return text + ": " + text_of(details.code);
}

}  // namespace

MpiError::MpiError(Details details) : Error(describe(details)), details_(std::move(details)) {}

}  // namespace rankmesh::mpi
