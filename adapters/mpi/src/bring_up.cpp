#include "rankmesh/mpi/bring_up.hpp"

#include <utility>

#include "rankmesh/comm/agreement.hpp"

namespace rankmesh::mpi {

BringUp::BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options,
                 const std::vector<AgreementField>& fields)
    : options_(options),
      caller_(communicator),
      transport_(communicator, options.first_tag),
      rounds_(transport_, options.patience),
      plan_(agree_on_plan(rounds_, config, {.plan = options.plan, .fields = fields})),
      steps_(plan_.for_rank(transport_.rank())),
      watchdog_(rounds_, transport_, options.on_stuck),
      since_(Clock::now() - rounds_.elapsed()) {}

void BringUp::begin(std::size_t parts) {
  parts_ = parts;
  done("agreement");
}

void BringUp::done(std::string_view part) {
  const Clock::time_point now = Clock::now();
  ++done_;
  if (options_.on_progress) options_.on_progress({done_, parts_, part, now - since_});
  since_ = now;
}

void BringUp::together(const Call& call, const std::function<std::optional<std::string>()>& run) {
  arrive(rounds_, std::string(call.part), failure_);
  const Watchdog::Watch watch(watchdog_, std::string(call.name), std::string(call.part));
  failure_ = run();
  if (failure_) watchdog_.note_failure(*failure_);
}

void BringUp::require_success(std::string_view part) {
  arrive(rounds_, std::string(part), failure_);
}

}  // namespace rankmesh::mpi
