#include "rankmesh/mpi/communicators.hpp"

#include <string>
#include <utility>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {
namespace {

/// The communicator itself, if a bring-up can take place on it.
MPI_Comm require_usable(MPI_Comm communicator) {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized == 0) throw StateError("MPI is not initialised: call MPI_Init before making communicators");
  if (finalized != 0) throw StateError("MPI is finalised already: no communicator can be made");
  if (communicator == MPI_COMM_NULL) throw StateError("the communicator to bring up on is MPI_COMM_NULL");
  int is_inter = 0;
  MPI_Comm_test_inter(communicator, &is_inter);
  if (is_inter != 0)
    throw StateError("the communicator to bring up on is an inter-communicator: merge it first");
  return communicator;
}

/// Has the communicator return its errors for as long as this lives.
class ErrorsReturned {
 public:
  explicit ErrorsReturned(MPI_Comm communicator) : communicator_(communicator) {
    MPI_Comm_get_errhandler(communicator_, &before_);
    MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN);
  }
  ErrorsReturned(const ErrorsReturned&) = delete;
  ErrorsReturned& operator=(const ErrorsReturned&) = delete;
  ~ErrorsReturned() {
    MPI_Comm_set_errhandler(communicator_, before_);
    MPI_Errhandler_free(&before_);
  }

  /// Has another communicator treat errors as this one did before.
  void hand_on(MPI_Comm other) const { MPI_Comm_set_errhandler(other, before_); }

 private:
  MPI_Comm communicator_;
  MPI_Errhandler before_ = MPI_ERRHANDLER_NULL;
};

}  // namespace

/// One bring-up under way: what its parts have in common.
class Communicators::BringUp {
 public:
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
      : options_(options),
        communicator_(require_usable(communicator)),
        errors_(communicator) {
    MPI_Comm_rank(communicator, &rank_);
    MpiTransport transport(communicator, options.first_tag);
    plan_ = agree_on_plan(transport, config, {.plan = options.plan, .agreement = options.agreement});
    done("agreement");
  }

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return *plan_; }

  [[nodiscard]] Communicator duplicate() {
    MPI_Comm made = MPI_COMM_NULL;
    require_success(MPI_Comm_dup(communicator_, &made), "MPI_Comm_dup", nullptr);
    done("duplicate");
    return Communicator::from_native_handle(made);
  }

  [[nodiscard]] Communicator split(MPI_Comm world, const RankStep& step) {
    MPI_Comm made = MPI_COMM_NULL;
    const int color = step.group.value_or(MPI_UNDEFINED);
    require_success(MPI_Comm_split(world, color, step.position, &made), "MPI_Comm_split", &step);
    if (made != MPI_COMM_NULL) errors_.hand_on(made);
    done(step.kind.name());
    return Communicator::from_native_handle(made);
  }

  /// Has the duplicate treat errors as the caller's communicator does, now that nothing is made from it any
  /// more.
  void finish(MPI_Comm world) { errors_.hand_on(world); }

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
  MPI_Comm communicator_;
  ErrorsReturned errors_;
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
