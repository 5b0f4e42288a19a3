#include "sessions.hpp"

#include <optional>
#include <string>

#include "support/catch.hpp"

using namespace rankmesh;
using mpi::Arrived;
using mpi::Envelope;
using mpi::MessageKind;
using mpi::Sessions;

namespace {

constexpr int tag = 5;

Arrived data(std::uint64_t ordinal, int from = 1) {
  return {.tag = tag, .envelope = {.ordinal = ordinal}, .message = {.from = from, .bytes = {}}};
}

Arrived control(MessageKind kind, std::uint64_t ordinal, std::uint64_t asker) {
  return {.tag = tag,
          .envelope = {.kind = kind, .ordinal = ordinal, .asker = asker},
          .message = {.from = 1, .bytes = {}}};
}

/// A session that follows a failed one; its number is 1.
std::shared_ptr<mpi::Session> session_after_failure(Sessions& sessions) {
  const auto failed = sessions.open();
  failed->has_failed = true;
  sessions.close(*failed);
  return sessions.open();
}

}  // namespace

TEST_CASE("messages of ended sessions are not stored, those of live and coming ones are") {
  Sessions sessions;
  const auto first = sessions.open();
  const auto second = sessions.open();
  for (const std::uint64_t ordinal : {0, 1, 2}) sessions.sort_in(data(ordinal));
  CHECK(sessions.stored() == 3);
  sessions.close(*first);
  CHECK(sessions.stored() == 2);
  sessions.sort_in(data(0));
  CHECK(sessions.stored() == 2);
  CHECK(sessions.take(*second, tag).has_value());
  CHECK_FALSE(sessions.take(*second, tag).has_value());
  CHECK(sessions.take(*sessions.open(), tag).has_value());
  CHECK(sessions.stored() == 0);
}

TEST_CASE("a session after a success has its number at once") {
  Sessions sessions;
  sessions.close(*sessions.open());
  const auto session = sessions.open();
  CHECK(session->is_settled);
  sessions.sort_in(data(7));
  CHECK(session->ordinal == 1);
  sessions.ask_once(*session, 3);
  CHECK(sessions.take_questions().empty());
}

TEST_CASE("a session after a failure asks each rank once, and delivers nothing before the answer") {
  Sessions sessions;
  const auto session = session_after_failure(sessions);
  CHECK_FALSE(session->is_settled);
  sessions.sort_in(data(1, 4));
  sessions.sort_in(data(1, 4));
  for (int poll = 0; poll < 2; ++poll) CHECK_FALSE(sessions.take(*session, tag).has_value());
  sessions.ask_once(*session, 2);
  CHECK(sessions.take_questions() == std::vector<int>{4, 2});
  CHECK(sessions.take_questions().empty());
  SECTION("the answer to another session's question settles nothing") {
    sessions.sort_in(control(MessageKind::answer, 1, 0));
    CHECK_FALSE(sessions.take(*session, tag).has_value());
  }
  SECTION("the answer settles it") {
    sessions.sort_in(control(MessageKind::answer, 1, 1));
    CHECK(sessions.take(*session, tag).has_value());
    CHECK(session->ordinal == 1);
  }
  SECTION("an answer of a rank that is behind settles it with its own number") {
    sessions.sort_in(control(MessageKind::answer, 0, 1));
    CHECK(session->is_settled);
    CHECK(session->ordinal == 1);
  }
}

TEST_CASE("a session after a failure moves up to the highest number seen, until it is settled") {
  Sessions sessions;
  const auto session = session_after_failure(sessions);
  sessions.sort_in(data(1));
  SECTION("in data") {
    sessions.sort_in(data(3));
    CHECK(session->ordinal == 3);
  }
  SECTION("in a question") {
    const auto answer = sessions.sort_in(control(MessageKind::question, 3, 8));
    CHECK(session->ordinal == 3);
    CHECK(answer->ordinal == 3);
    CHECK(answer->asker == 8);
  }
  SECTION("in an answer") {
    sessions.sort_in(control(MessageKind::answer, 3, 1));
    CHECK(session->ordinal == 3);
    sessions.sort_in(data(4));
    CHECK(session->ordinal == 3);
  }
  CHECK(session->number == 1);
  // Those of session 1 are gone.
  CHECK(sessions.stored() <= 1);
  CHECK(sessions.open()->ordinal == 4);
}

TEST_CASE("a session does not move past one that is made after it") {
  Sessions sessions;
  const auto session = session_after_failure(sessions);
  const auto next = sessions.open();
  sessions.sort_in(data(2));
  CHECK(session->ordinal == 1);
}

TEST_CASE("the answer names the session that was asked about if it is live here, else the newest") {
  Sessions sessions;
  CHECK_FALSE(sessions.sort_in(control(MessageKind::question, 0, 0)).has_value());
  const auto ended = sessions.open();
  const auto first = sessions.open();
  const auto second = sessions.open();
  sessions.close(*ended);
  CHECK(sessions.sort_in(control(MessageKind::question, 1, 0))->ordinal == first->ordinal);
  CHECK(sessions.sort_in(control(MessageKind::question, 0, 0))->ordinal == second->ordinal);
  CHECK(sessions.sort_in(control(MessageKind::question, 9, 0))->ordinal == second->ordinal);
}

TEST_CASE("sessions of a group of ranks are numbered by themselves, and their messages wait for them") {
  constexpr std::uint32_t group = 7;
  constexpr std::uint64_t first = std::uint64_t{group} << 32;
  Sessions sessions;
  const auto of_all = sessions.open();
  sessions.sort_in(data(first));
  sessions.sort_in(data(first + 1));
  CHECK(sessions.stored() == 0);
  CHECK(sessions.of(group).stored() == 2);
  const auto of_group = sessions.of(group).open();
  CHECK(of_group->ordinal == first);
  CHECK(mpi::group_of(of_group->ordinal) == group);
  CHECK_FALSE(sessions.take(*of_all, tag).has_value());
  CHECK(sessions.of(group).take(*of_group, tag).has_value());
  CHECK_FALSE(sessions.of(group).take(*of_group, tag).has_value());
  sessions.of(group).close(*of_group);
  CHECK(sessions.of(group).stored() == 1);
  // A question is answered by the group that it is about.
  const auto next = sessions.of(group).open();
  const auto answer = sessions.sort_in(control(MessageKind::question, first + 1, first));
  REQUIRE(answer);
  CHECK(answer->ordinal == next->ordinal);
  CHECK_FALSE(sessions.sort_in(control(MessageKind::question, first + (std::uint64_t{1} << 32), 0)));
  CHECK(sessions.open()->ordinal == 1);
}
