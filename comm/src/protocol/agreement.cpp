#include "rankmesh/comm/agreement.hpp"

#include <utility>

#include "protocol/agreement_state.hpp"

namespace rankmesh {

void Verdict::raise(int abandoned_identifiers) const {
  switch (outcome) {
    case Outcome::agreed:
      return;
    case Outcome::disagreed:
      throw DisagreementError(disagreements);
    case Outcome::deadline_missed:
      throw DeadlineError(deadline, abandoned_identifiers);
    case Outcome::failed:
      throw BringUpError(deadline.step, failures, abandoned_identifiers);
  }
}

Agreement::Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options)
    : Agreement(session, session.hold(), std::move(fields), std::move(options)) {}

Agreement::Agreement(AgreementSession& session, std::unique_lock<std::mutex> hold,
                     std::vector<AgreementField> fields, AgreementOptions options)
    : session_(session),
      hold_(std::move(hold)),
      state_(std::static_pointer_cast<State>(std::exchange(session.handed_over_, nullptr))) {
  if (state_) {
    try {
      state_->resume(std::move(options));
    } catch (...) {
      session.handed_over_ = std::move(state_);
      throw;
    }
  } else {
    state_ = std::make_shared<State>(session, std::move(fields), std::move(options));
  }
}

Agreement::~Agreement() {
  if (!state_) return;
  if (!state_->has_verdict()) {
    session_.reopen(state_->round());
  } else if (hold_.owns_lock()) {
    hand_over();
  }
}

void Agreement::hand_over() {
  // The next agreement after one in which all agreed is that of another round.
  if (!state_->has_verdict() || session_.is_over()) session_.handed_over_ = std::move(state_);
}

void Agreement::arrive() {
  state_->arrive();
}

void Agreement::fail(std::string what) {
  state_->fail(std::move(what));
}

void Agreement::give_up(const RankSet& lost) {
  state_->give_up(lost);
}

bool Agreement::step() {
  if (hold_.owns_lock() && state_->step()) hold_.unlock();
  return !hold_.owns_lock();
}

const Verdict& Agreement::verdict() const& {
  return state_->verdict();
}

int Agreement::messages_sent() const noexcept {
  return state_->messages_sent();
}

void finish(Agreement& agreement, AgreementSession& session) {
  while (!agreement.step()) session.transport().idle();
  agreement.verdict().raise();
}

Verdict meet(AgreementSession& session, AgreementOptions options, const std::optional<std::string>& failure) {
  options.arrives_at_once = !failure;
  Agreement agreement(session, {}, std::move(options));
  if (failure) agreement.fail(*failure);
  while (!agreement.step()) session.transport().idle();
  return agreement.verdict();
}

void arrive(AgreementSession& session, AgreementOptions options, const std::optional<std::string>& failure) {
  meet(session, std::move(options), failure).raise();
}

void abandon(AgreementSession& session, std::string why) noexcept {
  try {
    static_cast<void>(meet(session, {}, std::move(why)));
  } catch (...) {
    // The caller is about to throw the error that made this rank leave.
  }
}

}  // namespace rankmesh
