#include "rankmesh/mpi/bring_up.hpp"

#include <utility>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/errors.hpp"

namespace rankmesh::mpi {
namespace {

std::vector<AgreementField> with_options(std::vector<AgreementField> fields, const Options& options) {
  // Ranks that wait for each other at other moments would wait for ever.
  fields.push_back(
      {.field = "arrivals", .value = options.arrivals == Arrivals::once ? "once" : "before_each_step"});
  fields.insert(fields.end(), options.job_fields.begin(), options.job_fields.end());
  return fields;
}

}  // namespace

BringUp::BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options,
                 const std::vector<AgreementField>& fields)
    : options_(options),
      caller_(communicator),
      transport_(communicator, options.first_tag),
      session_(transport_, options.timeouts),
      plan_(std::make_shared<const CommunicatorPlan>(
          agree_on_plan(session_, config, {.plan = options.plan, .fields = with_options(fields, options)}))),
      steps_(plan_->for_rank(transport_.rank())),
      watchdog_(session_, transport_, options.on_stuck),
      since_(Clock::now() - session_.elapsed()) {}

void BringUp::begin(std::size_t parts) {
  parts_ = parts;
  done_in_turn("agreement");
}

void BringUp::done(std::string_view part) {
  const Clock::time_point now = Clock::now();
  ++done_;
  if (options_.on_progress) options_.on_progress({done_, parts_, part, now - since_});
  since_ = now;
}

void BringUp::done_in_turn(std::string_view part) {
  if (thrown_) return;
  try {
    done(part);
  } catch (const std::exception& error) {
    note_thrown(error.what());
  } catch (...) {
    note_thrown("an exception of an unknown type ended the bring-up");
  }
}

std::optional<std::string> BringUp::take_failure() {
  if (thrown_) std::rethrow_exception(thrown_);
  return std::exchange(failure_, std::nullopt);
}

void BringUp::note_thrown(std::string why) {
  thrown_ = std::current_exception();
  if (!failure_) failure_ = std::move(why);
}

void BringUp::arrive_at(std::string_view part) {
  try {
    arrive(session_, std::string(part), failure_);
  } catch (const BringUpError&) {
    if (thrown_) std::rethrow_exception(thrown_);
    throw;
  }
}

void BringUp::watched(const Call& call, const std::function<std::optional<std::string>()>& run) {
  const Watchdog::Watch watch(watchdog_, std::string(call.name), std::string(call.part));
  // What failed first is what is told.
  if (auto failure = run(); failure && !failure_) failure_ = std::move(failure);
  if (failure_) watchdog_.note_failure(*failure_);
}

void BringUp::together(const Call& call, const std::function<std::optional<std::string>()>& run) {
  arrive_at(call.part);
  watched(call, run);
}

void BringUp::in_turn(const Call& call, const std::function<std::optional<std::string>()>& run) {
  if (options_.arrivals == Arrivals::before_each_step) arrive_at(call.part);
  watched(call, run);
}

void BringUp::require_success(std::string_view part) {
  arrive_at(part);
}

}  // namespace rankmesh::mpi
