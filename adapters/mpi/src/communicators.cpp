#include "rankmesh/mpi/communicators.hpp"

#include <string>
#include <utility>

#include "rankmesh/mpi/caller.hpp"
#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {

/// One bring-up under way: what its parts have in common.
class Communicators::BringUp {
 public:
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
      : options_(options),
        caller_(communicator) {
    MPI_Comm_rank(communicator, &rank_);
    MpiTransport transport(communicator, options.first_tag);
    plan_ = agree_on_plan(transport, config, {.plan = options.plan, .agreement = options.agreement});
    done("agreement");
  }

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return *plan_; }

  [[nodiscard]] Communicator duplicate() {
    MPI_Comm made = MPI_COMM_NULL;
    require_success(MPI_Comm_dup(caller_.native(), &made), "MPI_Comm_dup", nullptr);
    done("duplicate");
    return Communicator::from_native_handle(made);
  }

  [[nodiscard]] Communicator split(MPI_Comm world, const RankStep& step) {
    MPI_Comm made = MPI_COMM_NULL;
    const int color = step.group.value_or(MPI_UNDEFINED);
    require_success(MPI_Comm_split(world, color, step.position, &made), "MPI_Comm_split", &step);
    if (made != MPI_COMM_NULL) caller_.hand_on_error_handler(made);
    done(step.kind.name());
    return Communicator::from_native_handle(made);
  }

  /// Has the duplicate treat errors as the caller's communicator does, now that nothing is made from it any
  /// more.
  void finish(MPI_Comm world) { caller_.hand_on_error_handler(world); }

 private:
  using Clock = std::chrono::steady_clock;

  void require_success(int code, const char* call, const RankStep* step) const {
    if (code == MPI_SUCCESS) return;
    MpiError::Details details{.call = call, .code = code, .rank = rank_};
    if (step != nullptr) {
      details.kind = step->kind;
      details.group = step->group;
    }
    throw MpiError(std::move(details));
  }

  void done(std::string_view part) {
    const Clock::time_point now = Clock::now();
    ++done_;
    if (options_.on_progress) options_.on_progress({done_, plan_->steps().size() + 2, part, now - since_});
    since_ = now;
  }

  const Options& options_;
  CallersCommunicator caller_;
  int rank_ = 0;
  std::optional<CommunicatorPlan> plan_;
  std::size_t done_ = 0;
  Clock::time_point since_ = Clock::now();
};

Communicators::Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : Communicators(BringUp(communicator, config, options)) {}

Communicators::Communicators(BringUp bring_up)
    : world_(bring_up.duplicate()),
      set_(bring_up.plan(), bring_up.rank(),
           [&](const RankStep& step) { return bring_up.split(world_.native(), step); }) {
  bring_up.finish(world_.native());
}

void Communicators::close() noexcept {
  set_.clear();
  world_.reset();
}

}  // namespace rankmesh::mpi
