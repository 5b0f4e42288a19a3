#include "rankmesh/comm/host_exchange.hpp"

#include <limits>
#include <string>
#include <utility>

#include "protocol/message.hpp"
#include "protocol/rank_tree.hpp"

namespace rankmesh {
namespace {

constexpr std::byte report_message{0xB3};
constexpr std::byte result_message{0xB4};

void put(MessageWriter& writer, const HostsOfRanks& hosts) {
  writer.put_number(hosts.identities.size());
  for (const HostIdentity& identity : hosts.identities) {
    for (const std::string* text : {&identity.name, &identity.boot, &identity.machine, &identity.fabric}) {
      writer.put_text(*text);
    }
  }
  const std::vector<int>& ranks = hosts.identity_of_rank;
  for (std::size_t first = 0; first < ranks.size();) {
    std::size_t end = first;
    while (end < ranks.size() && ranks[end] == ranks[first]) ++end;
    writer.put_number(static_cast<std::uint64_t>(ranks[first]));
    writer.put_number(end - first);
    first = end;
  }
}

/// @param ranks as many as the list must have
HostsOfRanks take_hosts(MessageReader& reader, int ranks) {
  HostsOfRanks hosts;
  hosts.identities.resize(reader.take_count());
  for (HostIdentity& identity : hosts.identities) {
    for (std::string* text : {&identity.name, &identity.boot, &identity.machine, &identity.fabric}) {
      *text = reader.take_text();
    }
  }
  const auto size = static_cast<std::size_t>(ranks);
  while (!reader.is_at_end()) {
    const std::uint64_t identity = reader.take_number();
    const std::uint64_t count = reader.take_number();
    if (identity >= hosts.identities.size() || count > size - hosts.identity_of_rank.size()) reader.refuse();
    hosts.identity_of_rank.insert(hosts.identity_of_rank.end(), static_cast<std::size_t>(count),
                                  static_cast<int>(identity));
  }
  if (hosts.identity_of_rank.size() != size) reader.refuse();
  return hosts;
}

}  // namespace

HostExchange::HostExchange(Transport& transport, HostIdentity own)
    : transport_(transport),
      own_(std::move(own)),
      children_(tree_children(transport.rank(), transport.size()).size()) {}

void HostExchange::send(int to, std::byte type, const HostsOfRanks& hosts) {
  MessageWriter writer;
  writer.put_byte(static_cast<std::uint8_t>(type));
  put(writer, hosts);
  transport_.send(to, Channel::group_broadcast, writer.bytes());
  ++messages_sent_;
}

void HostExchange::handle(const Message& message) {
  MessageReader reader(message);
  const auto type = static_cast<std::byte>(reader.take_byte());
  const int rank = transport_.rank();
  const int size = transport_.size();
  if (type == report_message) {
    const bool is_child = message.from > rank && tree_parent(message.from) == rank;
    if (!is_child || below_.contains(message.from)) reader.refuse();
    below_.emplace(message.from, take_hosts(reader, subtree_size(message.from, size)));
    return;
  }
  if (type != result_message || rank == 0 || message.from != tree_parent(rank) || all_) reader.refuse();
  all_ = take_hosts(reader, size);
  pass_on();
}

void HostExchange::pass_on() {
  for (const int child : tree_children(transport_.rank(), transport_.size())) {
    send(child, result_message, *all_);
  }
}

bool HostExchange::step() {
  while (!all_ || below_.size() < children_) {
    const auto message = transport_.receive(Channel::group_broadcast);
    if (!message) break;
    handle(*message);
  }
  if (!has_reported_ && below_.size() == children_) {
    has_reported_ = true;
    HostsOfRanks own;
    own.add(own_);
    // In ascending order, as a subtree has consecutive ranks.
    for (const auto& [child, hosts] : below_) own.append(hosts);
    if (transport_.rank() == 0) {
      all_ = std::move(own);
      pass_on();
    } else {
      send(tree_parent(transport_.rank()), report_message, own);
    }
  }
  return all_.has_value() && transport_.sends_done(Channel::group_broadcast);
}

}  // namespace rankmesh
