#include "part_times.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstdio>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::bringup {
namespace {

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

void PartTimes::add(const Progress& progress) {
  const double took = milliseconds(progress.elapsed);
  total_ += took;
  const auto known = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.name == progress.part; });
  if (known != parts_.end()) {
    known->milliseconds += took;
  } else {
    parts_.push_back({std::string(progress.part), took});
  }
}

void PartTimes::reduce() {
  std::vector<Part*> by_name;
  for (Part& part : parts_) by_name.push_back(&part);
  std::sort(by_name.begin(), by_name.end(), [](const Part* a, const Part* b) { return a->name < b->name; });
  std::vector<double> times{total_};
  for (const Part* part : by_name) times.push_back(part->milliseconds);
  const int code = MPI_Allreduce(MPI_IN_PLACE, times.data(), static_cast<int>(times.size()), MPI_DOUBLE,
                                 MPI_MAX, MPI_COMM_WORLD);
  if (code != MPI_SUCCESS) throw mpi::MpiError({.call = "MPI_Allreduce", .code = code});
  total_ = times.front();
  for (std::size_t i = 0; i < by_name.size(); ++i) by_name[i]->milliseconds = times[i + 1];
}

double PartTimes::of(std::string_view part) const noexcept {
  const auto known =
      std::find_if(parts_.begin(), parts_.end(), [&](const Part& other) { return other.name == part; });
  return known == parts_.end() ? 0 : known->milliseconds;
}

void print(const Progress& progress) {
  const std::string total = std::to_string(progress.total);
  std::fprintf(stderr, "[%*zu/%s] %-18.*s %9.2f ms\n", static_cast<int>(total.size()), progress.done,
               total.c_str(), static_cast<int>(progress.part.size()), progress.part.data(),
               milliseconds(progress.elapsed));
  std::fflush(stderr);
}

}  // namespace rankmesh::bringup
