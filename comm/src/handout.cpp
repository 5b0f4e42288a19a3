#include "rankmesh/comm/handout.hpp"

#include <utility>

#include "binomial_tree.hpp"
#include "message.hpp"
#include "rankmesh/comm/errors.hpp"

namespace rankmesh {
namespace {

constexpr std::uint8_t handout_message = 0xB1;

Bytes encode(std::size_t step, const Handout& handout) {
  MessageWriter writer;
  writer.put_byte(handout_message);
  writer.put_number(step);
  writer.put_text(handout.failure);
  writer.put_number(handout.bytes.size());
  for (const std::byte byte : handout.bytes) writer.put_byte(static_cast<std::uint8_t>(byte));
  return writer.bytes();
}

}  // namespace

HandoutExchange::HandoutExchange(Transport& transport, const CommunicatorPlan& plan)
    : transport_(transport),
      plan_(plan),
      steps_(plan.for_rank(transport.rank())),
      handouts_(steps_.size()) {
  for (const RankStep& step : steps_) missing_ += step.group ? 1 : 0;
}

std::vector<std::size_t> HandoutExchange::led() const {
  std::vector<std::size_t> result;
  for (const RankStep& step : steps_) {
    if (step.group && step.position == 0) result.push_back(step.step);
  }
  return result;
}

void HandoutExchange::offer(std::size_t step, Handout handout) {
  if (step >= steps_.size() || !steps_[step].group || steps_[step].position != 0 || handouts_[step]) {
    throw StateError("rank " + std::to_string(transport_.rank()) + " has nothing to hand out in step " +
                     std::to_string(step) + ": it does not lead a group there, or has done so already");
  }
  accept(step, std::move(handout));
}

void HandoutExchange::accept(std::size_t step, Handout handout) {
  const RankStep& here = steps_[step];
  const RankList members = plan_.topology().family(here.kind).group(*here.group);
  const Bytes message = encode(step, handout);
  for (const int child : tree_children(here.position, here.size)) {
    transport_.send(members[child], Channel::handout, message);
    ++messages_sent_;
  }
  handouts_[step] = std::move(handout);
  --missing_;
}

void HandoutExchange::handle(const Message& message) {
  MessageReader reader(message);
  if (reader.take_byte() != handout_message) reader.refuse();
  const std::uint64_t step = reader.take_number();
  Handout handout;
  handout.failure = reader.take_text();
  handout.bytes.resize(reader.take_count());
  for (std::byte& byte : handout.bytes) byte = static_cast<std::byte>(reader.take_byte());
  reader.expect_end();

  const auto is_from_parent = [&](const RankStep& here) {
    return here.group && here.position != 0 &&
           plan_.topology().family(here.kind).rank_at({*here.group, tree_parent(here.position)}) ==
               message.from;
  };
  if (step >= steps_.size() || handouts_[step] || !is_from_parent(steps_[step])) reader.refuse();
  accept(static_cast<std::size_t>(step), std::move(handout));
}

bool HandoutExchange::step() {
  while (const auto message = transport_.receive(Channel::handout)) handle(*message);
  return missing_ == 0 && transport_.sends_done();
}

}  // namespace rankmesh
