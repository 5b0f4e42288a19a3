#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/agreement_message.hpp"
#include "protocol/ballot.hpp"
#include "protocol/knowledge.hpp"
#include "protocol/rank_tree.hpp"
#include "rankmesh/comm/agreement.hpp"

namespace rankmesh {

/// The state machine. Its clock is that of the transport, but it stands still while this rank waits for
/// answers and does not run: see `look_at_clock`. agreement_state.cpp: what this rank does and
/// knows; agreement_reports.cpp: how others learn what it knows; agreement_lead.cpp: who leads, and which
/// verdict it proposes; agreement_decision.cpp: how the verdict reaches all ranks.
class Agreement::State {
 public:
  State(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options);

  /// Goes on with other options. The fields are those from the beginning.
  void resume(AgreementOptions options);
  void arrive();
  void fail(std::string what);
  void give_up(const RankSet& lost);
  bool step();

  /// The verdict, with the names of ranks.
  [[nodiscard]] const Verdict& verdict() const;
  [[nodiscard]] bool has_verdict() const noexcept { return verdict_.has_value(); }
  [[nodiscard]] std::uint64_t round() const noexcept { return round_; }
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_ + ballot_.messages_sent(); }

 private:
  using Instant = Transport::Duration;

  /// How a decision came to a rank.
  enum class DecisionPath : std::uint8_t {
    direct,
    along_tree,
    /// Directly, to a collector, after all other ranks have been told.
    last,
  };

  /// What a rank has reported up the tree while a round takes long.
  struct LongWait {
    enum class Phase { none, before_deadline, after_deadline };

    Phase phase = Phase::none;
    Instant since{0};
    /// The rank above has answered.
    bool is_answered = false;
    /// It has not: this rank reports to the collectors.
    bool goes_to_collectors = false;
    Instant reported_at{0};
    /// What `extent_of_knowledge` was then.
    std::int64_t reported = 0;
  };

  [[nodiscard]] int rank() const noexcept { return transport_.rank(); }
  [[nodiscard]] int size() const noexcept { return transport_.size(); }
  [[nodiscard]] int collectors() const noexcept { return collector_count(size()); }
  [[nodiscard]] Instant grace() const noexcept { return session_.timeouts_.grace; }
  [[nodiscard]] Instant now() const { return transport_.now() - pauses_; }
  /// When the deadline passes on the clock of this rank, as far as it knows; when it noticed, if it has
  /// passed.
  [[nodiscard]] Instant deadline() const noexcept { return deadline_; }
  [[nodiscard]] bool all_have_arrived() const { return knowledge_.arrived().size() == size(); }
  /// Whether some ranks are given up, and all others have arrived.
  [[nodiscard]] bool only_lost_are_missing() const;
  /// The collectors before this rank that are not given up: each has a `grace` to lead before this one does.
  [[nodiscard]] int collectors_before() const;
  /// Whether all ranks of this rank's subtree have arrived or are given up.
  [[nodiscard]] bool subtree_is_here() const;
  [[nodiscard]] std::vector<int> children() const {
    return tree_children(rank(), size(), session_.paths_.tree_radix);
  }
  [[nodiscard]] int subtree_of(int node) const {
    return subtree_size(node, size(), session_.paths_.tree_radix);
  }

  // The clock.
  /// The time now. Takes out of the clock what this rank was not running for, if it waits for answers. All
  /// ranks may have stood still, for example on a suspended machine: then nobody could answer.
  [[nodiscard]] Instant look_at_clock();
  /// Takes over what messages say of the deadline. One that has passed already counts as passing now, when
  /// this rank learns of it.
  void update_deadline(Instant now);

