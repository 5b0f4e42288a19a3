// nccl_bringup_bench: creates the NCCL communicators of several layouts with each strategy, proves them, and
// prints their cost. See --help.

#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nccl_bringup/device.hpp"
#include "nccl_bringup/job.hpp"
#include "nccl_bringup/measure.hpp"
#include "nccl_bringup/report.hpp"
#include "nccl_bringup/settings.hpp"
#include "nccl_bringup/strategy.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::bench;

constexpr int exit_failed = 1;
constexpr int exit_no_gpu = 77;

/// Ends the process if it makes no progress: blocking calls of NCCL and MPI have no deadline.
class Alarm {
 public:
  explicit Alarm(std::chrono::seconds deadline)
      // Longer than the deadline of the library, whose error says more.
      : seconds_(static_cast<unsigned>(2 * deadline.count() + 30)) {
    ::signal(SIGALRM, [](int) {
      constexpr std::string_view text =
          "nccl_bringup_bench: a call has not returned for much longer than the deadline; exiting\n";
      static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
      ::_exit(exit_failed);
    });
    restart();
  }
  void restart() const { ::alarm(seconds_); }

 private:
  unsigned seconds_;
};

/// Runs all strategies in turns, so that slow phases of the machine affect all of them.
void measure_layout(const Job& job, const Device& device, const ParallelConfig& layout,
                    const Settings& settings, Report& report) {
  const Alarm alarm(settings.deadline);
  const Topology topology(layout);
  const auto strategies = all_strategies(
      {.device = device.number(), .shares_device = device.is_shared(job), .deadline = settings.deadline});
  std::vector<Row> rows;
  for (const auto& strategy : strategies) rows.push_back({.layout = layout, .name = strategy->name()});
  for (int repetition = 0; repetition < settings.repetitions; ++repetition) {
    for (std::size_t i = 0; i < strategies.size(); ++i) {
      alarm.restart();
      rows[i].samples.push_back(measure(job, device, topology, *strategies[i]));
    }
  }
  for (Row& row : rows) report.rows.push_back(std::move(row));
}

/// @return whether the results could be written
bool print(const Report& report, const Settings& settings) {
  std::fputs((settings.format == Format::json ? to_json(report) : to_text(report)).c_str(), stdout);
  if (!settings.markdown_file) return true;
  std::ofstream file(*settings.markdown_file);
  file << to_markdown(report) << std::flush;
  if (!file) std::fprintf(stderr, "nccl_bringup_bench: cannot write %s\n", settings.markdown_file->c_str());
  return static_cast<bool>(file);
}

int measure_all(const Job& job, const Settings& settings) {
  if (!job.all(visible_gpus() > 0)) {
    if (job.rank == 0) {
      std::fputs("nccl_bringup_bench: no GPU: the CUDA runtime finds none on at least one rank\n", stderr);
    }
    return exit_no_gpu;
  }
  const Alarm alarm(settings.deadline);
  const Device device(job);
  warm_up();
  Report report{.ranks = job.size,
                .gpus = device.gpu_count(),
                .gpu_name = device.name(),
                .repetitions = settings.repetitions};
  for (const ParallelConfig& layout : settings.layouts) {
    measure_layout(job, device, layout, settings, report);
  }
  const bool is_printed = job.rank != 0 || print(report, settings);
  return is_printed && report.is_good() ? 0 : exit_failed;
}

int run(int argc, char** argv) {
  const Job job;
  const CommandLine command_line =
      read_command_line(std::vector<std::string>(argv + 1, argv + argc), job.size);
  if (command_line.exit_code || command_line.settings.versions) {
    if (job.rank == 0) {
      std::fputs(command_line.exit_code ? command_line.out.c_str() : versions_text().c_str(), stdout);
      std::fputs(command_line.err.c_str(), stderr);
    }
    return command_line.exit_code.value_or(0);
  }
  return measure_all(job, command_line.settings);
}

}  // namespace

int main(int argc, char** argv) {
  // The watchdog needs MPI_THREAD_MULTIPLE to find out which ranks do not answer.
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  try {
    const int code = run(argc, argv);
    MPI_Finalize();
    return code;
  } catch (const std::exception& error) {
    // Other ranks may wait for this one.
    std::fprintf(stderr, "nccl_bringup_bench: rank %d: %s\n", Job().rank, error.what());
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, exit_failed);
  }
}
