#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/rank_set.hpp"

namespace rankmesh {

/// What a rank knows of one round: which ranks have arrived, with which values, and which have failed.
/// Reports carry it up the tree, where it is merged.
class Knowledge {
 public:
  Knowledge(int world_size, std::vector<AgreementField> own_fields);

  /// The ranks that have arrived.
  [[nodiscard]] const RankSet& arrived() const noexcept { return arrived_; }
  /// In the order of the ranks.
  [[nodiscard]] const std::vector<RankFailure>& failures() const noexcept { return failures_; }

  /// The ranks that some rank has given up.
  [[nodiscard]] const RankSet& given_up() const noexcept { return given_up_; }

  void add_arrival(int rank) { arrived_.insert(RankSet(rank)); }
  void give_up(const RankSet& ranks) { given_up_.insert(ranks); }
  void add_failure(RankFailure failure);

  void put(MessageWriter& writer) const;
  /// Merges what another rank knows.
  /// @param from the rank that reports
  /// @throws ProtocolError
  void merge(MessageReader& reader, int from);

  /// The fields whose values differ between ranks or from the required value, once all ranks have arrived.
  [[nodiscard]] std::vector<Disagreement> disagreements() const;

 private:
  /// The values of a field that differ from that of this rank, with the ranks that hold them.
  struct Difference {
    std::string field;
    std::vector<HeldValue> values;
  };

  /// Notes which ranks hold other values than this one.
  /// @param ranks the ranks that have arrived; they hold the fields in `text`, except for those in
  ///        `differences`
  void merge_fields(int from, const RankSet& ranks, std::string_view text,
                    const std::vector<Difference>& differences);
  void note_difference(std::string_view field, const HeldValue& held);

  int world_size_;
  std::vector<AgreementField> fields_;
  /// The fields as one text: as long as all ranks hold the same, one comparison is enough.
  std::string fields_text_;
  RankSet arrived_;
  RankSet given_up_;
  /// Fields that arrived ranks hold with other values. For any other field, all hold the value of this rank.
  std::vector<Difference> differences_;
  std::vector<RankFailure> failures_;
};

}  // namespace rankmesh