  // Messages.
  void process_messages(int empty_polls);
  void handle(const Message& message);
  [[nodiscard]] MessageWriter message(AgreementMessage type) const;
  void send(int to, const MessageWriter& writer);
  void report_to(int to, bool wants_answer = false);
  void report_to_collectors();
  void report_to_collectors_once(bool& told);
  /// Reports to the parent, or to the nearest rank above that is not given up; to the collectors if rank 0
  /// is.
  void report_up(bool wants_answer);
  /// Reports to the parent, once, when the whole subtree of this rank has arrived.
  void report_complete_subtree();
  /// After this rank has learned that ranks are lost: what it reported may have gone to one of them, and
  /// others may have to learn of it.
  void tell_of_lost_ranks();
  /// Whether reports of a round that takes long go up the tree, not from each rank to the collectors.
  [[nodiscard]] bool reports_along_tree() const noexcept { return size() > session_.paths_.direct_up_to; }
  /// Reports in a round that takes long.
  void report_while_waiting(Instant now);
  void report_along_tree(Instant now);
  void ask(const std::vector<int>& ranks);
  void answer_question(int from);
  /// How much this rank knows. It never decreases.
  [[nodiscard]] std::int64_t extent_of_knowledge() const;

  // What time brings.
  /// @param now taken before messages were handled: a decision at a time rests on all messages of that time
  void act(Instant now);
  void lead(Instant now);
  /// How long ranks have to answer after the deadline.
  [[nodiscard]] Instant time_to_answer() const;
  /// Whether rank 0 may end the round because all have arrived.
  [[nodiscard]] bool may_decide(Instant now) const;
  /// Whether the leader of a ballot knows enough to propose.
  [[nodiscard]] bool may_propose(Instant now) const;
  /// Whether what this rank proposed is chosen.
  [[nodiscard]] bool is_chosen(Instant now) const;
  void begin_ballot(Instant now);
  void propose(Bytes verdict, Instant now);
  void ask_silent_ranks();
  [[nodiscard]] Verdict missed_deadline() const;
  [[nodiscard]] Verdict failed() const;
  void note_failure(RankFailure failure);

  // Verdicts.
  void decide(Instant now);
  void agree_and_go_on();
  void end(Verdict verdict, Bytes encoded, Instant now);
  void accept_decision(const Message& message);
  void send_decision(int to, DecisionPath path);
  /// By it the collectors know that all other ranks have been told.
  void tell_collectors_last();
  void send_decision_to_all();
  /// Whether the verdict of this leader may travel down the tree: not if it does not know why rank 0, the
  /// root, is silent.
  [[nodiscard]] bool may_go_down_the_tree() const;
  /// Those to whom this rank passes the decision on. All ranks know from it who is lost: the others form the
  /// tree without them. A leader other than rank 0 stands in for it.
  /// @param is_root whether the node is the leader
  [[nodiscard]] std::vector<int> children_of_decision(int node, bool is_root = false) const;
  void send_decision_down();
  void pass_on(Instant now);
  [[nodiscard]] bool is_passed_on(Instant now);

  AgreementSession& session_;
  Transport& transport_;
  AgreementOptions options_;
  Knowledge knowledge_;
  Ballot ballot_;
  /// When this rank last looked at the clock of the transport.
  Instant looked_at_;
  Instant pauses_{0};
  Instant deadline_;
  bool deadline_has_passed_ = false;
  Instant own_arrival_;
  std::uint64_t round_ = 0;
  bool has_failed_ = false;
  bool reported_ = false;
  bool told_collectors_early_ = false;
  bool told_collectors_at_deadline_ = false;
  LongWait long_wait_{};
  /// On a leader whose reports come along the tree: when it asks those that are silent by then directly.
  std::optional<Instant> asks_all_at_;
  /// When a collector has to act: the first failure, or the first verdict that was proposed to it.
  std::optional<Instant> alarm_;
  std::optional<Verdict> verdict_;
  mutable std::optional<Verdict> verdict_with_names_;
  Instant ended_at_{0};
  /// The decision travels down the tree, through this rank.
  bool is_on_path_ = false;
  /// Children with children of their own, from which it is not known that they have passed the decision on.
  RankSet passing_on_;
  /// The rank from which the decision came down the tree; nothing at its root.
  std::optional<int> told_by_;
  bool told_parent_ = false;
  /// On a collector that must stay until the leader has told all ranks: it takes over if the leader dies.
  bool stands_by_ = false;
  /// On a collector, after success: other collectors that send it the decision too. A message that nobody
  /// receives would be left for MPI_Finalize.
  RankSet copies_;
  int messages_sent_ = 0;
};

}  // namespace rankmesh
